//! What is remuxed, and what both sides of it are read from.

use std::path::Path;

use serde_json::Value;

use crate::differences::Comparison;
use crate::ffprobe;
use crate::support::{livetape, text};
use crate::tables::{Class, files, streams};
use crate::track::Track;

/// Codecs that are taken out of a transport stream.
const IN_TS: [&str; 3] = ["h264", "hevc", "aac"];

/// One run of the command, as a table has it.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    inputs: Vec<String>,
    /// For each base of time, for each lane, the files that are read one after another.
    epochs: Vec<Vec<Vec<String>>>,
}

/// Every file and every stream of several files that is remuxed.
pub(crate) fn all() -> Vec<Case> {
    let of_files = files().into_iter().filter_map(|(path, class)| {
        let Class::Remuxed { init } = class else {
            return None;
        };
        let inputs: Vec<String> = init.into_iter().chain([path.clone()]).collect();
        Some(Case {
            name: path,
            epochs: vec![vec![inputs.clone()]],
            inputs,
        })
    });
    let of_streams = streams().into_iter().map(|stream| Case {
        name: stream.name,
        inputs: stream.inputs,
        epochs: stream.epochs,
    });
    of_files.chain(of_streams).collect()
}

/// The fixtures' AES-128 segments, whose plain form is there too. Their own playlist lists the first
/// before its key, and leaves half of the initialization vector to be guessed; here are playlists
/// that say it all, written to `directory`.
pub(crate) fn under_aes_128(media: &Path, directory: &Path) -> Case {
    const KEY: &[u8] = b"234567890!234567";
    let write = |name: &str, content: &[u8]| {
        let path = directory.join(name);
        std::fs::write(&path, content).expect("a playlist can be written");
        path
    };
    write("key", KEY);
    let lane = |kind: &str| {
        let mut playlist = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n\
             #EXT-X-KEY:METHOD=AES-128,URI=\"key\",IV=0x33343536373839300000000000000000\n"
            .to_owned();
        for number in 1..=3 {
            let segment = format!("hls-ts/aes128/bear-640x360-{kind}-{number}.ts");
            let segment = text(&media.join(segment));
            playlist.push_str(&format!("#EXTINF:1.001,\n{segment}\n"));
        }
        playlist.push_str("#EXT-X-ENDLIST\n");
        write(&format!("{kind}.m3u8"), playlist.as_bytes());
    };
    lane("video");
    lane("audio");
    let all = write(
        "all.m3u8",
        b"#EXTM3U\n\
          #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",DEFAULT=YES,URI=\"audio.m3u8\"\n\
          #EXT-X-STREAM-INF:BANDWIDTH=1217520,AUDIO=\"a\"\nvideo.m3u8\n",
    );
    let plain = |kind: &str| {
        let segment = |n| format!("hls-ts/avc-aac-demuxed/bear-640x360-{kind}-{n}.ts");
        (1..=3).map(segment).collect()
    };
    Case {
        name: "aes128".to_owned(),
        inputs: vec![text(&all)],
        epochs: vec![vec![plain("video"), plain("audio")]],
    }
}

impl Case {
    /// Remuxes it both ways and compares; gives what differs.
    pub(crate) fn differences(&self, media: &Path, out: &Path) -> Vec<String> {
        let source = self.source(media);
        let compare = |fragmented| match self.made(media, out, fragmented) {
            Ok(file) => Comparison {
                source: &source,
                file: &file,
                is_ts: self.is_ts(),
                is_reframed: self.is_reframed(),
            }
            .differences(),
            Err(complaint) => vec![complaint],
        };
        let (progressive, fragmented) = (compare(false), compare(true));
        let only = |name: &str, one: &[String], other: &[String]| {
            let found = one.iter().filter(|difference| !other.contains(difference));
            found
                .map(|difference| format!("{name}: {difference}"))
                .collect::<Vec<_>>()
        };
        let both = progressive
            .iter()
            .filter(|difference| fragmented.contains(difference));
        let mut found: Vec<String> = both.cloned().collect();
        found.extend(only("progressive", &progressive, &fragmented));
        found.extend(only("fragmented", &fragmented, &progressive));
        found
    }

