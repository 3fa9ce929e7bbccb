//! Finding transport packets in any bytes. ISO/IEC 13818-1 §2.4.3.2, annex G.1.
//!
//! A packet is 188 bytes. On disk and in some networks it comes with 4 bytes before it (192,
//! Blu-ray's `TP_extra_header`) or 16 after it (204, Reed-Solomon): only the distance from sync
//! byte to sync byte differs, so that distance (the stride) is all that is kept.

use memchr::memchr_iter;

use super::packet::PACKET;

/// First byte of each packet.
pub(super) const SYNC: u8 = 0x47;
/// Distances from sync byte to sync byte, likeliest first.
const STRIDES: [usize; 3] = [188, BLU_RAY, 204];
/// The one that has a `TP_extra_header` ...
const BLU_RAY: usize = 192;
/// ... of so many bytes.
const LEAD: u64 = 4;
/// How many bytes are joined to a carried rest at once: more than any decision needs.
const TOP_UP: usize = 1024;

/// What framing finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framed<'a> {
    /// A packet, and the stream position of its sync byte.
    Packet(&'a [u8; PACKET], u64),
    /// Bytes that are part of no packet.
    Lost {
        /// Stream position after them.
        position: u64,
        /// How many.
        bytes: u64,
    },
}

/// Finds packets in bytes that arrive split anywhere.
///
/// Unlocked, it looks for three sync bytes in a row at one stride. Locked, a packet is given out
/// once the sync byte after it is seen: where that is missing and packets turn out to begin
/// within this one, this one was cut short and is lost; else it was whole and rubbish follows.
#[derive(Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Framer {
    /// Bytes not decided upon yet; a few hundred at most.
    carry: Vec<u8>,
    stride: Option<usize>,
    /// The next byte begins a packet that no sync byte follows.
    suspect: bool,
    /// Bytes to pass over: what lies between two packets, where the input ended in it.
    skip: usize,
    lost: u64,
    position: u64,
}

