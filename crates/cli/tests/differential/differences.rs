//! A source against the file made of it: which packets are not in both, and which have other
//! times.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::track::{Packet, Track};
use crate::units::{Units, comparable};

/// How many packets may be passed over to find the place where both sides go on.
const FAR: usize = 400;

/// How far the time of an AAC frame in a transport stream may be off, in seconds: only the first
/// frame of a PES packet has a time there, and many muxers round it to milliseconds. Frames follow
/// one another exactly.
const ROUNDED_BY_MUXERS: f64 = 0.001;

/// How much sound before the first picture may be hidden, in seconds.
const PRIMING: f64 = 0.25;

/// How far a new base of time may begin before the last packet of the one before it ends, in
/// seconds: that packet is taken to be as long as the others are on average, and may be shorter.
const OVERLAP: f64 = 0.025;

/// How far behind it: pictures may be decoded so much earlier than they are presented.
const GAP: f64 = 0.1;

/// A source, and the file made of it.
pub(crate) struct Comparison<'a> {
    pub(crate) source: &'a [Track],
    pub(crate) file: &'a [Track],
    /// The source is a transport stream.
    pub(crate) is_ts: bool,
    /// Parameter sets may have moved between configuration and samples.
    pub(crate) is_reframed: bool,
}

/// A track on both sides.
struct Pair<'a> {
    kind: &'static str,
    source: &'a Track,
    file: &'a Track,
    alignment: Alignment,
}

/// Pairs of packets of a track, and what has no pair.
#[derive(Debug, Default)]
struct Alignment {
    pairs: Vec<(usize, usize)>,
    lost: Vec<Range<usize>>,
    added: Vec<Range<usize>>,
}

impl Comparison<'_> {
    /// What differs, in words; empty where nothing does.
    pub(crate) fn differences(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut pairs = Vec::new();
        for kind in ["video", "audio"] {
            let sources: Vec<&Track> = self.source.iter().filter(|t| t.kind == kind).collect();
            let files: Vec<&Track> = self.file.iter().filter(|t| t.kind == kind).collect();
            if sources.len() != files.len() {
                let (source, file) = (sources.len(), files.len());
                found.push(format!(
                    "{kind}: {source} tracks in the source, {file} in the file"
                ));
            }
            for (source, file) in sources.into_iter().zip(files) {
                let (units, samples) = comparable(source, file, self.is_reframed);
                let lost = units.parameter_sets.difference(&samples.parameter_sets);
                let lost = lost.count();
                if lost > 0 {
                    found.push(format!("{kind}: {lost} parameter sets are lost"));
                }
                let alignment = Alignment::new(&units, &samples);
                found.extend(alignment.unpaired(kind));
                pairs.push(Pair {
                    kind,
                    source,
                    file,
                    alignment,
                });
            }
        }
        if pairs.is_empty() && found.is_empty() {
            found.push("neither side has pictures or sound".to_owned());
        }
        found.extend(pairs.iter().filter_map(Pair::keyframes));
        let epochs = self.source.iter().flat_map(|track| &track.packets);
        let epochs = epochs.map(|packet| packet.epoch + 1).max().unwrap_or(0);
        for epoch in 0..epochs {
            found.extend(self.times(&pairs, epoch));
        }
        for epoch in 1..epochs {
            let gaps = pairs.iter().filter_map(|pair| pair.gap_before(epoch));
            let least = gaps.fold(f64::INFINITY, f64::min);
            if !(-OVERLAP..=GAP).contains(&least) {
                found.push(format!(
                    "part {epoch} begins {least:+.3} s behind the one before"
                ));
            }
        }
        found
    }

    /// What has other times. All presentation times are moved by the same span; the decode times
    /// of a track by one of its own, as decoding may begin earlier than in the source.
    fn times(&self, pairs: &[Pair<'_>], epoch: usize) -> Vec<String> {
        let reference = pairs.iter().find_map(|pair| {
            let (_, span) = *pair.spans(epoch, |packet| packet.pts).first()?;
            Some((span, pair.file.tick))
        });
        let Some((reference, movie_tick)) = reference else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for pair in pairs {
            // Each side rounds to its own ticks, edit lists to those of the movie.
            let mut tolerance = 1.01 * (pair.source.tick + pair.file.tick + movie_tick);
            if self.is_ts && pair.kind == "audio" {
                tolerance += ROUNDED_BY_MUXERS;
            }
            let shown = pair.spans(epoch, |packet| packet.pts);
            found.extend(pair.off(&shown, reference, tolerance, "presented"));
            let decoded = pair.spans(epoch, |packet| packet.dts);
            if let Some((_, own)) = decoded.first() {
                found.extend(pair.off(&decoded, *own, tolerance, "decoded"));
            }
            let allowed = if pair.kind == "audio" {
                PRIMING
            } else {
                tolerance
            };
            found.extend(pair.hidden(allowed));
        }
        found
    }
}

