//! Pages of objects that are in their place: a recording of hours is read from them.

use crate::api::State;
use crate::index::{Facts, Index, is_current};
use crate::meta::ObjectRow;
use crate::recording::Recording;

/// Objects that become one page.
pub const OBJECTS_IN_PAGE: usize = 128;
/// So many are a page where no more follow.
const FEWEST_OBJECTS: usize = 16;
/// A larger page is none: it is to be one row.
const LARGEST: usize = 1_500_000;

/// Consecutive objects of a recording, as bytes that are read much faster than their heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPage {
    /// Number of the first object.
    pub first: u32,
    /// Number of the last.
    pub last: u32,
    /// What there is to know of them.
    pub bytes: Vec<u8>,
}

impl SealedPage {
    /// Whether this version reads what it was written by; it is to be made anew where not.
    pub fn is_current(&self) -> bool {
        is_current(&self.bytes)
    }
}

impl Recording {
    /// A page of consecutive objects, of whose numbers none is missing between them; `None` where they are too
    /// few for one, or cannot be one. `more` says whether more may follow before another page.
    pub fn seal(&self, rows: &[ObjectRow], more: bool) -> Option<SealedPage> {
        let fewest = if more {
            OBJECTS_IN_PAGE
        } else {
            FEWEST_OBJECTS
        };
        match rows.len() < fewest {
            true => None,
            false => self.page(rows),
        }
    }

    /// A page of consecutive objects, however few they are.
    pub fn page(&self, rows: &[ObjectRow]) -> Option<SealedPage> {
        let mut index = Index::default();
        let mut objects = Vec::new();
        for row in rows {
            let facts = Facts::of(row);
            if let Some(init) = self.config(&row.config) {
                // One that cannot be read is in no index.
                let _ = index.append(facts.clone(), init, &row.head);
            }
            objects.push((facts, row.digest));
        }
        let bytes = index.seal(&objects, self.configs())?;
        (bytes.len() <= LARGEST).then_some(SealedPage {
            first: rows.first()?.seq,
            last: rows.last()?.seq,
            bytes,
        })
    }

    /// Whether objects were taken of which a page may be made: when it is read again from its rows, that is.
    pub const fn is_page_due(&self) -> bool {
        let count = self.unsealed();
        count > 0 && count.is_multiple_of(OBJECTS_IN_PAGE)
    }

    /// Whether objects may follow.
    pub fn is_growing(&self) -> bool {
        self.meta().state == State::Recording
    }

    /// Takes the objects of a page, as [`Self::take_object`] would one after another. False, and none is taken,
    /// where they must be.
    #[must_use]
    pub fn take_page(&mut self, page: &SealedPage) -> bool {
        if self.last_number().is_some_and(|last| page.first <= last) {
            return false;
        }
        self.take_sealed(&page.bytes)
    }
}
