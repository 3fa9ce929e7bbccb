//! What a stream lacks, as events.

use livetape_container::Defect;
use livetape_media::{Timestamp, TrackConfig, Wording};

use super::GAP;
use crate::output::Event;

/// A gap longer than a sample, which lasts `one` tick or more, is worth telling.
pub(super) fn gap(ticks: i64, at: i64, config: &TrackConfig, one: u32) -> Option<Event> {
    if ticks <= i64::from(one) {
        return None;
    }
    let missing = Timestamp::new(ticks, config.timescale);
    let kind = if config.format.is_video() {
        "picture"
    } else {
        "sound"
    };
    Some(Event::Defect {
        code: GAP,
        message: Wording::of(&missing.decimals(3))
            .words(" s of ")
            .words(kind)
            .words(" are missing from the stream")
            .done(),
        at: Some(Timestamp::new(at - ticks, config.timescale).seconds()),
    })
}

/// A defect as it is told, so many seconds later on the timeline.
pub(super) fn told(defect: &Defect, offset: f64) -> Event {
    Event::Defect {
        code: defect.code.as_str(),
        message: defect.detail.clone(),
        at: defect.time.map(|time| time.seconds() + offset),
    }
}
