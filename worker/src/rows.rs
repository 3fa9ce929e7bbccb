//! A recording's rows in the Durable Object's SQLite.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use livetape_edge::access::Limits;
use livetape_edge::api::State as Progress;
use livetape_edge::object::MAIN_LANE;
use livetape_edge::{ConfigHash, Gate, Meta, Provenance, RecordingId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Error, Result, SqlStorage, SqlStorageValue};

use crate::sql::{blob, integer, read, text, write};

/// The tables. Made when a recording is created, so that asking for an unknown id leaves nothing behind.
const SCHEMA: &str = "
    CREATE TABLE meta (id TEXT PRIMARY KEY, state TEXT NOT NULL, title TEXT, created INTEGER NOT NULL);
    CREATE TABLE config (hash TEXT PRIMARY KEY, init BLOB NOT NULL);
    CREATE TABLE broadcast (number INTEGER PRIMARY KEY, start INTEGER NOT NULL, repeat INTEGER NOT NULL);
";

/// Tables that recordings of earlier versions lack.
const LATER: &str = "
    CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS own (limits TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, json TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS clip (
        number INTEGER PRIMARY KEY AUTOINCREMENT, start INTEGER NOT NULL, end INTEGER, title TEXT,
        persistent INTEGER NOT NULL, created INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS pack (number INTEGER PRIMARY KEY, json TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS airing (number INTEGER PRIMARY KEY, json TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS page (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, sealed BLOB NOT NULL);
";

/// Objects by lane and number. Made without row ids: one tree, which has them in the order in which they are read.
const OBJECTS: &str = "
    CREATE TABLE object (
        lane TEXT NOT NULL, seq INTEGER NOT NULL, size INTEGER NOT NULL, digest BLOB NOT NULL, config TEXT NOT NULL,
        head BLOB NOT NULL, wall_clock INTEGER, stored INTEGER NOT NULL, PRIMARY KEY (lane, seq)
    ) WITHOUT ROWID;
";

/// The setting that is a [`livetape_edge::Gate`].
const GATE: &str = "gate";
/// [`livetape_edge::Retention`].
const RETENTION: &str = "retention";
/// [`livetape_edge::Evicted`].
const EVICTED: &str = "evicted";
/// [`livetape_edge::Provenance`].
const PROVENANCE: &str = "provenance";

const RECORDING: &str = "recording";
const FINISHED: &str = "finished";
const DELETED: &str = "deleted";

/// Whose rows these are.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) id: RecordingId,
    /// What is stored is being removed.
    pub(crate) is_deleted: bool,
}

/// The rows.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    sql: SqlStorage,
    /// The tables are those of this version.
    is_upgraded: Rc<Cell<bool>>,
}

impl Rows {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self {
            sql,
            is_upgraded: Rc::default(),
        }
    }

    /// Makes the tables and the recording's own row.
    pub(crate) fn create(&self, meta: &Meta) -> Result<()> {
        for tables in [SCHEMA, OBJECTS, LATER] {
            self.sql.exec(tables, None)?;
        }
        self.is_upgraded.set(true);
        self.write(
            "INSERT INTO meta (id, state, title, created) VALUES (?, ?, ?, ?)",
            vec![
                meta.id.to_string().into(),
                RECORDING.into(),
                meta.title.clone().into(),
                meta.created.into(),
            ],
        )?;
        self.set_facts(meta)?;
        let limits = serde_json::to_string(&meta.limits)?;
        self.write("INSERT INTO own (limits) VALUES (?)", vec![limits.into()])
    }

    /// Makes the tables that rows of earlier versions lack, once for each time that they are in memory.
    pub(crate) fn upgrade(&self) -> Result<()> {
        if self.is_upgraded.get() {
            return Ok(());
        }
        self.sql.exec(LATER, None)?;
        let lanes = "SELECT name FROM pragma_table_info('object') WHERE name = 'lane'";
        if self.read(lanes, |_| Some(()))?.is_empty() {
            // There was one lane.
            self.sql
                .exec("ALTER TABLE object RENAME TO object_of_main", None)?;
            self.sql.exec(OBJECTS, None)?;
            let query = format!(
                "INSERT INTO object SELECT '{MAIN_LANE}', seq, size, digest, config, head, wall_clock, stored
                 FROM object_of_main"
            );
            self.sql.exec(&query, None)?;
            self.sql.exec("DROP TABLE object_of_main", None)?;
        }
        self.is_upgraded.set(true);
        Ok(())
    }

    /// Writes title, facts and settings.
    pub(crate) fn set_facts(&self, meta: &Meta) -> Result<()> {
        self.write("UPDATE meta SET title = ?", vec![meta.title.clone().into()])?;
        self.upgrade()?;
        self.write("DELETE FROM fact", Vec::new())?;
        for (name, value) in &meta.metadata {
            let values = vec![name.clone().into(), value.clone().into()];
            self.write("INSERT INTO fact (name, value) VALUES (?, ?)", values)?;
        }
        self.set(GATE, &meta.gate)?;
        self.set(RETENTION, &meta.retention)?;
        self.set(EVICTED, &meta.evicted)?;
        self.set(PROVENANCE, &meta.provenance)
    }

    /// Writes a setting.
    pub(crate) fn set(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let values = vec![name.into(), serde_json::to_string(value)?.into()];
        self.write(
            "INSERT OR REPLACE INTO setting (name, json) VALUES (?, ?)",
            values,
        )
    }

    /// A setting; the default where it was never written.
    pub(crate) fn setting<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T> {
        let query = format!("SELECT json FROM setting WHERE name = '{name}'");
        let found = self.read(&query, |row| text(row.next()?))?;
        Ok(match found.first() {
            Some(json) => serde_json::from_str(json)?,
            None => T::default(),
        })
    }

    /// From now on there is no recording; the rows stay until what is stored is removed.
    pub(crate) fn delete(&self) -> Result<()> {
        self.write("UPDATE meta SET state = ?", vec![DELETED.into()])
    }

    /// Whose rows these are; `None` where no recording was created.
    pub(crate) fn identity(&self) -> Result<Option<Identity>> {
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'meta'";
        if self.read(tables, |_| Some(()))?.is_empty() {
            return Ok(None);
        }
        let found = self.read("SELECT id, state FROM meta", |row| {
            Some(Identity {
                id: RecordingId::parse(&text(row.next()?)?)?,
                is_deleted: text(row.next()?)? == DELETED,
            })
        })?;
        Ok(found.into_iter().next())
    }

    pub(crate) fn finish(&self) -> Result<()> {
        self.write("UPDATE meta SET state = ?", vec![FINISHED.into()])
    }

    pub(crate) fn insert_config(&self, hash: &ConfigHash, init: &[u8]) -> Result<()> {
        let values = vec![hash.as_str().into(), init.to_vec().into()];
        self.write(
            "INSERT OR REPLACE INTO config (hash, init) VALUES (?, ?)",
            values,
        )
    }

    /// The init segment of a configuration; `None` where it has no row.
    pub(crate) fn config(&self, hash: &ConfigHash) -> Result<Option<Vec<u8>>> {
        let query = format!("SELECT init FROM config WHERE hash = '{hash}'");
        let found = self.read(&query, |row| blob(row.next()?))?;
        Ok(found.into_iter().next())
    }

    /// The recording's own facts; `None` where none was created, or it is deleted.
    pub(crate) fn meta(&self) -> Result<Option<Meta>> {
        if self.identity()?.is_none_or(|own| own.is_deleted) {
            return Ok(None);
        }
        self.upgrade()?;
        let facts = self.read("SELECT name, value FROM fact", |row| {
            Some((text(row.next()?)?, text(row.next()?)?))
        })?;
        let gate: Gate = self.setting(GATE)?;
        let retention = self.setting(RETENTION)?;
        let evicted = self.setting(EVICTED)?;
        let provenance: Provenance = self.setting(PROVENANCE)?;
        let limits = self.read("SELECT limits FROM own", |row| {
            serde_json::from_str::<Limits>(&text(row.next()?)?).ok()
        })?;
        let meta = self.read("SELECT id, state, title, created FROM meta", |row| {
            Some(Meta {
                id: RecordingId::parse(&text(row.next()?)?)?,
                state: match text(row.next()?)?.as_str() {
                    FINISHED => Progress::Finished,
                    _ => Progress::Recording,
                },
                title: text(row.next()?),
                metadata: BTreeMap::new(),
                created: integer(row.next()?)?,
                limits: limits.first().copied().unwrap_or_default(),
                gate: gate.clone(),
                retention,
                evicted,
                provenance: provenance.clone(),
            })
        })?;
        Ok(meta.into_iter().next().map(|meta| Meta {
            metadata: facts.into_iter().collect(),
            ..meta
        }))
    }

    /// The number that a query gives.
    pub(crate) fn one(&self, query: &str) -> Result<u32> {
        let numbers = self.read(query, |row| integer(row.next()?)?.try_into().ok())?;
        let number = numbers.first().copied();
        number.ok_or_else(|| Error::from("a query gave no number"))
    }

    pub(crate) fn write(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<()> {
        write(&self.sql, query, values)
    }

    pub(crate) fn read<T>(
        &self,
        query: &str,
        parse: impl Fn(&mut std::vec::IntoIter<SqlStorageValue>) -> Option<T>,
    ) -> Result<Vec<T>> {
        read(&self.sql, query, Vec::new(), parse)
    }
}
