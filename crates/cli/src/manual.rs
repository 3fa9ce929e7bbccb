//! What `--help` says after the list of options: rules, the JSON reports, examples.

/// After the list of commands.
pub(crate) const CONVENTIONS: &str = "\
Exit status: 0 with a complete, playable file; 1 with `error[CODE]: sentence` and no file; 2 where
the command line is wrong; 130 after Ctrl-C. What is wrong with a stream does not end the command:
each such thing is a `warning[CODE]: sentence`, and an event in the report of --json.

Examples:
  livetape remux recording.ts -o recording.mp4
  livetape remux https://example.com/vod/index.m3u8 -o vod.mp4 --start 1:02 --end 1:32.5
  livetape record https://example.com/live/index.m3u8 -o live.mp4 --duration 10:00
  livetape inspect recording.mp4 --verify

`livetape help COMMAND` says more.";

/// After the short help of a command.
pub(crate) const MORE: &str = "`--help` has rules, the JSON report and examples.";

/// After the long help of `remux`.
pub(crate) const REMUX: &str = "\
Rules:
  - OUT is written as OUT.livetape-part and renamed when it is complete; a file that is there
    already is replaced at that moment and not before. Devices, pipes and inputs are never replaced,
    and an output that another run is writing is refused (`error[output_busy]`).
  - Times count from the first thing shown, which is 0. A file begins with the first picture shown
    at or after --start, exactly; a player that minds no edit list, as none of fragments does, shows
    the pictures needed to decode it for an instant.
  - The edit lists of an MP4 or MOV are kept: the output shows what the input shows. Where that
    cannot be, as of several inputs, all is kept and shown (`warning[edit_list_not_kept]`).
  - Of a multivariant playlist the variant with the highest BANDWIDTH is taken, the first of
    several, and of its audio group the rendition with DEFAULT=YES, else the first.
  - Where sound changes its configuration the file ends and OUT.2.mp4, OUT.3.mp4, ... follow; with
    --fragmented also where pictures do.
  - Of a playlist that has not ended what it lists now is taken (`warning[playlist_not_ended]`);
    `record` follows one.
  - A segment of a playlist that cannot be had, or whose key or init segment cannot, is a hole
    (`warning[segment_missing]`); so is one that is empty (`segment_empty`) or no media
    (`segment_unreadable`). One that is cut short is used as far as it goes (`segment_truncated`).
  - Text, subtitles and metadata of MP4 inputs are carried as they are where an MP4 can hold them;
    other tracks are left out and named (`warning[track_left_out]`).

Report (--json), times in seconds:
  files[]       path, bytes, start (on the timeline of the input), duration, tracks[]
    tracks[]    kind (video, audio or a handler as text), codec (RFC 6381), timescale, samples;
                width and height, or sample_rate and channels
  events[]      code, message, track (its number in the input) and at (on the timeline of the
                input); null where not known
  timedEvents[] ID3, SCTE-35 and emsg of the input: time, duration, scheme, value, id, payload
                (base64)
There is no report where the command fails: the code is in the last line on the error stream.

Examples:
  livetape remux recording.ts -o recording.mp4
  livetape remux part1.ts part2.ts part3.ts -o whole.mp4
  livetape remux init.mp4 segment1.m4s segment2.m4s -o whole.mp4
  livetape remux https://example.com/vod/index.m3u8 -o goal.mp4 --start 1:02 --end 1:32.5
  livetape remux phone.mov -o stream.mp4 --fragmented --json";

/// After the long help of `inspect`.
pub(crate) const INSPECT: &str = "\
Report (--json), times in seconds:
  duration      from the first thing presented to the end of the last
  tracks[]      configurations[] (kind, codec, width and height or sample_rate and channels),
                timescale, samples, keyframes, bytes, first_decode_time, first_presentation_time,
                duration
  events[]      code, message, track, at (null where not known)
  timedEvents[] as in the report of `remux`
  verification  with --verify: reader, compared (tracks[], samples[]: the names of what was
                compared), tracks[] (id, samples), difference (null where there is none)

Examples:
  livetape inspect recording.ts
  livetape inspect https://example.com/vod/index.m3u8 --json
  livetape inspect recording.mp4 --verify";

/// After the long help of `record`.
pub(crate) const RECORD: &str = "\
Rules:
  - Recording begins three segments before the live edge, as a player does.
  - It ends, and the file is finished, when the playlist ends, when --duration is reached, when
    nothing was added to the playlist for --patience (also where it cannot be loaded any more;
    `warning[recording_ended]`), and when Ctrl-C is pressed; Ctrl-C once more gives the file up.
  - A segment that cannot be had, or whose key or init segment cannot, is a hole in the recording
    (`warning[segment_missing]`), never its end. Where a server breaks off within one, the rest is
    asked for.
  - Variants and renditions are chosen as `remux` does.
  - The report of --json is that of `remux`.

Examples:
  livetape record https://example.com/live/index.m3u8 -o live.mp4
  livetape record https://example.com/live/index.m3u8 -o ten-minutes.mp4 --duration 10:00";
