//! What goes into and comes out of following a live playlist.

use crate::segment_ref::SegmentRef;

/// Where to begin in a playlist that is still growing. One that has ended is always taken whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartPosition {
    /// With so many of the newest segments.
    LiveEdge {
        /// How many; 3 is what section 6.3.3 suggests.
        segments: usize,
    },
    /// With the oldest segment that is listed.
    WindowStart,
}

/// What came of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// What happened, in order. All but [`ReloadEvent::Ended`] happened before the first of
    /// `segments`.
    pub events: Vec<ReloadEvent>,
    /// Segments not given out before, in order.
    pub segments: Vec<SegmentRef>,
    /// When to load again.
    pub next: NextLoad,
}

/// When to load a playlist again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextLoad {
    /// At a time on the caller's clock, in milliseconds; never before the `now` that was given.
    At {
        /// That time.
        millis: i64,
        /// Whether a delta update may be asked for (`_HLS_skip=YES`, section 6.2.5.1).
        delta: bool,
    },
    /// Not at all: no segment will be added.
    Never,
}

/// Something worth telling about a live playlist.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReloadEvent {
    /// Nothing was added for three target durations. Told once, until something is added.
    Stalled {
        /// When something was added last, in milliseconds on the caller's clock.
        since_millis: i64,
    },
    /// Something was added after a stall.
    Resumed {
        /// When something had been added last, in milliseconds on the caller's clock.
        stalled_since_millis: i64,
    },
    /// Segments left the playlist before they were seen.
    SegmentsMissed {
        /// Media sequence number of the first.
        first: u64,
        /// How many.
        count: u64,
    },
    /// An older state of the playlist was loaded, as an outdated cache gives it. It has no effect.
    Outdated {
        /// Number behind the last segment of the playlist known.
        known_end: u64,
        /// Number behind the last segment of the one loaded.
        end: u64,
    },
    /// Numbers now mean other segments, as after a restart of the server. Timestamps are likely to
    /// have a break here even without a discontinuity told.
    SequenceReset {
        /// The number that was due next.
        expected: u64,
        /// The number of the first segment given out now, or due next when there is none.
        found: u64,
    },
    /// A delta update skipped segments that are not known; a whole playlist is needed.
    DeltaUnusable,
    /// The playlist has ended.
    Ended,
}
