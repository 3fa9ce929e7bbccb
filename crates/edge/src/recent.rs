//! Answers that many ask for at the same time, playlists above all, remembered for a moment: a thousand viewers of a
//! live recording then ask its index about twice a second, not a thousand times in each target duration.
//!
//! Nothing here is older than a second when it is given out, so that what closes a recording holds within 2 s.

use std::collections::BTreeMap;

use crate::delivery::{Delivery, Piece};

/// So old, in milliseconds, an answer may be.
const OLDEST: i64 = 1_000;
/// Older than this one of those who ask is sent for a newer one; the others need not wait for it.
const AGING: i64 = 500;
/// So many answers are remembered.
const MOST: usize = 1_000;
/// None that is larger: those are rare, and others need the room.
const LARGEST: u64 = 32 << 10;

/// Answers by recording and request.
#[derive(Debug, Default)]
pub struct Recent {
    known: BTreeMap<(String, String), Known>,
    tickets: u64,
}

#[derive(Debug, Default)]
struct Known {
    /// When it was asked for, and what it was.
    answer: Option<(i64, Delivery)>,
    /// Who was sent, and when.
    sent: Option<(i64, Ticket)>,
}

impl Known {
    fn answer(&self, now: i64) -> Option<(i64, &Delivery)> {
        let (asked, answer) = self.answer.as_ref()?;
        let age = now.saturating_sub(*asked);
        (0..OLDEST).contains(&age).then_some((age, answer))
    }

    fn is_waited_for(&self, now: i64) -> bool {
        let passed = |(sent, _): (i64, Ticket)| now.saturating_sub(sent);
        self.sent
            .is_some_and(|sent| (0..AGING).contains(&passed(sent)))
    }
}

/// Whoever has it was sent for an answer that is to be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

/// What to do about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// This is the answer.
    Answer(Delivery),
    /// It is to be asked for; where there is a ticket, [`Recent::keep`] wants to know the answer.
    Ask(Option<Ticket>),
}

impl Recent {
    /// Looks for the answer to a request to a recording at `now`, Unix milliseconds.
    pub fn look(&mut self, recording: &str, request: &str, now: i64) -> Lookup {
        self.make_room(now);
        let name = (recording.to_owned(), request.to_owned());
        let known = self.known.entry(name).or_default();
        let found = known.answer(now);
        match found {
            Some((age, answer)) if age < AGING || known.is_waited_for(now) => {
                return Lookup::Answer(answer.clone());
            }
            None if known.is_waited_for(now) => return Lookup::Ask(None),
            _ => {}
        }
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        known.sent = Some((now, ticket));
        Lookup::Ask(Some(ticket))
    }

    /// Remembers the answer that the holder of a ticket has brought, unless the recording changed meanwhile. Refusals
    /// are not remembered.
    pub fn keep(&mut self, recording: &str, request: &str, ticket: Ticket, answer: &Delivery) {
        let name = (recording.to_owned(), request.to_owned());
        let Some(known) = self.known.get_mut(&name) else {
            return;
        };
        let Some((sent, _)) = known.sent.take_if(|(_, own)| *own == ticket) else {
            return;
        };
        let made = |piece: &Piece| matches!(piece, Piece::Bytes(_));
        let fits = answer.len() <= LARGEST && answer.pieces.iter().all(made);
        if answer.status == 200 && fits {
            known.answer = Some((sent, answer.clone()));
        }
    }

    /// Forgets what is known of a recording: it has changed, or is about to.
    pub fn forget(&mut self, recording: &str) {
        self.known.retain(|(own, _), _| own != recording);
    }

    fn make_room(&mut self, now: i64) {
        if self.known.len() < MOST {
            return;
        }
        self.known
            .retain(|_, known| known.answer(now).is_some() || known.is_waited_for(now));
        if self.known.len() >= MOST {
            self.known.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playlist(text: &str) -> Delivery {
        Delivery::new(200, vec![Piece::Bytes(text.as_bytes().to_vec())])
    }

    fn ticket(recent: &mut Recent, now: i64) -> Ticket {
        match recent.look("rec", "media", now) {
            Lookup::Ask(Some(ticket)) => ticket,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_asks_for_all_and_none_gets_what_is_a_second_old() {
        let mut recent = Recent::default();
        let first = ticket(&mut recent, 0);
        assert_eq!(recent.look("rec", "media", 10), Lookup::Ask(None));
        recent.keep("rec", "media", first, &playlist("1"));
        let known = Lookup::Answer(playlist("1"));
        assert_eq!(recent.look("rec", "media", 499), known);
        let second = ticket(&mut recent, 500);
        assert_eq!(recent.look("rec", "media", 999), known);
        // It took so long that another one is sent.
        let third = ticket(&mut recent, 1_000);
        recent.keep("rec", "media", second, &playlist("2"));
        assert_eq!(recent.look("rec", "media", 1_001), Lookup::Ask(None));
        recent.keep("rec", "media", third, &playlist("3"));
        assert_eq!(
            recent.look("rec", "media", 1_002),
            Lookup::Answer(playlist("3"))
        );
        // A clock that went back makes nothing young.
        ticket(&mut recent, 900);
    }

    #[test]
    fn what_was_asked_for_before_a_change_is_not_kept() {
        let mut recent = Recent::default();
        let before = ticket(&mut recent, 0);
        recent.forget("rec");
        recent.keep("rec", "media", before, &playlist("old"));
        let after = ticket(&mut recent, 1);
        recent.keep("rec", "media", before, &playlist("old"));
        assert_eq!(recent.look("rec", "media", 2), Lookup::Ask(None));
        recent.keep("rec", "media", after, &playlist("new"));
        recent.forget("other");
        assert_eq!(
            recent.look("rec", "media", 3),
            Lookup::Answer(playlist("new"))
        );
    }

    #[test]
    fn refusals_and_what_is_large_or_stored_are_not_kept() {
        let stored = Piece::Stored {
            key: String::new(),
            offset: 0,
            len: 1,
        };
        let answers = [
            Delivery::new(403, Vec::new()),
            playlist(&"#".repeat(LARGEST as usize + 1)),
            Delivery::new(200, vec![stored]),
        ];
        for answer in answers {
            let mut recent = Recent::default();
            let asked = ticket(&mut recent, 0);
            recent.keep("rec", "media", asked, &answer);
            ticket(&mut recent, 1);
        }
    }

    #[test]
    fn so_many_and_no_more() {
        let mut recent = Recent::default();
        for number in 0..3 * MOST {
            recent.look("rec", &number.to_string(), 0);
            assert!(recent.known.len() <= MOST);
        }
    }
}
