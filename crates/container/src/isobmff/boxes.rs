//! Boxes, ISO/IEC 14496-12 §4.2.

use super::fields::Fields;

/// The header of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Four-character type.
    pub(crate) kind: [u8; 4],
    /// Bytes of header: 8, or 16 with `largesize`.
    pub(crate) len: usize,
    /// Bytes of the whole box; `None` where it runs to the end of the stream (`size` 0).
    pub(crate) size: Option<u64>,
}

/// What the first bytes of a box amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A header.
    Header(Header),
    /// This many bytes in all are needed to tell.
    Needs(usize),
    /// No box: the size is smaller than its own header.
    Invalid,
}

/// Reads the header at the start of `bytes`.
pub(crate) fn header(bytes: &[u8]) -> Parsed {
    let mut fields = Fields::new(bytes);
    let (Some(size), Some(kind)) = (fields.u32(), fields.four_cc()) else {
        return Parsed::Needs(8);
    };
    let (len, size) = match size {
        0 => (8, None),
        1 => match fields.u64() {
            Some(large) => (16, Some(large)),
            None => return Parsed::Needs(16),
        },
        size => (8, Some(u64::from(size))),
    };
    if size.is_some_and(|size| size < len as u64) {
        return Parsed::Invalid;
    }
    Parsed::Header(Header { kind, len, size })
}

/// A box that lies in memory as a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BoxRef<'a> {
    pub(crate) kind: [u8; 4],
    /// What follows the header.
    pub(crate) body: &'a [u8],
    /// Header and body.
    pub(crate) whole: &'a [u8],
}

impl<'a> BoxRef<'a> {
    pub(crate) const fn fields(&self) -> Fields<'a> {
        Fields::new(self.body)
    }

    pub(crate) const fn children(&self) -> Boxes<'a> {
        Boxes(self.body)
    }
}

/// The boxes that lie one after another in a slice. Ends at the first that is broken or cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Boxes<'a>(pub(crate) &'a [u8]);

impl<'a> Boxes<'a> {
    /// The first box of a type.
    pub(crate) fn find(self, kind: &[u8; 4]) -> Option<BoxRef<'a>> {
        let mut boxes = self;
        boxes.by_ref().find(|found| found.kind == *kind)
    }

    /// The box at the end of a path of types, the first of each.
    pub(crate) fn path(self, path: &[&[u8; 4]]) -> Option<BoxRef<'a>> {
        let (first, rest) = path.split_first()?;
        let found = self.find(first)?;
        if rest.is_empty() {
            Some(found)
        } else {
            found.children().path(rest)
        }
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = BoxRef<'a>;

    fn next(&mut self) -> Option<BoxRef<'a>> {
        let Parsed::Header(header) = header(self.0) else {
            self.0 = &[];
            return None;
        };
        let size = match header.size {
            Some(size) => usize::try_from(size).unwrap_or(usize::MAX),
            None => self.0.len(),
        };
        let Some((whole, rest)) = self.0.split_at_checked(size) else {
            self.0 = &[];
            return None;
        };
        self.0 = rest;
        let body = whole.get(header.len..)?;
        Some(BoxRef {
            kind: header.kind,
            body,
            whole,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_boxes_and_stops_at_a_cut_one() {
        let bytes = [
            0, 0, 0, 9, b'f', b'r', b'e', b'e', 7, 0, 0, 0, 99, b'm', b'o', b'o', b'v',
        ];
        let found: Vec<_> = Boxes(&bytes).map(|b| (b.kind, b.body.to_vec())).collect();
        assert_eq!(found, [(*b"free", vec![7])]);
    }

    #[test]
    fn sizes_smaller_than_the_header_are_invalid() {
        assert_eq!(
            header(&[0, 0, 0, 7, b'f', b'r', b'e', b'e']),
            Parsed::Invalid
        );
        assert_eq!(
            header(&[0, 0, 0, 1, b'm', b'd', b'a', b't']),
            Parsed::Needs(16)
        );
    }
}
