//! ID3 tags in PES packets: Timed Metadata for HTTP Live Streaming, §2. Tags are verbatim.
//!
//! A tag has the time of the PES packet it begins in. Where it is longer than that packet, PES
//! packets without a time go on with it.

use super::clock::Clock;
use super::pes::{NoHeader, PesHeader};
use crate::DefectCode;
use crate::event::MAX_EVENT_PAYLOAD;

/// Bytes of a PES packet that are kept: a payload and the longest header.
const MAX_PES: usize = MAX_EVENT_PAYLOAD + 512;
/// Bytes of an ID3v2 header and footer.
const HEADER: usize = 10;

/// What the packets at hand gave.
pub(super) type Found = Result<(i64, Vec<u8>), (DefectCode, &'static str)>;

/// Joins the tags of one stream.
#[derive(Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Tags {
    /// The PES packet under way; empty where none is.
    pes: Vec<u8>,
    /// A tag that its PES packet did not end, and its time.
    unfinished: Option<(i64, Vec<u8>)>,
}

impl Tags {
    /// Takes the payload of a packet.
    pub(super) fn push(
        &mut self,
        payload: &[u8],
        start: bool,
        clock: &mut Clock,
        found: &mut Vec<Found>,
    ) {
        if start {
            self.end_packet(clock, found);
        } else if self.pes.is_empty() {
            return;
        }
        self.pes.extend_from_slice(payload);
        if self.pes.len() > MAX_PES {
            self.pes.clear();
            let what = "an event with over 256 KiB of payload was passed over";
            found.push(Err((DefectCode::TooLarge, what)));
        }
        match PesHeader::parse(&self.pes) {
            Ok(header) => {
                let whole = header.payload.map(|payload| header.len + payload);
                if whole.is_some_and(|whole| whole <= self.pes.len()) {
                    self.end_packet(clock, found);
                }
            }
            Err(NoHeader::Cut) => {}
            Err(reason) => {
                self.pes.clear();
                if reason == NoHeader::NoPes {
                    let what = "a PES packet of events has no valid header";
                    found.push(Err((DefectCode::Malformed, what)));
                }
            }
        }
    }

    /// Completes what is pending.
    pub(super) fn finish(&mut self, clock: &mut Clock, found: &mut Vec<Found>) {
        self.end_packet(clock, found);
        self.drop_unfinished(found);
    }

    /// Packets are missing; true where something is lost with them.
    pub(super) fn lose(&mut self) -> bool {
        let lost = !self.pes.is_empty() || self.unfinished.is_some();
        *self = Self::default();
        lost
    }

    /// The PES packet under way ends here.
    fn end_packet(&mut self, clock: &mut Clock, found: &mut Vec<Found>) {
        let pes = std::mem::take(&mut self.pes);
        let Ok(header) = PesHeader::parse(&pes) else {
            return;
        };
        let rest = pes.get(header.len..).unwrap_or_default();
        let payload = match header.payload {
            _ if header.scrambled => {
                found.push(Err((DefectCode::Unsupported, "events are scrambled")));
                return;
            }
            None => rest,
            Some(len) => match rest.get(..len) {
                Some(payload) => payload,
                None => {
                    found.push(Err((DefectCode::Truncated, "an event was cut short")));
                    return;
                }
            },
        };
        let pts = header.pts.map(|pts| clock.unwrap_aside(pts));
        self.payload(payload, pts, clock, found);
    }

    /// The payload of a PES packet, and its time.
    fn payload(&mut self, payload: &[u8], pts: Option<i64>, clock: &Clock, found: &mut Vec<Found>) {
        if pts.is_some() {
            self.drop_unfinished(found);
        }
        let (time, tag) = match (self.unfinished.take(), pts.or(clock.last_shown())) {
            (Some((time, mut tag)), _) => {
                tag.extend_from_slice(payload);
                (time, tag)
            }
            (None, Some(time)) => (time, payload.to_vec()),
            (None, None) => {
                let what = "an event without a time was dropped";
                found.push(Err((DefectCode::MissingTimestamp, what)));
                return;
            }
        };
        let Some(len) = tag_len(&tag) else {
            let what = "metadata that is not ID3 was passed over";
            found.push(Err((DefectCode::Unsupported, what)));
            return;
        };
        if len <= tag.len() {
            found.push(Ok((time, tag)));
        } else if len <= MAX_EVENT_PAYLOAD {
            self.unfinished = Some((time, tag));
        } else {
            let what = "an event with over 256 KiB of payload was passed over";
            found.push(Err((DefectCode::TooLarge, what)));
        }
    }

