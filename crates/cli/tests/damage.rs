//! Damage never ends a job: a file that plays, in sync, and a report of what was lost and when.

mod support;

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use support::{Packet, ffmpeg, livetape, media, packets, succeeds, text};

/// The packets that only one has the bytes of, and their times.
fn unique(packets: &[Packet]) -> BTreeMap<(bool, &str), f64> {
    let mut found: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for packet in packets {
        let key = (packet.video, packet.hash.as_str());
        found.entry(key).or_default().push(packet.pts);
    }
    let once = found.into_iter().filter(|(_, times)| times.len() == 1);
    once.map(|(key, times)| (key, times[0])).collect()
}

/// Without about one packet in a hundred, never the first three.
fn lossy(bytes: &[u8], mut random: u32) -> Vec<u8> {
    let packets = bytes.chunks(188).enumerate();
    let kept = packets.filter(|(index, _)| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *index < 3 || random >> 16 > 655
    });
    kept.flat_map(|(_, packet)| packet.to_vec()).collect()
}

#[test]
fn one_packet_in_a_hundred_lost() {
    let Some(root) = media("one_packet_in_a_hundred_lost") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (input, out, whole) = (path("in.ts"), path("out.mp4"), path("whole.mp4"));
    for (name, seed) in [
        ("hls-ts/h264-aac/n_0_0_0.ts", 1),
        ("hls-ts/h264-aac/n_1_0_0.ts", 7),
        ("hls-ts/h265-aac/0.ts", 3),
        ("hls-ts/h265-aac/0.ts", 4),
        (
            "hls-ts/rollover/360p30_h264_48k_160_aac_ts-0000000028.ts",
            5,
        ),
    ] {
        let source = root.join(name);
        let bytes = fs::read(&source).expect("a fixture");
        fs::write(&input, lossy(&bytes, seed)).expect("written");
        livetape(&["remux", &text(&source), "-o", &text(&whole)]);
        let output = livetape(&["remux", &text(&input), "-o", &text(&out), "--json"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
        let (left, all) = (packets(&text(&out)), packets(&text(&whole)));
        let (found, known) = (unique(&left), unique(&all));
        let mut shifts: Vec<f64> = found
            .iter()
            .filter_map(|(key, time)| Some(time - known.get(key)?))
            .collect();
        shifts.sort_by(f64::total_cmp);
        let spread = shifts.last().expect("packets") - shifts.first().expect("packets");
        // Pictures and sound are moved by one time, to the microsecond that ffprobe prints.
        assert!(spread < 3e-6, "{name} {seed}: {spread}");
        assert!(left.len() * 2 > all.len(), "{name} {seed}: {}", left.len());
        let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let events = answer["events"].as_array().expect("events");
        assert!(
            events
                .iter()
                .any(|event| event["code"] == "continuity_error")
        );
        let seconds = answer["files"][0]["duration"].as_f64().expect("a duration");
        for event in events {
            let at = event["at"].as_f64().expect("a time");
            assert!((-5.0..seconds + 5.0).contains(&at), "{name}: {event}");
            assert!(event["message"].as_str().is_some_and(|m| !m.is_empty()));
            if event["code"] == "continuity_error" {
                assert!(event["track"].is_u64(), "{name}: {event}");
                assert!(said.contains("warning[continuity_error]: "), "{said}");
            }
        }
        let decoded = std::process::Command::new("ffmpeg")
            .args(["-v", "quiet", "-i", &text(&out), "-f", "null", "-"])
            .status();
        assert!(decoded.expect("ffmpeg runs").success(), "{name} {seed}");
    }
}

/// Where the PES headers with times of a stream's PID begin, but for the first `skipped`.
fn timed_headers(stream: &[u8], pid: u16, skipped: usize) -> Vec<usize> {
    let begins = stream.chunks_exact(188).enumerate().filter(|(_, packet)| {
        let own = u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
        own == pid && packet[1] & 0x40 != 0
    });
    let headers = begins.map(|(number, packet)| {
        let field = packet[3] & 0x20 != 0;
        number * 188 + 4 + if field { usize::from(packet[4]) + 1 } else { 0 }
    });
    let timed = headers.filter(|at| stream[at + 7] & 0x80 != 0);
    timed.skip(skipped).collect()
}

/// Where in the five bytes of a time its bit of this number is, ISO/IEC 13818-1 §2.4.3.6.
fn time_bit(number: u32) -> (usize, u8) {
    match number {
        0..=6 => (4, 1 << (number + 1)),
        7..=14 => (3, 1 << (number - 7)),
        15..=21 => (2, 1 << (number - 14)),
        22..=29 => (1, 1 << (number - 22)),
        _ => (0, 1 << (number - 29)),
    }
}

/// How many packets there are at each distance, in ms, from where they are in the whole file.
fn shifts(damaged: &str, whole: &str, context: &str) -> BTreeMap<i64, usize> {
    let (left, all) = (packets(damaged), packets(whole));
    assert_eq!(left.len(), all.len(), "{context}");
    let (found, known) = (unique(&left), unique(&all));
    let mut shifts = BTreeMap::new();
    for (key, time) in &found {
        let shift = (time - known[key]) * 1_000.0;
        *shifts.entry(shift.round() as i64).or_default() += 1;
    }
    shifts
}

/// One wrong bit in the time of a picture, or of a packet of sound: all the others stay where they
/// are, to the millisecond, however far the bit is worth.
#[test]
fn a_wrong_bit_in_a_time_moves_nothing_else() {
    if media("a_wrong_bit_in_a_time_moves_nothing_else").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (input, out, whole) = (path("in.ts"), path("out.mp4"), path("whole.mp4"));
    let plain = path("plain.ts");
    let sources = "-f lavfi -i testsrc=s=160x90:r=25 -f lavfi -i sine=r=48000:b=2 -t 12";
    let coding = "-pix_fmt yuv420p -c:v libx264 -preset veryfast -bf 0 -g 50 -c:a aac";
    ffmpeg(&format!("{sources} {coding}"), &plain);
    let reordered = path("reordered.ts");
    let coding = coding.replace("-bf 0", "-bf 3");
    ffmpeg(&format!("{sources} {coding}"), &reordered);
    for source in [&plain, &reordered] {
        succeeds(&["remux", &text(source), "-o", &text(&whole)]);
        let bytes = fs::read(source).expect("there");
        let pictures = timed_headers(&bytes, 0x100, 150);
        let with_dts = |has: bool| {
            let is = |at: &&usize| (bytes[**at + 7] & 0x40 != 0) == has;
            pictures.iter().find(is).copied()
        };
        let sound = timed_headers(&bytes, 0x101, 12).first().copied();
        for at in [with_dts(true), with_dts(false), sound]
            .into_iter()
            .flatten()
        {
            for bit in 15..32 {
                let context = format!("bit {bit} of {at} in {}", text(source));
                let (byte, mask) = time_bit(bit);
                let mut damaged = bytes.clone();
                damaged[at + 9 + byte] ^= mask;
                fs::write(&input, &damaged).expect("written");
                succeeds(&["remux", &text(&input), "-o", &text(&out)]);
                let mut shifts = shifts(&text(&out), &text(&whole), &context);
                shifts.remove(&0);
                let moved: usize = shifts.values().sum();
                assert!(moved <= 1, "{context}: {shifts:?}");
            }
        }
    }
}

/// Errors of times do not add up.
#[test]
fn seven_wrong_times_leave_the_stream_as_long_as_it_was() {
    if media("seven_wrong_times_leave_the_stream_as_long_as_it_was").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (input, out, whole) = (path("in.ts"), path("out.mp4"), path("whole.mp4"));
    let sources = "-f lavfi -i testsrc=s=160x90:r=25 -f lavfi -i sine=r=48000:b=2 -t 30";
    let coding = "-pix_fmt yuv420p -c:v libx264 -preset veryfast -g 50 -c:a aac";
    ffmpeg(&format!("{sources} {coding}"), &input);
    succeeds(&["remux", &text(&input), "-o", &text(&whole)]);
    let mut bytes = fs::read(&input).expect("there");
    let pictures = timed_headers(&bytes, 0x100, 0);
    for number in [100, 200, 300, 400, 500, 600, 700] {
        bytes[pictures[number] + 10] ^= 0x40;
    }
    fs::write(&input, &bytes).expect("written");
    let (_, said) = succeeds(&["remux", &text(&input), "-o", &text(&out)]);
    assert!(said.contains("warning[clock_step]: "), "{said}");
    let shifts = shifts(&text(&out), &text(&whole), "seven wrong times");
    assert_eq!(shifts.keys().collect::<Vec<_>>(), [&0]);
}
