//! What storage keeps of a recording beside its objects, so that storage alone can rebuild it.

use serde::{Deserialize, Serialize};

use crate::api::{RecordingSummary, State};
use crate::ids::{ConfigHash, RecordingId};
use crate::meta::Meta;
use crate::object::{MAIN_LANE, key_prefix, parse_seq, record_key};
use crate::recording::Recording;
use crate::view::SealedFile;
use crate::view::live::Broadcast;

/// What `recording.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// There is a recording.
    Recording(Box<Facts>),
    /// It is being deleted: what is stored of it yet is to be removed, and never played again.
    Deleted,
}

/// All that the stored objects, configurations and clips do not say themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The recording's own facts.
    pub meta: Meta,
    /// Its broadcasts with their numbers; nothing for those that are not any more.
    #[serde(default)]
    pub broadcasts: Vec<(u32, Option<Broadcast>)>,
    /// The highest number that a clip of it ever had: none is given twice.
    #[serde(default)]
    pub clips: u32,
    /// The numbers of its packs.
    #[serde(default)]
    pub packs: Vec<u32>,
    /// `video.mp4`, made of the packs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<SealedFile>,
    /// First and last of each row of consecutive numbers of its objects, once it is finished: what else lies
    /// in storage was never taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<Vec<(u32, u32)>>,
    /// How much it is, once it is finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
}

/// How much a recording is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Seconds that it plays.
    pub duration: f64,
    /// Bytes stored.
    pub bytes: u64,
}

impl Facts {
    /// What a list tells of it. Of one that grows, how much it is must be asked elsewhere.
    pub fn summary(&self) -> RecordingSummary {
        let totals = self.totals.unwrap_or(Totals {
            duration: 0.0,
            bytes: 0,
        });
        RecordingSummary::new(&self.meta, totals)
    }

    /// Whether a stored object of that number belongs to it.
    pub fn has(&self, seq: u32) -> bool {
        let within = |(first, last): &(u32, u32)| (*first..=*last).contains(&seq);
        self.objects
            .as_ref()
            .is_none_or(|ranges| ranges.iter().any(within))
    }
}

impl Recording {
    /// What is kept of it, with its broadcasts, the highest number of a clip, and `video.mp4` where that is made
    /// of packs.
    pub fn kept(
        &self,
        broadcasts: Vec<(u32, Option<Broadcast>)>,
        clips: u32,
        file: Option<SealedFile>,
    ) -> Kept {
        let meta = self.meta().clone();
        let is_finished = meta.state == State::Finished;
        let objects = is_finished.then(|| ranges(self.stored_numbers()));
        let totals = is_finished.then(|| self.totals());
        Kept::Recording(Box::new(Facts {
            meta,
            broadcasts,
            clips,
            packs: self.places().packs().iter().copied().collect(),
            file,
            objects,
            totals,
        }))
    }
}

/// Ascending numbers as rows of consecutive ones.
fn ranges(numbers: impl Iterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

/// What is stored under a key of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredKey {
    /// An init segment.
    Config(ConfigHash),
    /// A clip.
    Clip(u32),
    /// An object of the main lane.
    Object(u32),
    /// The manifest of a pack.
    Pack(u32),
    /// [`Kept`].
    Record,
}

