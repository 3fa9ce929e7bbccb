//! Reads a Media Playlist (sections 4.4.3 to 4.4.5).

use super::{
    BasicTags, Pending, Taken, lenient, lines, require_readable, set_first, set_strict, split_tag,
    strict,
};
use crate::attribute_list::AttributeValue;
use crate::byte_range::{ByteRange, ResolvedByteRange, decimal_integer};
use crate::decimal::Decimal;
use crate::error::Reason;
use crate::media_playlist::{MediaPlaylist, PlaylistType, Segment, SegmentTag};
use crate::model::{OtherLine, SEGMENT_TAGS};
use crate::tags::{
    DateRange, Key, KeyMethod, Map, Part, PartInf, PreloadHint, RenditionReport, ServerControl,
    Skip,
};
use crate::variables::Substitution;
use crate::warning::{Scope, WarningReason};

const EXTINF: &str = "EXTINF";
const BYTERANGE: &str = "EXT-X-BYTERANGE";
const TARGETDURATION: &str = "EXT-X-TARGETDURATION";
const MEDIA_SEQUENCE: &str = "EXT-X-MEDIA-SEQUENCE";
const DISCONTINUITY_SEQUENCE: &str = "EXT-X-DISCONTINUITY-SEQUENCE";
const PLAYLIST_TYPE: &str = "EXT-X-PLAYLIST-TYPE";
const PROGRAM_DATE_TIME: &str = "EXT-X-PROGRAM-DATE-TIME";
const BITRATE: &str = "EXT-X-BITRATE";

pub(super) fn read(
    text: &str,
    substitution: Substitution<'_>,
    scope: &mut Scope,
) -> Result<MediaPlaylist, Reason> {
    let mut reader = Reader {
        substitution,
        basic: BasicTags::default(),
        target_duration: None,
        media_sequence: None,
        in_header: true,
        info: None,
        byte_range: None,
        tags: Vec::new(),
        range_end: None,
        playlist: MediaPlaylist::default(),
    };
    for (number, line) in lines(text) {
        scope.line = number;
        match line.strip_prefix('#') {
            Some(line) => reader.tag(line, scope)?,
            None => reader.uri(line, scope)?,
        }
    }
    reader.finish(scope)
}

struct Reader<'a> {
    substitution: Substitution<'a>,
    basic: BasicTags,
    target_duration: Option<u64>,
    media_sequence: Option<u64>,
    /// No segment tag has been met yet.
    in_header: bool,
    info: Option<Pending<(Decimal, String)>>,
    byte_range: Option<Pending<ByteRange>>,
    tags: Vec<SegmentTag>,
    /// End of the last segment's byte range, where it is known.
    range_end: Option<u64>,
    playlist: MediaPlaylist,
}