    /// Whether the source is a transport stream.
    pub(crate) fn is_ts(&self) -> bool {
        let mut files = self.epochs.iter().flatten().flatten();
        files.all(|file| file.ends_with(".ts"))
    }

    /// Whether samples need not be the packets of the source as they are: in a transport stream
    /// they are framed in another way, and where a configuration changes parameter sets go in-band.
    pub(crate) fn is_reframed(&self) -> bool {
        self.is_ts() || self.epochs.len() > 1
    }

    /// The tracks that belong in the file, those of all bases of time joined.
    pub(crate) fn source(&self, media: &Path) -> Vec<Track> {
        let mut joined: Vec<Track> = Vec::new();
        for (epoch, lanes) in self.epochs.iter().enumerate() {
            let read = |files: &Vec<String>| {
                let files: Vec<String> = files.iter().map(|f| text(&media.join(f))).collect();
                ffprobe::read(&files)
            };
            let lanes = lanes.iter().flat_map(read);
            let mut tracks: Vec<Track> = lanes.filter(|track| self.belongs(track)).collect();
            for packet in tracks.iter_mut().flat_map(|track| &mut track.packets) {
                packet.epoch = epoch;
            }
            join(&mut joined, tracks);
        }
        joined
    }

    /// Pictures and sound are wanted where the container says what they are.
    fn belongs(&self, track: &Track) -> bool {
        let is_media = ["video", "audio"].contains(&track.kind.as_str());
        let is_read = !self.is_ts() || IN_TS.contains(&track.codec.as_str());
        is_media && is_read && track.described && !track.packets.is_empty()
    }

    /// Remuxes, and reads what was made; what the command says where it fails. Where a configuration
    /// changes there may be several files: each is moved to where it begins.
    fn made(&self, media: &Path, out: &Path, fragmented: bool) -> Result<Vec<Track>, String> {
        let path = out.join(format!("{}.{fragmented}.mp4", self.name.replace('/', "_")));
        let mut arguments: Vec<String> = ["remux", "--json", "-o"].map(str::to_owned).to_vec();
        arguments.push(text(&path));
        arguments.extend(fragmented.then(|| "--fragmented".to_owned()));
        arguments.extend(self.inputs.iter().map(|input| text(&media.join(input))));
        let output = livetape(&arguments);
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(said.lines().last().unwrap_or_default().to_owned());
        }
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report in JSON");
        let files = report["files"].as_array().expect("files");
        let mut joined = Vec::new();
        for file in files {
            let path = file["path"].as_str().expect("each has a path");
            let mut tracks = ffprobe::read(&[path.to_owned()]);
            if files.len() > 1 {
                let start = file["start"].as_f64().expect("each begins at a time");
                begin_at(&mut tracks, start);
            }
            join(&mut joined, tracks);
            std::fs::remove_file(path).expect("what was made can be removed");
        }
        Ok(joined)
    }
}

/// Appends packets to the tracks of the same kind and number.
fn join(joined: &mut Vec<Track>, mut tracks: Vec<Track>) {
    tracks.sort_by_key(|track| track.kind != "video");
    for (number, mut track) in tracks.into_iter().enumerate() {
        match joined.get_mut(number) {
            Some(known) => {
                known.packets.append(&mut track.packets);
                known.configurations.append(&mut track.configurations);
            }
            None => joined.push(track),
        }
    }
}

/// Moves all tracks so that the first begins at a time.
fn begin_at(tracks: &mut [Track], start: f64) {
    let first = tracks.first().into_iter().flat_map(|track| &track.packets);
    let earliest = first.filter_map(|packet| packet.pts).reduce(f64::min);
    for track in tracks {
        track.shift(start - earliest.unwrap_or(0.0));
    }
}
