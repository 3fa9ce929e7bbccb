//! parse(write(x)) == x for any playlist in the form that reading gives.

use livetape_hls::{
    Attribute, ByteRange, ClosedCaptions, ContentSteering, DateRange, DateTime, Decimal, Define,
    HdcpLevel, HexSequence, HintType, IFrameStreamInf, Key, KeyMethod, Map, Media, MediaPlaylist,
    MediaType, MultivariantItem, MultivariantPlaylist, OtherLine, Part, PartInf, Playlist,
    PlaylistType, PreloadHint, RenditionReport, Resolution, Segment, SegmentTag, ServerControl,
    SessionData, SessionDataFormat, SessionKey, Skip, Start, StreamInf, Variant, VideoRange, parse,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

/// Any text that a quoted string can hold. No `{`: it may start a reference to a variable.
fn quoted() -> impl Strategy<Value = String> {
    "[^\"\r\n{]{0,12}"
}

/// Text with neither end a space: lines are trimmed.
fn trimmed() -> impl Strategy<Value = String> {
    "[^\r\n{]{0,12}".prop_map(|text| text.trim().to_owned())
}

fn uri() -> impl Strategy<Value = String> {
    "[a-z0-9/:.?=&,\"é-]{1,16}"
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (0..i64::MAX, 0..=18_u8).prop_filter_map("scale", |(units, scale)| Decimal::new(units, scale))
}

fn signed_decimal() -> impl Strategy<Value = Decimal> {
    (-i64::MAX..i64::MAX, 0..=18_u8)
        .prop_filter_map("scale", |(units, scale)| Decimal::new(units, scale))
}

fn byte_range() -> impl Strategy<Value = ByteRange> {
    (0..=u64::MAX / 1_000, of(0..=u64::MAX / 2))
        .prop_map(|(length, offset)| ByteRange { length, offset })
}

fn date() -> impl Strategy<Value = DateTime> {
    let text = (
        0..10_000_u32,
        1..13_u32,
        1..29_u32,
        0..24_u32,
        0..60_u32,
        "(\\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-9]|2[0-3]):[0-5][0-9])?",
    );
    text.prop_filter_map(
        "years 0000 to 9999",
        |(year, month, day, hour, minute, rest)| {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:07{rest}");
            let inside = (2..9_998).contains(&year) && !rest.ends_with("-00:00");
            text.parse().ok().filter(|_| inside)
        },
    )
}

fn hex() -> impl Strategy<Value = HexSequence> {
    "0[xX][0-9a-fA-F]{1,32}".prop_filter_map("hexadecimal", |text| text.parse().ok())
}

fn other_attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let quoted = ("X-[A-Z0-9-]{1,6}", quoted(), Just(true));
    let plain = ("X-[A-Z0-9-]{1,6}", "[a-zA-Z0-9.x]{0,6}", Just(false));
    let any = prop_oneof![quoted.boxed(), plain.boxed()];
    let attribute = any.prop_map(|(name, value, quoted)| Attribute {
        name,
        value,
        quoted,
    });
    vec(attribute, 0..3)
}

fn other_line() -> impl Strategy<Value = OtherLine> {
    let tag = "EXT-X-[A-Z]{1,5}-Y(:[^\r\n]{0,10})?";
    let comment = "[^\r\nE][^\r\n]{0,12}";
    prop_oneof![tag.boxed(), comment.boxed()].prop_map(|text| OtherLine::new(text.trim()))
}

fn start() -> impl Strategy<Value = Start> {
    (signed_decimal(), of(any::<bool>()), other_attributes()).prop_map(
        |(time_offset, precise, other)| Start {
            time_offset,
            precise,
            other,
        },
    )
}

fn defines() -> impl Strategy<Value = Vec<Define>> {
    vec((quoted(), other_attributes()), 0..3).prop_map(|values| {
        let define = |(index, (value, other)): (usize, (String, _))| Define {
            name: Some(format!("v{index}")),
            value: Some(value),
            other,
            ..Define::new()
        };
        values.into_iter().enumerate().map(define).collect()
    })
}

