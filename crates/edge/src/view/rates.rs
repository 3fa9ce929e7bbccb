//! Bit rates and picture rate, from the index alone.

use livetape_hls::Decimal;

use crate::index::{Entry, Index, micros};

/// So many objects at most are looked at for one stretch: an object may last a microsecond.
const MOST_TOGETHER: usize = 256;

/// Bits a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rates {
    /// Of the worst stretch of 0.5 to 1.5 target durations, RFC 8216bis §4.4.6.2; of the whole
    /// where it is shorter than any.
    pub(crate) peak: u64,
    pub(crate) average: u64,
}

/// The rates of what is sent, with a target duration in seconds; `size` is how many bytes of an object are.
pub(crate) fn rates(index: &Index, target: u64, size: impl Fn(&Entry) -> u64) -> Rates {
    let sent = index.entries().iter();
    let sent: Vec<_> = sent.map(|entry| (size(entry), length(entry))).collect();
    let bytes = sent.iter().map(|(bytes, _)| bytes).sum();
    let average = rate(bytes, sent.iter().map(|(_, length)| length).sum());
    let peak = (0..sent.len()).filter_map(|first| peak_from(sent.get(first..)?, target));
    Rates {
        peak: peak.max().unwrap_or(average).max(average),
        average,
    }
}

/// The highest rate of the stretches that begin with the first of these.
fn peak_from(sent: &[(u64, i64)], target: u64) -> Option<u64> {
    let target = target as i64 * 1_000_000;
    let (mut bytes, mut length) = (0_u64, 0_i64);
    let mut highest = None;
    for (own, lasts) in sent.iter().take(MOST_TOGETHER) {
        bytes = bytes.saturating_add(*own);
        length = length.saturating_add(*lasts);
        if length > target * 3 / 2 {
            break;
        }
        if length >= target / 2 {
            highest = highest.max(Some(rate(bytes, length)));
        }
    }
    highest
}

fn rate(bytes: u64, micros: i64) -> u64 {
    let bits = u128::from(bytes) * 8 * 1_000_000;
    u64::try_from(bits.div_ceil(u128::from(micros.max(1).unsigned_abs()))).unwrap_or(u64::MAX)
}

fn length(entry: &Entry) -> i64 {
    micros(entry.end()) - micros(entry.start)
}

/// Pictures a second on average, three digits behind the point; `None` where there are none.
pub(crate) fn frame_rate(index: &Index) -> Option<Decimal> {
    let video = index.timeline().video()?.id();
    let (mut frames, mut span) = (0_i64, 0_i64);
    for entry in index.entries() {
        if let Some(part) = entry.tracks.iter().find(|part| part.track == video) {
            let numbers = &part.numbers;
            frames += i64::try_from(numbers.end - numbers.start).ok()?;
            span = span.saturating_add(length(entry));
        }
    }
    (span > 0).then_some(())?;
    Some(Decimal::from_millis(
        (frames.checked_mul(1_000_000_000)? + span / 2) / span,
    ))
}