impl Reader<'_> {
    fn uri(&mut self, line: &str, scope: &mut Scope) -> Result<(), Reason> {
        self.in_header = false;
        let (duration, title) = self.info.take().ok_or(Reason::MissingExtinf)?.value;
        let uri = self.substitution.uri(line)?;
        let byte_range = self.byte_range.take().map(|pending| pending.value);
        self.check_byte_range(byte_range, &uri, scope)?;
        self.playlist.segments.push(Segment {
            duration,
            title,
            byte_range,
            tags: std::mem::take(&mut self.tags),
            uri,
        });
        Ok(())
    }

    /// Follows the byte ranges without an offset, which have to be traceable (section 4.4.4.2).
    fn check_byte_range(
        &mut self,
        range: Option<ByteRange>,
        uri: &str,
        scope: &mut Scope,
    ) -> Result<(), Reason> {
        let Some(range) = range else {
            self.range_end = None;
            return Ok(());
        };
        let previous = self.playlist.segments.last();
        let start = match (range.offset, self.range_end, previous) {
            (Some(offset), _, _) => offset,
            (None, Some(end), Some(previous)) if previous.uri == uri => end,
            // The range before it is among the skipped segments.
            (None, _, None) if self.playlist.skip.is_some() => 0,
            _ => {
                scope.warn(WarningReason::ByteRangeWithoutStart);
                0
            }
        };
        let resolved = ResolvedByteRange::new(start, range.length)
            .ok_or(Reason::InvalidValue { tag: BYTERANGE })?;
        self.range_end = Some(resolved.end());
        Ok(())
    }

    fn tag(&mut self, line: &str, scope: &mut Scope) -> Result<(), Reason> {
        let (name, value) = split_tag(line);
        if SEGMENT_TAGS.contains(&name) {
            self.in_header = false;
        }
        let taken = match self
            .basic
            .take(name, value, &mut self.substitution, scope)?
        {
            Taken::Unknown => self.playlist_tag(name, value, scope)?,
            taken => taken,
        };
        let taken = match taken {
            Taken::Unknown => self.segment_tag(name, value, line, scope)?,
            taken => taken,
        };
        match taken {
            Taken::Yes => {}
            Taken::Keep | Taken::Unknown if self.in_header => {
                self.playlist.header.push(OtherLine::new(line));
            }
            Taken::Keep | Taken::Unknown => {
                self.tags.push(SegmentTag::Other(OtherLine::new(line)));
            }
        }
        Ok(())
    }

    /// Tags of section 4.4.3, and `EXT-X-SKIP`.
    fn playlist_tag(
        &mut self,
        name: &str,
        value: &str,
        scope: &mut Scope,
    ) -> Result<Taken, Reason> {
        match name {
            TARGETDURATION => {
                let seconds = read_target_duration(value, scope);
                set_strict(&mut self.target_duration, seconds, TARGETDURATION, scope)?;
            }
            MEDIA_SEQUENCE => {
                self.warn_if_late(MEDIA_SEQUENCE, scope);
                let number = decimal_integer(value);
                set_strict(&mut self.media_sequence, number, MEDIA_SEQUENCE, scope)?;
            }
            DISCONTINUITY_SEQUENCE => {
                self.warn_if_late(DISCONTINUITY_SEQUENCE, scope);
                let field = &mut self.playlist.discontinuity_sequence;
                set_strict(field, decimal_integer(value), DISCONTINUITY_SEQUENCE, scope)?;
            }
            "EXT-X-ENDLIST" => self.playlist.end_list = true,
            "EXT-X-I-FRAMES-ONLY" => self.playlist.i_frames_only = true,
            PLAYLIST_TYPE => {
                let value = PlaylistType::read(value, false)
                    .filter(|value| !matches!(value, PlaylistType::Other(_)));
                let field = &mut self.playlist.playlist_type;
                return Ok(set_first(field, value, PLAYLIST_TYPE, scope));
            }
            PartInf::TAG => {
                let read = PartInf::read;
                let tag = lenient(PartInf::TAG, value, &mut self.substitution, scope, read)?;
                return Ok(set_if_read(
                    &mut self.playlist.part_inf,
                    tag,
                    PartInf::TAG,
                    scope,
                ));
            }
            ServerControl::TAG => {
                const TAG: &str = ServerControl::TAG;
                let read = ServerControl::read;
                let tag = lenient(TAG, value, &mut self.substitution, scope, read)?;
                return Ok(set_if_read(
                    &mut self.playlist.server_control,
                    tag,
                    TAG,
                    scope,
                ));
            }
            Skip::TAG => {
                let read = Skip::read;
                let tag = strict(Skip::TAG, value, &mut self.substitution, scope, read)?;
                set_strict(&mut self.playlist.skip, Some(tag), Skip::TAG, scope)?;
            }
            _ => return Ok(Taken::Unknown),
        }
        Ok(Taken::Yes)
    }

    fn warn_if_late(&self, tag: &'static str, scope: &mut Scope) {
        if !self.playlist.segments.is_empty() {
            scope.warn(WarningReason::TagOutOfPlace { tag });
        }
    }

    /// Tags of sections 4.4.4 and 4.4.5.
    fn segment_tag(
        &mut self,
        name: &str,
        value: &str,
        line: &str,
        scope: &mut Scope,
    ) -> Result<Taken, Reason> {
        let line = || OtherLine::new(line);
        match name {
            EXTINF => {
                let value = read_extinf(value, scope)?;
                self.give_up_info(scope);
                self.info = Some(self.pending(value, line()));
                return Ok(Taken::Yes);
            }
            BYTERANGE => {
                let value: ByteRange = value
                    .trim_matches('"')
                    .parse()
                    .map_err(|_| Reason::InvalidValue { tag: BYTERANGE })?;
                // Said again, it stays where it stood: what follows it is no longer the header.
                let pending = self.pending(value, line());
                let known = self.byte_range.get_or_insert(pending);
                return if known.value == value {
                    Ok(Taken::Yes)
                } else {
                    Err(Reason::Contradiction { tag: BYTERANGE })
                };
            }
            _ => {}
        }
        let tag = match name {
            "EXT-X-DISCONTINUITY" => Some(SegmentTag::Discontinuity),
            "EXT-X-GAP" => Some(SegmentTag::Gap),
            BITRATE => {
                kept_on_failure(decimal_integer(value), BITRATE, scope).map(SegmentTag::Bitrate)
            }
            PROGRAM_DATE_TIME => kept_on_failure(value.parse().ok(), PROGRAM_DATE_TIME, scope)
                .map(SegmentTag::ProgramDateTime),
            Key::TAG => {
                let key = strict(Key::TAG, value, &mut self.substitution, scope, read_key)?;
                Some(SegmentTag::Key(Box::new(key)))
            }
            Map::TAG => {
                let map = strict(Map::TAG, value, &mut self.substitution, scope, read_map)?;
                Some(SegmentTag::Map(map))
            }
            _ => self.hint_tag(name, value, scope)?,
        };
        Ok(match tag {
            Some(tag) => {
                self.tags.push(tag);
                Taken::Yes
            }
            None => Taken::Keep,
        })
    }

    /// Tags that no segment depends on.
    fn hint_tag(
        &mut self,
        name: &str,
        value: &str,
        scope: &mut Scope,
    ) -> Result<Option<SegmentTag>, Reason> {
        let variables = &mut self.substitution;
        Ok(match name {
            Part::TAG => lenient(Part::TAG, value, variables, scope, read_part)?
                .map(|part| SegmentTag::Part(Box::new(part))),
            DateRange::TAG => lenient(DateRange::TAG, value, variables, scope, DateRange::read)?
                .map(|range| SegmentTag::DateRange(Box::new(range))),
            PreloadHint::TAG => {
                lenient(PreloadHint::TAG, value, variables, scope, PreloadHint::read)?
                    .map(|hint| SegmentTag::PreloadHint(Box::new(hint)))
            }
            RenditionReport::TAG => {
                let read = RenditionReport::read;
                lenient(RenditionReport::TAG, value, variables, scope, read)?
                    .map(SegmentTag::RenditionReport)
            }
            _ => None,
        })
    }

    fn pending<T>(&self, value: T, line: OtherLine) -> Pending<T> {
        Pending {
            value,
            line,
            place: self.tags.len(),
        }
    }

    /// Keeps an `EXTINF` that never got its URI before what came after it.
    fn give_up_info(&mut self, scope: &mut Scope) {
        if let Some(Pending { line, place, .. }) = self.info.take() {
            scope.warn(WarningReason::MissingUri { tag: EXTINF });
            // `place` was the length of a list that has only grown.
            self.tags.insert(place, SegmentTag::Other(line));
            if let Some(range) = self
                .byte_range
                .as_mut()
                .filter(|range| range.place >= place)
            {
                range.place += 1;
            }
        }
    }

    /// Keeps an `EXT-X-BYTERANGE` that never got its URI before what came after it.
    fn give_up_byte_range(&mut self, scope: &mut Scope) {
        if let Some(Pending { line, place, .. }) = self.byte_range.take() {
            scope.warn(WarningReason::MissingUri { tag: BYTERANGE });
            // `place` was the length of a list that has only grown.
            self.tags.insert(place, SegmentTag::Other(line));
        }
    }

    fn finish(mut self, scope: &mut Scope) -> Result<MediaPlaylist, Reason> {
        self.give_up_info(scope);
        self.give_up_byte_range(scope);
        let mut playlist = self.playlist;
        playlist.target_duration = self.target_duration.ok_or(Reason::MissingTargetDuration)?;
        playlist.media_sequence = self.media_sequence.unwrap_or(0);
        playlist.version = self.basic.version;
        playlist.independent_segments = self.basic.independent_segments;
        playlist.defines = self.basic.defines;
        playlist.start = self.basic.start;
        playlist.trailing = self.tags;
        playlist.end_sequence().ok_or(Reason::SequenceOverflow)?;
        Ok(playlist)
    }
}

