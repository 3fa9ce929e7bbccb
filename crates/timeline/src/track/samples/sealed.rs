//! Closed samples as bytes.

use super::{Kind, Packed, Samples};
use crate::sealed::{Reader, Writer};

impl Samples {
    /// Writes them, of which none are open.
    pub(in crate::track) fn write(&self, to: &mut Writer) {
        let Packed { len, kinds, words } = &self.packed;
        to.number((*len).into());
        to.number(kinds.len() as u64);
        for kind in kinds {
            to.number(kind.duration.into());
            to.signed(kind.composition_offset.into());
            to.number(kind.least.into());
            to.number((kind.most - kind.least).into());
            to.number(kind.keyframe.into());
        }
        to.words(words);
    }

    /// Reads what was written, of at most so many.
    pub(in crate::track) fn read(from: &mut Reader<'_>, most: u32) -> Option<Self> {
        let len = from.number().filter(|len| (1..=most).contains(len))?;
        let kinds = from.list(|from| {
            let (duration, composition_offset) = (from.number()?, from.signed()?);
            let (least, more): (u32, u32) = (from.number()?, from.number()?);
            Some(Kind {
                duration,
                composition_offset: composition_offset.try_into().ok()?,
                least,
                most: least.checked_add(more)?,
                keyframe: from.number::<u8>()? == 1,
            })
        })?;
        let packed = Packed {
            len,
            kinds: kinds.into(),
            words: from.words()?,
        };
        Some(Self {
            packed,
            open: Vec::new(),
        })
    }

    /// Whether some are open.
    pub(in crate::track) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }
}
