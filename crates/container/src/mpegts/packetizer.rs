//! PES packets and sections to transport packets, ISO/IEC 13818-1 §2.4.3.

use super::clock::Times;
use super::packet::PACKET;
use super::pes::write_timestamp;
use super::psi::crc32;

/// The clock reference is this far behind the decode time it comes with: 100 ms, the time a
/// decoder has to receive the access unit.
pub(super) const PCR_DELAY: i64 = 9000;
const HEADER: usize = 4;

/// A PID that is written, and the counter of its next packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lane {
    pub(super) pid: u16,
    pub(super) counter: u8,
}

/// What the adaptation field of a PES packet's first packet says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Start {
    /// Clock reference, 90 kHz, unwrapped.
    pub(super) pcr: Option<i64>,
    /// `random_access_indicator`. Needs `pcr`: the prediction counts no other field.
    pub(super) random_access: bool,
}

/// Writes packets.
#[derive(Debug, Default)]
pub(super) struct Packetizer {
    pub(super) out: Vec<u8>,
}

impl Packetizer {
    /// A section (without its CRC) in one packet. It must fit: those written here do.
    pub(super) fn section(&mut self, lane: &mut Lane, body: &[u8]) {
        let mut section = body.to_vec();
        section.extend(crc32(body).to_be_bytes());
        self.header(lane, true, 0x10);
        self.out.push(0); // pointer_field
        self.out.extend_from_slice(&section);
        let stuffing = PACKET.saturating_sub(HEADER + 1 + section.len());
        self.out.resize(self.out.len() + stuffing, 0xff);
    }

    /// A PES packet, header and all.
    pub(super) fn pes(&mut self, lane: &mut Lane, bytes: &[u8], start: Start) {
        let mut rest = bytes;
        let mut field = start.pcr.map(|pcr| pcr_field(pcr, start.random_access));
        let mut first = true;
        while !rest.is_empty() || first {
            let fixed = field.as_ref().map_or(0, |field| field.len() + 1);
            let room = PACKET - HEADER - fixed;
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            let stuffing = room - now.len();
            let control = if fixed + stuffing > 0 { 0x30 } else { 0x10 };
            self.header(lane, first, control);
            self.adaptation(field.take().as_ref(), stuffing);
            self.out.extend_from_slice(now);
            rest = later;
            first = false;
        }
    }

    /// A packet with a clock reference and no payload, which the counter does not count.
    pub(super) fn pcr(&mut self, lane: &Lane, pcr: i64) {
        let mut lane = Lane {
            counter: lane.counter.wrapping_sub(1),
            ..*lane
        };
        self.header(&mut lane, false, 0x20);
        let field = pcr_field(pcr, false);
        self.adaptation(Some(&field), PACKET - HEADER - 1 - field.len());
    }

    fn header(&mut self, lane: &mut Lane, start: bool, control: u8) {
        let [high, low] = (lane.pid & 0x1fff).to_be_bytes();
        let start = if start { 0x40 } else { 0 };
        let counter = lane.counter & 0x0f;
        self.out
            .extend_from_slice(&[0x47, start | high, low, control | counter]);
        lane.counter = (counter + 1) & 0x0f;
    }

    /// The adaptation field: `field` (its bytes after the length) and `stuffing` bytes more.
    fn adaptation(&mut self, field: Option<&[u8; 7]>, stuffing: usize) {
        let from = self.out.len();
        match (field, stuffing) {
            (None, 0) => return,
            (None, 1) => self.out.push(0),
            (None, _) => self.out.extend_from_slice(&[(stuffing - 1) as u8, 0]),
            (Some(field), _) => {
                self.out.push((field.len() + stuffing) as u8);
                self.out.extend_from_slice(field);
            }
        }
        let len = field.map_or(0, |field| field.len() + 1) + stuffing;
        self.out.resize(from + len, 0xff);
    }
}

/// Flags and `program_clock_reference`.
fn pcr_field(pcr: i64, random_access: bool) -> [u8; 7] {
    let base = wrap(pcr);
    let flags = if random_access { 0x50 } else { 0x10 };
    // 33 bits of base, 6 reserved, 9 of extension (always 0).
    let [_, _, bits @ ..] = (base << 15 | 0x7e00).to_be_bytes();
    let mut field = [flags; 7];
    for (to, from) in field.iter_mut().skip(1).zip(bits) {
        *to = from;
    }
    field
}

/// An unwrapped time as the 33 bits of the stream.
fn wrap(time: i64) -> u64 {
    time.rem_euclid(1 << 33) as u64
}

/// Puts a PES header for `payload_len` bytes at the end of `out`: `PTS` alone where it equals the
/// DTS.
pub(super) fn write_pes_header(out: &mut Vec<u8>, stream_id: u8, times: Times, payload_len: usize) {
    let both = times.pts != times.dts;
    let data_len: u8 = if both { 10 } else { 5 };
    // Video may be longer than 16 bits say: then 0, unbounded.
    let len = payload_len + 3 + usize::from(data_len);
    let [high, low] = u16::try_from(len).unwrap_or(0).to_be_bytes();
    let flags = if both { 0xc0 } else { 0x80 };
    // 0x84: data_alignment_indicator
    out.extend_from_slice(&[0, 0, 1, stream_id, high, low, 0x84, flags, data_len]);
    out.extend(write_timestamp(if both { 3 } else { 2 }, wrap(times.pts)));
    if both {
        out.extend(write_timestamp(1, wrap(times.dts)));
    }
}
