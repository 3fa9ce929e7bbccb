//! What stands before a recording's stored files, and the address by which a cache knows them.

mod synthetic;

use livetape_edge::{ConfigHash, Evicted};
use synthetic::{Content, Stage, fragment, init, video_config};

fn put(stage: &mut Stage, config: &ConfigHash, seqs: &[u32]) {
    for seq in seqs {
        let bytes = fragment(Content::two_seconds(*seq));
        stage.put(*seq, config, bytes).expect("a good fragment");
    }
}

#[test]
fn objects_are_settled_up_to_the_first_that_is_missing() {
    let mut stage = Stage::new();
    assert_eq!(stage.recording.entrance().settled, 0..0);
    let config = stage.put_config(&init(&video_config()));
    put(&mut stage, &config, &[0, 1, 3, 4]);
    assert_eq!(stage.recording.entrance().settled, 0..2);
    put(&mut stage, &config, &[2]);
    assert_eq!(stage.recording.entrance().settled, 0..5);
}

#[test]
fn what_is_evicted_is_not_settled() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    put(&mut stage, &config, &[0, 1, 2, 3]);
    let mut meta = stage.recording.meta().clone();
    meta.evicted = Evicted {
        before: 2,
        ..meta.evicted
    };
    stage.recording.set_meta(meta);
    assert_eq!(stage.recording.entrance().settled, 2..4);
}

#[test]
fn a_cache_knows_a_file_by_its_recording_and_when_that_was_created() {
    let stage = Stage::new();
    let id = stage.recording.meta().id.clone();
    let mut entrance = stage.recording.entrance();
    entrance.created = 1_800_000_000_000;
    assert_eq!(
        entrance.cached("https://edge.example", &id, "aes/main/7.m4s"),
        format!("https://edge.example/v1/play/{id}/aes/main/7.m4s?created=1800000000000")
    );
}
