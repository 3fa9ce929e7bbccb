//! Edit lists of MP4 inputs: what ffmpeg shows of a file is what it shows of the output.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{complaints, ffmpeg, media, pictures, succeeds, text};

/// Bytes of a second of sound, of 16 bits for each of 48,000 samples.
const SECOND: usize = 96_000;

/// Six seconds with B-frames, a keyframe every five seconds, and sound that decodes to the sample.
fn film(folder: &Path) -> PathBuf {
    let path = folder.join("film.mp4");
    let source = "-f lavfi -i testsrc2=s=128x96:r=25:d=6 -f lavfi -i sine=440:r=48000:d=6 -c:v libx264 \
                  -preset veryfast -bf 2 -g 125 -sc_threshold 0 -c:a flac -strict -2";
    ffmpeg(source, &path);
    path
}

/// The same without what comes before a time that is no keyframe's.
fn cut(folder: &Path) -> PathBuf {
    let film = text(&film(folder));
    let path = folder.join("cut.mp4");
    ffmpeg(&format!("-ss 3.32 -i {film} -c copy -strict -2"), &path);
    path
}

/// A file's sound as ffmpeg decodes it, edit list and all.
fn sound(file: &str) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i", file])
        .args(["-map", "0:a", "-f", "s16le", "-"])
        .output();
    output.expect("ffmpeg runs").stdout
}

/// Pictures of a file, whatever its edit lists hide.
fn all_pictures(file: &str) -> usize {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-ignore_editlist", "1", "-count_packets"])
        .args(["-select_streams", "v", "-of", "csv=p=0"])
        .args(["-show_entries", "stream=nb_read_packets", file])
        .output()
        .expect("ffprobe runs");
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim().parse().expect("a number")
}

/// Remuxes a file; both show the same.
fn shows_the_same(input: &str, output: &str) {
    let (_, warnings) = succeeds(&["remux", input, "-o", output]);
    assert_eq!(warnings, "");
    assert!(pictures(output) == pictures(input), "{input}: pictures");
    assert!(sound(output) == sound(input), "{input}: sound");
    assert_eq!(complaints(output), "");
}

/// Writes over the rows of the edit list of the track with this number: (duration, media time, rate).
fn change(path: &Path, number: usize, edit: impl Fn(usize, [u8; 12]) -> [u8; 12]) {
    let mut bytes = fs::read(path).expect("a file");
    let lists = bytes.windows(4).enumerate();
    let mut lists = lists.filter(|(_, kind)| kind == b"elst");
    let (at, _) = lists.nth(number).expect("an edit list");
    let rows = bytes.get_mut(at + 8..).expect("a count");
    let (count, rows) = rows.split_at_mut(4);
    let count = count
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    for (index, row) in rows.chunks_exact_mut(12).take(count).enumerate() {
        let old: [u8; 12] = (&*row).try_into().expect("12 bytes");
        row.copy_from_slice(&edit(index, old));
    }
    fs::write(path, bytes).expect("written");
}

#[test]
fn what_is_hidden_before_a_cut_stays_hidden() {
    if media("what_is_hidden_before_a_cut_stays_hidden").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let cut = text(&cut(folder.path()));
    let out = text(&folder.path().join("out.mp4"));
    let shown = pictures(&cut);
    assert!(shown.len() < all_pictures(&cut), "nothing is hidden");
    shows_the_same(&cut, &out);
    // Times count from what is shown.
    succeeds(&["remux", &cut, "-o", &out, "--start", "1", "--end", "2"]);
    assert_eq!(Some(&*pictures(&out)), shown.get(25..50));
    // ffmpeg lets the frame go on that the end lies in.
    let (whole, part) = (sound(&cut), sound(&out));
    assert!(
        part.get(..SECOND) == whole.get(SECOND..2 * SECOND),
        "other sound"
    );
    assert!(part.len() < SECOND + SECOND / 8);
    succeeds(&["remux", &cut, "-o", &out, "--fragmented"]);
    assert_eq!(all_pictures(&out), all_pictures(&cut));
}

#[test]
fn a_clip_of_ours_stays_what_it_is() {
    if media("a_clip_of_ours_stays_what_it_is").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let film = text(&film(folder.path()));
    let names = ["one.mp4", "two.mp4"];
    let [one, two] = names.map(|name| text(&folder.path().join(name)));
    succeeds(&["remux", &film, "-o", &one, "--start", "1.5", "--end", "3.9"]);
    assert_eq!(pictures(&one).len(), 60);
    shows_the_same(&one, &two);
}

#[test]
fn the_first_frames_of_a_decoder_stay_unheard() {
    if media("the_first_frames_of_a_decoder_stay_unheard").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (song, out) = (folder.path().join("in.m4a"), folder.path().join("out.mp4"));
    ffmpeg("-f lavfi -i sine=440:r=48000:d=2 -c:a aac", &song);
    let (song, out) = (text(&song), text(&out));
    assert!(
        sound(&song).len() < 2 * SECOND + 2048,
        "the first frame is heard"
    );
    succeeds(&["remux", &song, "-o", &out]);
    assert!(sound(&out) == sound(&song), "other sound");
}

/// The pictures end at 2 s, the sound at 6 s.
#[test]
fn each_track_has_its_own_end() {
    if media("each_track_has_its_own_end").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let film = film(folder.path());
    change(&film, 0, |_, old| {
        let [_, _, _, _, rest @ ..] = old;
        let mut row = [0; 12];
        row[..4].copy_from_slice(&2_000_u32.to_be_bytes());
        row[4..].copy_from_slice(&rest);
        row
    });
    let film = text(&film);
    assert_eq!(pictures(&film).len(), 50);
    let out = text(&folder.path().join("out.mp4"));
    shows_the_same(&film, &out);
    assert_eq!(sound(&out).len(), 6 * SECOND);
    // Decoding the last of them needs one more at most.
    assert!((50..55).contains(&all_pictures(&out)));
}

#[test]
fn lists_that_cannot_be_kept_are_told_and_nothing_is_lost() {
    if media("lists_that_cannot_be_kept_are_told_and_nothing_is_lost").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let told = |inputs: &[&str], count: usize, why: &str| {
        let arguments = [&["remux"], inputs, &["-o", &out]].concat();
        let (_, warnings) = succeeds(&arguments);
        assert!(
            warnings.starts_with("warning[edit_list_not_kept]: "),
            "{warnings}"
        );
        assert!(warnings.contains(why), "{warnings}");
        assert_eq!(pictures(&out).len(), count);
    };
    // At half speed.
    let path = film(folder.path());
    let film = text(&path);
    change(&path, 0, |_, mut old| {
        old[8..].copy_from_slice(&[0, 0, 0x80, 0]);
        old
    });
    told(&[&film], 150, "another speed");
    // What was an empty edit of a second shows the beginning once more.
    let late = folder.path().join("late.mp4");
    ffmpeg(
        &format!("-itsoffset 1 -i {film} -i {film} -map 0:v -map 1:a -c copy -strict -2"),
        &late,
    );
    change(&late, 0, |index, mut old| {
        if index == 0 {
            assert_eq!(old[4..8], [0xff; 4], "an empty edit");
            old[4..8].fill(0);
        }
        old
    });
    told(&[&text(&late)], 150, "2 stretches");
    // Behind one another, what is hidden has no place to hide.
    let cut = text(&cut(folder.path()));
    let count = all_pictures(&cut) * 2;
    told(&[&cut, &cut], count, "one file");
}
