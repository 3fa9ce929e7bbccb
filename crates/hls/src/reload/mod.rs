//! Following a live playlist (section 6.3.4): a state machine without clock or network.

mod update;

pub use update::{NextLoad, ReloadEvent, StartPosition, Update};

use crate::media_playlist::MediaPlaylist;
use crate::segment_ref::{SegmentRef, resolve_segments};

/// Shortest wait between two loads, whatever the playlist says.
const MIN_DELAY_MILLIS: i64 = 500;
/// Longest wait between two loads, whatever the playlist says.
const MAX_DELAY_MILLIS: i64 = 60_000;
/// Wait after a failure while the target duration is not known.
const UNKNOWN_TARGET_MILLIS: i64 = 2_000;
/// A live playlist has stalled when nothing was added for so many target durations. A server has to
/// add something every 1.5 (section 6.2.2); the rest is for caches and slow networks.
const STALL_TARGET_DURATIONS: i64 = 3;
/// Dates of one segment may differ by so much from load to load: they are reckoned from other
/// segments' dates at times. A server's restart makes a greater difference.
const DATE_TOLERANCE_MICROS: u64 = 5_000_000;

/// Follows one Media Playlist.
///
/// Tell it of every load with [`Reload::loaded`] or [`Reload::failed`], and load again when the
/// [`Update`] says so. Times are milliseconds on any one clock. Low-latency parts and blocking
/// reloads are not used.
#[derive(Debug, Clone)]
pub struct Reload {
    playlist_uri: String,
    start: StartPosition,
    /// Segments of the playlist loaded last, skipped ones included.
    window: Vec<SegmentRef>,
    /// Media sequence number of the first segment not given out. `None` before the first load.
    next_sequence: Option<u64>,
    target_millis: Option<i64>,
    skip_boundary_millis: Option<i64>,
    /// When something was added last.
    advanced_at: Option<i64>,
    /// When the playlist behind `window` was loaded.
    loaded_at: i64,
    stalled: bool,
    /// The last load should have been a whole playlist.
    whole_wanted: bool,
    ended: bool,
}

/// How a playlist goes with the one loaded before.
enum Relation {
    First,
    Continues,
    Outdated,
    Reset,
}

impl Reload {
    /// Follows the playlist at `playlist_uri`, against which its URIs are resolved.
    #[must_use]
    pub fn new(playlist_uri: impl Into<String>, start: StartPosition) -> Self {
        Self {
            playlist_uri: playlist_uri.into(),
            start,
            window: Vec::new(),
            next_sequence: None,
            target_millis: None,
            skip_boundary_millis: None,
            advanced_at: None,
            loaded_at: 0,
            stalled: false,
            whole_wanted: false,
            ended: false,
        }
    }

    /// Changes the URI that others are resolved against, after a redirection.
    pub fn set_playlist_uri(&mut self, playlist_uri: impl Into<String>) {
        self.playlist_uri = playlist_uri.into();
    }

    /// The segments of the playlist as loaded last, oldest first.
    #[must_use]
    pub fn window(&self) -> &[SegmentRef] {
        &self.window
    }

    /// Takes in a playlist whose request was made at `requested_at`, the time being `now`.
    pub fn loaded(&mut self, playlist: &MediaPlaylist, requested_at: i64, now: i64) -> Update {
        let mut update = Update {
            events: Vec::new(),
            segments: Vec::new(),
            next: NextLoad::Never,
        };
        if self.ended {
            return update;
        }
        self.take_settings(playlist);
        let Some(window) = self.whole_window(playlist) else {
            return self.delta_unusable(update, requested_at, now);
        };
        self.whole_wanted = false;
        self.loaded_at = now;
        let changed = self.advance(playlist, window, &mut update);
        self.note_progress(
            !update.segments.is_empty() || changed,
            now,
            &mut update.events,
        );
        if !playlist.is_live()
            && !matches!(update.events.last(), Some(ReloadEvent::Outdated { .. }))
        {
            self.ended = true;
            update.events.push(ReloadEvent::Ended);
            return update;
        }
        update.next = self.next_load(changed, requested_at, now);
        update
    }

    /// Takes in that a load whose request was made at `requested_at` failed, the time being `now`.
    pub fn failed(&mut self, requested_at: i64, now: i64) -> Update {
        let mut events = Vec::new();
        let next = if self.ended {
            NextLoad::Never
        } else {
            self.note_progress(false, now, &mut events);
            self.next_load(false, requested_at, now)
        };
        Update {
            events,
            segments: Vec::new(),
            next,
        }
    }

