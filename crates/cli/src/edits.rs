//! Edit lists of MP4 inputs: the output shows what they show, where one stretch of one file is all
//! they do; else everything is kept, and a warning says so.

use livetape_container::isobmff::{EditList, Shows};
use livetape_media::{Timescale, Timestamp};
use livetape_timeline::Timeline;
use livetape_timeline::plan::Shown;

use crate::assembly::Assembly;
use crate::report::Report;

/// What hides less than this only takes away a decoder's first frames, or the delay of reordering.
const LITTLE: Timestamp = Timestamp::new(250, Timescale::MILLIS);

/// The edit lists of all that was read.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    /// Files and segments read.
    pieces: usize,
    /// With their lanes.
    lists: Vec<(usize, EditList)>,
}

impl Edits {
    /// A piece of a lane was read, which has these.
    pub(crate) fn piece(&mut self, lane: usize, lists: &[EditList]) {
        self.pieces = self.pieces.saturating_add(1);
        let lists = lists.iter().map(|list| (lane, *list));
        self.lists.extend(lists);
    }

    /// What they show of the timeline; all of it where they cannot be kept, which is told then.
    pub(crate) fn shown(
        &self,
        timeline: &Timeline,
        assembly: &Assembly,
        report: &mut Report,
    ) -> Shown {
        let is_one = self.pieces == 1 && assembly.has_one_base();
        let refused = self.lists.iter().filter_map(|(_, list)| {
            let why = match list.shows {
                Shows::Several(count) => format!("has {count} stretches, and one can be kept"),
                Shows::OtherRate => "has media at another speed, which is not kept".to_owned(),
                Shows::Stretch { .. } if is_one || list.hides <= LITTLE => return None,
                Shows::Stretch { .. } => {
                    "hides media, which is kept only where one file without steps of its clock is \
                     all that is read"
                        .to_owned()
                }
            };
            Some((list.track.0, why))
        });
        let refused: Vec<_> = refused.collect();
        for (track, why) in &refused {
            let message = format!("the edit list {why}: what it hides or cuts is in the output");
            report.tell_of("edit_list_not_kept", message, Some(*track));
        }
        if !is_one || !refused.is_empty() {
            return Shown::default();
        }
        let stretches = self.lists.iter().filter_map(|(lane, list)| {
            let Shows::Stretch { start, end } = list.shows else {
                return None;
            };
            Some((assembly.track(*lane, list.track)?, start, end))
        });
        let shown = Shown::new(timeline, stretches);
        if shown.select(timeline, None, None).is_some() {
            return shown;
        }
        let message = "the edit lists show nothing that is there: all of it is in the output";
        report.tell("edit_list_not_kept", message.to_owned());
        Shown::default()
    }
}
