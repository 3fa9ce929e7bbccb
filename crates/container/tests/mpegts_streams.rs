//! Streams made by hand, each with one peculiarity.

mod mpegts_support;

use livetape_container::DefectCode::{
    self, ContinuityError, Malformed, MissingTimestamp, NotDecodable, Protected, TimestampJump,
    Truncated, Unsupported,
};
use livetape_container::isobmff::sample_entry;
use livetape_container::mpegts::Demuxer;
use mpegts_support::wire::{AUDIO, VIDEO, Wire, adts, annex_b, length_prefixed, pes};
use mpegts_support::{Stream, Track, demux};

const SPS: [u8; 25] = [
    0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
    0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
];
const PPS: [u8; 3] = [0x68, 0xeb, 0xe3];
/// Another with the same id.
const OTHER_PPS: [u8; 3] = [0x68, 0xee, 0x3c];
const IDR: [u8; 6] = [0x65, 0x88, 0x84, 1, 2, 3];
const P: [u8; 5] = [0x41, 0x9a, 0x24, 4, 5];
const I: [u8; 5] = [0x41, 0x88, 0x24, 6, 7];
const AUD: [u8; 2] = [0x09, 0xf0];
/// Recovery point, `recovery_frame_cnt` 0.
const RECOVERY: [u8; 5] = [6, 6, 1, 0xc4, 0x80];

fn codes(stream: &Stream) -> Vec<DefectCode> {
    stream.defects.iter().map(|defect| defect.code).collect()
}

fn track(stream: &Stream, pid: u16) -> &Track {
    &stream.tracks[&u32::from(pid)]
}

/// Decode time, duration and whether it is a keyframe, of each sample.
fn shape(track: &Track) -> Vec<(i64, u32, bool)> {
    let units = track.units.iter();
    units
        .map(|unit| (unit.dts, unit.duration, unit.keyframe))
        .collect()
}

/// Decode times and the byte that tells the frames apart.
fn frames(stream: &Stream) -> Vec<(i64, u8)> {
    let units = track(stream, AUDIO).units.iter();
    units.map(|unit| (unit.dts, unit.data[0])).collect()
}

#[test]
fn delimiters_filler_and_known_parameter_sets_are_left_out() {
    let mut wire = Wire::new();
    wire.video(0, &[&AUD, &SPS, &PPS, &IDR, &[12, 0xff, 0x80]]);
    wire.video(3600, &[&AUD, &P]);
    wire.video(7200, &[&AUD, &SPS, &PPS, &RECOVERY, &IDR]);
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    let video = track(&stream, VIDEO);
    let data: Vec<_> = video.units.iter().map(|unit| unit.data.clone()).collect();
    assert_eq!(
        data,
        [
            length_prefixed(&[&IDR]),
            length_prefixed(&[&P]),
            length_prefixed(&[&RECOVERY, &IDR])
        ]
    );
    assert_eq!(
        shape(video),
        [(0, 3600, true), (3600, 3600, false), (7200, 3600, true)]
    );
    assert_eq!(video.configs.len(), 1);
    let read = sample_entry::avc_parameters(&video.configs[0].sample_entry).expect("an avcC");
    assert_eq!(
        (read.sps, read.pps),
        (vec![SPS.to_vec()], vec![PPS.to_vec()])
    );
}

#[test]
fn access_units_may_span_pes_packets_and_share_them() {
    let mut wire = Wire::new();
    let mut bytes = annex_b(&[&AUD, &SPS, &PPS, &IDR, &[0x65, 0x08, 9, 9]]);
    let second = annex_b(&[&AUD, &P]);
    let third = annex_b(&[&AUD, &P, &[0x41, 0x1a, 8, 8]]);
    let tail = bytes.split_off(bytes.len() - 3);
    wire.pes(VIDEO, Some(0), &bytes);
    // The first access unit to begin in the second PES packet is the second one.
    wire.pes(VIDEO, Some(3000), &[tail, second, third].concat());
    wire.video(9000, &[&AUD, &P]);
    let stream = wire.demux();
    assert_eq!(codes(&stream), [MissingTimestamp]);
    let video = track(&stream, VIDEO);
    let times: Vec<_> = shape(video).iter().map(|(dts, ..)| *dts).collect();
    assert_eq!(times, [0, 3000, 6000, 9000]);
    assert_eq!(
        video.units[0].data,
        length_prefixed(&[&IDR, &[0x65, 0x08, 9, 9]])
    );
    assert_eq!(
        video.units[2].data,
        length_prefixed(&[&P, &[0x41, 0x1a, 8, 8]])
    );
}

