//! Damage never ends a job: a file that plays, in sync, and a report of what was lost and when.

mod support;

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use support::{Packet, livetape, media, packets, text};

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
