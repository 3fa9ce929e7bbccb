//! ID3, SCTE-35 and `emsg` as timed events: against ffprobe's reading, and in streams made by hand.

mod mpegts_support;

use std::path::Path;
use std::process::Command;

use livetape_container::isobmff::mux::event_message;
use livetape_container::{DefectCode, Event, isobmff, mpegts};
use livetape_media::{TimedEvent, Timescale, Timestamp};
use mpegts_support::wire::{AUDIO, VIDEO, Wire, pes};
use mpegts_support::{Stream, demux, media};

const EVENTS: u16 = 0x102;
const SPS: [u8; 25] = [
    0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
    0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
];
const PPS: [u8; 3] = [0x68, 0xeb, 0xe3];
const IDR: [u8; 6] = [0x65, 0x88, 0x84, 1, 2, 3];

/// Times in 90 kHz, and payloads.
fn told(events: &[TimedEvent]) -> Vec<(i64, Vec<u8>)> {
    let events = events.iter();
    events
        .map(|event| {
            assert_eq!(event.time.timescale, Timescale::MPEG);
            (event.time.ticks, event.payload.clone())
        })
        .collect()
}

fn codes(stream: &Stream) -> Vec<DefectCode> {
    stream.defects.iter().map(|defect| defect.code).collect()
}

/// A packet as ffprobe reads it.
struct Probed {
    kind: String,
    pts: i64,
    pos: i64,
    data: Vec<u8>,
}

fn probe(file: &Path) -> Vec<Probed> {
    let entries = "packet=codec_type,pts,pos,data";
    let output = Command::new("ffprobe")
        .args(["-v", "quiet", "-show_data", "-show_entries", entries])
        .args(["-of", "json"])
        .arg(file)
        .output()
        .expect("ffprobe runs");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("json");
    let packets = json["packets"].as_array().expect("packets").iter();
    packets
        .map(|packet| Probed {
            kind: packet["codec_type"].as_str().expect("a kind").to_owned(),
            pts: packet["pts"].as_i64().expect("a time"),
            pos: packet["pos"]
                .as_str()
                .map_or(-1, |pos| pos.parse().expect("a number")),
            data: unhex(packet["data"].as_str().expect("bytes")),
        })
        .collect()
}

/// The bytes of ffprobe's dump: `00000000: 4944 3304  ID3.` in each line.
fn unhex(dump: &str) -> Vec<u8> {
    let digits: Vec<u8> = dump
        .lines()
        .filter_map(|line| line.split_once(": "))
        .flat_map(|(_, rest)| rest.split("  ").next().unwrap_or_default().bytes())
        .filter(u8::is_ascii_hexdigit)
        .collect();
    let pairs = digits.as_chunks::<2>().0.iter();
    pairs
        .map(|pair| {
            let text = std::str::from_utf8(pair).expect("digits");
            u8::from_str_radix(text, 16).expect("hexadecimal")
        })
        .collect()
}

#[test]
fn id3_tags_are_ffprobes() {
    let Some(root) = media("id3_tags_are_ffprobes") else {
        return;
    };
    let file = root.join("ts/structure/id3.ts");
    let stream = demux(&std::fs::read(&file).expect("a fixture"), 1000);
    let probed: Vec<_> = probe(&file)
        .into_iter()
        .filter(|packet| packet.kind == "data")
        .collect();
    let found = told(&stream.events);
    assert_eq!((probed.len(), found.len()), (1, 1));
    assert_eq!(found[0].0, probed[0].pts);
    // ffmpeg takes the tag's first five bytes for the header of a metadata access unit (ISO/IEC
    // 13818-1 §2.12.4), which ID3 does not have.
    assert_eq!(found[0].1[5..], probed[0].data);
    assert_eq!(found[0].1[..5], *b"ID3\x04\0");
    assert_eq!(codes(&stream), []);
    assert_eq!(stream.events[0].scheme, TimedEvent::ID3);
}

