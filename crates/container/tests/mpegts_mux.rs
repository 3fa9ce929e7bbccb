//! ffmpeg and ffprobe read what is muxed, as they read the stream the samples came from.

mod mpegts_support;

use std::path::{Path, PathBuf};

use livetape_container::isobmff::sample_entry::{self, AvcParameters};
use livetape_container::mpegts::{AudioTrack, Continuity, MuxSample, Segment, VideoTrack};
use livetape_media::codec::aac::AudioSpecificConfig;
use mpegts_support::{Stream, Track, Unit, apart, decode, demux, media, probe};

/// Fixtures with H.264 and AAC that decode without a message themselves.
const FILES: [&str; 6] = [
    "hls-ts/h264-aac/n_0_0_0.ts",
    "hls-ts/bipbop/bipbop0.ts",
    "hls-ts/discontinuity/video-069.ts",
    "hls-ts/rollover/360p30_h264_48k_160_aac_ts-0000000028.ts",
    "hls-ts/avc-aac-demuxed/bear-640x360-video-1.ts",
    "hls-ts/avc-aac-demuxed/bear-640x360-audio-1.ts",
];

/// The samples of a demuxed stream, in 90 kHz, ready to be muxed.
struct Remux {
    video: Option<AvcParameters>,
    units: Vec<Unit>,
    audio: Option<AudioSpecificConfig>,
    frames: Vec<Unit>,
}

impl Remux {
    fn new(stream: &Stream) -> Self {
        let video = stream.track(true);
        let audio = stream.track(false);
        let config = |track: &Track| track.configs[0].sample_entry.clone();
        let parameters = video.map(|track| {
            let read = sample_entry::avc_parameters(&config(track)).expect("an avcC");
            assert_eq!(read.nal_length_size, 4);
            read
        });
        let asc = audio.map(|track| {
            let entry = config(track);
            let bytes = sample_entry::audio_specific_config(&entry).expect("an esds");
            AudioSpecificConfig::parse(bytes).expect("valid")
        });
        let mpeg = |track: &Track| {
            let scale = track.configs[0].timescale.get();
            let time = |t: i64| (t * 90_000 + i64::from(scale) / 2).div_euclid(i64::from(scale));
            let units = track.units.iter().map(|unit| Unit {
                dts: time(unit.dts),
                pts: time(unit.pts),
                ..unit.clone()
            });
            units.collect::<Vec<_>>()
        };
        Self {
            video: parameters,
            units: video.map(mpeg).unwrap_or_default(),
            audio: asc,
            frames: audio.map(mpeg).unwrap_or_default(),
        }
    }

    /// Writes the samples from the fraction `from` to `to` (of `of`).
    fn write(
        &self,
        from: usize,
        to: usize,
        of: usize,
        continuity: Continuity,
    ) -> (Vec<u8>, Continuity) {
        let part = |units: &'_ [Unit]| units.len() * from / of..units.len() * to / of;
        let units = samples(&self.units[part(&self.units)]);
        let frames = samples(&self.frames[part(&self.frames)]);
        let sets = self.video.as_ref();
        let (sps, pps) = sets
            .map(|sets| (views(&sets.sps), views(&sets.pps)))
            .unwrap_or_default();
        let segment = Segment {
            video: self.video.is_some().then_some(VideoTrack {
                sps: &sps,
                pps: &pps,
                samples: &units,
            }),
            audio: self.audio.map(|config| AudioTrack {
                config,
                samples: &frames,
            }),
        };
        let bytes = segment.write(continuity).expect("samples can be written");
        (bytes, continuity.after(segment.packets()))
    }
}

fn views(sets: &[Vec<u8>]) -> Vec<&[u8]> {
    sets.iter().map(Vec::as_slice).collect()
}

fn samples(units: &[Unit]) -> Vec<MuxSample<'_>> {
    let samples = units.iter().map(|unit| MuxSample {
        dts: unit.dts,
        pts: unit.pts,
        keyframe: unit.keyframe,
        data: &unit.data,
    });
    samples.collect()
}

fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).expect("a writable target directory");
    path
}

/// Count and times as ffprobe reads them, and nothing to complain about.
fn assert_reads_as(path: &Path, remux: &Remux) {
    assert_eq!(decode(path, "warning"), "", "{}", path.display());
    let probed = probe(path);
    for (pid, units) in [(0x100, &remux.units), (0x101, &remux.frames)] {
        let packets = probed.get(&pid).cloned().unwrap_or_default();
        assert_eq!(packets.len(), units.len(), "{} PID {pid}", path.display());
        for (packet, unit) in packets.iter().zip(units) {
            let (pts, dts) = (packet.pts.expect("a PTS"), packet.dts.expect("a DTS"));
            // Between PES packets ffprobe counts AAC frames in rounded ticks.
            let tolerance = if pid == 0x100 { 0 } else { 2 };
            assert!(apart(pts, unit.pts) <= tolerance, "{packet:?} {}", unit.pts);
            assert!(apart(dts, unit.dts) <= tolerance, "{packet:?} {}", unit.dts);
            assert_eq!(packet.key, unit.keyframe);
        }
    }
}

#[test]
fn ffmpeg_reads_what_is_muxed() {
    let Some(root) = media("ffmpeg_reads_what_is_muxed") else {
        return;
    };
    for file in FILES {
        let bytes = std::fs::read(root.join(file)).expect("a fixture");
        let remux = Remux::new(&demux(&bytes, bytes.len()));
        let name = file.replace('/', "_");
        let (whole, _) = remux.write(0, 1, 1, Continuity::default());
        assert_reads_as(&written(&name, &whole), &remux);

        let (mut parts, continuity) = remux.write(0, 1, 2, Continuity::default());
        parts.extend(remux.write(1, 2, 2, continuity).0);
        assert_reads_as(&written(&format!("two_{name}"), &parts), &remux);
    }
}

#[test]
fn ffmpeg_would_tell_of_a_continuity_error() {
    let Some(root) = media("ffmpeg_would_tell_of_a_continuity_error") else {
        return;
    };
    let bytes = std::fs::read(root.join(FILES[0])).expect("a fixture");
    let remux = Remux::new(&demux(&bytes, bytes.len()));
    let (mut parts, mut continuity) = remux.write(0, 1, 2, Continuity::default());
    continuity.video += 1;
    parts.extend(remux.write(1, 2, 2, continuity).0);
    let path = written("continuity.ts", &parts);
    assert!(decode(&path, "debug").contains("Continuity check failed"));
}

#[test]
fn clock_references_come_in_time() {
    let Some(root) = media("clock_references_come_in_time") else {
        return;
    };
    for file in FILES {
        let bytes = std::fs::read(root.join(file)).expect("a fixture");
        let (muxed, _) =
            Remux::new(&demux(&bytes, bytes.len())).write(0, 1, 1, Continuity::default());
        let references: Vec<i64> = muxed.chunks(188).filter_map(reference).collect();
        assert!(references.len() > 5);
        for pair in references.windows(2) {
            let step = (pair[1] - pair[0]).rem_euclid(1 << 33);
            assert!(
                step <= 9000,
                "{file}: {step} ticks from one PCR to the next"
            );
        }
    }
}

/// The PCR base of a packet.
fn reference(packet: &[u8]) -> Option<i64> {
    if packet[3] & 0x20 == 0 || packet[4] == 0 || packet[5] & 0x10 == 0 {
        return None;
    }
    let base = u32::from_be_bytes([packet[6], packet[7], packet[8], packet[9]]);
    Some(i64::from(base) << 1 | i64::from(packet[10] >> 7))
}