impl StoredKey {
    /// Reads a key; `None` where it is none of those.
    pub fn parse(id: &RecordingId, key: &str) -> Option<Self> {
        if key == record_key(id) {
            return Some(Self::Record);
        }
        let (folder, name) = key.strip_prefix(&key_prefix(id))?.rsplit_once('/')?;
        match folder {
            "config" => ConfigHash::parse(name.strip_suffix(".mp4")?).map(Self::Config),
            "pack" => parse_seq(name.strip_suffix(".json")?).map(Self::Pack),
            "clip" => parse_seq(name.strip_suffix(".json")?).map(Self::Clip),
            _ => {
                (folder.strip_prefix("obj/")? == MAIN_LANE).then_some(())?;
                parse_seq(name.strip_suffix(".m4s")?).map(Self::Object)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Limits;
    use crate::gate::Gate;
    use crate::object::{PackFile, clip_key, config_key, object_key, pack_key};
    use crate::provenance::Provenance;
    use crate::retention::{Evicted, Retention};

    fn id() -> RecordingId {
        RecordingId::from_random([9; 16])
    }

    fn facts(objects: Option<Vec<(u32, u32)>>) -> Facts {
        Facts {
            meta: Meta {
                id: id(),
                state: State::Finished,
                title: Some("Tokio 東京".to_owned()),
                metadata: [("room".to_owned(), "4".to_owned())].into(),
                created: 1_795_000_000_000,
                limits: Limits::default(),
                gate: Gate::default(),
                retention: Retention::default(),
                evicted: Evicted::default(),
                provenance: Provenance::default(),
            },
            broadcasts: vec![(2, Some(Broadcast::new(-5, true))), (3, None)],
            clips: 7,
            packs: vec![0, 1],
            file: None,
            objects,
            totals: Some(Totals {
                duration: 1.5,
                bytes: 3,
            }),
        }
    }

    #[test]
    fn a_list_tells_what_is_kept() {
        let facts = facts(None);
        let summary = facts.summary();
        assert_eq!((summary.duration, summary.bytes), (1.5, 3));
        assert_eq!(
            (summary.id, summary.title),
            (id().to_string(), facts.meta.title)
        );
    }

    #[test]
    fn what_is_kept_is_read_back() {
        for kept in [
            Kept::Deleted,
            Kept::Recording(Box::new(facts(None))),
            Kept::Recording(Box::new(facts(Some(vec![(0, 3)])))),
        ] {
            let json = serde_json::to_string(&kept).expect("JSON");
            assert_eq!(serde_json::from_str::<Kept>(&json).expect("read"), kept);
        }
    }

    #[test]
    fn what_later_versions_add_may_be_absent() {
        let json = format!(
            r#"{{"recording":{{"meta":{{"id":"{}","state":"recording","created":5}}}}}}"#,
            id()
        );
        let Kept::Recording(facts) = serde_json::from_str(&json).expect("read") else {
            panic!("it is a recording");
        };
        assert_eq!((facts.clips, facts.has(3)), (0, true));
    }

    #[test]
    fn a_finished_recording_has_the_objects_that_it_had() {
        let numbers = [0, 1, 2, 5, 6, 9, u32::MAX];
        let rows = ranges(numbers.into_iter());
        assert_eq!(rows, [(0, 2), (5, 6), (9, 9), (u32::MAX, u32::MAX)]);
        let facts = facts(Some(rows));
        for number in [0, 2, 6, 9, u32::MAX] {
            assert!(facts.has(number), "{number}");
        }
        for number in [3, 4, 7, 10] {
            assert!(!facts.has(number), "{number}");
        }
    }

    #[test]
    fn keys_say_what_they_are() {
        let (id, hash) = (id(), ConfigHash::of(b"abc"));
        let other = RecordingId::from_random([8; 16]);
        for (key, meant) in [
            (config_key(&id, &hash), StoredKey::Config(hash.clone())),
            (clip_key(&id, 12), StoredKey::Clip(12)),
            (object_key(&id, MAIN_LANE, 0), StoredKey::Object(0)),
            (pack_key(&id, 3, PackFile::Manifest), StoredKey::Pack(3)),
            (record_key(&id), StoredKey::Record),
        ] {
            assert_eq!(StoredKey::parse(&id, &key), Some(meant), "{key}");
            assert_eq!(StoredKey::parse(&other, &key), None, "{key}");
        }
        for key in [
            "obj/other/1.m4s",
            "obj/main/01.m4s",
            "clip/x.json",
            "main/1.m4s",
            "",
        ] {
            let key = format!("{}{key}", key_prefix(&id));
            assert_eq!(StoredKey::parse(&id, &key), None, "{key}");
        }
    }
}
