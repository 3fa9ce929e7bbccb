//! `livetape remux` on real streams, held against ffmpeg's reading of source and output.

mod support;

use std::fs;

use support::{
    Packet, complaints, ffmpeg, media, of_kind, packets, pictures, sample, succeeds, text,
};

/// Time of what is presented first, in seconds.
fn first_time(packets: &[Packet]) -> f64 {
    packets.iter().map(|p| p.pts).fold(f64::INFINITY, f64::min)
}

/// Source and output have the same packets, bit by bit, at the same times from the first of each
/// track on.
fn same_packets(source: &str, output: &str) {
    let (source, output) = (packets(source), packets(output));
    for video in [true, false] {
        let (source, output) = (of_kind(&source, video), of_kind(&output, video));
        assert_eq!(source.len(), output.len(), "video {video}");
        assert!(!source.is_empty());
        let offset = first_time(&source) - first_time(&output);
        for (number, (one, other)) in source.iter().zip(&output).enumerate() {
            assert_eq!(one.hash, other.hash, "packet {number}, video {video}");
            let apart = (one.pts - other.pts - offset).abs();
            assert!(apart < 0.0001, "packet {number}, video {video}: {apart} s");
        }
    }
}

#[test]
fn a_stream_across_the_wrap_of_its_clock_is_whole() {
    let Some(media) = media("a_stream_across_the_wrap_of_its_clock_is_whole") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let playlist = text(&media.join("hls-ts/rollover/playlist.m3u8"));
    let (_, warnings) = succeeds(&["remux", &playlist, "-o", &out]);
    assert_eq!(warnings, "");
    let found = packets(&out);
    assert_eq!(of_kind(&found, true).len(), 480);
    assert_eq!(of_kind(&found, false).len(), 937);
    let segments: Vec<_> = (24..=33)
        .map(|n| {
            let name = format!("hls-ts/rollover/360p30_h264_48k_160_aac_ts-00000000{n}.ts");
            text(&media.join(name))
        })
        .collect();
    let source = format!("concat:{}", segments.join("|"));
    assert_eq!(pictures(&out), pictures(&source));
    let mut shown: Vec<_> = of_kind(&found, true).iter().map(|p| p.pts).collect();
    shown.sort_by(f64::total_cmp);
    for (number, time) in shown.iter().enumerate() {
        let due = number as f64 / 24.0;
        assert!((time - due).abs() < 0.000_02, "picture {number} at {time}");
    }
    // The same pieces, named one by one: they have no dates, but for that it is the same file.
    let other = text(&folder.path().join("other.mp4"));
    let mut arguments = vec!["remux".to_owned()];
    arguments.extend(segments);
    arguments.extend(["-o".to_owned(), other.clone()]);
    succeeds(&arguments);
    assert!(packets(&other) == found);
}

#[test]
fn all_600_pictures_are_there_when_the_clock_wraps_within_the_recording() {
    let test = "all_600_pictures_are_there_when_the_clock_wraps_within_the_recording";
    if media(test).is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("wrap.ts");
    ffmpeg(
        "-f lavfi -i testsrc2=s=320x180:r=30:d=20 -f lavfi -i sine=r=48000:d=20 -c:v libx264 \
         -preset ultrafast -bf 2 -g 60 -c:a aac -output_ts_offset 95439",
        &source,
    );
    let out = text(&folder.path().join("out.mp4"));
    succeeds(&["remux", &text(&source), "-o", &out]);
    assert_eq!(of_kind(&packets(&out), true).len(), 600);
    assert_eq!(pictures(&out).len(), 600);
    assert_eq!(complaints(&out), "");
}

#[test]
fn after_a_discontinuity_time_goes_on_without_a_hole() {
    let Some(media) = media("after_a_discontinuity_time_goes_on_without_a_hole") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let playlist = text(&media.join("hls-ts/discontinuity/playlist-video.m3u8"));
    succeeds(&["remux", &playlist, "-o", &out]);
    let found = packets(&out);
    assert_eq!(complaints(&out), "");
    for (video, count, longest) in [(true, 205, 0.05), (false, 394, 0.15)] {
        let mut times: Vec<_> = of_kind(&found, video).iter().map(|p| p.pts).collect();
        assert_eq!(times.len(), count);
        times.sort_by(f64::total_cmp);
        for pair in times.windows(2) {
            let step = pair.last().expect("two") - pair.first().expect("two");
            assert!(step > 0.01 && step < longest, "a step of {step} s");
        }
    }
}

#[test]
fn sound_in_a_playlist_of_its_own_is_in_the_file() {
    let Some(media) = media("sound_in_a_playlist_of_its_own_is_in_the_file") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let demuxed = media.join("hls-ts/avc-aac-demuxed");
    succeeds(&["remux", &text(&demuxed.join("output.m3u8")), "-o", &out]);
    let found = packets(&out);
    assert_eq!(complaints(&out), "");
    for (kind, video) in [("video", true), ("audio", false)] {
        let names = (1..=3).map(|n| text(&demuxed.join(format!("bear-640x360-{kind}-{n}.ts"))));
        let count: usize = names.map(|name| packets(&name).len()).sum();
        assert_eq!(of_kind(&found, video).len(), count, "{kind}");
    }
}

