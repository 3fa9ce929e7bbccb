//! However a command ends, there is no half-written file at the output's path.

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use support::server::serve;
use support::{ffmpeg, livetape, media, sample, segment, succeeds, text};

/// A command that has begun its output and waits for a server that has fallen silent.
fn waiting(out: &Path) -> Child {
    let root = serve(Arc::new(|_| Some(vec![0x47; 188])));
    let mut child = Command::new(env!("CARGO_BIN_EXE_livetape"))
        .args(["remux", &format!("{root}/never.ts"), "-o", &text(out)])
        .stderr(Stdio::null())
        .spawn()
        .expect("the command runs");
    let partial = out.with_extension("mp4.livetape-part");
    while !partial.exists() {
        assert!(matches!(child.try_wait(), Ok(None)), "it ended by itself");
        std::thread::yield_now();
    }
    child
}

fn signal(child: &Child, signal: &str) {
    let kill = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(kill.expect("kill runs").success());
}

#[test]
fn ctrl_c_leaves_no_file_even_while_a_server_is_silent() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = waiting(&folder.path().join("out.mp4"));
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let left = fs::read_dir(folder.path()).expect("there").count();
    assert_eq!(left, 0, "something was left in the folder");
}

#[test]
fn a_killed_command_leaves_what_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.mp4");
    fs::write(&out, "from before").expect("written");
    let mut child = waiting(&out);
    signal(&child, "-KILL");
    assert!(!child.wait().expect("it ends").success());
    assert_eq!(fs::read(&out).ok(), Some(b"from before".to_vec()));
    let left = fs::read_dir(folder.path()).expect("there").count();
    assert_eq!(left, 2, "the partial file is left");
    // It is in nobody's way, and goes when the next command is done.
    succeeds(&["remux", &sample(), "-o", &text(&out)]);
    let left = fs::read_dir(folder.path()).expect("there").count();
    assert_eq!(left, 1);
    succeeds(&["inspect", &text(&out), "--verify"]);
}

/// A limit on the size of files stands for a full disk: writing fails in the middle.
#[test]
fn a_full_disk_leaves_what_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.mp4");
    fs::write(&out, "from before").expect("written");
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$@\"", "sh"])
        .args([env!("CARGO_BIN_EXE_livetape"), "remux", &sample(), "-o"])
        .arg(&out)
        .output()
        .expect("the shell runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("error[unwritable_output]: "), "{said}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read(&out).ok(), Some(b"from before".to_vec()));
    let left = fs::read_dir(folder.path()).expect("there").count();
    assert_eq!(left, 1);
}

#[test]
fn an_output_that_another_run_is_writing_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.mp4");
    let mut child = waiting(&out);
    let output = livetape(&["remux", &sample(), "-o", &text(&out)]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("error[output_busy]: "), "{said}");
    assert!(said.contains("out.mp4.livetape-part;"), "{said}");
    assert!(!out.exists());
    // The refused run took nothing from the one that was there, which still ends as it would.
    assert!(out.with_extension("mp4.livetape-part").exists());
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let left = fs::read_dir(folder.path()).expect("there").count();
    assert_eq!(left, 0, "something was left in the folder");
}

/// Without looking at what the runs do when: each file that is there in the end is that of one run.
#[test]
fn of_runs_at_once_each_has_the_whole_file_or_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (alone, out) = (
        folder.path().join("alone.mp4"),
        folder.path().join("out.mp4"),
    );
    succeeds(&["remux", &sample(), "-o", &text(&alone)]);
    for _ in 0..4 {
        let run = |_| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_livetape"));
            let command = command.args(["remux", &sample(), "-o", &text(&out)]);
            let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("the command runs")
        };
        let runs: Vec<_> = (0..4).map(run).collect();
        let ended = runs.into_iter().map(Child::wait_with_output);
        let mut done = 0;
        for output in ended {
            let output = output.expect("it ends");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let is_refused = said.starts_with("error[output_busy]: ");
            assert!(output.status.success() != is_refused, "{said}");
            done += usize::from(output.status.success());
        }
        assert!(done > 0, "one of them is the first");
        assert!(fs::read(&out).ok() == fs::read(&alone).ok(), "a mixed file");
        let left = fs::read_dir(folder.path()).expect("there").count();
        assert_eq!(left, 2);
    }
}

#[test]
fn files_that_only_look_like_ours_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.mp4");
    let others = ["out.mp4.part", "out.mp4.ordered.part"].map(|name| folder.path().join(name));
    for other in &others {
        fs::write(other, "somebody's").expect("written");
    }
    succeeds(&["remux", &sample(), "-o", &text(&out)]);
    for other in &others {
        assert_eq!(fs::read(other).ok(), Some(b"somebody's".to_vec()));
    }
    assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 3);
}

/// The test itself is the other run: it has the lock.
#[test]
fn every_file_of_a_run_and_a_recording_are_guarded() {
    let Some(media) = media("every_file_of_a_run_and_a_recording_are_guarded") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let busy = |name: &str, arguments: &[&str]| {
        let name = format!("{name}.livetape-part");
        let other = folder.path().join(name);
        let file = File::create_new(&other).expect("made");
        file.lock().expect("locked");
        let output = livetape(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = said.lines().last().unwrap_or_default();
        assert!(last.starts_with("error[output_busy]: "), "{said}");
        let left = fs::read_dir(folder.path()).expect("there").count();
        assert_eq!(left, 1, "no file but the other run's");
        fs::remove_file(other).expect("removed");
    };
    let out = text(&folder.path().join("out.mp4"));
    // Sound of two configurations makes two files.
    let inputs = tempfile::tempdir().expect("a folder");
    let sound = |rate: u32| {
        let path = inputs.path().join(format!("{rate}.ts"));
        ffmpeg(&format!("-f lavfi -i sine=r={rate}:d=1 -c:a aac"), &path);
        text(&path)
    };
    let (one, other) = (sound(48_000), sound(44_100));
    busy("out.2.mp4", &["remux", &one, &other, "-o", &out]);
    let root = serve(Arc::new(move |path| {
        let list = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\ns.ts\n#EXT-X-ENDLIST\n";
        let is_list = path.ends_with(".m3u8");
        is_list
            .then(|| list.into())
            .or_else(|| fs::read(segment(&media, 0)).ok())
    }));
    busy(
        "out.mp4",
        &["record", &format!("{root}/live.m3u8"), "-o", &out],
    );
}