impl Pair<'_> {
    /// Packets of the source, and by how much their times are moved.
    fn spans(&self, epoch: usize, time: fn(&Packet) -> Option<f64>) -> Vec<(usize, f64)> {
        let pairs = self.alignment.pairs.iter();
        let spans = pairs.filter_map(|(from, to)| {
            let packet = self
                .source
                .packets
                .get(*from)
                .filter(|p| p.epoch == epoch)?;
            let sample = self.file.packets.get(*to)?;
            Some((*from, time(sample)? - time(packet)?))
        });
        spans.collect()
    }

    /// Seconds of the file between the last packet of an epoch's predecessor and its first.
    fn gap_before(&self, epoch: usize) -> Option<f64> {
        let shown = |epoch: usize| {
            let pairs = self.alignment.pairs.iter();
            let own = pairs.filter(move |(from, _)| self.source.packets[*from].epoch == epoch);
            own.filter_map(|(_, to)| self.file.packets[*to].pts)
        };
        let (first, last) = (
            shown(epoch - 1).reduce(f64::min)?,
            shown(epoch - 1).reduce(f64::max)?,
        );
        let steps = shown(epoch - 1).count().checked_sub(1)?;
        let end = last + (last - first) / steps as f64;
        Some(shown(epoch).reduce(f64::min)? - end)
    }

    /// What is off by more than the tolerance, gathered by how much.
    fn off(&self, spans: &[(usize, f64)], span: f64, tolerance: f64, what: &str) -> Vec<String> {
        let mut gathered: BTreeMap<i64, (usize, Range<usize>)> = BTreeMap::new();
        for (packet, found) in spans {
            let off = found - span;
            if off.abs() > tolerance {
                let tenths = (off * 1e4).round() as i64;
                let entry = gathered.entry(tenths).or_insert((0, *packet..0));
                entry.0 += 1;
                entry.1.end = packet + 1;
            }
        }
        let words = |(tenths, (count, range)): (&i64, &(usize, Range<usize>))| {
            let (kind, from, to, off) = (self.kind, range.start, range.end, *tenths as f64 / 10.0);
            format!("{kind}: {count} of packets {from}..{to} are {what} {off:+.1} ms off")
        };
        gathered.iter().map(words).collect()
    }

    /// Packets with which decoding may start on one side only.
    fn keyframes(&self) -> Option<String> {
        let unequal = |(from, to): &&(usize, usize)| {
            self.source.packets[*from].keyframe != self.file.packets[*to].keyframe
        };
        let pairs = self.alignment.pairs.iter().filter(unequal);
        self.counted(
            pairs.map(|(from, _)| *from),
            "are a keyframe on one side only",
        )
    }

    /// How many packets, and from which to which.
    fn counted(&self, packets: impl Iterator<Item = usize>, what: &str) -> Option<String> {
        let packets: Vec<usize> = packets.collect();
        let (first, last) = (packets.first()?, packets.last()? + 1);
        let (kind, count) = (self.kind, packets.len());
        Some(format!("{kind}: {count} of packets {first}..{last} {what}"))
    }

    /// What the edit list of the file hides although the source shows it.
    fn hidden(&self, tolerance: f64) -> Option<String> {
        let is_hidden = |packet: &Packet| packet.pts.is_some_and(|shown| shown < -tolerance);
        let pairs = self.alignment.pairs.iter().filter(|(from, to)| {
            is_hidden(&self.file.packets[*to]) && !is_hidden(&self.source.packets[*from])
        });
        self.counted(pairs.map(|(from, _)| *from), "are hidden by the edit list")
    }
}

impl Alignment {
    fn new(source: &Units, file: &Units) -> Self {
        let (source, file) = (&source.payloads, &file.payloads);
        let mut alignment = Self::default();
        let (mut from, mut to) = (0, 0);
        while from < source.len() && to < file.len() {
            let (lost, added) = meeting(&source[from..], &file[to..]);
            alignment.skip(from..from + lost, to..to + added);
            (from, to) = (from + lost, to + added);
            if from < source.len() && to < file.len() {
                alignment.pairs.push((from, to));
                (from, to) = (from + 1, to + 1);
            }
        }
        alignment.skip(from..source.len(), to..file.len());
        alignment
    }

    fn skip(&mut self, lost: Range<usize>, added: Range<usize>) {
        self.lost.extend((!lost.is_empty()).then_some(lost));
        self.added.extend((!added.is_empty()).then_some(added));
    }

    fn unpaired(&self, kind: &str) -> Vec<String> {
        let words = |what, in_what| {
            move |range: &Range<usize>| {
                let (from, to) = (range.start, range.end);
                format!("{kind}: {what} {from}..{to} are not in the {in_what}")
            }
        };
        let lost = self.lost.iter().map(words("packets", "file"));
        let added = self.added.iter().map(words("samples", "source"));
        lost.chain(added).collect()
    }
}

/// How many packets to pass over on each side, as few as possible, to the next that are equal; all
/// of them where there are none.
fn meeting(source: &[Vec<u8>], file: &[Vec<u8>]) -> (usize, usize) {
    let mut ways = (0..FAR).flat_map(|skipped| (0..=skipped).map(move |n| (n, skipped - n)));
    let equal = |(lost, added): &(usize, usize)| match (source.get(*lost), file.get(*added)) {
        (Some(packet), Some(sample)) => packet == sample,
        _ => false,
    };
    ways.find(equal).unwrap_or((source.len(), file.len()))
}
