//! A recording's broadcasts: rows, and what is answered about them.

use std::collections::BTreeMap;

use livetape_edge::api::{BroadcastList, CreateBroadcast, PatchBroadcast};
use livetape_edge::view::live::Broadcast;
use livetape_edge::{ClipId, Code, Delivery};
use worker::{Result, SqlStorageValue};

use crate::command::BroadcastCommand;
use crate::recording::Recording;
use crate::refusal::{Answer, Refusal};
use crate::rows::Rows;
use crate::sql::{integer, text};
use crate::{platform, respond};

/// So many a list has.
const LISTED: u32 = 1_000;

impl Recording {
    pub(crate) async fn answer_broadcast(&self, command: BroadcastCommand) -> Answer {
        match command {
            BroadcastCommand::Create { broadcast, origin } => {
                self.create_broadcast(&broadcast, &origin).await
            }
            BroadcastCommand::List { origin } => {
                let (index, now) = (self.index()?, platform::now());
                let mut broadcasts = Vec::new();
                for (number, broadcast) in self.rows.broadcasts()? {
                    broadcasts.push(index.broadcast_info(number, &broadcast, &origin, now)?);
                }
                Ok(respond::json(200, &BroadcastList { broadcasts })?)
            }
            BroadcastCommand::Info { number, origin } => {
                self.told_broadcast(200, number, &self.broadcast(number)?, &origin)
            }
            BroadcastCommand::Patch {
                number,
                patch,
                origin,
            } => self.patch_broadcast(number, &patch, &origin).await,
            BroadcastCommand::Delete { number } => {
                self.broadcast(number)?;
                self.rows.set_broadcast(number, None)?;
                self.keep().await?;
                Ok(Delivery::new(204, Vec::new()))
            }
        }
    }

    /// A broadcast by its number.
    pub(crate) fn broadcast(&self, number: u32) -> std::result::Result<Broadcast, Refusal> {
        // Where there is no recording there is no table to ask.
        self.index()?;
        let found = self.rows.broadcast(number)?;
        found.ok_or_else(|| Code::UnknownBroadcast.into())
    }

    async fn create_broadcast(&self, wanted: &CreateBroadcast, origin: &str) -> Answer {
        self.index()?.check_broadcast()?;
        let start = wanted.start.unwrap_or_else(platform::now);
        let mut broadcast = Broadcast::new(start, wanted.repeat);
        broadcast.end = wanted.end;
        if let Some(clip) = &wanted.clip {
            let clip = ClipId::parse(clip).ok_or(Code::UnknownClip)?;
            if clip.recording != self.index()?.meta().id {
                return Err(Code::UnknownClip.into());
            }
            broadcast.clip = Some((clip.number, self.clip(clip.number)?.span));
        }
        // There must be something to show.
        self.index()?
            .broadcast_info(1, &broadcast, origin, platform::now())?;
        let number = self.rows.insert_broadcast(&broadcast)?;
        self.keep().await?;
        self.told_broadcast(201, number, &broadcast, origin)
    }

    async fn patch_broadcast(&self, number: u32, patch: &PatchBroadcast, origin: &str) -> Answer {
        let broadcast = self.broadcast(number)?;
        let now = platform::now();
        let changed = self.index()?.changed_broadcast(broadcast, patch, now)?;
        self.rows.set_broadcast(number, Some(&changed))?;
        self.keep().await?;
        self.told_broadcast(200, number, &changed, origin)
    }

    fn told_broadcast(
        &self,
        status: u16,
        number: u32,
        broadcast: &Broadcast,
        origin: &str,
    ) -> Answer {
        let index = self.index()?;
        let info = index.broadcast_info(number, broadcast, origin, platform::now())?;
        Ok(respond::json(status, &info)?)
    }
}

impl Rows {
    /// Adds a broadcast and gives its number, from 1. No number is given again.
    fn insert_broadcast(&self, broadcast: &Broadcast) -> Result<u32> {
        let values = vec![broadcast.start().into(), i64::from(broadcast.repeat).into()];
        self.write(
            "INSERT INTO broadcast (start, repeat) VALUES (?, ?)",
            values,
        )?;
        let number = self.one("SELECT max(number) FROM broadcast")?;
        self.set_broadcast(number, Some(broadcast))?;
        Ok(number)
    }

    /// Brings back a broadcast, or one that is not any more: its number is not given again.
    pub(crate) fn restore_broadcast(
        &self,
        number: u32,
        broadcast: Option<&Broadcast>,
    ) -> Result<()> {
        let start = broadcast.map_or(0, Broadcast::start);
        let repeat = broadcast.is_some_and(|broadcast| broadcast.repeat);
        let values = vec![
            i64::from(number).into(),
            start.into(),
            i64::from(repeat).into(),
        ];
        let query = "INSERT INTO broadcast (number, start, repeat) VALUES (?, ?, ?)";
        self.write(query, values)?;
        self.set_broadcast(number, broadcast)
    }

    /// All that there ever were, in order; `None` for those that are not any more.
    pub(crate) fn all_broadcasts(&self) -> Result<Vec<(u32, Option<Broadcast>)>> {
        let there = self.broadcasts_where("1", u32::MAX)?;
        let mut all: BTreeMap<u32, Option<Broadcast>> = self
            .read("SELECT number FROM broadcast", |row| {
                integer(row.next()?)?.try_into().ok()
            })?
            .into_iter()
            .map(|number| (number, None))
            .collect();
        all.extend(
            there
                .into_iter()
                .map(|(number, broadcast)| (number, Some(broadcast))),
        );
        Ok(all.into_iter().collect())
    }

    /// Writes a broadcast as it is now; `None` for one that is not any more.
    fn set_broadcast(&self, number: u32, broadcast: Option<&Broadcast>) -> Result<()> {
        let values = vec![
            i64::from(number).into(),
            serde_json::to_string(&broadcast)?.into(),
        ];
        let query = "INSERT OR REPLACE INTO airing (number, json) VALUES (?, ?)";
        self.write(query, values)
    }

    /// A broadcast by its number.
    fn broadcast(&self, number: u32) -> Result<Option<Broadcast>> {
        let found = self.broadcasts_where(&format!("number = {number}"), 1)?;
        Ok(found.into_iter().map(|(_, broadcast)| broadcast).next())
    }

    /// The newest, newest first.
    pub(crate) fn broadcasts(&self) -> Result<Vec<(u32, Broadcast)>> {
        self.broadcasts_where("1", LISTED)
    }

    fn broadcasts_where(&self, condition: &str, most: u32) -> Result<Vec<(u32, Broadcast)>> {
        // Those of earlier versions have no more than a start.
        let query = format!(
            "SELECT number, start, repeat, json FROM broadcast LEFT JOIN airing USING (number)
             WHERE {condition} AND json IS NOT 'null' ORDER BY number DESC LIMIT {most}"
        );
        self.read(&query, broadcast)
    }
}

fn broadcast(row: &mut std::vec::IntoIter<SqlStorageValue>) -> Option<(u32, Broadcast)> {
    let number = integer(row.next()?)?.try_into().ok()?;
    let (start, repeat) = (integer(row.next()?)?, integer(row.next()?)? != 0);
    let broadcast = match text(row.next()?) {
        Some(json) => serde_json::from_str(&json).ok()?,
        None => Broadcast::new(start, repeat),
    };
    Some((number, broadcast))
}
