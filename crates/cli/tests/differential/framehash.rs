//! Files as ffmpeg copies them: ffprobe opens a decoder for each stream, and dies of some.

use std::process::Command;

use crate::track::{Packet, Track};

/// The tracks of an MP4, without edit lists; a hash is all there is of a packet's bytes.
pub(crate) fn read(input: &str) -> Vec<Track> {
    let output = Command::new("ffmpeg")
        .args(["-v", "quiet", "-ignore_editlist", "1", "-i", input])
        .args(["-map", "0", "-c", "copy", "-copyts", "-f", "framehash", "-"])
        .output()
        .expect("ffmpeg runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut tracks: Vec<Track> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix('#') {
            Some(head) => describe(&mut tracks, head),
            None => {
                let columns: Vec<&str> = line.split(',').map(str::trim).collect();
                let [number, dts, pts, _, _, hash] = columns[..] else {
                    panic!("a packet has six columns: {line}");
                };
                let number: usize = number.parse().expect("streams have numbers");
                let track = tracks.get_mut(number).expect("streams are described first");
                let seconds = |ticks: &str| Some(ticks.parse::<i64>().ok()? as f64 * track.tick);
                track.packets.push(Packet {
                    pts: seconds(pts),
                    dts: seconds(dts),
                    // The format does not tell.
                    keyframe: true,
                    epoch: 0,
                    data: hash.as_bytes().to_vec(),
                });
            }
        }
    }
    tracks
}

/// Takes a line such as `tb 0: 1/44100`.
fn describe(tracks: &mut Vec<Track>, head: &str) {
    let Some((key, value)) = head.split_once(": ") else {
        return;
    };
    let Some((key, Ok(number))) = key
        .split_once(' ')
        .map(|(key, n)| (key, n.parse::<usize>()))
    else {
        return;
    };
    if tracks.len() <= number {
        tracks.resize_with(number + 1, Track::default);
    }
    let track = &mut tracks[number];
    track.described = true;
    match key {
        "media_type" => value.clone_into(&mut track.kind),
        "codec_id" => value.clone_into(&mut track.codec),
        "tb" => {
            let (numerator, denominator) = value.split_once('/').expect("a fraction");
            let parse = |text: &str| text.parse::<f64>().expect("of whole numbers");
            track.tick = parse(numerator) / parse(denominator);
        }
        _ => {}
    }
}