fn key_parts() -> impl Strategy<Value = (KeyMethod, String, Option<HexSequence>, Option<String>)> {
    let method = prop_oneof![
        Just(KeyMethod::None),
        Just(KeyMethod::Aes128),
        Just(KeyMethod::SampleAes),
        Just(KeyMethod::SampleAesCtr),
        "AES-256-[A-Z]{3}".prop_map(KeyMethod::Other),
    ];
    (method, quoted(), of(hex()), of(quoted()))
}

fn key() -> impl Strategy<Value = Key> {
    (key_parts(), of(quoted()), other_attributes()).prop_map(
        |((method, uri, iv, key_format), key_format_versions, other)| Key {
            method,
            uri: Some(uri),
            iv,
            key_format,
            key_format_versions,
            other,
        },
    )
}

fn date_range() -> impl Strategy<Value = DateRange> {
    let texts = (quoted(), of(quoted()), of(quoted()));
    let dates = (of(date()), of(date()));
    let numbers = (of(decimal()), of(decimal()), of(any::<bool>()));
    let splices = (of(hex()), of(hex()), of(hex()));
    (texts, dates, numbers, splices, other_attributes()).prop_map(
        |((id, class, cue), (start_date, end_date), numbers, splices, other)| DateRange {
            id,
            class,
            start_date,
            cue,
            end_date,
            duration: numbers.0,
            planned_duration: numbers.1,
            scte35_cmd: splices.0,
            scte35_out: splices.1,
            scte35_in: splices.2,
            end_on_next: numbers.2,
            other,
        },
    )
}

fn part() -> impl Strategy<Value = Part> {
    let flags = (of(any::<bool>()), of(any::<bool>()));
    (
        decimal(),
        quoted(),
        flags,
        of(byte_range()),
        other_attributes(),
    )
        .prop_map(
            |(duration, uri, (independent, gap), byte_range, other)| Part {
                duration,
                uri,
                independent,
                byte_range,
                gap,
                other,
            },
        )
}

fn map() -> impl Strategy<Value = Map> {
    (quoted(), of(byte_range()), other_attributes()).prop_map(|(uri, byte_range, other)| Map {
        uri,
        byte_range,
        other,
    })
}

fn preload_hint() -> impl Strategy<Value = PreloadHint> {
    let hint_type = prop_oneof![Just(HintType::Part), Just(HintType::Map)];
    (
        hint_type,
        quoted(),
        of(any::<u64>()),
        of(any::<u64>()),
        other_attributes(),
    )
        .prop_map(
            |(hint_type, uri, byte_range_start, byte_range_length, other)| PreloadHint {
                hint_type,
                uri,
                byte_range_start,
                byte_range_length,
                other,
            },
        )
}

fn rendition_report() -> impl Strategy<Value = RenditionReport> {
    (
        quoted(),
        of(any::<u64>()),
        of(any::<u64>()),
        other_attributes(),
    )
        .prop_map(|(uri, last_msn, last_part, other)| RenditionReport {
            uri,
            last_msn,
            last_part,
            other,
        })
}

fn segment_tag() -> impl Strategy<Value = SegmentTag> {
    prop_oneof![
        Just(SegmentTag::Discontinuity),
        Just(SegmentTag::Gap),
        key().prop_map(|key| SegmentTag::Key(Box::new(key))),
        map().prop_map(SegmentTag::Map),
        date().prop_map(SegmentTag::ProgramDateTime),
        any::<u64>().prop_map(SegmentTag::Bitrate),
        part().prop_map(|part| SegmentTag::Part(Box::new(part))),
        date_range().prop_map(|range| SegmentTag::DateRange(Box::new(range))),
        preload_hint().prop_map(|hint| SegmentTag::PreloadHint(Box::new(hint))),
        rendition_report().prop_map(SegmentTag::RenditionReport),
        other_line().prop_map(SegmentTag::Other),
    ]
}

fn segment() -> impl Strategy<Value = Segment> {
    (
        decimal(),
        trimmed(),
        of(byte_range()),
        vec(segment_tag(), 0..4),
        uri(),
    )
        .prop_map(|(duration, title, byte_range, tags, uri)| Segment {
            duration,
            title,
            byte_range,
            tags,
            uri,
        })
}