#[test]
fn without_delimiters_a_first_macroblock_begins_an_access_unit() {
    let mut wire = Wire::new();
    wire.video(0, &[&SPS, &PPS, &IDR]);
    wire.video(3000, &[&P, &[0x41, 0x1a, 1, 1]]);
    wire.video(6000, &[&P]);
    let stream = wire.demux();
    let video = track(&stream, VIDEO);
    assert_eq!(shape(video).len(), 3);
    assert_eq!(
        video.units[1].data,
        length_prefixed(&[&P, &[0x41, 0x1a, 1, 1]])
    );
}

#[test]
fn a_parameter_set_that_changes_at_a_keyframe_is_a_new_configuration() {
    let mut wire = Wire::new();
    wire.video(0, &[&SPS, &PPS, &IDR]);
    wire.video(3000, &[&P]);
    wire.video(6000, &[&OTHER_PPS, &P]);
    wire.video(9000, &[&SPS, &OTHER_PPS, &IDR]);
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    let video = track(&stream, VIDEO);
    assert_eq!(video.configs.len(), 2);
    assert_eq!(video.units[2].data, length_prefixed(&[&OTHER_PPS, &P]));
    assert_eq!(video.units[3].data, length_prefixed(&[&IDR]));
    let read = sample_entry::avc_parameters(&video.configs[1].sample_entry).expect("an avcC");
    assert_eq!(read.pps, [OTHER_PPS.to_vec()]);
}

#[test]
fn a_recovery_point_of_i_slices_is_a_keyframe() {
    let mut wire = Wire::new();
    wire.video(0, &[&P]);
    wire.video(3000, &[&SPS, &PPS, &RECOVERY, &I]);
    wire.video(6000, &[&I]);
    wire.video(9000, &[&RECOVERY, &P]);
    let stream = wire.demux();
    assert_eq!(codes(&stream), [NotDecodable]);
    let keyframes: Vec<_> = shape(track(&stream, VIDEO))
        .iter()
        .map(|(.., key)| *key)
        .collect();
    assert_eq!(keyframes, [true, false, false]);
}

#[test]
fn pictures_shown_before_the_first_recovery_point_are_dropped() {
    let mut wire = Wire::new();
    wire.video(6000, &[&SPS, &PPS, &RECOVERY, &I]);
    wire.video(3000, &[&AUD, &P]);
    wire.video(4500, &[&AUD, &P]);
    wire.video(9000, &[&AUD, &P]);
    let stream = wire.demux();
    assert_eq!(codes(&stream), [NotDecodable]);
    let kept: Vec<_> = shape(track(&stream, VIDEO)).iter().map(|s| s.0).collect();
    assert_eq!(kept, [6000, 9000]);
}

#[test]
fn a_lost_packet_costs_one_access_unit() {
    let mut wire = Wire::new();
    wire.video(0, &[&AUD, &SPS, &PPS, &IDR]);
    let long: Vec<u8> = [&P[..], &[7; 1000]].concat();
    let from = wire.bytes.len();
    wire.video(3000, &[&AUD, &long]);
    wire.video(6000, &[&AUD, &P]);
    wire.bytes.drain(from + 2 * 188..from + 3 * 188);
    let stream = wire.demux();
    assert_eq!(codes(&stream), [ContinuityError]);
    assert_eq!(
        shape(track(&stream, VIDEO)),
        [(0, 6000, true), (6000, 6000, false)]
    );
}