    fn take_settings(&mut self, playlist: &MediaPlaylist) {
        let seconds = i64::try_from(playlist.target_duration).unwrap_or(i64::MAX);
        self.target_millis = Some(seconds.saturating_mul(1_000));
        self.skip_boundary_millis = playlist
            .server_control
            .as_ref()
            .and_then(|control| control.can_skip_until)
            .map(|seconds| seconds.micros() / 1_000);
    }

    /// The segments of `playlist`, skipped ones taken from the window known. `None` when they are
    /// not there.
    fn whole_window(&self, playlist: &MediaPlaylist) -> Option<Vec<SegmentRef>> {
        let first_listed = playlist.first_sequence()?;
        let first = playlist.media_sequence;
        if first == first_listed {
            return Some(self.aligned(resolve_segments(playlist, &self.playlist_uri, None)));
        }
        let previous = first_listed.checked_sub(1)?;
        let mut window: Vec<_> = self
            .window
            .iter()
            .filter(|segment| (first..first_listed).contains(&segment.media_sequence))
            .cloned()
            .collect();
        let last = window
            .last()
            .filter(|segment| segment.media_sequence == previous)?;
        let listed = resolve_segments(playlist, &self.playlist_uri, Some(last));
        window.extend(listed);
        Some(window)
    }

    /// Keeps discontinuity sequence numbers going where the server does not count discontinuities
    /// that have left the window.
    fn aligned(&self, mut listed: Vec<SegmentRef>) -> Vec<SegmentRef> {
        let Some((known, new)) = self.overlap(&listed).next() else {
            return listed;
        };
        if !is_same_media(known, new) {
            return listed;
        }
        let (known, new) = (known.discontinuity_sequence, new.discontinuity_sequence);
        if let Some(shift) = known.checked_sub(new).filter(|shift| *shift > 0) {
            for segment in &mut listed {
                segment.discontinuity_sequence =
                    segment.discontinuity_sequence.saturating_add(shift);
            }
        }
        listed
    }

