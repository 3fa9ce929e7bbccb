//! What a source buffer does with what is appended to it, and so what is on the tape.

mod harness;
mod stream;

use harness::Client;
use livetape_recorder::{
    Access, ClipRange, Event, FailureCode, Input, RequestId, Setting, SourceId,
};
use livetape_tape::Window;
use stream::{Coding, Shown, shown};

const SOURCE: SourceId = SourceId(1);
const BASE: Coding = Coding {
    quality: 1,
    delay: 0,
    phase: 0,
};
const OTHER: Coding = Coding { quality: 2, ..BASE };

struct Page(Client);

impl Page {
    fn new() -> Self {
        let mut client = Client::new(Window {
            millis: 3_600_000,
            bytes: 1 << 30,
        });
        let mime = "video/mp4";
        let source = SOURCE;
        client.handle(Input::Source { source, mime }, &[]);
        Self(client)
    }

    fn append(&mut self, bytes: &[u8], timestamp_offset: f64) {
        let chunk = bytes.to_vec();
        let append = Input::Append {
            source: SOURCE,
            chunk: &chunk,
            timestamp_offset,
        };
        self.0.handle(append, bytes);
    }

    fn set(&mut self, setting: Setting) {
        let source = SOURCE;
        self.0.handle(Input::Set { source, setting }, &[]);
    }

    fn abort(&mut self) {
        self.0.handle(Input::Abort { source: SOURCE }, &[]);
    }

    /// Everything on the tape, as a clip shows it: the quality and number of each picture, in order.
    fn tape(&mut self) -> Vec<Shown> {
        let request = RequestId(1);
        let range = ClipRange::Between(-1_000.0, 1_000_000.0);
        self.0.handle(Input::Clip { request, range }, &[]);
        let clip = self.0.clips.last().expect("planned");
        shown(&self.0.read(&clip.plan))
    }

    fn gaps(&self) -> usize {
        let is_gap = |event: &&Event| matches!(event, Event::Defect { code: "gap", .. });
        self.0.events.iter().filter(is_gap).count()
    }
}

/// Pictures of one quality, one after another.
fn pictures(quality: u8, numbers: std::ops::Range<u16>) -> Vec<Shown> {
    numbers.map(|number| (quality, number)).collect()
}

#[test]
fn an_offset_moves_what_is_appended() {
    let mut page = Page::new();
    page.append(&BASE.init(), 0.0);
    page.append(&BASE.segment(0..50), 100.0);
    page.append(&BASE.segment(0..50), 102.0);
    let clip = page.tape();
    assert_eq!(clip, [pictures(1, 0..50), pictures(1, 0..50)].concat());
    let start = page.0.clips.last().expect("planned").start.seconds();
    assert!((start - 100.0).abs() < 1e-9, "{start}");
}

#[test]
fn pictures_outside_the_append_window_are_not_on_the_tape() {
    let mut page = Page::new();
    page.append(&BASE.init(), 0.0);
    page.set(Setting::AppendWindowStart(1.0));
    page.set(Setting::AppendWindowEnd(3.0));
    page.append(&BASE.segment(0..100), 0.0);
    // Up to picture 49 too early, from 75 on too late; the keyframe at 25 begins it.
    assert_eq!(page.tape(), pictures(1, 25..75));
    // What comes after the window's end waits for a keyframe.
    page.set(Setting::AppendWindowEnd(f64::INFINITY));
    page.append(&BASE.segment(100..150), 0.0);
    assert_eq!(
        page.tape(),
        [pictures(1, 25..75), pictures(1, 100..150)].concat()
    );
    assert_eq!(page.gaps(), 1);
}

#[test]
fn an_append_window_that_begins_inside_a_gop_begins_with_the_next_keyframe() {
    let mut page = Page::new();
    page.append(&BASE.init(), 0.0);
    page.set(Setting::AppendWindowStart(1.2));
    page.append(&BASE.segment(0..100), 0.0);
    assert_eq!(page.tape(), pictures(1, 50..100));
}

#[test]
fn abort_takes_the_append_window_away() {
    let mut page = Page::new();
    page.append(&BASE.init(), 0.0);
    page.set(Setting::AppendWindowStart(1.0));
    page.set(Setting::AppendWindowEnd(2.0));
    page.abort();
    page.append(&BASE.segment(0..100), 0.0);
    assert_eq!(page.tape(), pictures(1, 0..100));
}

