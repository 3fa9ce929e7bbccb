//! Every target over its seeds, over changed seeds, and over what was once found: the same functions that
//! libFuzzer drives for hours, for seconds.

#![allow(clippy::print_stdout, reason = "a test that does not run says so")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use livetape_fuzz::{Cuts, TARGETS, Target};

/// An input may take this long, in a build without optimization on a busy machine.
const LONGEST: Duration = Duration::from_secs(10);
/// What changed seeds may take in all, for each target.
const BUDGET: Duration = Duration::from_secs(1);

/// The media folder, or a line that says what did not run.
fn media(test: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LIVETAPE_MEDIA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/media"),
        PathBuf::from,
    );
    if root.is_dir() {
        return Some(root);
    }
    let required = std::env::var("LIVETAPE_REQUIRE_MEDIA").is_ok_and(|value| value == "1");
    assert!(!required, "{test}: no fixtures (LIVETAPE_MEDIA)");
    println!("NOT RUN: {test}: no fixtures (LIVETAPE_MEDIA)");
    None
}

fn run(target: &Target, input: &[u8]) {
    let started = Instant::now();
    target.run(input);
    let taken = started.elapsed();
    assert!(taken < LONGEST, "{}: {taken:?}", target.name);
}

/// Changes, drops or repeats bytes, in a way that is the same every time.
fn change(seed: &[u8], random: &mut Cuts) -> Vec<u8> {
    let mut changed = seed.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(changed.len() as u64) as usize;
        let to = (at + random.below(64) as usize).min(changed.len());
        match random.below(5) {
            0 | 1 => {
                if let Some(byte) = changed.get_mut(at) {
                    *byte = random.below(256) as u8;
                }
            }
            2 => {
                if let Some(byte) = changed.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            3 => drop(changed.drain(at..to)),
            _ => {
                let copy = changed.get(at..to).unwrap_or_default().to_vec();
                changed.splice(at..at, copy);
            }
        }
    }
    changed
}

/// Each target on its made seeds and on changed ones.
#[test]
fn made_seeds_and_changed_ones() {
    let (mut random, _) = Cuts::take(&[16, 1, 2, 3]).expect("four bytes");
    for target in TARGETS {
        let seeds = target.seeds.make(None, target.longest);
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        seeds.iter().for_each(|seed| run(target, seed));
        let started = Instant::now();
        for seed in seeds.iter().cycle() {
            if started.elapsed() > BUDGET {
                break;
            }
            run(target, &change(seed, &mut random));
        }
    }
}

/// Each target on seeds cut out of real media.
#[test]
fn seeds_of_real_media() {
    let Some(root) = media("seeds_of_real_media") else {
        return;
    };
    for target in TARGETS {
        let seeds = target.seeds.make(Some(&root), target.longest);
        seeds.iter().for_each(|seed| run(target, seed));
    }
}

/// Each target on what it was once found to do wrong.
#[test]
fn finds_stay_fixed() {
    let finds = Path::new(env!("CARGO_MANIFEST_DIR")).join("finds");
    for target in TARGETS {
        let files = fs::read_dir(finds.join(target.name)).into_iter().flatten();
        for file in files.flatten() {
            run(target, &fs::read(file.path()).expect("a tracked file"));
        }
    }
}
