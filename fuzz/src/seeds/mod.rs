//! Inputs to begin with: pieces of real media where the media folder is there, and made ones in any case.

mod boxes;
mod made;
mod media;

use std::collections::BTreeSet;
use std::path::Path;

/// What a target begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seeds {
    /// Beginnings and middles of transport streams.
    TransportStreams,
    /// MP4 files, and init segments each with a segment.
    Movies,
    /// Transport streams and movies.
    Streams,
    /// `moof` and a short `mdat`.
    Fragments,
    /// Sample entries, parameter sets.
    SampleEntries,
    /// NAL units with start codes.
    NalUnits,
    /// ADTS headers and AudioSpecificConfigs.
    AudioHeaders,
    /// Playlists.
    Playlists,
    /// Playlists that grow.
    PlaylistRows,
    /// Journals of reels, and the bodies of their commits.
    Journals,
    /// HTTP requests.
    Requests,
    /// An init segment with fragments, each after its length.
    Uploads,
}

impl Seeds {
    /// The seeds, each once, none longer than `longest` bytes.
    pub fn make(self, media: Option<&Path>, longest: usize) -> BTreeSet<Vec<u8>> {
        let files = media.map(media::Media::read).unwrap_or_default();
        let seeds: Vec<Vec<u8>> = match self {
            Self::TransportStreams => {
                let made = made::transport_streams();
                with_cuts(files.transport_streams(longest).chain(made))
            }
            Self::Movies => {
                let made = made::movies();
                with_cuts(files.movies(longest).chain(made))
            }
            Self::Streams => {
                let streams = files
                    .transport_streams(longest)
                    .chain(files.movies(longest));
                let made = made::transport_streams().into_iter();
                with_cuts(streams.chain(made).chain(made::movies()))
            }
            Self::Fragments => files.fragments().chain(made::fragments()).collect(),
            Self::SampleEntries => {
                let sets = files.nal_units().chain(files.audio_headers());
                files
                    .sample_entries()
                    .chain(sets)
                    .chain(made::parameter_sets())
                    .collect()
            }
            Self::NalUnits => files.nal_units().chain(made::parameter_sets()).collect(),
            Self::AudioHeaders => files.audio_headers().chain(made::audio_headers()).collect(),
            Self::Playlists => files.playlists().chain(made::playlists()).collect(),
            Self::PlaylistRows => {
                let all: Vec<_> = files.playlists().chain(made::playlists()).collect();
                all.iter().map(|text| made::growing(text)).collect()
            }
            Self::Journals => with_cuts(made::journals().into_iter()),
            Self::Requests => made::requests(),
            Self::Uploads => files.uploads().chain([made::upload()]).collect(),
        };
        let fits = |seed: &Vec<u8>| !seed.is_empty() && seed.len() <= longest;
        seeds.into_iter().filter(fits).collect()
    }
}

/// Each stream whole, and cut.
fn with_cuts(streams: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    // The highest bit of the first byte is the target's own.
    let powers = [0, 0x85, 8, 0x8b].into_iter().cycle();
    streams
        .zip(powers)
        .map(|(stream, power)| [&[power, 0, 0, 7], stream.as_slice()].concat())
        .collect()
}
