//! What is said about a playlist: that it has not ended, that a key is not the one of a segment.

mod support;

use std::fs;

use support::{media, segment, succeeds, text};

#[test]
fn a_wrong_key_is_said_to_be_one() {
    let Some(media) = media("a_wrong_key_is_said_to_be_one") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("right"), b"234567890!234567").expect("written");
    fs::write(folder.path().join("wrong"), b"234567890?234567").expect("written");
    let (list, out) = (folder.path().join("a.m3u8"), folder.path().join("a.mp4"));
    let mut playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n".to_owned();
    for (n, key) in [(1, "right"), (2, "wrong"), (3, "right")] {
        let name = text(&media.join(format!("hls-ts/aes128/bear-640x360-video-{n}.ts")));
        let iv = "0x33343536373839300000000000000000";
        playlist += &format!("#EXT-X-KEY:METHOD=AES-128,URI=\"{key}\",IV={iv}\n");
        playlist += &format!("#EXTINF:1,\n{name}\n");
    }
    fs::write(&list, playlist + "#EXT-X-ENDLIST\n").expect("written");
    let (_, said) = succeeds(&["remux", &text(&list), "-o", &text(&out)]);
    let told: Vec<_> = said
        .lines()
        .filter(|line| line.contains("segment_"))
        .collect();
    let [told] = told.as_slice() else {
        panic!("one segment is unreadable: {said}");
    };
    assert!(told.starts_with("warning[segment_unreadable]: "), "{told}");
    for named in ["video-2.ts cannot be decrypted with the key", "wrong"] {
        assert!(told.contains(named), "{told}");
    }
    assert!(said.contains("warning[missing_media]: "), "{said}");
}

#[test]
fn a_playlist_that_has_not_ended_is_told_once() {
    let Some(media) = media("a_playlist_that_has_not_ended_is_told_once") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| text(&folder.path().join(name));
    let (list, both, out) = (path("list.m3u8"), path("both.m3u8"), path("out.mp4"));
    let variants = "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",URI=\"list.m3u8\"\n\
                    #EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\nlist.m3u8\n";
    fs::write(&both, variants).expect("written");
    let segment = text(&segment(&media, 24));
    for (kind, end, input, times) in [
        ("", "", &list, 1),
        ("#EXT-X-PLAYLIST-TYPE:EVENT\n", "", &both, 1),
        ("", "#EXT-X-ENDLIST\n", &list, 0),
        // It cannot change.
        ("#EXT-X-PLAYLIST-TYPE:VOD\n", "", &list, 0),
    ] {
        let lines = format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n{kind}#EXTINF:2,\n{segment}\n{end}");
        fs::write(&list, lines).expect("written");
        let (_, said) = succeeds(&["remux", input, "-o", &out]);
        let told = said.matches("warning[playlist_not_ended]: ").count();
        assert_eq!(told, times, "{kind}{end}: {said}");
        assert_eq!(said.matches("`livetape record`").count(), times);
        let (_, said) = succeeds(&["inspect", input]);
        assert_eq!(said.matches("playlist_not_ended").count(), times);
    }
}