#[test]
fn in_sequence_mode_what_is_appended_follows_what_was_there() {
    let mut page = Page::new();
    page.set(Setting::Sequence(true));
    page.append(&BASE.init(), 0.0);
    page.append(&BASE.segment(250..300), 0.0);
    page.append(&BASE.segment(300..350), -10.0);
    // A break in the stream's own time.
    page.append(&BASE.segment(1000..1050), -10.0);
    // The page says where to go on; then a segment again, after an abort.
    page.set(Setting::TimestampOffset(10.0));
    page.append(&BASE.segment(1050..1100), 10.0);
    page.abort();
    page.append(&BASE.segment(25..50), -32.0);
    let expected = [
        pictures(1, 250..350),
        pictures(1, 1000..1100),
        pictures(1, 25..50),
    ];
    assert_eq!(page.tape(), expected.concat());
    assert_eq!(page.gaps(), 1, "from 6 s to 10 s");
    let clip = page.0.clips.last().expect("planned");
    let (start, duration) = (clip.start.seconds(), clip.duration.seconds());
    assert!(
        start.abs() < 1e-9 && (duration - 13.0).abs() < 1e-9,
        "{start}, {duration}"
    );
}

#[test]
fn joined_in_the_midst_of_a_sequence_the_browsers_offset_counts() {
    let mut page = Page::new();
    page.set(Setting::Sequence(true));
    page.0.handle(Input::Joined { source: SOURCE }, &[]);
    page.append(&BASE.init(), 90.0);
    page.append(&BASE.segment(250..300), 90.0);
    page.append(&BASE.segment(300..350), 90.0);
    assert_eq!(page.tape(), pictures(1, 250..350));
    let start = page.0.clips.last().expect("planned").start.seconds();
    assert!((start - 100.0).abs() < 1e-9, "{start}");
}

#[test]
fn an_abort_keeps_whole_pictures_of_a_segment_and_drops_the_rest() {
    let mut page = Page::new();
    let segment = BASE.segment(0..50);
    page.append(&BASE.init(), 0.0);
    page.append(&segment[..segment.len() / 2], 0.0);
    page.abort();
    let kept = page.tape();
    assert!((10..40).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept, pictures(1, 0..kept.len() as u16));
    // The whole segment again: the rest of it is the same stream.
    page.append(&segment, 0.0);
    page.append(&BASE.segment(50..75), 0.0);
    assert_eq!(page.tape(), pictures(1, 0..75));
}

#[test]
fn a_half_segment_that_is_appended_again_in_another_quality_is_replaced() {
    for delay in [0, 2] {
        let other = Coding { delay, ..OTHER };
        let mut page = Page::new();
        let segment = BASE.segment(50..100);
        page.append(&BASE.init(), 0.0);
        page.append(&BASE.segment(0..50), 0.0);
        page.append(&segment[..segment.len() / 3], 0.0);
        page.abort();
        page.append(&other.init(), 0.0);
        let again = other.segment(50..100);
        again.chunks(997).for_each(|piece| page.append(piece, 0.0));
        page.append(&other.segment(100..150), 0.0);
        assert_eq!(
            page.tape(),
            [pictures(1, 0..50), pictures(2, 50..150)].concat()
        );
        assert_eq!(page.gaps(), 0);
    }
}

#[test]
fn a_switch_to_a_coding_with_another_delay_loses_nothing() {
    for (from, to) in [(0, 2), (2, 0), (1, 3)] {
        let first = Coding {
            delay: from,
            ..BASE
        };
        let other = Coding { delay: to, ..OTHER };
        let mut page = Page::new();
        page.append(&first.init(), 0.0);
        page.append(&first.segment(100..150), 0.0);
        page.append(&other.init(), 0.0);
        page.append(&other.segment(150..200), 0.0);
        page.append(&first.init(), 0.0);
        page.append(&first.segment(200..225), 0.0);
        let expected = [
            pictures(1, 100..150),
            pictures(2, 150..200),
            pictures(1, 200..225),
        ];
        assert_eq!(page.tape(), expected.concat(), "from {from} to {to}");
        assert_eq!(page.gaps(), 0);
    }
}

#[test]
fn what_was_removed_and_appended_again_is_kept_once() {
    let mut page = Page::new();
    page.append(&BASE.init(), 0.0);
    page.append(&BASE.segment(0..50), 0.0);
    page.append(&BASE.segment(50..100), 0.0);
    // The player has removed the second segment and loads it, and the next, in another quality.
    page.append(&OTHER.init(), 0.0);
    page.append(&OTHER.segment(50..100), 0.0);
    page.append(&OTHER.segment(100..150), 0.0);
    assert_eq!(
        page.tape(),
        [pictures(1, 0..100), pictures(2, 100..150)].concat()
    );
    // A seek back, all again, and on.
    page.append(&BASE.init(), 0.0);
    for start in [0, 50, 100, 150] {
        page.append(&BASE.segment(start..start + 50), 0.0);
    }
    let expected = [
        pictures(1, 0..100),
        pictures(2, 100..150),
        pictures(1, 150..200),
    ];
    assert_eq!(page.tape(), expected.concat());
    assert_eq!(page.gaps(), 0);
}

