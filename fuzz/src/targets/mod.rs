//! The targets, a file for each parser or family of parsers.

mod codecs;
mod fragment_head;
mod http;
mod isobmff;
mod journal;
mod mpegts;
mod plan;
mod playlist;
mod recorder;
mod recording;
mod reload;
mod sample_entry;
mod samples;
mod tables;
mod upload;

pub(crate) use reload::SEPARATOR as PLAYLIST_SEPARATOR;

use crate::Target;
use crate::seeds::Seeds;

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "mpegts",
        about: "transport streams: the same however cut; samples whole, times sane",
        body: mpegts::run,
        seeds: Seeds::TransportStreams,
        longest: 16 << 10,
        heap: 256 << 10,
        heap_per_byte: 64,
    },
    Target {
        name: "isobmff",
        about: "MP4 in all its forms: the same however cut; payload within the stream",
        body: isobmff::run,
        seeds: Seeds::Movies,
        longest: 16 << 10,
        heap: 256 << 10,
        heap_per_byte: 256,
    },
    Target {
        name: "fragment_head",
        about: "heads of stored fragments: the same from any first bytes that are enough",
        body: fragment_head::run,
        seeds: Seeds::Fragments,
        longest: 8 << 10,
        heap: 64 << 10,
        heap_per_byte: 16,
    },
    Target {
        name: "sample_entry",
        about: "sample entries read and made: what is made reads back, and goes into an init segment",
        body: sample_entry::run,
        seeds: Seeds::SampleEntries,
        longest: 2 << 10,
        heap: 64 << 10,
        heap_per_byte: 64,
    },
    Target {
        name: "h264",
        about: "H.264 NAL units, parameter sets, slice and SEI headers, start codes",
        body: codecs::h264,
        seeds: Seeds::NalUnits,
        longest: 1 << 10,
        heap: 16 << 10,
        heap_per_byte: 32,
    },
    Target {
        name: "h265",
        about: "H.265 NAL units and parameter sets",
        body: codecs::h265,
        seeds: Seeds::NalUnits,
        longest: 1 << 10,
        heap: 16 << 10,
        heap_per_byte: 32,
    },
    Target {
        name: "aac",
        about: "AudioSpecificConfig and ADTS headers: what is read can be written",
        body: codecs::aac,
        seeds: Seeds::AudioHeaders,
        longest: 64,
        heap: 4 << 10,
        heap_per_byte: 16,
    },
    Target {
        name: "playlist",
        about: "HLS playlists: what is written reads back the same; segments resolve",
        body: playlist::run,
        seeds: Seeds::Playlists,
        longest: 8 << 10,
        heap: 256 << 10,
        heap_per_byte: 2 << 10,
    },
    Target {
        name: "reload",
        about: "rows of live playlists: no segment twice, no load too soon or never",
        body: reload::run,
        seeds: Seeds::PlaylistRows,
        longest: 8 << 10,
        heap: 256 << 10,
        heap_per_byte: 2 << 10,
    },
    Target {
        name: "http",
        about: "what a request to the edge brings: paths, ranges, ids, tokens, digests, JSON",
        body: http::run,
        seeds: Seeds::Requests,
        longest: 1 << 10,
        heap: 64 << 10,
        heap_per_byte: 128,
    },
    Target {
        name: "recording",
        about: "init segments and fragments put to the edge: every view stays within what is stored",
        body: recording::run,
        seeds: Seeds::Uploads,
        longest: 16 << 10,
        heap: 8 << 20,
        heap_per_byte: 4 << 10,
    },
    Target {
        name: "upload",
        about: "a file that is uploaded: objects that are whole, of bytes that are in it",
        body: upload::run,
        seeds: Seeds::Streams,
        longest: 16 << 10,
        heap: 8 << 20,
        heap_per_byte: 4 << 10,
    },
    Target {
        name: "plan",
        about: "any stream to files: plans within what is stored, and the files read back the same",
        body: plan::run,
        seeds: Seeds::Streams,
        longest: 16 << 10,
        heap: 8 << 20,
        heap_per_byte: 4 << 10,
    },
    Target {
        name: "journal",
        about: "what dead pages left: nothing but what is stored, whatever the journals say",
        body: journal::run,
        seeds: Seeds::Journals,
        longest: 8 << 10,
        heap: 256 << 10,
        heap_per_byte: 512,
    },
    Target {
        name: "recorder",
        about: "the whole client: what is appended or answered, while it records and clips",
        body: recorder::run,
        seeds: Seeds::Streams,
        longest: 16 << 10,
        heap: 8 << 20,
        heap_per_byte: 4 << 10,
    },
];