#[test]
fn a_packet_sent_twice_counts_once() {
    let mut wire = Wire::new();
    wire.video(0, &[&AUD, &SPS, &PPS, &IDR]);
    let from = wire.bytes.len();
    let long: Vec<u8> = (0..500).map(|at| at as u8 | 1).collect();
    wire.video(3000, &[&AUD, &[&P[..], &long].concat()]);
    for packet in [2, 1, 0] {
        let at = from + packet * 188;
        let copy = wire.bytes[at..at + 188].to_vec();
        wire.bytes.splice(at..at, copy);
    }
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    assert_eq!(
        track(&stream, VIDEO).units[1].data,
        length_prefixed(&[&[&P[..], &long].concat()])
    );
}

#[test]
fn a_pes_header_may_span_packets() {
    let mut wire = Wire::new();
    let pes = pes(VIDEO, Some(1234), &annex_b(&[&SPS, &PPS, &IDR]));
    for (index, part) in pes.chunks(4).enumerate() {
        wire.packet(VIDEO, index == 0, part);
    }
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    assert_eq!(shape(track(&stream, VIDEO)), [(1234, 3000, true)]);
}

#[test]
fn what_comes_before_the_tables_is_kept() {
    let mut late = Wire::default();
    late.video(0, &[&SPS, &PPS, &IDR]);
    late.audio(0, 1..4);
    late.pat(0, &[(1, 0x1000)]);
    late.video(3000, &[&P]);
    late.pmt(0x1000, 1, 0, &[(0x1b, VIDEO), (0x0f, AUDIO)]);
    late.video(6000, &[&P]);
    let stream = late.demux();
    assert_eq!(codes(&stream), []);
    assert_eq!(shape(track(&stream, VIDEO)).len(), 3);
    assert_eq!(frames(&stream), [(0, 1), (1024, 2), (2048, 3)]);
}

#[test]
fn the_first_program_with_a_supported_stream_is_read() {
    let mut wire = Wire::default();
    wire.pat(0, &[(0, 0x10), (1, 0x1000), (2, 0x1001), (3, 0x1002)]);
    wire.pmt(0x1002, 3, 0, &[(0x0f, 0x300)]);
    wire.pmt(0x1000, 1, 0, &[(0x02, 0x301), (0x03, 0x302)]);
    wire.pmt(0x1001, 2, 0, &[(0x1b, VIDEO), (0x06, 0x303)]);
    wire.video(0, &[&SPS, &PPS, &IDR]);
    wire.pes(0x300, Some(0), &adts(1));
    let stream = wire.demux();
    assert_eq!(
        stream.tracks.keys().copied().collect::<Vec<_>>(),
        [u32::from(VIDEO)]
    );
    assert_eq!(codes(&stream), [Unsupported]);
    assert_eq!(
        stream.defects[0].detail,
        "PID 0x303 is private data (stream type 0x06): it is not read"
    );

    // The PMT of the first never comes: the second is not waited with for ever.
    let mut wire = Wire::default();
    wire.pat(0, &[(1, 0x1000), (2, 0x1001)]);
    wire.pmt(0x1001, 2, 0, &[(0x1b, VIDEO)]);
    wire.video(0, &[&SPS, &PPS, &IDR]);
    assert_eq!(shape(track(&wire.demux(), VIDEO)).len(), 1);
    wire.pmt(0x1001, 2, 0, &[(0x1b, VIDEO)]);
    wire.video(3000, &[&P]);
    assert_eq!(shape(track(&wire.demux(), VIDEO)).len(), 2);
}

#[test]
fn a_stream_may_come_and_go_with_the_pmt() {
    let mut wire = Wire::new();
    wire.video(0, &[&SPS, &PPS, &IDR]);
    wire.pmt(0x1000, 1, 1, &[(0x1b, VIDEO), (0x0f, 0x200), (0xdb, 0x201)]);
    wire.video(3000, &[&P]);
    wire.pes(0x200, Some(0), &adts(5));
    wire.audio(0, 1..3);
    let stream = wire.demux();
    assert_eq!(codes(&stream), [Protected]);
    assert_eq!(shape(track(&stream, VIDEO)).len(), 2);
    assert_eq!(track(&stream, 0x200).units.len(), 1);
    assert!(!stream.tracks.contains_key(&u32::from(AUDIO)));
}

