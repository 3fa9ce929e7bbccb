//! `Upload-Metadata`: keys, each with a value in base64, separated by commas.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Most bytes of the header's value.
const LONGEST: usize = 8 << 10;

/// Whether a header's value is what the protocol allows: keys of ASCII without space and comma, each once.
pub fn is_metadata(text: &str) -> bool {
    let pairs: Vec<(&str, &str)> = text.split(',').map(split).collect();
    let keys: BTreeSet<&str> = pairs.iter().map(|(key, _)| *key).collect();
    let fits = |(key, value): &(&str, &str)| {
        let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        plain && STANDARD.decode(value).is_ok()
    };
    text.len() <= LONGEST && keys.len() == pairs.len() && pairs.iter().all(fits)
}

/// The value of a key, where it is text.
pub fn entry(metadata: &str, wanted: &str) -> Option<String> {
    let mut pairs = metadata.split(',').map(split);
    let (_, value) = pairs.find(|(key, _)| *key == wanted)?;
    String::from_utf8(STANDARD.decode(value).ok()?).ok()
}

fn split(pair: &str) -> (&str, &str) {
    let pair = pair.trim();
    pair.split_once(' ').unwrap_or((pair, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_key() {
        // printf 'Derby.mp4' | base64
        let text = "filename RGVyYnkubXA0,is_confidential, empty ";
        assert!(is_metadata(text));
        assert_eq!(entry(text, "filename").as_deref(), Some("Derby.mp4"));
        assert_eq!(entry(text, "is_confidential").as_deref(), Some(""));
        assert_eq!(entry(text, "name"), None);
    }

    #[test]
    fn what_is_no_metadata_is_told() {
        for text in [
            "",
            "key not-base64!",
            "a RGVy,a RGVy",
            "ke\u{fc} RGVy",
            ",",
            "a RGVy,",
        ] {
            assert!(!is_metadata(text), "{text}");
        }
        assert!(!is_metadata(&"x".repeat(LONGEST + 1)));
    }
}