/// Real sections between the packets of a real stream.
#[test]
fn splice_sections_are_ffprobes_with_the_times_of_the_pictures_before_them() {
    const SPLICES: u16 = 0x258;
    let Some(root) = media("splice_sections_are_ffprobes") else {
        return;
    };
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scte35.ts");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-copyts", "-i"])
        .arg(root.join("hls-ts/h264-aac/n_0_0_0.ts"))
        .args(["-map", "0:v", "-map", "0:a", "-c", "copy", "-t", "3"])
        .arg(&file)
        .status();
    assert!(made.expect("ffmpeg runs").success());
    let pid = |packet: &[u8]| u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
    let source = std::fs::read(root.join("ts/codecs/sample_scte35.ts")).expect("a fixture");
    let mut splices = source.chunks(188).filter(|packet| pid(packet) == SPLICES);
    let mut tables = Wire::default();
    // With the registration that SCTE 35 wants of the program; ffmpeg insists on it.
    let pmt = b"\xe1\0\xf0\x06\x05\x04CUEI\x1b\xe1\0\xf0\0\x0f\xe1\x01\xf0\0\x86\xe2\x58\xf0\0";
    tables.section(0x1000, 2, 1, 0, pmt);
    let (mut bytes, mut places) = (Vec::new(), Vec::new());
    for (index, packet) in std::fs::read(&file).expect("made").chunks(188).enumerate() {
        if [100, 300, 600].contains(&index) {
            places.push(bytes.len() as i64);
            bytes.extend(splices.next().expect("three"));
        }
        let counter = packet[3] & 0x0f;
        let is_pmt = pid(packet) == 0x1000;
        bytes.extend(if is_pmt { &tables.bytes } else { packet });
        if is_pmt {
            let at = bytes.len() - 185;
            bytes[at] = 0x10 | counter;
        }
    }
    std::fs::write(&file, &bytes).expect("written");

    let stream = demux(&bytes, 1_000);
    let probed = probe(&file);
    let (sections, others): (Vec<_>, Vec<_>) =
        probed.into_iter().partition(|packet| packet.kind == "data");
    assert_eq!((sections.len(), places.len()), (3, 3));
    let found = told(&stream.events);
    for ((time, payload), (section, place)) in found.iter().zip(sections.iter().zip(places)) {
        assert_eq!(*payload, section.data);
        let pictures = others.iter().filter(|packet| packet.kind == "video");
        let before = pictures.filter(|picture| picture.pos < place);
        let last = before.max_by_key(|picture| picture.pos).expect("a picture");
        assert_eq!(*time, last.pts);
        // ffprobe has the last clock reference, from which pictures are some way ahead.
        assert!((0..=180_000).contains(&(time - section.pts)));
    }
    assert_eq!(found.len(), 3);
    assert_eq!(stream.events[0].scheme, TimedEvent::SCTE_35);
    assert_eq!(codes(&stream), []);
}

/// A program of pictures, sound, and a stream of events of this type.
fn wire(stream_type: u8) -> Wire {
    let mut wire = Wire::default();
    wire.pat(0, &[(1, 0x1000)]);
    let streams = [(0x1b, VIDEO), (0x0f, AUDIO), (stream_type, EVENTS)];
    wire.pmt(0x1000, 1, 0, &streams);
    wire
}

fn id3(number: u8) -> Vec<u8> {
    vec![b'I', b'D', b'3', 4, 0, 0, 0, 0, 0, 1, number]
}

#[test]
fn tags_across_the_wrap_are_on_the_timeline_of_the_pictures() {
    let mut wire = wire(0x15);
    let wrap = 1 << 33;
    wire.video(wrap - 9_000, &[&SPS, &PPS, &IDR]);
    for (number, pts) in [(1, wrap - 3_000), (2, 6_000)] {
        wire.pes(EVENTS, Some(pts), &id3(number));
    }
    wire.video(3_000, &[&IDR]);
    let stream = wire.demux();
    let want = [(wrap - 3_000, id3(1)), (wrap + 6_000, id3(2))];
    assert_eq!(told(&stream.events), want);
    assert_eq!(stream.events[1].id, 1);
    assert_eq!(codes(&stream), []);
}

#[test]
fn a_tag_that_lost_a_packet_is_told_and_the_next_one_is_whole() {
    let mut wire = wire(0x15);
    wire.video(0, &[&SPS, &PPS, &IDR]);
    let mut long = id3(0);
    long[8] = 4; // 4 * 128 + 1 bytes
    long.resize(10 + 513, 9);
    wire.pes(EVENTS, Some(0), &long);
    let len = wire.bytes.len();
    wire.bytes.drain(len - 2 * 188..len - 188);
    wire.pes(EVENTS, Some(3_000), &id3(1));
    let stream = wire.demux();
    assert_eq!(told(&stream.events), [(3_000, id3(1))]);
    assert_eq!(codes(&stream), [DefectCode::ContinuityError]);
    assert_eq!(stream.defects[0].track.map(|track| track.0), Some(0x102));
    let time = stream.defects[0].time.map(|time| time.ticks);
    assert_eq!(time, Some(0));
}

#[test]
fn a_splice_before_all_pictures_has_the_time_of_the_first() {
    let mut wire = wire(0x86);
    wire.section(EVENTS, 0xfc, 0, 0, &[1]);
    wire.video(900_000, &[&SPS, &PPS, &IDR]);
    wire.video(903_000, &[&IDR]);
    wire.section(EVENTS, 0xfc, 0, 0, &[2]);
    // Another table on the same PID, and a broken one.
    wire.section(EVENTS, 0x42, 0, 0, &[3]);
    wire.section(EVENTS, 0xfc, 0, 0, &[4]);
    let len = wire.bytes.len();
    wire.bytes[len - 175] ^= 1;
    let stream = wire.demux();
    let found: Vec<_> = told(&stream.events)
        .into_iter()
        .map(|(time, section)| (time, section[8]))
        .collect();
    assert_eq!(found, [(900_000, 1), (903_000, 2)]);
    assert_eq!(codes(&stream), [DefectCode::Malformed]);
}