#[test]
fn encrypted_segments_are_decrypted() {
    let Some(media) = media("encrypted_segments_are_decrypted") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("the key"), b"234567890!234567").expect("written");
    let mut playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,\
         URI=\"the%20key\",IV=0x33343536373839300000000000000000\n"
        .to_owned();
    for n in 1..=3 {
        let name = format!("hls-ts/aes128/bear-640x360-video-{n}.ts");
        playlist += &format!("#EXTINF:1,\n{}\n", text(&media.join(name)));
    }
    let encrypted = folder.path().join("encrypted.m3u8");
    fs::write(&encrypted, playlist + "#EXT-X-ENDLIST\n").expect("written");
    let plain = media.join("hls-ts/avc-aac-demuxed/bear-640x360-video.m3u8");
    let made = |playlist: &std::path::Path, name: &str| {
        let out = folder.path().join(name);
        succeeds(&["remux", &text(playlist), "-o", &text(&out)]);
        fs::read(out).expect("written")
    };
    assert!(made(&encrypted, "a.mp4") == made(&plain, "b.mp4"));
}

#[test]
fn fragments_in_playlists_come_out_bit_by_bit() {
    let Some(media) = media("fragments_in_playlists_come_out_bit_by_bit") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let cmaf = media.join("fmp4/cmaf-av");
    succeeds(&["remux", &text(&cmaf.join("playlist.m3u8")), "-o", &out]);
    let found = packets(&out);
    for (kind, video) in [("video", true), ("audio", false)] {
        let mut bytes = fs::read(cmaf.join(format!("{kind}_init.mp4"))).expect("there");
        for n in 1..=12 {
            bytes.extend(fs::read(cmaf.join(format!("{kind}_{n}.m4s"))).expect("there"));
        }
        let joined = folder.path().join(format!("{kind}.mp4"));
        fs::write(&joined, bytes).expect("written");
        let source = packets(&text(&joined));
        let hashes = |list: &[Packet]| -> Vec<_> { list.iter().map(|p| p.hash.clone()).collect() };
        assert_eq!(hashes(&source), hashes(&of_kind(&found, video)), "{kind}");
    }
    assert_eq!(complaints(&out), "");
}

#[test]
fn an_mp4_and_its_fragmented_form_have_what_the_source_has() {
    if media("an_mp4_and_its_fragmented_form_have_what_the_source_has").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for further in [&[][..], &["--fragmented"]] {
        let out = text(&folder.path().join("out.mp4"));
        let mut arguments = vec!["remux".to_owned(), sample(), "-o".to_owned(), out.clone()];
        arguments.extend(further.iter().map(|&argument| argument.to_owned()));
        succeeds(&arguments);
        same_packets(&sample(), &out);
        // The sample's edit list, which ffprobe does not mind in a fragmented file, has pictures
        // and sound begin together.
        let found = packets(&out);
        let first = |video| first_time(&of_kind(&found, video));
        assert!((first(true) - first(false)).abs() < 0.0001);
        assert_eq!(complaints(&out), "");
    }
}

#[test]
fn start_and_end_are_exact_to_the_frame() {
    if media("start_and_end_are_exact_to_the_frame").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let source = pictures(&sample());
    assert_eq!(source.len(), 400);
    for (first, end) in [
        (0, 1),
        (1, 30),
        (49, 52),
        (50, 75),
        (51, 151),
        (99, 101),
        (120, 400),
    ] {
        // A little before the first picture's time: it is the first at or after that.
        let start = (f64::from(first) / 25.0 - 0.01).max(0.0).to_string();
        let stop = (f64::from(end) / 25.0).to_string();
        let range = ["--start", &start, "--end", &stop];
        let mut arguments = vec!["remux".to_owned(), sample(), "-o".to_owned(), out.clone()];
        arguments.extend(range.iter().map(|&argument| argument.to_owned()));
        succeeds(&arguments);
        let wanted = source.get(first as usize..end as usize).expect("there");
        assert_eq!(pictures(&out), wanted, "pictures {first} to {end}");
    }
}

#[test]
fn a_fragmented_clip_begins_with_the_picture_asked_for() {
    if media("a_fragmented_clip_begins_with_the_picture_asked_for").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    // Picture 60; the keyframe before it is picture 50.
    let range = ["--start", "2.4", "--end", "4", "--fragmented", "--json"];
    let sample = sample();
    let (report, warnings) = succeeds(&[&["remux", &sample, "-o", &out][..], &range].concat());
    assert_eq!(warnings, "");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let start = report["files"][0]["start"].as_f64().expect("a time");
    assert!((start - 2.4).abs() < 0.001, "{start} s");
    let all = pictures(&sample);
    assert_eq!(pictures(&out), all.get(50..100).expect("there"));
    let mut shown: Vec<f64> = of_kind(&packets(&out), true)
        .iter()
        .map(|p| p.pts)
        .collect();
    shown.sort_by(f64::total_cmp);
    let (before, rest) = shown.split_at(10);
    let begins = *rest.first().expect("there");
    assert!(begins - before.first().expect("ten") < 0.01, "{before:?}");
    for (number, pts) in (0..).zip(rest) {
        assert!(
            (pts - begins - f64::from(number) / 25.0).abs() < 0.001,
            "{pts} s"
        );
    }
}
