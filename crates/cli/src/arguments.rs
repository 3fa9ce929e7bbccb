//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::manual::{CONVENTIONS, INSPECT, MORE, RECORD, REMUX};

/// The hidden command by which this program reads a file as `--verify` does.
pub(crate) const LIST_BY_OTHER: &str = "list-by-other";

/// Exact MP4 from MPEG-TS, fragmented MP4 and HLS, without re-encoding
#[derive(Debug, Parser)]
#[command(name = "livetape", version, arg_required_else_help = true, after_help = CONVENTIONS)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a stream as MP4, bit-exact and frame-exact
    #[command(after_long_help = REMUX, after_help = MORE)]
    Remux(Remux),
    /// Say what is in a stream
    #[command(after_long_help = INSPECT, after_help = MORE)]
    Inspect(Inspect),
    /// Write a live HLS stream as MP4 until it ends or Ctrl-C is pressed
    #[command(after_long_help = RECORD, after_help = MORE)]
    Record(Record),
    #[command(name = LIST_BY_OTHER, hide = true)]
    ListByOther { path: PathBuf },
}

#[derive(Debug, Args)]
pub(crate) struct Remux {
    /// Consecutive pieces of one stream, in order
    ///
    /// MPEG-TS (.ts), init segment and fragments of fragmented MP4, progressive MP4 or MOV, HLS
    /// playlists that have ended (.m3u8); each a path or an http(s) URL. The format is told from
    /// the content, not from the name.
    #[arg(required = true, value_name = "IN")]
    pub(crate) inputs: Vec<String>,
    /// The file to write
    #[arg(short, long, value_name = "OUT.mp4")]
    pub(crate) output: PathBuf,
    /// First moment shown: seconds or `[hh:]mm:ss.mmm`, counted from the first sample
    #[arg(long, value_name = "T", value_parser = seconds)]
    pub(crate) start: Option<f64>,
    /// Moment at which the file ends
    #[arg(long, value_name = "T", value_parser = seconds)]
    pub(crate) end: Option<f64>,
    /// Write a fragmented MP4
    #[arg(long)]
    pub(crate) fragmented: bool,
    /// Write one file even where the sound changes its configuration: a right file which Chromium
    /// and Firefox play with wrong sound from there on
    #[arg(long)]
    pub(crate) single: bool,
    /// Print a report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Consecutive pieces of one stream, as for `remux`
    #[arg(required = true, value_name = "IN")]
    pub(crate) inputs: Vec<String>,
    /// Print a report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Have every sample of one progressive MP4 of H.264 and AAC read by the crate `mp4` too, and
    /// fail where it reads anything else
    #[arg(long)]
    pub(crate) verify: bool,
    /// How long the second reader may be silent
    #[arg(long, value_name = "T", value_parser = seconds, default_value = "20", hide = true)]
    pub(crate) patience: f64,
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    /// The playlist
    pub(crate) url: String,
    /// The file to write
    #[arg(short, long, value_name = "OUT.mp4")]
    pub(crate) output: PathBuf,
    /// How much to record: seconds or `[hh:]mm:ss.mmm`
    #[arg(long, value_name = "T", value_parser = seconds)]
    pub(crate) duration: Option<f64>,
    /// How long nothing may be added to the playlist before the file is finished
    #[arg(long, value_name = "T", value_parser = seconds, default_value = "60")]
    pub(crate) patience: f64,
    /// Print a report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Reads `12.5`, `01:02.5` or `1:01:02.5`.
fn seconds(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text} is neither seconds nor `[hh:]mm:ss.mmm`");
    let pieces: Vec<&str> = text.split(':').collect();
    let (last, leading) = pieces.split_last().ok_or_else(wrong)?;
    let is_number = |piece: &str| {
        piece.starts_with(|c: char| c.is_ascii_digit())
            && piece.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    if leading.len() > 2 || !is_number(last) {
        return Err(wrong());
    }
    let mut total: f64 = last.parse().map_err(|_| wrong())?;
    if !leading.is_empty() && total >= 60.0 {
        return Err(wrong());
    }
    for (piece, unit) in leading.iter().rev().zip([60.0, 3600.0]) {
        let number: u32 = piece.parse().map_err(|_| wrong())?;
        total += f64::from(number) * unit;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_clock_readings() {
        assert_eq!(seconds("12.5"), Ok(12.5));
        assert_eq!(seconds("01:02.5"), Ok(62.5));
        assert_eq!(seconds("1:01:02.250"), Ok(3662.25));
        for wrong in ["", "-1", "1:2:3:4", "1:60", "abc", "1e3", "nan", ":5"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
