//! Where PES packets begin in the bytes of a stream, and what they say of the time.

/// Packets that may begin within what is not taken yet; real ones are a few.
const MAX: usize = 1 << 16;

/// Times of what begins in PES packets, each with where its packet's payload begins; in order.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Marks<T>(Vec<(usize, T)>);

impl<T: Copy> Marks<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// A packet begins at `at`, no earlier than any before it. Of several that begin there the last one counts; beyond
    /// [`MAX`] none does.
    pub(super) fn add(&mut self, at: usize, times: T) {
        let is_full = self.0.len() >= MAX;
        match self.0.last_mut() {
            Some(mark) if mark.0 == at => mark.1 = times,
            _ if !is_full => self.0.push((at, times)),
            _ => {}
        }
    }

    /// Takes the time of what begins at `at`: that of the packet in which it is the first to begin.
    pub(super) fn take(&mut self, at: usize) -> Option<T> {
        let count = self.begun(at);
        let last = count.checked_sub(1)?;
        let times = self.0.get(last).map(|(_, times)| *times);
        self.0.drain(..count);
        times
    }

    /// The first `count` bytes are gone: what is left is counted from there, and of the packets that began in what is
    /// gone the last one may go on.
    pub(super) fn pass(&mut self, count: usize) {
        if count == 0 {
            return; // for each packet: there may be many marks
        }
        let over = self.begun(count).saturating_sub(1);
        self.0.drain(..over);
        for (at, _) in &mut self.0 {
            *at = at.saturating_sub(count);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// How many begin at or before `at`.
    fn begun(&self, at: usize) -> usize {
        self.0.partition_point(|(other, _)| *other <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_first_in_a_packet_has_its_time_and_nothing_behind_it() {
        let mut marks = Marks::new();
        for (at, time) in [(0, 'a'), (10, 'b'), (10, 'c'), (30, 'd')] {
            marks.add(at, time);
        }
        assert_eq!(marks.take(12), Some('c'), "of the last packet before it");
        assert_eq!(marks.take(20), None, "not the first");
        marks.add(40, 'e');
        marks.pass(35);
        assert_eq!(marks.take(0), Some('d'), "goes on behind what is gone");
        assert_eq!(marks.take(4), None);
        assert_eq!(marks.take(5), Some('e'));
    }

    #[test]
    fn there_are_so_many_and_no_more() {
        let mut marks = Marks::new();
        for at in 0..2 * MAX {
            marks.add(at, at);
            marks.pass(0);
        }
        assert_eq!(marks.0.len(), MAX);
        assert_eq!(marks.take(2 * MAX), Some(MAX - 1));
    }
}
