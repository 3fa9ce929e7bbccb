//! What a request to the edge brings.

use std::collections::BTreeMap;

use livetape_edge::api::{CreateBroadcast, CreateRecording, Finish};
use livetape_edge::object::{Announced, MAX_OBJECT, check_lane, parse_seq};
use livetape_edge::range::{Wanted, content_range, none_match, wanted, wanted_if};
use livetape_edge::route::route;
use livetape_edge::token::{Signer, bearer};
use livetape_edge::{BroadcastId, ConfigHash, Delivery, RecordingId, Sha256Digest};

/// The secret that nobody who writes inputs knows a signature of.
const SECRET: &str = "the fuzzer's edge";
const ETAG: &str = "\"0123456789abcdef\"";

/// The input is a request: its line, header fields as `Name: value`, an empty line, a body. Each value
/// is also read as each of the things that a value can be.
pub(super) fn run(input: &[u8]) {
    if let Some(delivery) = Delivery::decode(input) {
        assert_eq!(Delivery::decode(&delivery.encode()), Some(delivery));
    }
    let text = String::from_utf8_lossy(input);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let (method, path) = lines
        .next()
        .and_then(|line| line.split_once(' '))
        .unwrap_or_default();
    if let Err(refused) = route(method, path) {
        assert!((400..500).contains(&refused.error.code.status()));
    }
    for part in path.split('/') {
        name(part);
    }
    let fields: BTreeMap<&str, &str> = lines.filter_map(|line| line.split_once(": ")).collect();
    for value in fields.values() {
        name(value);
        range(value, body.len() as u64);
        credentials(value);
        if let Some(digest) = Sha256Digest::from_content_digest(value) {
            let again = Sha256Digest::from_content_digest(&digest.content_digest());
            assert_eq!(again, Some(digest));
        }
    }
    let header = |name: &str| fields.get(name).map(|value| (*value).to_owned());
    if let Ok(announced) = Announced::read(header, MAX_OBJECT) {
        assert!(announced.len <= MAX_OBJECT);
        let _ = announced.check_object();
    }
    json(body);
}

/// Ids are read as they are written, and no other way.
fn name(text: &str) {
    if let Some(id) = RecordingId::parse(text) {
        assert_eq!(id.to_string(), text);
    }
    if let Some(id) = BroadcastId::parse(text) {
        assert_eq!(id.to_string(), text);
    }
    if let Some(hash) = ConfigHash::parse(text) {
        assert_eq!(hash.as_str(), text);
    }
    if let Some(seq) = parse_seq(text) {
        assert_eq!(seq.to_string(), text);
    }
    assert!(check_lane(text).is_err() || text == "main");
}

fn range(field: &str, body: u64) {
    for len in [0, 1, body, u64::MAX] {
        if let Wanted::Part(part) = wanted(Some(field), len) {
            assert!(
                part.start < part.end && part.end <= len,
                "{part:?} of {len}"
            );
            assert!(!content_range(&part, len).is_empty());
        }
        assert_eq!(
            wanted_if(Some(field), Some("\"other\""), ETAG, len),
            Wanted::Whole
        );
    }
    if none_match(Some(field), ETAG) {
        assert!(field.contains(ETAG) || field.contains('*'), "{field}");
    }
}

fn credentials(field: &str) {
    let token = bearer(Some(field)).unwrap_or(field);
    let recording = RecordingId::from_random([7; 16]);
    assert!(
        Signer::new(SECRET).verify(token, &recording, 0).is_err(),
        "{token} was never issued"
    );
}

fn json(body: &str) {
    if let Ok(asked) = serde_json::from_str::<CreateRecording>(body) {
        again(&asked);
    }
    if let Ok(asked) = serde_json::from_str::<Finish>(body) {
        again(&asked);
    }
    if let Ok(asked) = serde_json::from_str::<CreateBroadcast>(body) {
        again(&asked);
    }
}

fn again<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq>(asked: &T) {
    let text = serde_json::to_string(asked).expect("plain data");
    let read: T = serde_json::from_str(&text).expect("what was written");
    assert!(read == *asked, "{text}");
}