fn server_control() -> impl Strategy<Value = ServerControl> {
    let decimals = (of(decimal()), of(decimal()), of(decimal()));
    let flags = (of(any::<bool>()), of(any::<bool>()));
    (decimals, flags, other_attributes()).prop_map(|(decimals, flags, other)| ServerControl {
        can_skip_until: decimals.0,
        can_skip_date_ranges: flags.0,
        hold_back: decimals.1,
        part_hold_back: decimals.2,
        can_block_reload: flags.1,
        other,
    })
}

fn skip() -> impl Strategy<Value = Skip> {
    (0..u64::MAX / 2, of(quoted()), other_attributes()).prop_map(
        |(skipped_segments, recently_removed_date_ranges, other)| Skip {
            skipped_segments,
            recently_removed_date_ranges,
            other,
        },
    )
}

prop_compose! {
    fn media_playlist()(
        (version, independent_segments, defines, start) in
            (of(any::<u64>()), any::<bool>(), defines(), of(start())),
        (target_duration, playlist_type) in
            (any::<u64>(), of(prop_oneof![Just(PlaylistType::Event), Just(PlaylistType::Vod)])),
        (i_frames_only, end_list) in any::<(bool, bool)>(),
        part_target in of((decimal(), other_attributes())),
        server_control in of(server_control()),
        (media_sequence, discontinuity_sequence) in (0..u64::MAX / 4, of(any::<u64>())),
        header in vec(other_line(), 0..3),
        skip in of(skip()),
        segments in vec(segment(), 0..5),
        mut trailing in vec(segment_tag(), 0..4),
    ) -> MediaPlaylist {
        if segments.is_empty() {
            // Without a segment, other lines up to the first segment tag belong to the header.
            let other = |tag: &SegmentTag| matches!(tag, SegmentTag::Other(_));
            let first = trailing.iter().position(|tag| !other(tag)).unwrap_or(trailing.len());
            trailing.drain(..first);
        }
        MediaPlaylist {
            version,
            independent_segments,
            defines,
            start,
            target_duration,
            playlist_type,
            i_frames_only,
            part_inf: part_target.map(|(part_target, other)| PartInf { part_target, other }),
            server_control,
            media_sequence,
            discontinuity_sequence,
            header,
            skip,
            segments,
            trailing,
            end_list,
        }
    }
}

prop_compose! {
    fn stream_inf()(
        (bandwidth, average_bandwidth) in (of(any::<u64>()), of(any::<u64>())),
        (score, frame_rate) in (of(decimal()), of(decimal())),
        (codecs, supplemental_codecs, allowed_cpc) in (of(quoted()), of(quoted()), of(quoted())),
        resolution in of((any::<u64>(), any::<u64>())),
        hdcp_level in of(prop_oneof![Just(HdcpLevel::None), Just(HdcpLevel::Type1)]),
        video_range in of(prop_oneof![
            Just(VideoRange::Pq),
            "X[A-Z]{1,4}".prop_map(VideoRange::Other),
        ]),
        (req_video_layout, stable_variant_id) in (of(quoted()), of(quoted())),
        (audio, video, subtitles) in (of(quoted()), of(quoted()), of(quoted())),
        closed_captions in of(prop_oneof![
            Just(ClosedCaptions::None),
            quoted().prop_map(ClosedCaptions::Group),
        ]),
        pathway_id in of(quoted()),
        other in other_attributes(),
    ) -> StreamInf {
        StreamInf {
            bandwidth,
            average_bandwidth,
            score,
            codecs,
            supplemental_codecs,
            resolution: resolution.map(|(width, height)| Resolution { width, height }),
            frame_rate,
            hdcp_level,
            allowed_cpc,
            video_range,
            req_video_layout,
            stable_variant_id,
            audio,
            video,
            subtitles,
            closed_captions,
            pathway_id,
            other,
        }
    }
}

fn i_frame_stream_inf() -> impl Strategy<Value = IFrameStreamInf> {
    (stream_inf(), quoted()).prop_map(|(info, uri)| IFrameStreamInf {
        uri,
        bandwidth: info.bandwidth,
        average_bandwidth: info.average_bandwidth,
        score: info.score,
        codecs: info.codecs,
        supplemental_codecs: info.supplemental_codecs,
        resolution: info.resolution,
        hdcp_level: info.hdcp_level,
        allowed_cpc: info.allowed_cpc,
        video_range: info.video_range,
        req_video_layout: info.req_video_layout,
        stable_variant_id: info.stable_variant_id,
        video: info.video,
        pathway_id: info.pathway_id,
        other: info.other,
    })
}