#[test]
fn after_a_declared_discontinuity_a_splice_waits_for_the_new_times() {
    let mut first = wire(0x86);
    first.video(900_000, &[&SPS, &PPS, &IDR]);
    let mut second = wire(0x86);
    second.section(EVENTS, 0xfc, 0, 0, &[1]);
    second.video(5_000, &[&IDR]);
    let mut demuxer = mpegts::Demuxer::new();
    demuxer.push(&first.bytes);
    demuxer.discontinuity();
    demuxer.push(&second.bytes);
    demuxer.flush();
    let mut stream = Stream::default();
    stream.gather(&mut demuxer);
    assert_eq!(told(&stream.events)[0].0, 5_000);
}

#[test]
fn too_much_is_passed_over_and_told() {
    let mut wire = wire(0x15);
    wire.video(0, &[&SPS, &PPS, &IDR]);
    let mut large = pes(VIDEO, Some(0), &id3(0));
    large.resize(400_000, 0);
    for (index, part) in large.chunks(184).enumerate() {
        wire.packet(EVENTS, index == 0, part);
    }
    wire.pes(EVENTS, Some(3_000), &id3(1));
    let stream = demux(&wire.bytes, usize::MAX);
    assert_eq!(told(&stream.events), [(3_000, id3(1))]);
    assert_eq!(codes(&stream), [DefectCode::TooLarge]);
}

fn boxes(bytes: &[u8]) -> (Vec<TimedEvent>, Vec<DefectCode>) {
    let read = |split: usize| {
        let mut demuxer = isobmff::Demuxer::new();
        let (mut events, mut defects) = (Vec::new(), Vec::new());
        let mut gather = |demuxer: &mut isobmff::Demuxer| {
            while let Some(event) = demuxer.poll() {
                match event {
                    Event::Timed(event) => events.push(event),
                    Event::Defect(defect) => defects.push(defect.code),
                    Event::Config { .. } | Event::Run(_) => {}
                }
            }
        };
        for piece in bytes.chunks(split) {
            demuxer.push(piece);
            gather(&mut demuxer);
        }
        demuxer.reset();
        gather(&mut demuxer);
        (events, defects)
    };
    let whole = read(usize::MAX);
    assert_eq!(whole, read(7));
    whole
}

/// Version 0 counts from the segment: the second of half a second's length.
#[test]
fn relative_messages_count_from_their_segments() {
    let Some(root) = media("relative_messages_count_from_their_segments") else {
        return;
    };
    let folder = root.join("fmp4/structure/multi-segment-with-emsg0");
    let names = ["segment_init.mp4", "segment_1.m4s", "segment_2.m4s"];
    let read = |name| std::fs::read(folder.join(name)).expect("a fixture");
    let bytes: Vec<u8> = names.into_iter().flat_map(read).collect();
    let (events, defects) = boxes(&bytes);
    assert_eq!(defects, []);
    let found: Vec<_> = events.iter().map(|event| event.time.seconds()).collect();
    assert_eq!(found, [0.0, 0.5]);
    for event in events {
        let texts = (event.scheme.as_str(), event.value.as_str(), event.id);
        assert_eq!(texts, ("urn:example:event", "1", 1));
        assert_eq!(event.payload, b"v0_fragment_mark");
    }
}

#[test]
fn absolute_messages_are_told_as_they_are() {
    let event = TimedEvent {
        time: Timestamp::new(123_456, Timescale::MILLIS),
        duration: Some(Timestamp::new(2_000, Timescale::MILLIS)),
        scheme: TimedEvent::SCTE_35.to_owned(),
        value: "1001".to_owned(),
        id: 9,
        payload: vec![0xfc, 1, 2],
    };
    let message = event_message(&event, event.time);
    let mut relative = b"\0\0\0\x22emsg\0\0\0\0urn:x\0\0".to_vec();
    relative.extend([0, 0, 3, 0xe8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7]);
    relative[3] = relative.len() as u8;
    let broken = b"\0\0\0\x0cemsg\x02\0\0\0";
    let large = TimedEvent {
        payload: vec![0; 300_000],
        ..event.clone()
    };
    let (large, larger) = (
        event_message(&large, large.time),
        [b"\0\x10\0\0emsg".as_slice(), &vec![0; 0x10_0000 - 8]].concat(),
    );
    let bytes = [
        message.as_slice(),
        broken,
        &large,
        &larger,
        &relative,
        &message,
    ]
    .concat();
    let (events, defects) = boxes(&bytes);
    assert_eq!(events, [event.clone(), event]);
    use DefectCode::{Malformed, MissingTimestamp, TooLarge};
    assert_eq!(defects, [Malformed, TooLarge, TooLarge, MissingTimestamp]);
}
