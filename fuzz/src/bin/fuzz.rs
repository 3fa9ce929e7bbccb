//! The program that libFuzzer drives. `LIVETAPE_FUZZ_TARGET` says which target it runs. With
//! `LIVETAPE_FUZZ_SEEDS` it writes the seeds of every target below that folder instead, lists the targets,
//! and ends.
#![no_main]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "who started it reads both, as it reads libFuzzer's own reports"
)]

use std::env;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use std::{fs, io, process};

use livetape_fuzz::{TARGETS, Target, find};
use nix::time::{ClockId, clock_gettime};

/// The worst that was seen.
static WORST: Mutex<(Duration, usize)> = Mutex::new((Duration::ZERO, 0));

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = env::var("LIVETAPE_FUZZ_TARGET").unwrap_or_default();
    find(&name).expect("LIVETAPE_FUZZ_TARGET names a target")
});

libfuzzer_sys::fuzz_target!(
    init: {
        if let Some(folder) = env::var_os("LIVETAPE_FUZZ_SEEDS") {
            write_seeds(Path::new(&folder)).expect("a folder to write to");
            process::exit(0);
        }
    },
    |input: &[u8]| {
        let started = processor_time();
        let heap = TARGET.run(input);
        tell_worst(processor_time().saturating_sub(started), heap);
    }
);

/// What this thread has had of a processor: waiting for one is no input's fault.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// Tells of an input that took longer, or more heap, than any before it.
fn tell_worst(time: Duration, heap: usize) {
    let Ok(mut worst) = WORST.lock() else {
        return;
    };
    if time > worst.0 || heap > worst.1 {
        *worst = (time.max(worst.0), heap.max(worst.1));
        eprintln!("WORST: {} us, {} bytes", worst.0.as_micros(), worst.1);
    }
}

/// Each target gets a folder; a line for each says its name, its longest input, and what it asserts.
fn write_seeds(out: &Path) -> io::Result<()> {
    let media = env::var_os("LIVETAPE_MEDIA").map(PathBuf::from);
    for target in TARGETS {
        let folder = out.join(target.name);
        fs::create_dir_all(&folder)?;
        let seeds = target.seeds.make(media.as_deref(), target.longest);
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("{number:04}")), seed)?;
        }
        println!("{} {} {}", target.name, target.longest, target.about);
    }
    Ok(())
}