impl Framer {
    /// Takes the next bytes of the stream.
    pub(super) fn push(&mut self, mut bytes: &[u8], sink: &mut impl FnMut(Framed<'_>)) {
        while !self.carry.is_empty() {
            let (head, tail) = bytes.split_at(bytes.len().min(TOP_UP));
            if head.is_empty() {
                return;
            }
            let mut carry = std::mem::take(&mut self.carry);
            carry.extend_from_slice(head);
            let used = self.scan(&carry, false, sink);
            let rest = carry.len() - used;
            if let Some(at) = head.len().checked_sub(rest) {
                // What is left lies within the input: go on there without copying.
                bytes = bytes.get(at..).unwrap_or_default();
                carry.clear();
                self.carry = carry;
                break;
            }
            carry.drain(..used);
            self.carry = carry;
            bytes = tail;
        }
        let used = self.scan(bytes, false, sink);
        self.carry
            .extend_from_slice(bytes.get(used..).unwrap_or_default());
    }

    /// Decides upon what is left; the input has ended, or what follows begins a new packet.
    pub(super) fn flush(&mut self, sink: &mut impl FnMut(Framed<'_>)) {
        let carry = std::mem::take(&mut self.carry);
        let used = self.scan(&carry, true, sink);
        let rest = (carry.len() - used) as u64;
        self.lost += rest;
        self.position += rest;
        self.suspect = false;
        self.report_lost(self.position, sink);
    }

    /// Gives out all that `bytes` decide; how many were used.
    fn scan(&mut self, bytes: &[u8], last: bool, sink: &mut impl FnMut(Framed<'_>)) -> usize {
        let mut used = self.skip.min(bytes.len());
        self.skip -= used;
        self.position += used as u64;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let step = match self.stride {
                Some(stride) => {
                    let step = self.locked(rest, stride, last, sink);
                    if self.stride.is_some() {
                        self.position += step as u64;
                        return used + step;
                    }
                    step
                }
                None => match self.search(rest, last, sink) {
                    Some(step) => step,
                    None => return used,
                },
            };
            used += step;
            self.position += step as u64;
        }
    }

    /// Gives out packets as long as sync bytes are where they must be; how many bytes were used.
    /// Where one is not, it unlocks.
    fn locked(
        &mut self,
        bytes: &[u8],
        stride: usize,
        last: bool,
        sink: &mut impl FnMut(Framed<'_>),
    ) -> usize {
        let mut at = 0;
        while let Some(packet) = bytes.get(at..).and_then(<[u8]>::first_chunk::<PACKET>) {
            if packet[0] != SYNC {
                self.stride = None;
                break;
            }
            match bytes.get(at + stride) {
                Some(&SYNC) => {}
                Some(_) => {
                    self.stride = None;
                    self.suspect = true;
                    break;
                }
                None if last => {}
                None => break,
            }
            sink(Framed::Packet(packet, self.position + at as u64));
            at += stride;
        }
        self.skip = at.saturating_sub(bytes.len());
        at.min(bytes.len())
    }

    /// Looks for packets; how many bytes were decided upon, `None` where more are needed.
    fn search(
        &mut self,
        bytes: &[u8],
        last: bool,
        sink: &mut impl FnMut(Framed<'_>),
    ) -> Option<usize> {
        let (from, to) = if self.suspect {
            (1, bytes.len().min(PACKET))
        } else {
            (0, bytes.len())
        };
        for at in memchr_iter(SYNC, bytes.get(from..to).unwrap_or_default()) {
            let at = at + from;
            match lock(bytes, at, last) {
                Lock::No => {}
                Lock::Undecided if self.suspect || at == 0 => return None,
                Lock::Undecided => {
                    self.lost += at as u64;
                    return Some(at);
                }
                Lock::Yes(stride) => {
                    self.stride = Some(stride);
                    self.suspect = false;
                    self.lost += at as u64;
                    if stride == BLU_RAY && self.lost == LEAD {
                        self.lost = 0; // they belong to the first packet
                    }
                    self.report_lost(self.position + at as u64, sink);
                    return Some(at);
                }
            }
        }
        if !self.suspect {
            self.lost += bytes.len() as u64;
            return (!bytes.is_empty()).then_some(bytes.len());
        }
        let packet = bytes.first_chunk::<PACKET>()?;
        sink(Framed::Packet(packet, self.position));
        self.suspect = false;
        Some(PACKET)
    }

    fn report_lost(&mut self, position: u64, sink: &mut impl FnMut(Framed<'_>)) {
        let bytes = std::mem::take(&mut self.lost);
        if bytes > 0 {
            sink(Framed::Lost { position, bytes });
        }
    }
}

enum Lock {
    Yes(usize),
    No,
    /// More bytes are needed.
    Undecided,
}

/// Do packets begin at `at`? At the end of the input, fewer than three must do: every sync byte
/// that would be there is, and there are two or the packet ends the input.
fn lock(bytes: &[u8], at: usize, last: bool) -> Lock {
    let mut undecided = false;
    for stride in STRIDES {
        let next = bytes.get(at + stride);
        let second = bytes.get(at + 2 * stride);
        match (next, second) {
            (Some(&SYNC), Some(&SYNC)) => return Lock::Yes(stride),
            (Some(&SYNC), None) if last => return Lock::Yes(stride),
            (None, _) if last && (bytes.len() == at + PACKET || bytes.len() == at + stride) => {
                return Lock::Yes(stride);
            }
            (Some(&SYNC) | None, None) => undecided = true,
            _ => {}
        }
    }
    if undecided && !last {
        Lock::Undecided
    } else {
        Lock::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets whose payload holds no sync byte, each with its number.
    fn packets(count: u8, stride: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in 0..count {
            let mut packet = vec![0xff; stride];
            packet[..5].copy_from_slice(&[SYNC, 0x01, 0x00, 0x10 | number & 15, number]);
            bytes.extend(packet);
        }
        bytes
    }

    /// Numbers of packets, and their positions.
    type Numbers = Vec<(u8, u64)>;
    /// Positions after lost bytes, and how many.
    type Lost = Vec<(u64, u64)>;

    /// The packets' numbers and positions, and the runs of lost bytes.
    fn frame(bytes: &[u8], split: usize) -> (Numbers, Lost) {
        let (mut found, mut lost) = (Vec::new(), Vec::new());
        let mut framer = Framer::default();
        let mut sink = |framed: Framed<'_>| match framed {
            Framed::Packet(packet, position) => found.push((packet[4], position)),
            Framed::Lost { position, bytes } => lost.push((position, bytes)),
        };
        for piece in bytes.chunks(split) {
            framer.push(piece, &mut sink);
        }
        framer.flush(&mut sink);
        (found, lost)
    }

    #[test]
    fn finds_every_stride_however_the_input_is_split() {
        for stride in STRIDES {
            let bytes = packets(7, stride);
            let want: Vec<_> = (0..7).map(|n| (n, u64::from(n) * stride as u64)).collect();
            for split in [1, 2, 187, 188, 189, 1000, bytes.len()] {
                assert_eq!(
                    frame(&bytes, split),
                    (want.clone(), vec![]),
                    "{stride}/{split}"
                );
            }
        }
    }

    #[test]
    fn what_leads_the_first_packet_of_192_bytes_is_not_lost() {
        let mut bytes = vec![0x0f, 0x12, 0x34, 0x56];
        bytes.extend(packets(7, 192));
        for split in [1, 3, 191, bytes.len()] {
            let (found, lost) = frame(&bytes, split);
            assert_eq!(
                (found.len(), found[0], lost),
                (7, (0, 4), vec![]),
                "{split}"
            );
        }
        bytes.insert(0, 0); // and one that does not belong to it
        assert_eq!(frame(&bytes, 1).1, [(5, 5)]);
    }

    #[test]
    fn starts_in_the_middle_of_a_packet() {
        for from in 1..188 {
            let bytes = packets(6, 188);
            let (found, lost) = frame(&bytes[from..], 50);
            let numbers: Vec<_> = found.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, [1, 2, 3, 4, 5]);
            assert_eq!(lost, [(188 - from as u64, 188 - from as u64)]);
        }
    }

    #[test]
    fn a_packet_cut_short_is_lost_and_nothing_after_it() {
        for cut in 1..188 {
            let mut bytes = packets(6, 188);
            bytes.drain(2 * 188 + cut..3 * 188);
            for split in [1, 77, 5000] {
                let (found, lost) = frame(&bytes, split);
                let numbers: Vec<_> = found.iter().map(|(number, _)| *number).collect();
                assert_eq!(numbers, [0, 1, 3, 4, 5], "cut at {cut}");
                assert_eq!(lost, [(376 + cut as u64, cut as u64)]);
            }
        }
    }

    #[test]
    fn a_packet_followed_by_rubbish_is_kept() {
        let mut bytes = packets(8, 188);
        bytes.splice(752..752, [0; 300]);
        for split in [1, 77, 5000] {
            let (found, lost) = frame(&bytes, split);
            assert_eq!(found.len(), 8);
            assert_eq!(lost, [(1052, 300)]);
        }
    }

    #[test]
    fn a_broken_sync_byte_costs_one_packet() {
        let mut bytes = packets(8, 188);
        bytes[3 * 188] = 0;
        let (found, lost) = frame(&bytes, 4096);
        assert_eq!(found.len(), 7);
        assert_eq!(lost, [(4 * 188, 188)]);
    }

    #[test]
    fn one_packet_alone_and_rubbish_alone() {
        assert_eq!(frame(&packets(1, 188), 10).0.len(), 1);
        assert_eq!(frame(&[SYNC; 100], 10), (vec![], vec![(100, 100)]));
        assert_eq!(frame(&[0; 5000], 999), (vec![], vec![(5000, 5000)]));
    }

    #[test]
    fn a_flush_in_a_192_byte_stream_does_not_lose_the_lead_of_the_next_packet() {
        let mut framer = Framer::default();
        let (mut found, mut lost) = (0, 0);
        let mut sink = |framed: Framed<'_>| match framed {
            Framed::Packet(..) => found += 1,
            Framed::Lost { bytes, .. } => lost += bytes,
        };
        let bytes = packets(8, 192);
        let (first, second) = bytes.split_at(3 * 192 + 188);
        framer.push(first, &mut sink);
        framer.flush(&mut sink);
        framer.push(second, &mut sink);
        framer.flush(&mut sink);
        assert_eq!((found, lost), (8, 0));
    }
}