#[test]
fn of_very_many_streams_that_are_not_read_the_first_are_told_once() {
    let mut wire = Wire::default();
    let programs: Vec<_> = (1..=8).map(|number| (number, 0x1000 + number)).collect();
    wire.pat(0, &programs);
    for turn in 0..2 {
        for &(number, pid) in &programs {
            // 32 to a section of one packet; another version has others.
            for version in 0..8 {
                let from = 0x100 + 32 * (8 * number + u16::from(version));
                let streams: Vec<_> = (from..from + 32).map(|pid| (0x80, pid)).collect();
                wire.pmt(pid, number, version, &streams);
            }
        }
        wire.pat(turn, &programs);
    }
    let stream = wire.demux();
    assert_eq!(codes(&stream), [Unsupported; 256]);
}

#[test]
fn a_scrambled_stream_is_refused_once() {
    let mut wire = Wire::new();
    for _ in 0..40 {
        wire.packet_with(VIDEO, true, 2, &[0x55; 184]);
    }
    // Fewer than that are enough where they are all there is.
    let mut pes = pes(AUDIO, Some(0), &adts(1));
    pes[6] |= 0x10;
    wire.packet(AUDIO, true, &pes);
    let stream = wire.demux();
    assert_eq!(codes(&stream), [Protected, Protected]);
    assert!(stream.tracks.is_empty());
}

#[test]
fn a_packet_marked_as_scrambled_among_others_is_damage() {
    let mut wire = Wire::new();
    wire.video(0, &[&SPS, &PPS, &IDR]);
    let long = [P.as_slice(), &[0x55; 400]].concat();
    for number in 1..40 {
        wire.video(3000 * number, &[&long]);
        if number % 2 == 0 {
            let last = wire.bytes.len() - 188;
            wire.bytes[last + 3] |= 0x80;
        }
    }
    let stream = wire.demux();
    assert_eq!(codes(&stream), [Malformed; 19]);
    // Of a picture with such a packet all is lost.
    assert_eq!(shape(track(&stream, VIDEO)).len(), 40 - 19);
}

#[test]
fn what_came_before_a_stream_was_scrambled_is_kept() {
    let mut wire = Wire::new();
    wire.video(0, &[&SPS, &PPS, &IDR]);
    wire.video(3000, &[&P]);
    for _ in 0..40 {
        wire.packet_with(VIDEO, true, 2, &[0x55; 184]);
    }
    let stream = wire.demux();
    assert_eq!(
        codes(&stream),
        [[Malformed; 15].as_slice(), &[NotDecodable]].concat()
    );
    assert_eq!(shape(track(&stream, VIDEO)).len(), 2);
}

#[test]
fn the_last_packet_of_a_pes_packet_may_come_twice() {
    let mut wire = Wire::new();
    let mut pes = pes(AUDIO, Some(0), &adts(1));
    pes.extend(adts(2));
    // Its length is that of what is in it, so that it is complete with its last packet.
    let len = (pes.len() - 6) as u16;
    pes[4..6].copy_from_slice(&len.to_be_bytes());
    let (first, last) = pes.split_at(184);
    wire.packet(AUDIO, true, first);
    wire.packet(AUDIO, false, last);
    let at = wire.bytes.len() - 188;
    wire.bytes.extend_from_within(at..);
    wire.audio(2 * 1920, 3..5);
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    assert_eq!(frames(&stream).len(), 4);
}

#[test]
fn a_broken_section_is_told_and_the_next_one_taken() {
    let mut wire = Wire::default();
    wire.pat(0, &[(1, 0x1000)]);
    wire.bytes[15] ^= 1; // within the section
    let mut rest = Wire::new();
    rest.video(0, &[&SPS, &PPS, &IDR]);
    wire.bytes.extend(&rest.bytes);
    let stream = wire.demux();
    assert_eq!(codes(&stream), [Malformed]);
    assert_eq!(shape(track(&stream, VIDEO)).len(), 1);
}

