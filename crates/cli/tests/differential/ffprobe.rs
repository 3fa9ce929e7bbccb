//! Files as ffprobe reads them: tracks, and packets with their bytes.

use std::process::Command;

use crate::track::{Packet, Track};
use crate::{edits, framehash};

/// What ffprobe is asked for.
const ENTRIES: &str = "stream=index,codec_type,codec_name,codec_tag,time_base,extradata:\
                       packet=stream_index,pts,dts,flags,data";

/// Reads files, one after another as if they were one. Nothing is left out because an edit list
/// hides it; times are those after edit lists.
pub(crate) fn read(files: &[String]) -> Vec<Track> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "quiet", "-show_data", "-of", "default"]);
    command.args(["-show_entries", ENTRIES]);
    let is_ts = files.iter().any(|file| file.ends_with(".ts"));
    if !is_ts {
        // ffmpeg leaves out what lies behind or far before an edit.
        command.args(["-ignore_editlist", "1"]);
    }
    let input = match files {
        [file] => file.clone(),
        files => format!("concat:{}", files.join("|")),
    };
    let output = command.args(["-i", &input]).output();
    let output = output.expect("ffprobe runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut tracks: Vec<Track> = sections(&text, "STREAM").map(track).collect();
    for section in sections(&text, "PACKET") {
        let index: usize = number(section, "stream_index").expect("a packet is of a stream");
        let track = tracks.get_mut(index).expect("streams are numbered from 0");
        track.packets.push(packet(section, track.tick));
    }
    if !is_ts {
        if tracks.is_empty() {
            tracks = framehash::read(&input);
        }
        for (track, shift) in tracks.iter_mut().zip(edits::shifts(files)) {
            track.shift(shift);
        }
    }
    tracks
}

/// The texts between `[NAME]` and `[/NAME]`.
fn sections<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("[{name}]\n"), format!("[/{name}]\n"));
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, behind) = rest.split_once(&open)?;
        let (section, behind) = behind.split_once(&close)?;
        rest = behind;
        Some(section)
    })
}

fn value<'a>(section: &'a str, key: &str) -> Option<&'a str> {
    let head = section.split("data=").next()?;
    let mut values = head
        .lines()
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    values.next()
}

fn number<T: std::str::FromStr>(section: &str, key: &str) -> Option<T> {
    value(section, key)?.parse().ok()
}

fn track(section: &str) -> Track {
    let base = value(section, "time_base").unwrap_or_default();
    let (numerator, denominator) = base.split_once('/').expect("a time base is a fraction");
    let parse = |text: &str| text.parse::<f64>().expect("of whole numbers");
    let text = |key| value(section, key).unwrap_or_default().to_owned();
    Track {
        kind: text("codec_type"),
        codec: text("codec_name"),
        described: value(section, "codec_tag") != Some("0x0000"),
        tick: parse(numerator) / parse(denominator),
        configurations: vec![dumped(section)],
        packets: Vec::new(),
    }
}

fn packet(section: &str, tick: f64) -> Packet {
    let seconds = |key| number::<i64>(section, key).map(|ticks| ticks as f64 * tick);
    Packet {
        pts: seconds("pts"),
        dts: seconds("dts"),
        keyframe: value(section, "flags").is_some_and(|flags| flags.starts_with('K')),
        epoch: 0,
        data: dumped(section),
    }
}

/// The bytes of a dump: lines of an offset and up to 16 bytes in hexadecimal.
fn dumped(section: &str) -> Vec<u8> {
    let Some((_, dump)) = section.split_once("data=\n") else {
        return Vec::new();
    };
    let mut bytes = Vec::with_capacity(dump.len() / 4);
    for line in dump.lines() {
        let Some(digits) = line.as_bytes().get(10..50) else {
            break;
        };
        let mut high = None;
        for digit in digits
            .iter()
            .filter_map(|digit| char::from(*digit).to_digit(16))
        {
            match high.take() {
                None => high = Some(digit),
                Some(high) => bytes.push((high << 4 | digit) as u8),
            }
        }
    }
    bytes
}
