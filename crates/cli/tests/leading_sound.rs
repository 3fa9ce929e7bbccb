//! Sound that begins seconds before the first picture: clips have it as the whole does.

mod support;

use std::collections::BTreeMap;

use support::{Packet, ffmpeg, media, of_kind, packets, succeeds, text};

/// How far, in ms, most of a clip's packets lie from where they are in the whole.
fn shift(clip: &[Packet], whole: &[Packet]) -> i64 {
    let mut shifts: BTreeMap<i64, usize> = BTreeMap::new();
    for packet in clip {
        let same = |own: &&Packet| own.hash == packet.hash;
        let mut known = whole.iter().filter(same);
        if let (Some(own), None) = (known.next(), known.next()) {
            let by = ((packet.pts - own.pts) * 1_000.0).round();
            *shifts.entry(by as i64).or_default() += 1;
        }
    }
    let most = shifts.into_iter().max_by_key(|(_, count)| *count);
    most.expect("packets of the whole").0
}

fn seconds(text: &str) -> f64 {
    text.parse().expect("a number")
}

#[test]
fn a_clip_has_the_sound_before_the_first_picture() {
    if media("a_clip_has_the_sound_before_the_first_picture").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| text(&folder.path().join(name));
    let (input, whole, out) = (path("in.ts"), path("whole.mp4"), path("out.mp4"));
    // Noise: no frame of it is like another.
    let pictures = "-itsoffset 2 -f lavfi -i testsrc=s=160x90:r=25";
    let sound = "-f lavfi -i anoisesrc=r=48000:a=0.1:seed=1 -t 8";
    let coding = "-pix_fmt yuv420p -c:v libx264 -preset veryfast -c:a aac";
    ffmpeg(&format!("{pictures} {sound} {coding}"), input.as_ref());
    succeeds(&["remux", &input, "-o", &whole]);
    let all = packets(&whole);
    let (all_pictures, all_sound) = (of_kind(&all, true), of_kind(&all, false));
    assert!(all_pictures[0].pts > 1.9 && all_sound[0].pts < 0.1);
    for form in [None, Some("--fragmented")] {
        for (start, end) in [("0", "1"), ("0", "5"), ("1", "4"), ("1.9", "2"), ("3", "5")] {
            let context = format!("{start} to {end} {form:?}");
            let range = ["--start", start, "--end", end];
            let plain = ["remux", &input, "-o", &out].into_iter().chain(range);
            succeeds(&plain.chain(form).collect::<Vec<_>>());
            let clip = packets(&out);
            let (pictures, sound) = (of_kind(&clip, true), of_kind(&clip, false));
            let by = shift(&sound, &all_sound);
            let (start, end): (f64, f64) = (seconds(start), seconds(end));
            assert_eq!(pictures.is_empty(), end <= 2.0, "{context}");
            if !pictures.is_empty() {
                let pictures = shift(&pictures, &all_pictures);
                assert!(
                    (pictures - by).abs() <= 1,
                    "{context}: {pictures} and {by} ms"
                );
            }
            // It begins where it was asked to, or with the first picture from there on; fragments
            // cannot say that sound begins within a frame, and all of them may be moved alike.
            if form.is_none() {
                let late = by + (start * 1_000.0) as i64;
                assert!((-40..=1).contains(&late), "{context}: {late} ms");
            }
            let last = sound.last().expect("sound").pts - by as f64 / 1_000.0;
            assert!((end - last).abs() < 0.05, "{context}: {last}");
        }
    }
}
