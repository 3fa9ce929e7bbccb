//! The bytes of an upload: read from a request, kept in rows, moved on to R2.

use js_sys::{Reflect, Uint8Array};
use livetape_edge::tus::{Part, UploadId};
use wasm_bindgen::prelude::*;
use worker::wasm_bindgen_futures::JsFuture;
use worker::{Request, Result};

use super::Upload;
use crate::sql::{blob, integer, read, text, write};
use crate::{byob, r2};

/// Bytes of a row: SQLite takes 2 MB, and many small rows cost more than few large ones.
pub(super) const ROW: usize = 1 << 20;
/// Bytes of rows that become one object.
const OBJECT: u64 = 8 << 20;

/// Bytes of a request's body that are read at once, if so many are there. Without being told the runtime gives 4 kB
/// at a time, each of which costs as much.
const CHUNK: u32 = 256 << 10;

impl Upload {
    /// The next bytes of a request's body; nothing at its end.
    pub(super) async fn next_chunk(&self, request: &Request) -> Result<Option<Vec<u8>>> {
        let reader = match self.reader.borrow().clone() {
            Some(reader) => reader,
            None => match request.inner().body() {
                Some(body) => byob::reader(body)?,
                None => return Ok(None),
            },
        };
        self.reader.replace(Some(reader.clone()));
        let into = match self.chunk.take() {
            Some(buffer) => Uint8Array::new(&buffer),
            None => Uint8Array::new_with_length(CHUNK),
        };
        let read = JsFuture::from(reader.read(&into)).await?;
        if Reflect::get(&read, &"done".into())?.is_truthy() {
            return Ok(None);
        }
        let chunk: Uint8Array = Reflect::get(&read, &"value".into())?.unchecked_into();
        let bytes = chunk.to_vec();
        self.chunk.replace(Some(chunk.buffer()));
        Ok(Some(bytes))
    }

    /// Puts the bytes in memory, which end at `end`, into rows.
    pub(super) fn write_tail(&self, end: u64) -> Result<()> {
        let bytes = self.buffer.take();
        let mut at = end - bytes.len() as u64;
        for row in bytes.chunks(ROW) {
            let values = vec![position(at).into(), row.to_vec().into()];
            write(
                &self.sql,
                "INSERT INTO tail (at, bytes) VALUES (?, ?)",
                values,
            )?;
            at += row.len() as u64;
        }
        Ok(())
    }

    /// Drops rows from `at` on.
    pub(super) fn drop_after(&self, at: u64) -> Result<()> {
        write(
            &self.sql,
            "DELETE FROM tail WHERE at >= ?",
            vec![position(at).into()],
        )
    }

    /// Moves rows that count to R2 where they are enough for an object, or in any case where `all` is true.
    pub(super) async fn move_out(&self, id: &UploadId, all: bool) -> Result<()> {
        if self.is_moving.replace(true) {
            return Ok(());
        }
        let moved = self.move_rows(id, all).await;
        self.is_moving.set(false);
        moved
    }

    async fn move_rows(&self, id: &UploadId, all: bool) -> Result<()> {
        let bucket = r2::bucket(&self.env)?;
        loop {
            let offset = self.load()?.map_or(0, |(_, own)| own.offset);
            let first = read(&self.sql, "SELECT min(at) FROM tail", Vec::new(), |row| {
                Some(integer(row.next()?))
            })?;
            let Some(start) = first.into_iter().next().flatten() else {
                return Ok(());
            };
            let at = u64::try_from(start).unwrap_or(0);
            let len = offset.saturating_sub(at);
            if len == 0 || (len < OBJECT && !all) {
                return Ok(());
            }
            let rows = "SELECT bytes FROM tail WHERE at < ? ORDER BY at";
            let end = position(offset.min(at + OBJECT));
            let rows = read(&self.sql, rows, vec![end.into()], |row| blob(row.next()?))?;
            let bytes = rows.concat();
            let part = Part {
                key: id.key(at),
                len: bytes.len() as u64,
            };
            bucket.put(&part.key, bytes).execute().await?;
            let end = position(at + part.len);
            write(&self.sql, "DELETE FROM tail WHERE at < ?", vec![end.into()])?;
            self.add_part(at, &part)?;
        }
    }

    pub(super) fn add_part(&self, at: u64, part: &Part) -> Result<()> {
        let values = vec![
            position(at).into(),
            part.key.clone().into(),
            position(part.len).into(),
        ];
        write(
            &self.sql,
            "INSERT OR REPLACE INTO part (at, key, len) VALUES (?, ?, ?)",
            values,
        )
    }

    /// What is in R2, in order.
    pub(super) fn parts(&self) -> Result<Vec<Part>> {
        read(
            &self.sql,
            "SELECT key, len FROM part ORDER BY at",
            Vec::new(),
            |row| {
                Some(Part {
                    key: text(row.next()?)?,
                    len: integer(row.next()?)?.try_into().ok()?,
                })
            },
        )
    }
}

/// A position as SQLite has it: at most 2^53, as JavaScript's numbers are on the way.
fn position(at: u64) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}