fn set_if_read<T: PartialEq>(
    field: &mut Option<T>,
    value: Option<T>,
    tag: &'static str,
    scope: &mut Scope,
) -> Taken {
    match value {
        Some(value) => set_first(field, Some(value), tag, scope),
        // The warning has been given.
        None => Taken::Keep,
    }
}

fn kept_on_failure<T>(value: Option<T>, tag: &'static str, scope: &mut Scope) -> Option<T> {
    if value.is_none() {
        scope.warn(WarningReason::TagIgnored { tag });
    }
    value
}

fn read_target_duration(value: &str, scope: &mut Scope) -> Option<u64> {
    let seconds = decimal_integer(value);
    if seconds.is_some() {
        return seconds;
    }
    let seconds: Decimal = value.parse().ok()?;
    let rounded = u64::try_from(seconds.ceil()).ok()?;
    scope.warn(WarningReason::TargetDurationRounded);
    Some(rounded)
}

fn read_extinf(value: &str, scope: &mut Scope) -> Result<(Decimal, String), Reason> {
    let (duration, title) = value.split_once(',').unwrap_or_else(|| {
        scope.warn(WarningReason::MissingComma);
        (value, "")
    });
    let duration: Decimal = duration
        .trim()
        .parse()
        .map_err(|_| Reason::InvalidValue { tag: EXTINF })?;
    if duration.is_negative() {
        return Err(Reason::InvalidValue { tag: EXTINF });
    }
    Ok((duration, title.trim().to_owned()))
}

type Attributes = Vec<crate::attribute_list::Attribute>;

fn read_key(attributes: Attributes, scope: &mut Scope) -> Result<Key, Reason> {
    let key = Key::read(attributes, scope)?;
    require_readable(&key.other, Key::TAG, "IV")?;
    let iv_fits = key.iv.as_ref().is_none_or(|iv| iv.to_u128().is_some());
    if !iv_fits {
        return Err(Reason::InvalidAttribute {
            tag: Key::TAG,
            attribute: "IV",
        });
    }
    if key.uri.is_none() && key.method != KeyMethod::None {
        return Err(Reason::MissingAttribute {
            tag: Key::TAG,
            attribute: "URI",
        });
    }
    Ok(key)
}

fn read_map(attributes: Attributes, scope: &mut Scope) -> Result<Map, Reason> {
    let map = Map::read(attributes, scope)?;
    require_readable(&map.other, Map::TAG, "BYTERANGE")?;
    Ok(map)
}

fn read_part(attributes: Attributes, scope: &mut Scope) -> Result<Part, Reason> {
    let part = Part::read(attributes, scope)?;
    require_readable(&part.other, Part::TAG, "BYTERANGE")?;
    Ok(part)
}