    fn drop_unfinished(&mut self, found: &mut Vec<Found>) {
        if self.unfinished.take().is_some() {
            found.push(Err((DefectCode::Truncated, "an event was cut short")));
        }
    }
}

/// How long the ID3v2 tag is that begins here (id3.org, ID3v2.4 §3.1); `None` where none does.
fn tag_len(bytes: &[u8]) -> Option<usize> {
    let &[b'I', b'D', b'3', _, _, flags, a, b, c, d] = bytes.first_chunk::<HEADER>()? else {
        return None;
    };
    let size = [a, b, c, d]
        .iter()
        .fold(0, |size, byte| size << 7 | usize::from(byte & 0x7f));
    let footer = if flags & 0x10 != 0 { HEADER } else { 0 };
    Some(HEADER + size + footer)
}

#[cfg(test)]
mod tests {
    use super::super::pes::write_timestamp;
    use super::*;

    fn tag(size: usize) -> Vec<u8> {
        let mut tag = b"ID3\x04\x00\x00\x00\x00".to_vec();
        tag.extend([(size >> 7) as u8, size as u8 & 0x7f]);
        tag.resize(HEADER + size, 7);
        tag
    }

    fn pes(pts: Option<u64>, payload: &[u8], bounded: bool) -> Vec<u8> {
        let times = pts.map(|pts| write_timestamp(2, pts));
        let times = times.as_ref().map_or(&[][..], |times| times);
        let len = if bounded {
            payload.len() + 3 + times.len()
        } else {
            0
        };
        let mut pes = vec![0, 0, 1, 0xbd, (len >> 8) as u8, len as u8, 0x84];
        pes.extend([if pts.is_some() { 0x80 } else { 0 }, times.len() as u8]);
        pes.extend(times);
        pes.extend(payload);
        pes
    }

    fn read(packets: &[Vec<u8>]) -> Vec<Found> {
        let (mut tags, mut clock, mut found) = (Tags::default(), Clock::default(), Vec::new());
        for packet in packets {
            for (index, part) in packet.chunks(184).enumerate() {
                tags.push(part, index == 0, &mut clock, &mut found);
            }
        }
        tags.finish(&mut clock, &mut found);
        found
    }

    #[test]
    fn tags_come_whole_whether_their_packets_are_bounded_or_not() {
        for bounded in [true, false] {
            let packets = [
                pes(Some(9_000), &tag(500), bounded),
                pes(Some(99_000), &tag(20), bounded),
            ];
            let want = [Ok((9_000, tag(500))), Ok((99_000, tag(20)))];
            assert_eq!(read(&packets), want);
        }
    }

    #[test]
    fn a_packet_without_a_time_goes_on_with_the_tag() {
        let whole = tag(900);
        let packets = [
            pes(Some(9_000), &whole[..300], true),
            pes(None, &whole[300..], true),
        ];
        assert_eq!(read(&packets), [Ok((9_000, whole))]);
        let cut = Err((DefectCode::Truncated, "an event was cut short"));
        assert_eq!(read(&packets[..1]), [cut]);
    }

    #[test]
    fn what_is_no_tag_and_what_has_no_time_are_told() {
        let codes = |packets: &[Vec<u8>]| -> Vec<_> {
            let found = read(packets).into_iter();
            found
                .filter_map(|found| found.err().map(|(code, _)| code))
                .collect()
        };
        assert_eq!(
            codes(&[pes(Some(0), &[1; 50], true)]),
            [DefectCode::Unsupported]
        );
        assert_eq!(
            codes(&[pes(None, &tag(5), true)]),
            [DefectCode::MissingTimestamp]
        );
        assert_eq!(codes(&[vec![1; 50]]), [DefectCode::Malformed]);
    }
}
