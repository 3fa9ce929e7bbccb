//! The headers of transport packets, ISO/IEC 13818-1 §2.4.3.2 to §2.4.3.5.

/// Bytes of a packet.
pub(super) const PACKET: usize = 188;

/// The header of a packet, with the payload it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// `PID`.
    pub(super) pid: u16,
    /// `payload_unit_start_indicator`.
    pub(super) start: bool,
    /// `transport_error_indicator`, or an adaptation field longer than the packet.
    pub(super) damaged: bool,
    /// `transport_scrambling_control` is not 0.
    pub(super) scrambled: bool,
    /// `continuity_counter`.
    pub(super) counter: u8,
    /// `discontinuity_indicator`.
    pub(super) discontinuity: bool,
    /// The adaptation field has bytes that say nothing. In a PES packet such a packet is the last:
    /// its end could not fill it (§2.4.3.5).
    pub(super) stuffed: bool,
    /// What follows the adaptation field; `None` where the packet has no payload.
    pub(super) payload: Option<&'a [u8]>,
}

impl<'a> Packet<'a> {
    /// Reads a packet's header.
    pub(super) fn parse(bytes: &'a [u8; PACKET]) -> Self {
        let [_, b1, b2, b3, field_len, flags, ..] = *bytes;
        let mut payload_at = 4;
        let (mut discontinuity, mut stuffed) = (false, false);
        if b3 & 0x20 != 0 {
            payload_at += 1 + usize::from(field_len);
            discontinuity = field_len > 0 && flags & 0x80 != 0;
            stuffed = is_stuffed(field_len, flags);
        }
        let payload = bytes.get(payload_at..);
        Self {
            pid: u16::from(b1 & 0x1f) << 8 | u16::from(b2),
            start: b1 & 0x40 != 0,
            damaged: b1 & 0x80 != 0 || payload.is_none(),
            scrambled: b3 & 0xc0 != 0,
            counter: b3 & 0x0f,
            discontinuity,
            stuffed,
            payload: if b3 & 0x10 != 0 { payload } else { None },
        }
    }
}

/// Is an adaptation field longer than its flags ask for? Those with fields whose length varies
/// are not looked into.
const fn is_stuffed(field_len: u8, flags: u8) -> bool {
    let clock_references = (flags >> 4 & 1) + (flags >> 3 & 1);
    let varies = flags & 0x07 != 0;
    field_len == 0 || flags == 0 || !varies && field_len > 1 + 6 * clock_references
}

/// What a continuity counter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The packet follows the one before it, or is the first.
    Next,
    /// The counter did not move: the same packet again (which may come once), or 16 are missing.
    Same,
    /// So many packets are missing, or 16 more for each turn of the counter.
    Gap(u8),
    /// A new segment begins, with counters of its own.
    Restart,
}

/// Follows the continuity counter of one PID.
#[derive(Debug, Clone, Copy, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Counter {
    last: Option<u8>,
    segment_ended: bool,
}

impl Counter {
    /// True where a packet with payload and this counter is the next, which it then was.
    #[inline(always)] // for each packet: see `Core::framed`
    pub(super) fn is_next(&mut self, counter: u8) -> bool {
        let next = self.last.map(|last| (last + 1) & 0x0f);
        let is_next = !self.segment_ended && next == Some(counter);
        if is_next {
            self.last = next;
        }
        is_next
    }

    /// Judges a packet with payload. A declared discontinuity excuses any step.
    pub(super) fn step(&mut self, packet: &Packet<'_>) -> Step {
        let before = self.last.replace(packet.counter);
        let segment_ended = std::mem::take(&mut self.segment_ended);
        match before {
            _ if packet.discontinuity => Step::Next,
            None => Step::Next,
            Some(before) if (before + 1) & 0x0f == packet.counter => Step::Next,
            Some(_) if segment_ended => Step::Restart,
            Some(before) if before == packet.counter => Step::Same,
            Some(before) => Step::Gap(packet.counter.wrapping_sub(before + 1) & 0x0f),
        }
    }

    /// The next packet may have any counter.
    pub(super) fn end_segment(&mut self) {
        self.segment_ended = true;
    }

    /// Forgets what came before.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_header_with_an_adaptation_field() {
        let mut bytes = [0xff; PACKET];
        bytes[..6].copy_from_slice(&[0x47, 0x41, 0x23, 0x37, 181, 0x80]);
        let packet = Packet::parse(&bytes);
        assert_eq!((packet.pid, packet.counter), (0x123, 7));
        assert!(packet.start && packet.discontinuity && !packet.damaged);
        assert_eq!(packet.payload.map(<[u8]>::len), Some(2));
        assert!(packet.stuffed);
        bytes[4] = 184;
        assert!(Packet::parse(&bytes).damaged);
        bytes[3] = 0x27;
        bytes[4] = 183;
        assert_eq!(Packet::parse(&bytes).payload, None);
    }

    #[test]
    fn stuffing_is_what_the_flags_do_not_ask_for() {
        // Random access alone; with a PCR; the same with a byte more; no flags byte, no flags.
        let fields = [(1, 0x40), (7, 0x50), (8, 0x50), (0, 0xff), (1, 0x00)];
        let stuffed = fields.map(|(len, flags)| is_stuffed(len, flags));
        assert_eq!(stuffed, [false, false, true, true, true]);
    }
}
