//! Reading a live HLS playlist onto the tape, RFC 8216bis §6.3.

use std::collections::VecDeque;
use std::sync::Arc;

use livetape_hls::{
    MapRef, MediaPlaylist, MediaType, MultivariantPlaylist, NextLoad, Playlist, Reload,
    ReloadEvent, SegmentRef, StartPosition, Variant, parse, resolve,
};
use livetape_tape::Tape;

use crate::can_pull::{CAN_PULL, CanPull};
use crate::edge_answer::text;
use crate::feed::{Ending, Feed, Taken};
use crate::input::{Answer, Now};
use crate::output::{Body, Event, ExchangeId, FailureCode, Output, Request};
use crate::wall_clock::Reached;

/// Where to begin: as many segments before the live edge as a player would (§6.3.3).
const START: StartPosition = StartPosition::LiveEdge { segments: 3 };
/// Tries at a segment before it is given up as missing.
const SEGMENT_TRIES: u32 = 4;
/// Tries at the first playlist before the pull is given up.
const FIRST_TRIES: u32 = 3;
/// Wait before another try, in milliseconds.
const RETRY_MILLIS: u64 = 1_000;
/// How long an answer is waited for, in milliseconds.
const PATIENCE: u32 = 30_000;

/// A pulled stream: one media playlist, or one of pictures and one of sound.
#[derive(Debug)]
pub(crate) struct Pull {
    follows: Vec<Follow>,
    dead: bool,
    _can_pull: CanPull,
}

/// One media playlist being followed.
#[derive(Debug)]
struct Follow {
    url: String,
    reload: Reload,
    feed: Feed,
    loaded_once: bool,
    load_at: Option<u64>,
    queue: VecDeque<SegmentRef>,
    map: Option<Arc<MapRef>>,
    in_flight: Vec<(ExchangeId, Load)>,
    tries: u32,
    segment_at: u64,
}

#[derive(Debug, Clone)]
enum Load {
    Playlist { requested: u64 },
    Map(Arc<MapRef>),
    Segment(Box<SegmentRef>),
}

impl Follow {
    fn new(url: String, now: u64) -> Self {
        Self {
            reload: Reload::new(url.clone(), START),
            url,
            feed: Feed::default(),
            loaded_once: false,
            load_at: Some(now),
            queue: VecDeque::new(),
            map: None,
            in_flight: Vec::new(),
            tries: 0,
            segment_at: 0,
        }
    }

    fn is_loading_media(&self) -> bool {
        self.in_flight
            .iter()
            .any(|(_, load)| !matches!(load, Load::Playlist { .. }))
    }

    /// Asks for what is due.
    fn advance(&mut self, now: Now, exchanges: &mut u32, out: &mut VecDeque<Output>) {
        if self.load_at.is_some_and(|at| at <= now.steady) {
            self.load_at = None;
            let requested = now.steady;
            let (url, load) = (self.url.clone(), Load::Playlist { requested });
            self.get(url, None, load, exchanges, out);
        }
        if self.is_loading_media() || now.steady < self.segment_at {
            return;
        }
        let Some(segment) = self.queue.front() else {
            return;
        };
        let range = |r: livetape_hls::ResolvedByteRange| (r.offset(), r.end());
        match segment
            .map
            .clone()
            .filter(|map| self.map.as_ref() != Some(map))
        {
            Some(map) => {
                let bytes = map.byte_range.map(range);
                self.get(map.uri.clone(), bytes, Load::Map(map), exchanges, out);
            }
            None => {
                let segment = segment.clone();
                let bytes = segment.byte_range.map(range);
                let load = Load::Segment(Box::new(segment.clone()));
                self.get(segment.uri, bytes, load, exchanges, out);
            }
        }
    }

    fn get(
        &mut self,
        url: String,
        bytes: Option<(u64, u64)>,
        load: Load,
        exchanges: &mut u32,
        out: &mut VecDeque<Output>,
    ) {
        *exchanges += 1;
        let exchange = ExchangeId(*exchanges);
        self.in_flight.push((exchange, load));
        let headers = bytes
            .map(|(from, end)| ("range", format!("bytes={from}-{}", end.saturating_sub(1))))
            .into_iter()
            .collect();
        out.push_back(Output::Exchange(
            exchange,
            Request {
                method: "GET",
                url,
                headers,
                body: Body::Empty,
                patience: PATIENCE,
            },
        ));
    }

    /// A loaded media playlist: new segments are queued.
    fn media_playlist(
        &mut self,
        playlist: &MediaPlaylist,
        requested: u64,
        now: Now,
        out: &mut VecDeque<Output>,
    ) {
        self.loaded_once = true;
        self.tries = 0;
        let update = self
            .reload
            .loaded(playlist, requested as i64, now.steady as i64);
        self.events(update.events, out);
        for segment in update.segments {
            let left_out = match (segment.gap, segment.keys.is_empty()) {
                (true, _) => Some(("gap", "the playlist says it is missing")),
                (_, false) => Some(("protected", "it is encrypted, which is not supported yet")),
                _ => None,
            };
            match left_out {
                None => self.queue.push_back(segment),
                Some((code, why)) => out.push_back(Output::Event(Event::Defect {
                    code,
                    message: format!("segment {} was left out: {why}", segment.media_sequence),
                    at: None,
                })),
            }
        }
        self.schedule(update.next);
    }

