//! The head of one stored fragment.

use livetape_container::isobmff::{FragmentHead, fragment_head};

/// Reads the head from as few bytes as it asks for: it must come to what the whole says.
pub(super) fn run(fragment: &[u8]) {
    let total = fragment.len() as u64;
    let whole = fragment_head(fragment, total);
    if let FragmentHead::Complete { len } = whole {
        assert!(len <= fragment.len(), "a head of {len} bytes");
    }
    assert!(
        !matches!(whole, FragmentHead::Needs(_)),
        "{whole:?}, but it is all there"
    );
    let mut known = 0;
    let grown = loop {
        let first = fragment
            .get(..known)
            .expect("never asked for more than there is");
        match fragment_head(first, total) {
            FragmentHead::Needs(wanted) => {
                assert!(
                    wanted > known as u64 && wanted <= total,
                    "{wanted} after {known}"
                );
                known = wanted as usize;
            }
            end => break end,
        }
    };
    assert_eq!(grown, whole);
}
