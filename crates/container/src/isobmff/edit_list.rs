//! What the edit list of a whole file's track shows of it, ISO/IEC 14496-12 §8.6.6.

use livetape_media::{Timescale, Timestamp, TrackId};

use super::boxes::BoxRef;

/// The rate at which media plays as it is, of 16 bits before and 16 behind the point.
const AS_IT_IS: u32 = 0x0001_0000;

/// The edit list of a track of a progressive file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EditList {
    /// The track.
    pub track: TrackId,
    /// What it shows of the track.
    pub shows: Shows,
    /// How much media lies before the first edit, or behind the only one, whichever is more. That of
    /// pictures counts their reordering delay, too.
    pub hides: Timestamp,
}

/// What an edit list shows of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// What is presented in one stretch of time, on the timeline that the track's runs are on.
    Stretch {
        /// When it begins.
        start: Timestamp,
        /// When it ends; `None` where it ends with the media.
        end: Option<Timestamp>,
    },
    /// So many stretches of media, one after another.
    Several(u32),
    /// Media faster or slower than it is, or standing still.
    OtherRate,
}

/// Reads the edit list of a track whose samples are decoded until `decoded`, edits applied. `None`
/// where there is none, or it has no media.
pub(crate) fn read(
    trak: BoxRef<'_>,
    track: TrackId,
    (timescale, movie): (Timescale, Timescale),
    decoded: i64,
) -> Option<EditList> {
    let mut fields = trak.children().path(&[b"edts", b"elst"])?.fields();
    let (version, _) = fields.version_and_flags()?;
    let count = fields.u32()?;
    let (mut time, mut stretches, mut is_other_rate) = (0_i64, 0_u32, false);
    let mut first: Option<(i64, i64, Option<i64>)> = None;
    for _ in 0..count {
        let duration = i64::try_from(fields.u32_or_u64(version)?).ok()?;
        let duration = Timestamp::new(duration, movie).rescale(timescale).ticks;
        let media_time = match version {
            1 => fields.u64()? as i64,
            _ => i64::from(fields.i32()?),
        };
        let rate = fields.u32()?;
        let end = time.checked_add(duration)?;
        if media_time >= 0 {
            stretches = stretches.saturating_add(1);
            is_other_rate |= rate != AS_IT_IS;
            // One that does not say how long it is has all the rest.
            let known_end = (duration > 0).then_some(end);
            first = first.or(Some((media_time, time, known_end)));
        }
        time = end;
    }
    let (media_time, start, end) = first?;
    let at = |ticks| Timestamp::new(ticks, timescale);
    let behind = end.map_or(0, |end| decoded.saturating_sub(end));
    Some(EditList {
        track,
        shows: match stretches {
            _ if is_other_rate => Shows::OtherRate,
            1 => Shows::Stretch {
                start: at(start),
                end: end.map(at),
            },
            stretches => Shows::Several(stretches),
        },
        hides: at(media_time.max(behind)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::boxes::Boxes;
    use super::*;

    /// A track of 48,000 ticks a second, of a movie of 1,000, that ends at 10 s.
    fn list(edits: &[(u32, i32, u32)]) -> Option<EditList> {
        let boxed = |kind: &[u8; 4], body: &[u8]| {
            let size = 8 + body.len() as u32;
            [&size.to_be_bytes()[..], kind, body].concat()
        };
        let mut body = vec![0; 4];
        body.extend((edits.len() as u32).to_be_bytes());
        for (duration, media_time, rate) in edits {
            body.extend(duration.to_be_bytes());
            body.extend(media_time.to_be_bytes());
            body.extend(rate.to_be_bytes());
        }
        let trak = boxed(b"trak", &boxed(b"edts", &boxed(b"elst", &body)));
        let timescale = |ticks| Timescale::new(ticks).expect("not 0");
        let timescales = (timescale(48_000), timescale(1_000));
        read(Boxes(&trak).next()?, TrackId(1), timescales, 480_000)
    }

    #[test]
    fn one_stretch_begins_behind_the_empty_edits_and_has_an_end_or_none() {
        let shows = |edits: &[_]| match list(edits).expect("a list").shows {
            Shows::Stretch { start, end } => (start.ticks, end.map(|end| end.ticks)),
            other => panic!("{other:?}"),
        };
        assert_eq!(shows(&[(2_000, 1_024, 1 << 16)]), (0, Some(96_000)));
        let late = [(500, -1, 1 << 16), (2_000, 0, 1 << 16), (100, -1, 1 << 16)];
        assert_eq!(shows(&late), (24_000, Some(120_000)));
        assert_eq!(shows(&[(0, 1_024, 1 << 16)]), (0, None));
    }

    #[test]
    fn what_is_no_stretch_is_said() {
        let shows = |edits: &[_]| list(edits).map(|list| list.shows);
        let twice = [(2_000, 0, 1 << 16), (2_000, 192_000, 1 << 16)];
        assert_eq!(shows(&twice), Some(Shows::Several(2)));
        assert_eq!(shows(&[(2_000, 0, 1 << 15)]), Some(Shows::OtherRate));
        assert_eq!(shows(&[(2_000, -1, 1 << 16)]), None);
        assert_eq!(shows(&[]), None);
    }

    #[test]
    fn more_of_what_is_hidden_before_and_behind_is_told() {
        let hides = |edits: &[_]| list(edits).map(|list| list.hides.ticks);
        assert_eq!(hides(&[(9_900, 4_800, 1 << 16)]), Some(4_800));
        assert_eq!(hides(&[(4_000, 4_800, 1 << 16)]), Some(288_000));
    }
}
