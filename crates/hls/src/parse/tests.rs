//! What is read past, what is refused, what is kept.

use super::*;
use crate::decimal::Decimal;
use crate::media_playlist::{MediaPlaylist, SegmentTag};

fn media(text: &str) -> (MediaPlaylist, Vec<(usize, WarningReason)>) {
    let parsed = parse_with(text, &Variables::default()).expect("a playlist");
    let warnings = parsed
        .warnings
        .into_iter()
        .map(|warning| (warning.line, warning.reason))
        .collect();
    let playlist = parsed.playlist.into_media().expect("a Media Playlist");
    (playlist, warnings)
}

fn refusal(text: &str) -> Option<(usize, Reason)> {
    parse(text).err().map(|error| (error.line, error.reason))
}

#[test]
fn byte_order_mark_crlf_blank_lines_and_spaces_are_read_past() {
    let (playlist, warnings) = media(
        "\u{FEFF}#EXTM3U\r\n\r\n#EXT-X-TARGETDURATION: 10 \r\n#EXTINF:9.5\r\n\r\n  1.ts \r\n#EXT-X-ENDLIST\r\n",
    );
    assert_eq!(playlist.target_duration, 10);
    let [segment] = playlist.segments.as_slice() else {
        panic!("one segment");
    };
    assert_eq!(
        (segment.uri.as_str(), segment.duration.to_string()),
        ("1.ts", "9.5".to_owned())
    );
    assert!(playlist.end_list);
    assert_eq!(
        warnings,
        [
            (1, WarningReason::ByteOrderMark),
            (4, WarningReason::MissingComma)
        ]
    );
}

#[test]
fn carriage_returns_alone_end_lines() {
    let (playlist, _) = media("#EXTM3U\r#EXT-X-TARGETDURATION:4\r#EXTINF:4,\r1.ts\r");
    assert_eq!(playlist.segments.len(), 1);
}

#[test]
fn a_fractional_target_duration_is_rounded_up() {
    let (playlist, warnings) = media("#EXTM3U\n#EXT-X-TARGETDURATION:6.006\n");
    assert_eq!(playlist.target_duration, 7);
    assert_eq!(warnings, [(2, WarningReason::TargetDurationRounded)]);
}

#[test]
fn trailing_low_latency_tags_are_kept() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:3\n#EXTINF:4,\n3.mp4\n\
        #EXT-X-PART:DURATION=0.5,URI=\"4.0.mp4\",INDEPENDENT=YES,BYTERANGE=\"10@0\"\n\
        #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"4.1.mp4\",BYTERANGE-START=10\n\
        #EXT-X-RENDITION-REPORT:URI=\"../b.m3u8\",LAST-MSN=4,LAST-PART=0\n";
    let (playlist, warnings) = media(text);
    assert_eq!((playlist.trailing.len(), warnings), (3, vec![]));
    assert_eq!(playlist.to_string(), text);
}

#[test]
fn unknown_tags_attributes_and_comments_stay_in_place() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-ALLOW-CACHE:YES\n## made by x\n\
        #EXT-X-MAP:URI=\"i.mp4\",X-HASH=0xAB,NOTE=\"a, b\"\n#EXT-X-CUE-OUT:30\n#EXTINF:4,a title, with comma\n1.ts\n\
        # end\n";
    let (playlist, warnings) = media(text);
    assert_eq!((playlist.header.len(), warnings), (2, vec![]));
    let tags = playlist
        .segments
        .first()
        .map(|segment| segment.tags.as_slice());
    let Some([SegmentTag::Map(map), SegmentTag::Other(cue)]) = tags else {
        panic!("a map and a cue, not {tags:?}");
    };
    assert_eq!(map.other.len(), 2);
    assert_eq!(cue.tag(), Some(("EXT-X-CUE-OUT", "30")));
    assert_eq!(playlist.to_string(), text);
}

#[test]
fn an_other_line_before_the_first_segment_tag_is_not_taken_for_the_header() {
    let mut playlist = MediaPlaylist::default();
    let mut segment = crate::Segment::new("1.ts", Decimal::whole(1));
    segment
        .tags
        .push(SegmentTag::Other(OtherLine::new("EXT-X-CUE-OUT")));
    playlist.segments.push(segment);
    assert_eq!(media(&playlist.to_string()).0, playlist);
}

