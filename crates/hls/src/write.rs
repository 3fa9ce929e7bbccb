//! Model to text.
//!
//! Lines end with LF. Line breaks inside a value, and quotes inside a quoted one, are left out: the
//! format cannot carry them.

use std::fmt::{self, Display};

use crate::attribute_list::{AttributeValue, write_clean};
use crate::media_playlist::{MediaPlaylist, Segment, SegmentTag};
use crate::model::{OtherLine, Playlist};
use crate::multivariant_playlist::{MultivariantItem, MultivariantPlaylist};
use crate::tags::{Define, Start};

impl Display for Playlist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Media(playlist) => playlist.fmt(f),
            Self::Multivariant(playlist) => playlist.fmt(f),
        }
    }
}

impl Display for MediaPlaylist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_basic_tags(
            f,
            self.version,
            self.independent_segments,
            &self.defines,
            self.start.as_ref(),
        )?;
        writeln!(f, "#EXT-X-TARGETDURATION:{}", self.target_duration)?;
        if let Some(playlist_type) = &self.playlist_type {
            f.write_str("#EXT-X-PLAYLIST-TYPE:")?;
            playlist_type.write(f)?;
            f.write_str("\n")?;
        }
        if self.i_frames_only {
            f.write_str("#EXT-X-I-FRAMES-ONLY\n")?;
        }
        write_line(f, self.server_control.as_ref())?;
        write_line(f, self.part_inf.as_ref())?;
        writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{}", self.media_sequence)?;
        if let Some(sequence) = self.discontinuity_sequence {
            writeln!(f, "#EXT-X-DISCONTINUITY-SEQUENCE:{sequence}")?;
        }
        for line in &self.header {
            writeln!(f, "{line}")?;
        }
        write_line(f, self.skip.as_ref())?;
        for (index, segment) in self.segments.iter().enumerate() {
            // A reader takes other lines before the first segment tag for playlist-wide ones.
            let info_first = index == 0
                && matches!(segment.tags.first(), Some(SegmentTag::Other(line)) if !line.is_segment_tag());
            write_segment(f, segment, info_first)?;
        }
        for tag in &self.trailing {
            writeln!(f, "{tag}")?;
        }
        if self.end_list {
            f.write_str("#EXT-X-ENDLIST\n")?;
        }
        Ok(())
    }
}

fn write_segment(f: &mut fmt::Formatter<'_>, segment: &Segment, info_first: bool) -> fmt::Result {
    // Of two EXTINF the later one counts, and a repeated one may be among the tags: where there is a
    // byte range, that comes first instead.
    let range_first = info_first && segment.byte_range.is_some();
    if range_first {
        write_byte_range(f, segment)?;
    } else if info_first {
        write_info(f, segment)?;
    }
    for tag in &segment.tags {
        writeln!(f, "{tag}")?;
    }
    if range_first || !info_first {
        write_info(f, segment)?;
    }
    if !range_first {
        write_byte_range(f, segment)?;
    }
    write_uri(f, &segment.uri)
}

fn write_info(f: &mut fmt::Formatter<'_>, segment: &Segment) -> fmt::Result {
    write!(f, "#EXTINF:{},", segment.duration)?;
    write_clean(f, &segment.title, &[])?;
    f.write_str("\n")
}

fn write_byte_range(f: &mut fmt::Formatter<'_>, segment: &Segment) -> fmt::Result {
    match segment.byte_range {
        Some(range) => writeln!(f, "#EXT-X-BYTERANGE:{range}"),
        None => Ok(()),
    }
}

fn write_uri(f: &mut fmt::Formatter<'_>, uri: &str) -> fmt::Result {
    write_clean(f, uri, &[])?;
    f.write_str("\n")
}

fn write_basic_tags(
    f: &mut fmt::Formatter<'_>,
    version: Option<u64>,
    independent_segments: bool,
    defines: &[Define],
    start: Option<&Start>,
) -> fmt::Result {
    f.write_str("#EXTM3U\n")?;
    if let Some(version) = version {
        writeln!(f, "#EXT-X-VERSION:{version}")?;
    }
    if independent_segments {
        f.write_str("#EXT-X-INDEPENDENT-SEGMENTS\n")?;
    }
    for define in defines {
        writeln!(f, "{define}")?;
    }
    write_line(f, start)
}

fn write_line<T: Display>(f: &mut fmt::Formatter<'_>, tag: Option<&T>) -> fmt::Result {
    match tag {
        Some(tag) => writeln!(f, "{tag}"),
        None => Ok(()),
    }
}

impl Display for OtherLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("#")?;
        write_clean(f, &self.text, &[])
    }
}

impl Display for SegmentTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discontinuity => f.write_str("#EXT-X-DISCONTINUITY"),
            Self::Key(key) => key.fmt(f),
            Self::Map(map) => map.fmt(f),
            Self::ProgramDateTime(date) => write!(f, "#EXT-X-PROGRAM-DATE-TIME:{date}"),
            Self::Gap => f.write_str("#EXT-X-GAP"),
            Self::Bitrate(kilobits) => write!(f, "#EXT-X-BITRATE:{kilobits}"),
            Self::Part(part) => part.fmt(f),
            Self::DateRange(range) => range.fmt(f),
            Self::PreloadHint(hint) => hint.fmt(f),
            Self::RenditionReport(report) => report.fmt(f),
            Self::Other(line) => line.fmt(f),
        }
    }
}

impl Display for MultivariantPlaylist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_basic_tags(
            f,
            self.version,
            self.independent_segments,
            &self.defines,
            self.start.as_ref(),
        )?;
        write_line(f, self.content_steering.as_ref())?;
        self.items.iter().try_for_each(|item| writeln!(f, "{item}"))
    }
}

impl Display for MultivariantItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Media(media) => media.fmt(f),
            Self::Variant(variant) => {
                writeln!(f, "{}", variant.info)?;
                write_clean(f, &variant.uri, &[])
            }
            Self::IFrameVariant(variant) => variant.fmt(f),
            Self::SessionData(data) => data.fmt(f),
            Self::SessionKey(key) => key.fmt(f),
            Self::Other(line) => line.fmt(f),
        }
    }
}
