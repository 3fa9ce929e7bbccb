//! What the command writes is read without complaint by readers of others, and each reads the
//! same samples as ffprobe does: their number, times, keyframes, places and sizes.

mod atom;
mod mp4_crate;
mod rows;
mod shiguredo;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;

use support::{complaints, ffmpeg, media, sample, succeeds, text};

use rows::{ffprobe, same};

/// Has `inputs` written in both forms, with `further` options, and read by everyone. `tracks` is
/// how many there have to be; `is_plain` where the crate `mp4` has to understand them too.
fn check(inputs: &[String], further: &[&str], tracks: usize, is_plain: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    for fragments in [false, true] {
        let out = text(&folder.path().join(format!("{fragments}.mp4")));
        let mut arguments = vec!["remux".to_owned()];
        arguments.extend(inputs.iter().cloned());
        arguments.extend(["-o".to_owned(), out.clone()]);
        arguments.extend(further.iter().map(|&argument| argument.to_owned()));
        arguments.extend(fragments.then(|| "--fragmented".to_owned()));
        succeeds(&arguments);
        let what = format!("{inputs:?} {further:?}, fragmented {fragments}");
        let file = fs::read(&out).expect("written");
        let expected = ffprobe(&out);
        assert_eq!(expected.len(), tracks, "{what}");
        assert!(expected.iter().all(|track| !track.is_empty()), "{what}");
        if fragments {
            same("mp4-atom", &what, &expected, &atom::fragmented(&file));
            same(
                "shiguredo_mp4",
                &what,
                &expected,
                &shiguredo::fragmented(&file),
            );
            continue;
        }
        same("mp4-atom", &what, &expected, &atom::progressive(&file));
        same(
            "shiguredo_mp4",
            &what,
            &expected,
            &shiguredo::progressive(&file),
        );
        if is_plain {
            same("mp4", &what, &expected, &mp4_crate::progressive(&file));
        }
        assert_eq!(complaints(&out), "", "{what}");
    }
}

/// A file that ffmpeg makes of a test picture and a tone, moving pictures reordered.
fn made(folder: &Path, name: &str, size: &str, options: &str) -> String {
    let path = folder.join(name);
    let arguments = format!(
        "-f lavfi -i testsrc2=s={size}:r=25:d=3 -f lavfi -i sine=r=48000:d=3 -pix_fmt yuv420p \
         -g 25 {options}"
    );
    ffmpeg(&arguments, &path);
    text(&path)
}

const H264: &str = "-c:v libx264 -preset ultrafast -bf 2 -c:a aac";

#[test]
fn transport_streams() {
    let Some(media) = media("transport_streams") else {
        return;
    };
    let h264 = media.join("hls-ts/rollover/playlist.m3u8");
    check(&[text(&h264)], &[], 2, true);
    let hevc = media.join("hls-ts/h265-aac/0.ts");
    check(&[text(&hevc)], &[], 2, false);
    let he_aac = media.join("ts/real-defects/no-initial-keyframe.ts");
    check(&[text(&he_aac)], &[], 2, true);
}

#[test]
fn fragments_and_their_negative_offsets() {
    let Some(media) = media("fragments_and_their_negative_offsets") else {
        return;
    };
    let cmaf = media.join("fmp4/cmaf-av/playlist.m3u8");
    check(&[text(&cmaf)], &[], 2, true);
    let folder = tempfile::tempdir().expect("a folder");
    let options = format!("{H264} -movflags negative_cts_offsets");
    let negative = made(folder.path(), "negative.mp4", "320x180", &options);
    check(&[negative], &[], 2, true);
}

#[test]
fn progressive_files() {
    if media("progressive_files").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["last.mp4", "quicktime.mov", "smooth.ismv"] {
        let file = made(folder.path(), name, "320x180", H264);
        check(&[file], &[], 2, true);
    }
    let sound = folder.path().join("sound.m4a");
    ffmpeg("-f lavfi -i sine=r=44100:d=3 -c:a aac", &sound);
    check(&[text(&sound)], &[], 1, true);
}

#[test]
fn clips_with_pre_roll() {
    if media("clips_with_pre_roll").is_none() {
        return;
    }
    for (start, end) in [("2.04", "7.5"), ("3.99", "4.01"), ("0.1", "15.93")] {
        check(&[sample()], &["--start", start, "--end", end], 2, true);
    }
}

#[test]
fn pictures_of_another_size_in_one_file() {
    if media("pictures_of_another_size_in_one_file").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let small = made(folder.path(), "small.ts", "320x180", H264);
    let large = made(folder.path(), "large.ts", "640x360", H264);
    check(&[small, large], &[], 2, true);
}

#[test]
fn two_tracks_of_sound() {
    if media("two_tracks_of_sound").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let options = format!("{H264} -map 0:v -map 1:a -map 1:a");
    for name in ["two.mp4", "two.ts"] {
        let file = made(folder.path(), name, "320x180", &options);
        check(&[file], &[], 3, true);
    }
}