    /// Pairs of a known and a listed segment with the same number. Both lists have consecutive
    /// numbers.
    fn overlap<'a>(
        &'a self,
        listed: &'a [SegmentRef],
    ) -> impl Iterator<Item = (&'a SegmentRef, &'a SegmentRef)> {
        let first = |segments: &[SegmentRef]| segments.first().map_or(0, |s| s.media_sequence);
        let (known_first, listed_first) = (first(&self.window), first(listed));
        let skip =
            |from: u64, to: u64| usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
        let known = self.window.iter().skip(skip(known_first, listed_first));
        known.zip(listed.iter().skip(skip(listed_first, known_first)))
    }

    fn delta_unusable(&mut self, mut update: Update, requested_at: i64, now: i64) -> Update {
        update.events.push(ReloadEvent::DeltaUnusable);
        self.note_progress(false, now, &mut update.events);
        update.next = if self.whole_wanted {
            // The server answers with a delta update though none was asked for.
            self.next_load(false, requested_at, now)
        } else {
            NextLoad::At {
                millis: now,
                delta: false,
            }
        };
        self.whole_wanted = true;
        if let NextLoad::At { delta, .. } = &mut update.next {
            *delta = false;
        }
        update
    }

    /// Puts the new segments into `update`. Whether the playlist has changed.
    fn advance(
        &mut self,
        playlist: &MediaPlaylist,
        window: Vec<SegmentRef>,
        update: &mut Update,
    ) -> bool {
        let end = playlist.end_sequence().unwrap_or(u64::MAX);
        let known_end = self.next_sequence.unwrap_or(0);
        let from = match self.relation(&window, end) {
            Relation::First => self.start_in(playlist, &window),
            Relation::Continues => {
                if let Some(first) = window.first().map(|segment| segment.media_sequence)
                    && first > known_end
                {
                    update.events.push(ReloadEvent::SegmentsMissed {
                        first: known_end,
                        count: first - known_end,
                    });
                }
                known_end
            }
            Relation::Outdated => {
                update.events.push(ReloadEvent::Outdated { known_end, end });
                return false;
            }
            Relation::Reset => {
                let found = self.first_unseen(&window).unwrap_or(end);
                update.events.push(ReloadEvent::SequenceReset {
                    expected: known_end,
                    found,
                });
                found
            }
        };
        update.segments = window
            .iter()
            .filter(|segment| segment.media_sequence >= from)
            .cloned()
            .collect();
        let changed = self.next_sequence.is_none() || !same_numbers(&self.window, &window);
        self.window = window;
        self.next_sequence = Some(end.max(from));
        changed
    }

    fn relation(&self, window: &[SegmentRef], end: u64) -> Relation {
        let Some(known_end) = self.next_sequence else {
            return Relation::First;
        };
        if window.is_empty() && end < known_end {
            // Nothing tells whether the server has restarted; the next segment will.
            return Relation::Outdated;
        }
        let mut pairs = self.overlap(window).peekable();
        if pairs.peek().is_some() {
            let same = pairs.any(|(known, new)| is_same_media(known, new));
            return match (same, end < known_end) {
                (false, _) => Relation::Reset,
                (true, true) => Relation::Outdated,
                (true, false) => Relation::Continues,
            };
        }
        if end < known_end {
            return Relation::Reset;
        }
        Relation::Continues
    }

    fn start_in(&self, playlist: &MediaPlaylist, window: &[SegmentRef]) -> u64 {
        let count = match self.start {
            StartPosition::LiveEdge { segments } if playlist.is_live() => segments,
            _ => window.len(),
        };
        let skipped = window.len().saturating_sub(count);
        window
            .get(skipped)
            .map_or(playlist.end_sequence().unwrap_or(u64::MAX), |segment| {
                segment.media_sequence
            })
    }

    /// After a change of numbers: the first segment behind those that were in the window before.
    fn first_unseen(&self, window: &[SegmentRef]) -> Option<u64> {
        let Some(last_known) = self.window.last() else {
            return window.first().map(|segment| segment.media_sequence);
        };
        let seen = window
            .iter()
            .rposition(|segment| is_same_media(segment, last_known))
            .map_or(0, |index| index + 1);
        window.get(seen).map(|segment| segment.media_sequence)
    }

    fn note_progress(&mut self, advanced: bool, now: i64, events: &mut Vec<ReloadEvent>) {
        let since = *self.advanced_at.get_or_insert(now);
        if advanced {
            if self.stalled {
                events.push(ReloadEvent::Resumed {
                    stalled_since_millis: since,
                });
            }
            self.stalled = false;
            self.advanced_at = Some(now);
            return;
        }
        let patience = self.target().saturating_mul(STALL_TARGET_DURATIONS);
        if !self.stalled && now.saturating_sub(since) >= patience {
            self.stalled = true;
            events.push(ReloadEvent::Stalled {
                since_millis: since,
            });
        }
    }

    fn target(&self) -> i64 {
        self.target_millis
            .unwrap_or(UNKNOWN_TARGET_MILLIS)
            .clamp(MIN_DELAY_MILLIS, MAX_DELAY_MILLIS)
    }

    /// A target duration after the last request when the playlist had changed, half when not.
    fn next_load(&self, changed: bool, requested_at: i64, now: i64) -> NextLoad {
        let delay = if changed {
            self.target()
        } else {
            (self.target() / 2).max(MIN_DELAY_MILLIS)
        };
        let millis = requested_at.saturating_add(delay).max(now);
        // Section 6.2.5.1: only with a playlist no older than half the skip boundary.
        let delta = self.skip_boundary_millis.is_some_and(|boundary| {
            !self.window.is_empty() && millis.saturating_sub(self.loaded_at) <= boundary / 2
        });
        NextLoad::At { millis, delta }
    }
}

/// Whether both lists have the same numbers.
fn same_numbers(a: &[SegmentRef], b: &[SegmentRef]) -> bool {
    let ends = |segments: &[SegmentRef]| {
        let first = segments.first().map(|segment| segment.media_sequence);
        (first, segments.len())
    };
    ends(a) == ends(b)
}

/// Whether two listings mean the same media: the last path segment, the byte range and, where known,
/// the date agree. Hosts, directories and queries may carry tokens that change with each load.
fn is_same_media(a: &SegmentRef, b: &SegmentRef) -> bool {
    let dates_agree = match (a.program_date_time_micros, b.program_date_time_micros) {
        (Some(a), Some(b)) => a.abs_diff(b) <= DATE_TOLERANCE_MICROS,
        _ => true,
    };
    dates_agree && a.byte_range == b.byte_range && file_name(&a.uri) == file_name(&b.uri)
}

fn file_name(uri: &str) -> &str {
    let path = uri.split(['?', '#']).next().unwrap_or(uri);
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests;
