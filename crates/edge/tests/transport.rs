//! Transport streams made recordings: files by others, where the media folder is there.
#![expect(clippy::print_stdout, reason = "a test that did not run says so")]

mod synthetic;

use std::path::{Path, PathBuf};

use livetape_container::mpegts::{self, AudioTrack, Continuity, MuxSample, Segment, VideoTrack};
use livetape_container::{Event, Payload};
use livetape_edge::ConfigHash;
use livetape_edge::ingest::{Made, Reason, Transport};
use livetape_media::codec::aac::AudioSpecificConfig;
use synthetic::Stage;

/// The objects of a file that comes in pieces of so many bytes.
fn objects(file: &[u8], piece: usize) -> Result<Vec<Made>, Reason> {
    let mut transport = Transport::new();
    let mut objects = Vec::new();
    for bytes in file.chunks(piece) {
        transport.push(bytes);
        while let Some(made) = transport.next_object()? {
            objects.push(made);
        }
    }
    transport.end();
    while let Some(made) = transport.next_object()? {
        objects.push(made);
    }
    Ok(objects)
}

/// The same where reading is broken off behind each piece, and goes on from what was stored then. With how much
/// was stored at most.
fn resumed(file: &[u8], piece: usize) -> Result<(Vec<Made>, usize), Reason> {
    let (mut objects, mut most) = (Vec::new(), 0);
    let mut stored = Transport::new().checkpoint().expect("a checkpoint");
    for bytes in file.chunks(piece) {
        let mut transport = Transport::resume(&stored).expect("what was stored");
        assert_eq!(transport.objects() as usize, objects.len());
        transport.push(bytes);
        while let Some(made) = transport.next_object()? {
            objects.push(made);
        }
        stored = transport.checkpoint().expect("a checkpoint");
        most = most.max(stored.len());
    }
    let mut transport = Transport::resume(&stored).expect("what was stored");
    transport.end();
    while let Some(made) = transport.next_object()? {
        objects.push(made);
    }
    Ok((objects, most))
}

/// Bytes of all pictures, and of all samples at all.
fn payload(file: &[u8]) -> (u64, u64) {
    let mut demuxer = mpegts::Demuxer::new();
    demuxer.push(file);
    demuxer.flush();
    let mut pictures = None;
    let (mut video, mut all) = (0, 0);
    while let Some(event) = demuxer.poll() {
        match event {
            Event::Config { track, config } if config.format.is_video() => {
                pictures.get_or_insert(track);
            }
            Event::Run(run) => {
                let Payload::Bytes(bytes) = run.payload else {
                    panic!("a transport stream is rewritten");
                };
                let keyframe = run.samples.iter().position(|sample| sample.keyframe);
                let counts = Some(run.track) == pictures && (video > 0 || keyframe.is_some());
                let skipped = match keyframe {
                    Some(at) if video == 0 => {
                        let before = run.samples.iter().take(at);
                        before.map(|sample| u64::from(sample.size)).sum()
                    }
                    _ => 0,
                };
                if counts {
                    video += bytes.len() as u64 - skipped;
                }
                all += bytes.len() as u64;
            }
            _ => {}
        }
    }
    (video, all)
}

/// Bytes in an object's `mdat`, behind its `moof`.
fn mdat(object: &[u8]) -> u64 {
    let size = |at: usize| u32::from_be_bytes(object[at..at + 4].try_into().expect("four"));
    u64::from(size(size(0) as usize)) - 8
}

fn media() -> Option<PathBuf> {
    let media = std::env::var_os("LIVETAPE_MEDIA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media"),
        PathBuf::from,
    );
    if media.is_dir() {
        return Some(media);
    }
    let required = std::env::var_os("LIVETAPE_REQUIRE_MEDIA").is_some();
    assert!(!required, "there is no media folder");
    println!("NOT RUN: there is no media folder");
    None
}

fn transport_streams(folder: PathBuf) -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![folder], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "ts") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Each is made objects that the edge takes as it takes a recorder's, with all pictures from the first
/// keyframe on, and the same objects again however its bytes come.
#[test]
fn files_by_others_become_objects_that_are_taken() {
    let Some(media) = media() else {
        return;
    };
    let (mut played, mut refused) = (0, Vec::new());
    for path in transport_streams(media) {
        let file = std::fs::read(&path).expect("a file");
        let name = path.display();
        match objects(&file, 100_000) {
            Err(reason) => refused.push(format!("{name}: {}", reason.as_str())),
            Ok(made) => {
                let mut stage = Stage::new();
                let mut init = Vec::new();
                let mut hash = None;
                for (seq, object) in (0..).zip(&made) {
                    if object.init != init {
                        init.clone_from(&object.init);
                        hash = Some(ConfigHash::of(&init));
                        if stage
                            .recording
                            .config(hash.as_ref().expect("set"))
                            .is_none()
                        {
                            stage.put_config(&init);
                        }
                    }
                    let put = stage.put(seq, hash.as_ref().expect("set"), object.bytes.clone());
                    assert_eq!(put, Ok(()), "{name}, object {seq}");
                }
                let (video, all) = payload(&file);
                let stored: u64 = made.iter().map(|made| mdat(&made.bytes)).sum();
                assert!(stored <= all, "{name}: {stored} of {all}");
                assert!(stored >= video, "{name}: {stored}, pictures {video}");
                assert_eq!(objects(&file, 1 << 20).as_ref(), Ok(&made), "{name}");
                played += 1;
            }
        }
    }
    assert!(played >= 70, "{played} played, not {refused:#?}");
}

