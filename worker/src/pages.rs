//! The rows of the objects of a recording's main lane, and pages of many of them, from which it is read fast.
//!
//! A page says what the rows of its objects say, for as long as there are these rows and no others between them.
//! Where there is none yet, or none any more, it is made when the recording is read.

use livetape_edge::object::MAIN_LANE;
use livetape_edge::{
    ConfigHash, Meta, OBJECTS_IN_PAGE, ObjectRow, Recording, SealedPage, Sha256Digest,
};
use worker::Result;

use crate::rows::Rows;
use crate::sql::{blob, integer, text};

impl Rows {
    /// Adds an object. A page of others before and after it holds no longer.
    pub(crate) fn insert_object(&self, row: &ObjectRow) -> Result<()> {
        self.unseal(row.seq, row.seq)?;
        let size = i64::try_from(row.size).unwrap_or(i64::MAX);
        self.write(
            "INSERT OR REPLACE INTO object (lane, seq, size, digest, config, head, wall_clock, stored)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            vec![
                MAIN_LANE.into(),
                i64::from(row.seq).into(),
                size.into(),
                row.digest.0.to_vec().into(),
                row.config.as_str().into(),
                row.head.clone().into(),
                row.wall_clock.into(),
                row.stored.into(),
            ],
        )
    }

    /// Takes objects out.
    pub(crate) fn delete_objects(&self, seqs: &[u32]) -> Result<()> {
        if let (Some(first), Some(last)) = (seqs.iter().min(), seqs.iter().max()) {
            self.unseal(*first, *last)?;
        }
        let seqs: Vec<_> = seqs.iter().map(u32::to_string).collect();
        let query = format!(
            "DELETE FROM object WHERE lane = '{MAIN_LANE}' AND seq IN ({})",
            seqs.join(",")
        );
        self.write(&query, Vec::new())
    }

    /// The recording from all its rows; `None` where none was created, or it is deleted.
    pub(crate) fn load(&self) -> Result<Option<Recording>> {
        let Some(meta) = self.meta()? else {
            return Ok(None);
        };
        let (mut recording, next) = self.read_pages(meta, u32::MAX)?;
        self.read_unsealed(&mut recording, next, None)?;
        Ok(Some(recording.packed(&self.packs()?)))
    }

    /// The recording as it was when the object of a number was its last, where none before that came later.
    /// Headers are made of it: where its objects are, it does not know.
    pub(crate) fn load_until(&self, last: u32) -> Result<Option<Recording>> {
        let Some(meta) = self.meta()? else {
            return Ok(None);
        };
        let (mut recording, next) = self.read_pages(meta, last)?;
        take_singly(&mut recording, &self.objects(next, Some(last), None)?)?;
        Ok(Some(recording))
    }

    /// The recording of all pages that end no later than with the object of a number, and of what lies before
    /// them; the number after that.
    fn read_pages(&self, meta: Meta, until: u32) -> Result<(Recording, u32)> {
        let configs = self.read("SELECT hash, init FROM config", |row| {
            Some((ConfigHash::parse(&text(row.next()?)?)?, blob(row.next()?)?))
        })?;
        let mut recording = Recording::new(meta, configs, []);
        let mut next = 0;
        for page in self.pages(until)? {
            if !page.is_current() {
                self.unseal(page.first, page.last)?;
                continue;
            }
            if next < page.first {
                self.read_unsealed(&mut recording, next, Some(page.first - 1))?;
            }
            if !recording.take_page(&page) {
                let rows = self.objects(page.first, Some(page.last), None)?;
                take_singly(&mut recording, &rows)?;
            }
            next = page.last.saturating_add(1);
        }
        Ok((recording, next))
    }

    /// Reads the objects of these numbers, which are in no page, and makes pages of them.
    fn read_unsealed(
        &self,
        recording: &mut Recording,
        first: u32,
        last: Option<u32>,
    ) -> Result<()> {
        let more = last.is_none() && recording.is_growing();
        let mut first = first;
        loop {
            let rows = self.objects(first, last, Some(OBJECTS_IN_PAGE))?;
            match recording.seal(&rows, more) {
                Some(page) => {
                    self.insert_page(&page)?;
                    if !recording.take_page(&page) {
                        take_singly(recording, &rows)?;
                    }
                }
                None => take_singly(recording, &rows)?,
            }
            let next = rows.last().and_then(|row| row.seq.checked_add(1));
            match next.filter(|_| rows.len() == OBJECTS_IN_PAGE) {
                Some(next) => first = next,
                None => return Ok(()),
            }
        }
    }

    fn objects(
        &self,
        first: u32,
        last: Option<u32>,
        most: Option<usize>,
    ) -> Result<Vec<ObjectRow>> {
        let last = last.unwrap_or(u32::MAX);
        let most = most.map_or(-1, |most| most as i64);
        let query = format!(
            "SELECT seq, size, digest, config, head, wall_clock, stored FROM object
             WHERE lane = '{MAIN_LANE}' AND seq BETWEEN {first} AND {last} ORDER BY seq LIMIT {most}"
        );
        self.read(&query, |row| {
            Some(ObjectRow {
                seq: integer(row.next()?)?.try_into().ok()?,
                size: integer(row.next()?)?.try_into().ok()?,
                digest: Sha256Digest::from_slice(&blob(row.next()?)?)?,
                config: ConfigHash::parse(&text(row.next()?)?)?,
                head: blob(row.next()?)?,
                wall_clock: integer(row.next()?),
                stored: integer(row.next()?)?,
            })
        })
    }

    fn pages(&self, until: u32) -> Result<Vec<SealedPage>> {
        let query =
            format!("SELECT first, last, sealed FROM page WHERE last <= {until} ORDER BY first");
        self.read(&query, |row| {
            Some(SealedPage {
                first: integer(row.next()?)?.try_into().ok()?,
                last: integer(row.next()?)?.try_into().ok()?,
                bytes: blob(row.next()?)?,
            })
        })
    }

    fn insert_page(&self, page: &SealedPage) -> Result<()> {
        self.write(
            "INSERT OR REPLACE INTO page (first, last, sealed) VALUES (?, ?, ?)",
            vec![
                i64::from(page.first).into(),
                i64::from(page.last).into(),
                page.bytes.clone().into(),
            ],
        )
    }

    /// Forgets the pages of objects of these numbers.
    fn unseal(&self, first: u32, last: u32) -> Result<()> {
        self.write(
            "DELETE FROM page WHERE last >= ? AND first <= ?",
            vec![i64::from(first).into(), i64::from(last).into()],
        )
    }
}

fn take_singly(recording: &mut Recording, rows: &[ObjectRow]) -> Result<()> {
    match rows.iter().all(|row| recording.take_object(row)) {
        true => Ok(()),
        false => Err("objects are in no order".into()),
    }
}