#[test]
fn a_repeated_byte_range_without_a_segment_stays_where_it_stood() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-BYTERANGE:1@2\n#OTHER\n\
        #EXTINF:4,\n#EXT-X-BYTERANGE:1@2\n#ANOTHER\n";
    let (playlist, _) = media(text);
    assert_eq!((playlist.header.len(), playlist.trailing.len()), (0, 4));
    assert_eq!(media(&playlist.to_string()).0, playlist);
}

#[test]
fn tags_that_can_be_done_without_are_kept_unread() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-VERSION:x\n\
        #EXT-X-PROGRAM-DATE-TIME:yesterday\n#EXT-X-DATERANGE:CLASS=\"no id\"\n#EXTINF:4,\n1.ts\n";
    let (playlist, warnings) = media(text);
    let ignored = |line, tag| (line, WarningReason::TagIgnored { tag });
    assert_eq!(
        warnings,
        [
            ignored(4, "EXT-X-VERSION"),
            ignored(5, "EXT-X-PROGRAM-DATE-TIME"),
            ignored(6, "EXT-X-DATERANGE")
        ]
    );
    assert_eq!(playlist.to_string(), text);
}

#[test]
fn what_would_be_guesswork_is_refused() {
    let media = |body: &str| refusal(&format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n{body}"));
    let attribute = |tag, attribute| Some((3, Reason::InvalidAttribute { tag, attribute }));
    let value = |tag| Some((3, Reason::InvalidValue { tag }));
    assert_eq!(
        media("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=nonsense\n"),
        attribute("EXT-X-KEY", "IV")
    );
    assert_eq!(
        media("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x123456789012345678901234567890123\n"),
        attribute("EXT-X-KEY", "IV")
    );
    assert_eq!(
        media("#EXT-X-KEY:METHOD=AES-128\n"),
        Some((
            3,
            Reason::MissingAttribute {
                tag: "EXT-X-KEY",
                attribute: "URI"
            }
        ))
    );
    assert_eq!(
        media("#EXT-X-KEY:METHOD=AES-128,URI=\"k\n"),
        value("EXT-X-KEY")
    );
    assert_eq!(
        media("#EXT-X-MAP:URI=\"i\",BYTERANGE=\"x\"\n"),
        attribute("EXT-X-MAP", "BYTERANGE")
    );
    assert_eq!(media("#EXTINF:-1,\n1.ts\n"), value("EXTINF"));
    assert_eq!(media("#EXT-X-BYTERANGE:5@\n"), value("EXT-X-BYTERANGE"));
    assert_eq!(
        media("#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n#EXTINF:4,\n1.ts\n"),
        Some((5, Reason::SequenceOverflow))
    );
    assert_eq!(
        media("#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-MEDIA-SEQUENCE:2\n"),
        Some((
            4,
            Reason::Contradiction {
                tag: "EXT-X-MEDIA-SEQUENCE"
            }
        ))
    );
    assert_eq!(
        media("#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n"),
        Some((
            3,
            Reason::MixedKinds {
                tag: "EXT-X-STREAM-INF"
            }
        ))
    );
    assert_eq!(refusal("#EXTM3U\na.ts\n"), Some((2, Reason::MissingExtinf)));
    assert_eq!(refusal("<html>\n"), Some((1, Reason::MissingHeader)));
    assert_eq!(
        refusal("#EXTM3U\n#EXTINF:4,\n1.ts\n"),
        Some((3, Reason::MissingTargetDuration))
    );
}

#[test]
fn variables_are_replaced() {
    let text = "#EXTM3U\n#EXT-X-DEFINE:NAME=\"host\",VALUE=\"cdn\"\n#EXT-X-DEFINE:IMPORT=\"path\"\n\
        #EXT-X-DEFINE:QUERYPARAM=\"t\"\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"{$host}/k\",IV={$t}\n\
        #EXTINF:4,{$host}\n{$host}/{$path}/1.ts\n";
    let mut variables = Variables::default();
    assert_eq!(
        refusal(text),
        Some((
            3,
            Reason::UndefinedVariable {
                name: "path".into()
            }
        ))
    );
    variables.imported.push(("path".into(), "p".into()));
    variables.query.push(("t".into(), "0x01".into()));
    let parsed = parse_with(text, &variables).expect("a playlist");
    let playlist = parsed.playlist.into_media().expect("media");
    assert_eq!(playlist.defines.len(), 3);
    let segment = playlist.segments.first().expect("a segment");
    assert_eq!(
        (segment.uri.as_str(), segment.title.as_str()),
        ("cdn/p/1.ts", "{$host}")
    );
    let Some(SegmentTag::Key(key)) = segment.tags.first() else {
        panic!("a key");
    };
    assert_eq!(key.uri.as_deref(), Some("cdn/k"));
    assert_eq!(
        key.iv.as_ref().and_then(crate::HexSequence::to_u128),
        Some(1)
    );
}

#[test]
fn multivariant_playlists_come_back() {
    let text = "#EXTM3U\n#EXT-X-VERSION:12\n#EXT-X-INDEPENDENT-SEGMENTS\n\
        #EXT-X-START:TIME-OFFSET=-6.5,PRECISE=YES\n\
        #EXT-X-CONTENT-STEERING:SERVER-URI=\"/s\",PATHWAY-ID=\"a\"\n# renditions\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"en\",URI=\"a.m3u8\",DEFAULT=YES,SAMPLE-RATE=48000,CHANNELS=\"2\"\n\
        #EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=29.970,\
        VIDEO-RANGE=SDR,AUDIO=\"g\",CLOSED-CAPTIONS=NONE,PROGRAM-ID=1\nv.m3u8\n\
        #EXT-X-I-FRAME-STREAM-INF:URI=\"i.m3u8\",BANDWIDTH=10,HDCP-LEVEL=TYPE-9\n\
        #EXT-X-SESSION-DATA:DATA-ID=\"x.y\",VALUE=\"z\"\n\
        #EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"skd://k\",KEYFORMAT=\"f\"\n#EXT-X-UNKNOWN\n";
    let parsed = parse_with(text, &Variables::default()).expect("a playlist");
    assert_eq!(
        (parsed.playlist.to_string().as_str(), parsed.warnings),
        (text, vec![])
    );
    let playlist = parsed.playlist.into_multivariant().expect("multivariant");
    let uris: Vec<_> = playlist
        .variants()
        .map(|variant| variant.uri.as_str())
        .collect();
    assert_eq!(uris, ["v.m3u8"]);
    assert_eq!(playlist.renditions().count(), 1);
    assert_eq!(playlist.i_frame_variants().count(), 1);
}

#[test]
fn repeated_uris_are_dropped_and_stray_ones_refused() {
    let text = "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\",URI=\"a.m3u8\"\n";
    let parsed = parse_with(&format!("{text}a.m3u8\n"), &Variables::default());
    let warnings = parsed.map(|parsed| parsed.warnings.len());
    assert_eq!(warnings, Ok(1));
    assert_eq!(
        refusal(&format!("{text}b.m3u8\n")),
        Some((3, Reason::MissingStreamInf))
    );
}

#[test]
fn values_cannot_break_out_of_their_line() {
    let mut segment = crate::Segment::new("1.ts\n#EXT-X-ENDLIST", Decimal::whole(1));
    segment.title = "a\r\nhttps://evil/".into();
    segment
        .tags
        .push(SegmentTag::Map(crate::Map::new("i\",X=\"\ny")));
    let playlist = MediaPlaylist {
        segments: vec![segment],
        ..MediaPlaylist::default()
    };
    let (read, _) = media(&playlist.to_string());
    assert_eq!(read.segments.len(), 1);
    assert!(!read.end_list);
    let uri = read.segments.first().map(|segment| segment.uri.as_str());
    assert_eq!(uri, Some("1.ts#EXT-X-ENDLIST"));
}

#[test]
fn reading_stays_linear_on_hostile_text() {
    let started = std::time::Instant::now();
    for piece in [
        "{$",
        "a=",
        "\"",
        ",",
        "#EXTINF:1,\n",
        "#EXT-X-BYTERANGE:1\n",
        "\r",
        "=",
    ] {
        let body = piece.repeat(1_000_000 / piece.len());
        let text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-DATERANGE:ID=\"1\",X={body}");
        // Whether it is refused does not matter here, only that it does not take for ever.
        assert!(
            parse(&text).is_ok_and(|playlist| playlist.into_media().is_some()),
            "{piece}"
        );
    }
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}