    fn schedule(&mut self, next: NextLoad) {
        self.load_at = match next {
            NextLoad::At { millis, .. } => Some(u64::try_from(millis).unwrap_or(0)),
            NextLoad::Never => None,
        };
    }

    fn events(&self, events: Vec<ReloadEvent>, out: &mut VecDeque<Output>) {
        for event in events {
            let (code, message) = match event {
                ReloadEvent::Stalled { .. } => (
                    "playlist_stalled",
                    "the playlist has not grown for some time".to_owned(),
                ),
                ReloadEvent::Resumed { .. } => {
                    ("playlist_resumed", "the playlist grows again".to_owned())
                }
                ReloadEvent::SegmentsMissed { first, count } => (
                    "segments_missed",
                    format!(
                        "{count} segments from {first} left the playlist before they were read"
                    ),
                ),
                ReloadEvent::SequenceReset { expected, found } => (
                    "sequence_reset",
                    format!("the playlist went from segment {expected} to {found}"),
                ),
                ReloadEvent::Ended => ("ended", "the stream has ended".to_owned()),
                _ => continue,
            };
            out.push_back(Output::Event(Event::Defect {
                code,
                message,
                at: None,
            }));
        }
    }

    /// A load failed: the playlist is tried again at its time, media a few times at once.
    fn failed(&mut self, load: &Load, why: &str, now: Now, out: &mut VecDeque<Output>) {
        match load {
            Load::Playlist { requested } => {
                let update = self.reload.failed(*requested as i64, now.steady as i64);
                self.events(update.events, out);
                self.schedule(update.next);
            }
            Load::Map(_) | Load::Segment(_) => {
                self.tries += 1;
                self.segment_at = now.steady + RETRY_MILLIS;
                if self.tries >= SEGMENT_TRIES
                    && let Some(segment) = self.queue.pop_front()
                {
                    self.tries = 0;
                    let number = segment.media_sequence;
                    out.push_back(Output::Event(Event::Defect {
                        code: "segment_missing",
                        message: format!("segment {number} could not be fetched: {why}"),
                        at: None,
                    }));
                }
            }
        }
    }
}

impl Pull {
    /// Begins to follow a playlist; `None` where that cannot be done.
    pub(crate) fn begin(url: &str, now: Now) -> Option<Self> {
        Some(Self {
            _can_pull: CAN_PULL?,
            follows: vec![Follow::new(url.to_owned(), now.steady)],
            dead: false,
        })
    }

    /// Asks for what is due. To be called after every input.
    pub(crate) fn advance(&mut self, now: Now, exchanges: &mut u32, out: &mut VecDeque<Output>) {
        if self.dead {
            return;
        }
        for follow in &mut self.follows {
            follow.advance(now, exchanges, out);
        }
    }

    /// When [`Pull::advance`] has something to do next, on the steady clock.
    pub(crate) fn wake_at(&self) -> Option<u64> {
        let due = |follow: &Follow| {
            let waits = !follow.queue.is_empty() && !follow.is_loading_media();
            follow
                .load_at
                .into_iter()
                .chain(waits.then_some(follow.segment_at))
                .min()
        };
        self.follows
            .iter()
            .filter(|_| !self.dead)
            .filter_map(due)
            .min()
    }

    /// Something ends in all its streams at once.
    pub(crate) fn end(
        &mut self,
        ending: Ending,
        tape: &mut Tape,
        now: Now,
        out: &mut VecDeque<Output>,
    ) -> Taken {
        let follows = self.follows.iter_mut();
        let end = |follow: &mut Follow| follow.feed.end(ending, 0.0, tape, now.steady, out);
        follows.map(end).fold(Taken::default(), Taken::and)
    }

    /// All its streams.
    pub(crate) fn feeds(&mut self) -> impl Iterator<Item = &mut Feed> {
        self.follows.iter_mut().map(|follow| &mut follow.feed)
    }

    /// How many tracks are to be waited for before a recording begins, as far as is known.
    pub(crate) fn expected(&self) -> usize {
        self.follows.len()
    }

    pub(crate) fn owns(&self, exchange: ExchangeId) -> bool {
        self.follows
            .iter()
            .any(|f| f.in_flight.iter().any(|(own, _)| *own == exchange))
    }

