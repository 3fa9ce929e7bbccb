//! However a command ends, there is no half-written file at the output's path.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use support::server::serve;
use support::{sample, succeeds, text};

/// A command that has begun its output and waits for a server that has fallen silent.
fn waiting(out: &Path) -> Child {
    let root = serve(Arc::new(|_| Some(vec![0x47; 188])));
    let mut child = Command::new(env!("CARGO_BIN_EXE_livetape"))
        .args(["remux", &format!("{root}/never.ts"), "-o", &text(out)])
        .stderr(Stdio::null())
        .spawn()
        .expect("the command runs");
    let partial = out.with_extension("mp4.part");
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
    // The partial file is in nobody's way, and goes when the next command is done.
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