#[test]
fn aac_frames_may_span_pes_packets() {
    let mut wire = Wire::new();
    let bytes: Vec<u8> = (1..5).flat_map(adts).collect();
    wire.pes(AUDIO, Some(0), &bytes[..150]);
    // The first frame to begin here is the third.
    wire.pes(AUDIO, Some(2 * 1920), &bytes[150..]);
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    assert_eq!(frames(&stream), [(0, 1), (1024, 2), (2048, 3), (3072, 4)]);
    assert_eq!(track(&stream, AUDIO).configs[0].codec, "mp4a.40.2");
}

#[test]
fn rounded_times_make_no_jitter_and_a_gap_makes_a_break() {
    let mut wire = Wire::new();
    for (number, pts) in [
        (1, 0),
        (2, 1890),
        (3, 3870),
        (4, 5760),
        (5, 57_600),
        (6, 59_520),
    ] {
        wire.audio(pts, number..number + 1);
    }
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    let want = [
        (0, 1),
        (1024, 2),
        (2048, 3),
        (3072, 4),
        (30_720, 5),
        (31_744, 6),
    ];
    assert_eq!(frames(&stream), want);
    assert_eq!(track(&stream, AUDIO).breaks, 1);
}

#[test]
fn a_frame_missing_without_notice_is_placed_where_it_is_missing() {
    let mut wire = Wire::new();
    for number in 1..20 {
        let late = if number > 5 { 1920 } else { 0 };
        wire.audio(i64::from(number) * 1920 + late, number..number + 1);
    }
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    let found = frames(&stream);
    assert_eq!(found[4..6], [(5 * 1024, 5), (7 * 1024, 6)]);
    assert_eq!(found.last(), Some(&(20 * 1024, 19)));
    assert_eq!(track(&stream, AUDIO).breaks, 1);
}

#[test]
fn frames_after_a_loss_are_counted_back_from_the_next_time() {
    let mut wire = Wire::new();
    wire.audio(0, 1..3);
    let from = wire.bytes.len();
    wire.audio(2 * 1920, 3..11);
    wire.audio(10 * 1920, 11..13);
    wire.bytes.drain(from + 188..from + 2 * 188);
    let stream = wire.demux();
    assert_eq!(codes(&stream)[0], ContinuityError);
    let found = frames(&stream);
    assert!(found.len() >= 9, "{found:?}");
    assert!(
        found
            .iter()
            .all(|(dts, number)| *dts == (i64::from(*number) - 1) * 1024)
    );
}

#[test]
fn a_change_of_rate_is_a_new_configuration() {
    let mut wire = Wire::new();
    wire.audio(0, 1..3);
    let mut slow: Vec<u8> = (3..5).flat_map(adts).collect();
    for at in [2, 102] {
        slow[at] = 0x50; // 44.1 kHz
    }
    wire.pes(AUDIO, Some(3840), &slow);
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    let audio = track(&stream, AUDIO);
    let scales: Vec<_> = audio
        .configs
        .iter()
        .map(|config| config.timescale.get())
        .collect();
    assert_eq!(scales, [48_000, 44_100]);
    let times: Vec<_> = frames(&stream).iter().map(|(dts, _)| *dts).collect();
    assert_eq!(times, [0, 1024, 1882, 2906]);
}

#[test]
fn rubbish_between_frames_is_passed_over() {
    let mut wire = Wire::new();
    wire.audio(0, 1..3);
    let bytes = [&[1, 2, 0xff, 3][..], &adts(3), &adts(4)].concat();
    wire.pes(AUDIO, Some(3840), &bytes);
    wire.audio(4 * 1920, 5..6);
    let stream = wire.demux();
    assert_eq!(codes(&stream), [Malformed]);
    assert_eq!(
        frames(&stream),
        [(0, 1), (1024, 2), (2048, 3), (3072, 4), (4096, 5)]
    );
}