prop_compose! {
    fn rendition()(
        media_type in prop_oneof![
            Just(MediaType::Audio),
            Just(MediaType::ClosedCaptions),
            "X[A-Z]{1,4}".prop_map(MediaType::Other),
        ],
        (group_id, name, uri) in (quoted(), quoted(), of(quoted())),
        (language, assoc_language, stable_rendition_id) in (of(quoted()), of(quoted()), of(quoted())),
        (default, autoselect, forced) in (of(any::<bool>()), of(any::<bool>()), of(any::<bool>())),
        (bit_depth, sample_rate) in (of(any::<u64>()), of(any::<u64>())),
        (instream_id, characteristics, channels) in (of(quoted()), of(quoted()), of(quoted())),
        other in other_attributes(),
    ) -> Media {
        Media {
            media_type,
            group_id,
            name,
            uri,
            language,
            assoc_language,
            stable_rendition_id,
            default,
            autoselect,
            forced,
            instream_id,
            bit_depth,
            sample_rate,
            characteristics,
            channels,
            other,
        }
    }
}

fn session_data() -> impl Strategy<Value = SessionData> {
    let format = prop_oneof![Just(SessionDataFormat::Json), Just(SessionDataFormat::Raw)];
    let texts = (of(quoted()), of(quoted()), of(quoted()));
    (quoted(), texts, of(format), other_attributes()).prop_map(
        |(data_id, (value, uri, language), format, other)| SessionData {
            data_id,
            value,
            uri,
            format,
            language,
            other,
        },
    )
}

fn session_key() -> impl Strategy<Value = SessionKey> {
    key().prop_map(|key| SessionKey {
        method: key.method,
        uri: key.uri,
        iv: key.iv,
        key_format: key.key_format,
        key_format_versions: key.key_format_versions,
        other: key.other,
    })
}

fn item() -> impl Strategy<Value = MultivariantItem> {
    prop_oneof![
        rendition().prop_map(|media| MultivariantItem::Media(Box::new(media))),
        (stream_inf(), uri())
            .prop_map(|(info, uri)| MultivariantItem::Variant(Box::new(Variant { info, uri }))),
        i_frame_stream_inf().prop_map(|info| MultivariantItem::IFrameVariant(Box::new(info))),
        session_data().prop_map(|data| MultivariantItem::SessionData(Box::new(data))),
        session_key().prop_map(|key| MultivariantItem::SessionKey(Box::new(key))),
        other_line().prop_map(MultivariantItem::Other),
    ]
}

prop_compose! {
    fn multivariant_playlist()(
        (version, independent_segments, defines, start) in
            (of(any::<u64>()), any::<bool>(), defines(), of(start())),
        steering in of((quoted(), of(quoted()), other_attributes())),
        mut items in vec(item(), 0..6),
        last in rendition(),
    ) -> MultivariantPlaylist {
        // At least one tag that tells the kind.
        items.push(MultivariantItem::Media(Box::new(last)));
        MultivariantPlaylist {
            version,
            independent_segments,
            defines,
            start,
            content_steering: steering.map(|(server_uri, pathway_id, other)| ContentSteering {
                server_uri,
                pathway_id,
                other,
            }),
            items,
        }
    }
}

proptest! {
    #[test]
    fn media_playlists_come_back(playlist in media_playlist()) {
        let text = playlist.to_string();
        prop_assert_eq!(parse(&text), Ok(Playlist::Media(playlist)), "{}", text);
    }

    #[test]
    fn multivariant_playlists_come_back(playlist in multivariant_playlist()) {
        let text = playlist.to_string();
        prop_assert_eq!(parse(&text), Ok(Playlist::Multivariant(playlist)), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(#EXTM3U\n)?(#EXT[A-Z-]{0,12}[:=,\"@0-9A-Za-z{$}.]{0,20}\n|\\PC{0,20}\n){0,12}") {
        if let Ok(playlist) = parse(&text) {
            prop_assert!(playlist.to_string().starts_with("#EXTM3U\n"));
        }
    }
}
