//! Just enough of ISO/IEC 14496-12 to take well-formed files apart: not the parser that is tested.

/// The top-level boxes of `bytes`, each with its header; ends where a box does.
pub(super) fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let size = u32::from_be_bytes(*bytes.first_chunk()?) as usize;
        let (own, rest) = bytes.split_at_checked(size.max(8))?;
        bytes = rest;
        Some(own)
    })
}

/// A box's four characters.
pub(super) fn kind(found: &[u8]) -> &[u8] {
    found.get(4..8).unwrap_or_default()
}

/// A box with its size before it.
pub(super) fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = body.len() as u32 + 8;
    [&size.to_be_bytes(), kind, body].concat()
}

/// All that lies between one occurrence of `pattern` and the next, each beginning with it.
pub(super) fn from_each<'a>(bytes: &'a [u8], pattern: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let places = bytes.windows(pattern.len()).enumerate();
    let places = places.filter(move |(_, window)| *window == pattern);
    places.filter_map(|(at, _)| bytes.get(at..))
}
