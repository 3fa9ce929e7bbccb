//! The boxes before the payload of one stored fragment, ISO/IEC 14496-12 §8.8, §8.16.

use super::boxes::{self, BoxRef, Boxes, Header, Parsed};

/// What the first bytes of a stored fragment amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FragmentHead {
    /// All boxes up to the payload are there.
    Complete {
        /// Bytes before the payload, the header of the `mdat` included.
        len: usize,
    },
    /// At least this many bytes from the start are needed to tell.
    Needs(u64),
    /// It is not one CMAF fragment; why, as a clause.
    Invalid(&'static str),
}

/// Reads the head of a fragment of `total` bytes from its first bytes. A fragment is one `moof`,
/// whose tracks all have a `tfdt`, and one `mdat` that ends it; `styp`, `sidx`, `prft`, `emsg`
/// and free space may come before the `moof`.
pub fn fragment_head(bytes: &[u8], total: u64) -> FragmentHead {
    let mut rest = bytes;
    let mut at = 0_u64;
    let mut has_moof = false;
    loop {
        let header = match boxes::header(rest) {
            Parsed::Header(header) => header,
            Parsed::Needs(more) => return needs(at.saturating_add(more as u64), total),
            Parsed::Invalid => return FragmentHead::Invalid("a box is smaller than its header"),
        };
        let size = header.size.unwrap_or(total.saturating_sub(at));
        let end = at.saturating_add(size);
        match &header.kind {
            b"mdat" => return payload(header, at, end, total, has_moof),
            b"moof" if has_moof => {
                return FragmentHead::Invalid("it has more than one moof box");
            }
            b"moof" | b"styp" | b"sidx" | b"prft" | b"emsg" | b"free" | b"skip" => {}
            _ => return FragmentHead::Invalid("it has a box that a fragment does not have"),
        }
        let whole = usize::try_from(size).unwrap_or(usize::MAX);
        let Some((own, after)) = rest.split_at_checked(whole) else {
            return needs(end, total);
        };
        if header.kind == *b"moof" {
            has_moof = true;
            if !Boxes(own).all(|moof| all_tracks_have_times(moof)) {
                return FragmentHead::Invalid("a track fragment has no decode time (tfdt)");
            }
        }
        rest = after;
        at = end;
    }
}

/// The fragment goes on to `end` at least, if it is that long.
const fn needs(end: u64, total: u64) -> FragmentHead {
    if end > total {
        FragmentHead::Invalid("it is cut short")
    } else {
        FragmentHead::Needs(end)
    }
}

fn payload(header: Header, at: u64, end: u64, total: u64, has_moof: bool) -> FragmentHead {
    if !has_moof {
        return FragmentHead::Invalid("it has no moof box before its mdat box");
    }
    if end != total {
        return FragmentHead::Invalid("its mdat box does not end where it ends");
    }
    match usize::try_from(at) {
        Ok(at) => FragmentHead::Complete {
            len: at + header.len,
        },
        Err(_) => FragmentHead::Invalid("its head is too long"),
    }
}

fn all_tracks_have_times(moof: BoxRef<'_>) -> bool {
    let mut tracks = moof.children().filter(|child| child.kind == *b"traf");
    tracks.all(|traf| traf.children().find(b"tfdt").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + 8).expect("small");
        [&size.to_be_bytes(), kind.as_slice(), body].concat()
    }

    fn moof(with_time: bool) -> Vec<u8> {
        let time = if with_time {
            boxed(b"tfdt", &[0; 8])
        } else {
            Vec::new()
        };
        boxed(b"moof", &boxed(b"traf", &time))
    }

    fn fragment() -> Vec<u8> {
        [
            boxed(b"styp", b"msdh"),
            moof(true),
            boxed(b"mdat", b"payload"),
        ]
        .concat()
    }

    #[test]
    fn any_number_of_first_bytes_leads_to_the_head() {
        let whole = fragment();
        let total = whole.len() as u64;
        let head = whole.len() - b"payload".len();
        for have in 0..=whole.len() {
            let first = whole.get(..have).expect("within");
            match fragment_head(first, total) {
                FragmentHead::Complete { len } => {
                    assert_eq!(len, head);
                    assert!(have >= head);
                }
                FragmentHead::Needs(more) => assert!(more > have as u64 && more <= head as u64),
                FragmentHead::Invalid(why) => panic!("{why} with {have} bytes"),
            }
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let refused = |bytes: &[u8]| {
            let found = fragment_head(bytes, bytes.len() as u64);
            matches!(found, FragmentHead::Invalid(_))
        };
        assert!(refused(b"no box at all, but some text"));
        assert!(refused(&boxed(b"mdat", b"payload")));
        assert!(refused(&[moof(false), boxed(b"mdat", b"")].concat()));
        assert!(refused(
            &[moof(true), moof(true), boxed(b"mdat", b"")].concat()
        ));
        assert!(refused(&[fragment(), fragment()].concat()));
        assert!(refused(&boxed(b"moov", b"")));
        assert!(refused(&moof(true)));
        let whole = fragment();
        assert!(refused(whole.get(..whole.len() - 1).expect("within")));
    }
}