#[test]
fn jumps_are_told_unless_declared() {
    let late = 90_000 * 60;
    for declared in [false, true] {
        let mut demuxer = Demuxer::new();
        let mut wire = Wire::new();
        wire.video(0, &[&SPS, &PPS, &IDR]);
        wire.audio(0, 1..2);
        demuxer.push(&wire.bytes);
        if declared {
            demuxer.discontinuity();
        }
        wire.bytes.clear();
        wire.video(late, &[&SPS, &PPS, &IDR]);
        wire.audio(late, 2..3);
        wire.video(3000, &[&P]);
        demuxer.push(&wire.bytes);
        demuxer.flush();
        let mut stream = Stream::default();
        stream.gather(&mut demuxer);
        let jumps = codes(&stream)
            .iter()
            .filter(|code| **code == TimestampJump)
            .count();
        assert_eq!(jumps, if declared { 1 } else { 3 });
        let times: Vec<_> = shape(track(&stream, VIDEO))
            .iter()
            .map(|(dts, ..)| *dts)
            .collect();
        assert_eq!(times, [0, late, 3000]);
    }
}

#[test]
fn a_segment_may_begin_with_counters_of_its_own() {
    let mut wire = Wire::new();
    wire.video(0, &[&SPS, &PPS, &IDR]);
    wire.video(3000, &[&P]);
    wire.audio(0, 1..4);
    let mut next = Wire::new();
    next.counters.insert(VIDEO, 9);
    next.counters.insert(AUDIO, 0);
    next.video(6000, &[&P]);
    next.audio(3 * 1920, 4..6);
    let mut demuxer = Demuxer::new();
    let mut stream = Stream::default();
    for bytes in [&wire.bytes, &next.bytes] {
        demuxer.push(bytes);
        demuxer.end_segment();
        stream.gather(&mut demuxer);
    }
    demuxer.flush();
    stream.gather(&mut demuxer);
    assert_eq!(codes(&stream), []);
    assert_eq!(shape(track(&stream, VIDEO)).len(), 3);
    assert_eq!(frames(&stream).len(), 5);
    assert_eq!(track(&stream, AUDIO).breaks, 0);
}

#[test]
fn segments_put_together_in_one_file_lose_no_picture() {
    let mut wire = Wire::new();
    wire.video(0, &[&SPS, &PPS, &IDR]);
    wire.video(3000, &[&P]);
    let mut next = Wire::new();
    next.counters.insert(VIDEO, 9);
    next.video(6000, &[&P]);
    let stream = demux(&[wire.bytes, next.bytes].concat(), 1000);
    assert_eq!(codes(&stream), [ContinuityError]);
    assert_eq!(shape(track(&stream, VIDEO)).len(), 3);
}

#[test]
fn a_stream_cut_short_loses_its_last_unit() {
    let mut wire = Wire::new();
    wire.audio(0, 1..6);
    let len = wire.bytes.len() - 188;
    let stream = demux(&wire.bytes[..len], 1000);
    assert!(codes(&stream).iter().all(|code| *code == Truncated));
    assert!(!stream.defects.is_empty());
    let found = frames(&stream);
    assert!(found.len() < 5);
    assert!(
        found
            .iter()
            .all(|(dts, number)| *dts == (i64::from(*number) - 1) * 1024)
    );
}

#[test]
fn decode_times_that_repeat_or_slip_back_lose_no_picture() {
    let mut wire = Wire::new();
    wire.video(0, &[&SPS, &PPS, &IDR]);
    for pts in [3_000, 3_000, 9_000, 6_000, 12_000] {
        wire.video(pts, &[&P]);
    }
    let stream = wire.demux();
    assert_eq!(codes(&stream), [TimestampJump]);
    let video = track(&stream, VIDEO);
    let times: Vec<_> = video
        .units
        .iter()
        .map(|unit| (unit.dts, unit.pts))
        .collect();
    let want = [
        (0, 0),
        (3_000, 3_000),
        (3_000, 3_000),
        (9_000, 9_000),
        (9_000, 6_000),
        (12_000, 12_000),
    ];
    assert_eq!((times.as_slice(), video.breaks), (&want[..], 0));
}

