//! What is remuxed, and what both sides of it are read from.

use std::path::Path;

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

    /// The tracks that belong in the file, those of all bases of time joined.
    pub(crate) fn source(&self, media: &Path) -> Vec<Track> {
        let mut joined: Vec<Track> = Vec::new();
        for (epoch, lanes) in self.epochs.iter().enumerate() {
            let read = |files: &Vec<String>| {
                let files: Vec<String> = files.iter().map(|f| text(&media.join(f))).collect();
                ffprobe::read(&files)
            };
            let tracks = lanes
                .iter()
                .flat_map(read)
                .filter(|track| self.belongs(track));
            for (number, mut track) in tracks.enumerate() {
                for packet in &mut track.packets {
                    packet.epoch = epoch;
                }
                match joined.get_mut(number) {
                    Some(known) => known.packets.append(&mut track.packets),
                    None => joined.push(track),
                }
            }
        }
        joined
    }

    /// Pictures and sound are wanted where the container says what they are.
    fn belongs(&self, track: &Track) -> bool {
        let is_media = ["video", "audio"].contains(&track.kind.as_str());
        let is_read = !self.is_ts() || IN_TS.contains(&track.codec.as_str());
        is_media && is_read && track.described && !track.packets.is_empty()
    }

    /// Remuxes, and reads what was made; what the command says where it fails.
    fn made(&self, media: &Path, out: &Path, fragmented: bool) -> Result<Vec<Track>, String> {
        let path = out.join(format!("{}.{fragmented}.mp4", self.name.replace('/', "_")));
        let mut arguments = vec!["remux".to_owned(), "-o".to_owned(), text(&path)];
        arguments.extend(fragmented.then(|| "--fragmented".to_owned()));
        arguments.extend(self.inputs.iter().map(|input| text(&media.join(input))));
        let output = livetape(&arguments);
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(said.lines().last().unwrap_or_default().to_owned());
        }
        let tracks = ffprobe::read(&[text(&path)]);
        std::fs::remove_file(&path).expect("what was made can be removed");
        Ok(tracks)
    }
}