/// Wherever reading is broken off, what goes on from there makes the same objects, byte for byte, and reads nothing
/// again.
#[test]
fn files_by_others_are_gone_on_with_from_anywhere() {
    let Some(media) = media() else {
        return;
    };
    let (mut made, mut largest) = (0, 0);
    for path in transport_streams(media) {
        let file = std::fs::read(&path).expect("a file");
        let name = path.display();
        // Not a whole number of packets.
        let (whole, parts) = (objects(&file, 150_001), resumed(&file, 150_001));
        let objects = parts.as_ref().map(|(objects, _)| objects);
        assert_eq!(objects, whole.as_ref(), "{name}");
        let (objects, stored) = parts.map_or((0, 0), |(objects, stored)| (objects.len(), stored));
        made += objects;
        largest = largest.max(stored);
    }
    println!("{made} objects; what was stored in between had at most {largest} bytes");
    assert!(made > 100, "{made}");
    // Payload of some seconds, which no object has yet.
    assert!(largest < 16 << 20, "{largest}");
}

/// Pictures of 25 a second and sound of 48 kHz.
fn made_up() -> Vec<u8> {
    let slice = [0, 0, 0, 5, 0x65, 0x88, 0x84, 0, 0x33];
    let other = [0, 0, 0, 5, 0x41, 0x9a, 0x21, 0x6c, 0x42];
    let picture = |number: i64| MuxSample {
        dts: 3_600 * number,
        pts: 3_600 * number,
        keyframe: number % 50 == 0,
        data: if number % 50 == 0 { &slice } else { &other },
    };
    let frame = |number: i64| MuxSample {
        dts: 1_920 * number,
        pts: 1_920 * number,
        keyframe: true,
        data: &[0x21, 0x10, 0x04],
    };
    let pictures: Vec<_> = (0..250).map(picture).collect();
    let frames: Vec<_> = (0..470).map(frame).collect();
    let segment = Segment {
        video: Some(VideoTrack {
            sps: &[&synthetic::SPS],
            pps: &[&synthetic::PPS],
            samples: &pictures,
        }),
        audio: Some(AudioTrack {
            config: AudioSpecificConfig {
                object_type: 2,
                sample_rate: 48_000,
                extension_sample_rate: None,
                channel_configuration: 2,
            },
            samples: &frames,
        }),
    };
    segment.write(Continuity::default()).expect("a segment")
}

/// What a version stored, another reads. Where this fails, something that is stored has changed: `FORM` must be
/// another number then, and the digest here.
#[test]
fn the_form_of_what_is_stored_is_known() {
    let file = made_up();
    let mut transport = Transport::new();
    // In the middle of a packet.
    let (read, rest) = file.split_at(file.len() * 2 / 3 + 100);
    transport.push(read);
    let first = transport.next_object().expect("it plays");
    assert!(first.is_some());
    let stored = transport.checkpoint().expect("a checkpoint");
    assert_eq!(
        ConfigHash::of(&stored).as_str(),
        "0c8a3b8f6bf8e51d",
        "{} bytes",
        stored.len()
    );
    let again = Transport::resume(&stored).expect("what was stored");
    assert_eq!(again.checkpoint(), Some(stored.clone()));
    let [whole, resumed] = [transport, again].map(|mut transport| {
        transport.push(rest);
        transport.end();
        let objects: Vec<_> =
            std::iter::from_fn(|| transport.next_object().expect("it plays")).collect();
        (objects, transport.objects())
    });
    assert_eq!(resumed, whole);
    assert_eq!(resumed.1, 5);

    for cut in [0, 3, 4, 35, 36, stored.len() - 1] {
        assert!(Transport::resume(&stored[..cut]).is_none(), "{cut}");
    }
    for at in (0..stored.len()).step_by(97) {
        let mut other = stored.clone();
        other[at] ^= 4;
        assert!(Transport::resume(&other).is_none(), "{at}");
    }
}