#[test]
fn the_clock_may_step_either_way() {
    for step in [-90_000 * 5, 90_000 * 60] {
        let mut wire = Wire::new();
        let at = 90_000 * 10;
        wire.video(at, &[&SPS, &PPS, &IDR]);
        wire.audio(at, 1..2);
        wire.video(at + 3_000, &[&P]);
        wire.video(at + 6_000 + step, &[&SPS, &PPS, &IDR]);
        wire.audio(at + 6_000 + step, 3..4);
        let stream = wire.demux();
        assert_eq!(codes(&stream), [TimestampJump, TimestampJump]);
        let times: Vec<_> = shape(track(&stream, VIDEO))
            .iter()
            .map(|(dts, ..)| *dts - at)
            .collect();
        assert_eq!(times, [0, 3_000, 6_000 + step]);
        // Sound counts in 48 kHz.
        let heard: Vec<_> = frames(&stream).iter().map(|(time, _)| *time).collect();
        let rate = |ticks: i64| ticks * 48 / 90;
        assert_eq!(heard, [rate(at), rate(at + 6_000 + step)]);
        assert!(stream.defects.iter().all(|defect| defect.time.is_some()));
    }
}

#[test]
fn a_pmt_may_move_to_another_pid_and_streams_go_on() {
    let mut wire = Wire::new();
    wire.video(0, &[&SPS, &PPS, &IDR]);
    wire.pat(1, &[(1, 0x1001)]);
    wire.video(3_000, &[&P]);
    wire.pmt(0x1001, 1, 1, &[(0x1b, VIDEO), (0x0f, AUDIO)]);
    wire.video(6_000, &[&P]);
    wire.audio(0, 1..3);
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    assert_eq!(track(&stream, VIDEO).units.len(), 3);
    assert_eq!(track(&stream, AUDIO).units.len(), 2);
}

#[test]
fn announced_streams_that_never_come_are_no_tracks() {
    let mut wire = Wire::default();
    wire.pat(0, &[(1, 0x1000)]);
    let streams = [(0x1b, VIDEO), (0x0f, AUDIO), (0x24, 0x200), (0x15, 0x201)];
    wire.pmt(0x1000, 1, 0, &streams);
    wire.video(0, &[&SPS, &PPS, &IDR]);
    let stream = wire.demux();
    let tracks: Vec<_> = stream.tracks.keys().copied().collect();
    assert_eq!((tracks, codes(&stream)), (vec![u32::from(VIDEO)], vec![]));
}

/// Sound in PES packets that do not say how long they are, and in ones without a time.
#[test]
fn sound_in_unbounded_packets_and_without_times() {
    let mut wire = Wire::new();
    for (number, pts) in [(1, Some(0)), (2, None), (3, None), (4, Some(3 * 1920))] {
        let mut pes = pes(AUDIO, pts, &adts(number));
        pes[4..6].fill(0);
        wire.packet(AUDIO, true, &pes);
    }
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    assert_eq!(frames(&stream), [(0, 1), (1024, 2), (2048, 3), (3072, 4)]);
}

#[test]
fn frames_between_two_losses_have_no_time_and_are_dropped() {
    let mut wire = Wire::new();
    wire.audio(0, 1..3);
    let lose = |wire: &mut Wire| *wire.counters.entry(AUDIO).or_default() += 3;
    lose(&mut wire);
    // Within a PES packet, whose start is lost.
    wire.packet(AUDIO, false, &adts(5));
    lose(&mut wire);
    wire.packet(AUDIO, false, &adts(7));
    // Rounded to 90 kHz where it does not divide: still whole frames.
    wire.audio(8 * 1920 + 1, 9..11);
    let stream = wire.demux();
    assert_eq!(codes(&stream).last(), Some(&MissingTimestamp));
    let found = frames(&stream);
    assert_eq!(found[..2], [(0, 1), (1024, 2)]);
    assert!(!found.iter().any(|(_, number)| *number == 5));
    assert_eq!(found[found.len() - 2..], [(8192, 9), (9216, 10)]);
}