#[test]
fn after_a_seek_the_gap_is_told_and_pictures_begin_with_a_keyframe() {
    let mut page = Page::new();
    page.append(&BASE.init(), 0.0);
    page.append(&BASE.segment(0..50), 0.0);
    page.append(&BASE.segment(110..150), 0.0);
    assert_eq!(
        page.tape(),
        [pictures(1, 0..50), pictures(1, 125..150)].concat()
    );
    assert_eq!(page.gaps(), 1);
}

#[test]
fn a_changed_type_begins_a_stream_of_its_own() {
    let mut page = Page::new();
    let segment = BASE.segment(50..100);
    page.append(&BASE.init(), 0.0);
    page.append(&BASE.segment(0..50), 0.0);
    page.append(&segment[..100], 0.0);
    let (source, mime) = (SOURCE, "video/mp4; codecs=\"avc1.64001f\"");
    page.0.handle(Input::ChangeType { source, mime }, &[]);
    page.append(&OTHER.init(), 0.0);
    page.append(&OTHER.segment(50..100), 0.0);
    assert_eq!(
        page.tape(),
        [pictures(1, 0..50), pictures(2, 50..100)].concat()
    );
}

#[test]
fn what_a_recording_has_taken_is_not_replaced() {
    let mut page = Page::new();
    page.append(&BASE.init(), 0.0);
    page.append(&BASE.segment(0..152), 0.0);
    let access = Access::Template(r#"{"template":"pub_demo"}"#.to_owned());
    let (request, edge) = (RequestId(2), "http://edge/");
    page.0.handle(Input::Playhead { seconds: 0.5 }, &[]);
    let record = Input::Record {
        request,
        edge,
        access,
        cap: None,
    };
    page.0.handle(record, &[]);
    // Its objects end at pictures 50, 100 and 150. In the other coding a keyframe is at 140.
    let other = Coding { phase: 15, ..OTHER };
    page.append(&other.init(), 0.0);
    page.append(&other.segment(140..190), 0.0);
    assert_eq!(
        page.tape(),
        [pictures(1, 0..152), pictures(2, 165..190)].concat()
    );
    assert_eq!(page.gaps(), 1);
    // What it has not taken is.
    page.append(&BASE.init(), 0.0);
    page.append(&BASE.segment(175..225), 0.0);
    let expected = [
        pictures(1, 0..152),
        pictures(2, 165..175),
        pictures(1, 175..225),
    ];
    assert_eq!(page.tape(), expected.concat());
}

#[test]
fn tracks_are_told_when_they_are_there_and_when_they_change() {
    let mut page = Page::new();
    page.append(&BASE.init(), 0.0);
    page.append(&BASE.segment(0..50), 0.0);
    page.append(&BASE.segment(50..100), 0.0);
    page.append(&OTHER.init(), 0.0);
    page.append(&OTHER.segment(100..150), 0.0);
    let told = page.0.events.iter().filter_map(|event| match event {
        Event::Tracks(tracks) => Some(tracks.len()),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn an_encrypted_stream_is_refused_with_the_reason() {
    let mut page = Page::new();
    // As ISO/IEC 14496-12 has it: the sample entry is renamed, and says in `sinf` what it was.
    let init = BASE.init();
    let at = init.windows(4).position(|kind| kind == b"avc1");
    let encrypted = [
        &init[..at.expect("has one")],
        b"encv",
        &init[at.expect("has one") + 4..],
    ];
    page.append(&encrypted.concat(), 0.0);
    page.append(&BASE.segment(0..50), 0.0);
    let range = ClipRange::Last(5.0);
    let request = RequestId(1);
    page.0.handle(Input::Clip { request, range }, &[]);
    let access = Access::Template(r#"{"template":"pub_demo"}"#.to_owned());
    let record = Input::Record {
        request: RequestId(2),
        edge: "http://edge/",
        access,
        cap: None,
    };
    page.0.handle(record, &[]);
    let refused = page.0.events.iter().filter_map(|event| match event {
        Event::Failed {
            request,
            code: FailureCode::Protected,
            ..
        } => Some(request.map(|request| request.0)),
        _ => None,
    });
    assert_eq!(refused.collect::<Vec<_>>(), [None, Some(1), Some(2)]);
}