    /// Takes an answer to one of its exchanges.
    pub(crate) fn answered(
        &mut self,
        exchange: ExchangeId,
        answer: &Answer<'_>,
        tape: &mut Tape,
        now: Now,
        out: &mut VecDeque<Output>,
    ) -> Taken {
        let Some((at, load)) = self.take(exchange) else {
            return Taken::default();
        };
        if !(200..300).contains(&answer.status) {
            self.failed(at, load, &format!("status {}", answer.status), now, out);
            return Taken::default();
        }
        let Some(follow) = self.follows.get_mut(at) else {
            return Taken::default();
        };
        match load {
            Load::Playlist { requested } => {
                self.playlist(at, requested, answer, now, out);
                Taken::default()
            }
            Load::Map(map) => {
                follow.map = Some(map);
                follow.tries = 0;
                follow.feed.push(answer.body, 0.0, tape, now.steady, out)
            }
            Load::Segment(segment) => {
                follow.tries = 0;
                follow.queue.pop_front();
                if segment.discontinuity {
                    follow.feed.discontinuity();
                }
                let feed = &mut follow.feed;
                let reached = Reached::now(tape.timeline());
                let pushed = feed.push(answer.body, 0.0, tape, now.steady, out);
                let taken = pushed.and(feed.end(Ending::Segment, 0.0, tape, now.steady, out));
                if let Some(unix_micros) = segment.program_date_time_micros {
                    reached.date(tape, unix_micros);
                }
                taken
            }
        }
    }

    /// An exchange got no answer.
    pub(crate) fn unanswered(
        &mut self,
        exchange: ExchangeId,
        why: &str,
        now: Now,
        out: &mut VecDeque<Output>,
    ) {
        if let Some((at, load)) = self.take(exchange) {
            self.failed(at, load, why, now, out);
        }
    }

    /// Takes a load off the list it is on; gives which playlist's it was.
    fn take(&mut self, exchange: ExchangeId) -> Option<(usize, Load)> {
        self.follows
            .iter_mut()
            .enumerate()
            .find_map(|(at, follow)| {
                let own = follow
                    .in_flight
                    .iter()
                    .position(|(own, _)| *own == exchange)?;
                Some((at, follow.in_flight.swap_remove(own).1))
            })
    }

    fn failed(&mut self, at: usize, load: Load, why: &str, now: Now, out: &mut VecDeque<Output>) {
        let Some(follow) = self.follows.get_mut(at) else {
            return;
        };
        if follow.loaded_once {
            follow.failed(&load, why, now, out);
            return;
        }
        // A playlist never seen is not tried for ever.
        follow.tries += 1;
        if follow.tries < FIRST_TRIES {
            follow.load_at = Some(now.steady + RETRY_MILLIS);
            return;
        }
        let message = format!("the playlist {} cannot be fetched: {why}", follow.url);
        self.give_up(FailureCode::PlaylistUnreachable, message, out);
    }

    /// A playlist arrived: a multivariant one is replaced by what it offers.
    fn playlist(
        &mut self,
        at: usize,
        requested: u64,
        answer: &Answer<'_>,
        now: Now,
        out: &mut VecDeque<Output>,
    ) {
        let alone = self.follows.len() == 1;
        let Some(follow) = self.follows.get_mut(at) else {
            return;
        };
        match parse(&text(answer.body)) {
            Ok(Playlist::Media(playlist)) => {
                follow.reload.set_playlist_uri(answer.url);
                follow.media_playlist(&playlist, requested, now, out);
            }
            Ok(Playlist::Multivariant(playlist)) if alone => match choose(&playlist, answer.url) {
                Some(urls) => {
                    self.follows = urls
                        .into_iter()
                        .map(|url| Follow::new(url, now.steady))
                        .collect();
                }
                None => self.give_up(
                    FailureCode::PlaylistInvalid,
                    format!("{} lists no variant", answer.url),
                    out,
                ),
            },
            Ok(Playlist::Multivariant(_)) => {
                let message = format!("{} lists variants, not segments", answer.url);
                self.give_up(FailureCode::PlaylistInvalid, message, out);
            }
            // What was a playlist before may be half-written; one that never was is no playlist.
            Err(_) if follow.loaded_once => {
                follow.failed(&Load::Playlist { requested }, "not a playlist", now, out);
            }
            Err(error) => {
                let message = format!("{} is not an HLS playlist: {error}", answer.url);
                self.give_up(FailureCode::PlaylistInvalid, message, out);
            }
        }
    }

    fn give_up(&mut self, code: FailureCode, message: String, out: &mut VecDeque<Output>) {
        self.dead = true;
        out.push_back(Output::Event(Event::Failed {
            request: None,
            code,
            message,
        }));
    }
}

/// The best variant's playlist, and that of its sound where it is separate.
fn choose(playlist: &MultivariantPlaylist, base: &str) -> Option<Vec<String>> {
    let rate = |variant: &&Variant| variant.info.bandwidth.unwrap_or(0);
    let best = playlist.variants().max_by_key(rate)?;
    let mut urls = vec![resolve(base, &best.uri)];
    let sound = playlist
        .renditions()
        .filter(|media| media.media_type == MediaType::Audio)
        .filter(|media| Some(&media.group_id) == best.info.audio.as_ref())
        .max_by_key(|media| media.default == Some(true))
        .and_then(|media| media.uri.as_ref());
    urls.extend(sound.map(|uri| resolve(base, uri)));
    Some(urls)
}
