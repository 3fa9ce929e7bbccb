//! A recording's clips: rows, and what is answered about them.

use livetape_edge::api::{ClipInfo, ClipList, CreateClip};
use livetape_edge::{Clip, ClipQuery, Code, Delivery, MOST_CLIPS, Span};
use worker::{Result, SqlStorageValue};

use crate::command::ClipCommand;
use crate::recording::Recording;
use crate::refusal::{Answer, Refusal};
use crate::rows::Rows;
use crate::sql::{integer, text};
use crate::{platform, respond};

const COLUMNS: &str = "number, start, end, title, persistent, created";

impl Recording {
    pub(crate) async fn answer_clip(&self, command: ClipCommand) -> Answer {
        match command {
            ClipCommand::Create { clip, origin } => self.create_clip(&clip, &origin).await,
            ClipCommand::List { query, origin } => self.list_clips(query, &origin),
            ClipCommand::Info { number, origin } => {
                let clip = self.clip(number)?;
                Ok(respond::json(
                    200,
                    &self.index()?.clip_info(number, &clip, &origin),
                )?)
            }
            ClipCommand::Delete { number } => {
                self.clip(number)?;
                let id = self.index()?.meta().id.clone();
                self.rows.use_up_clip(number)?;
                self.rows.delete_clip(number)?;
                self.forget_clip(&id, number).await?;
                self.tidy_soon().await?;
                Ok(Delivery::new(204, Vec::new()))
            }
        }
    }

    /// A clip by its number.
    pub(crate) fn clip(&self, number: u32) -> std::result::Result<Clip, Refusal> {
        // Where there is no recording there is no table to ask.
        self.index()?;
        let clip = self.rows.clip(number)?;
        clip.ok_or_else(|| Code::UnknownClip.into())
    }

    async fn create_clip(&self, request: &CreateClip, origin: &str) -> Answer {
        let clip = self.index()?.clip(request, platform::now())?;
        if self.rows.clip_count()? >= MOST_CLIPS {
            return Err(Code::TooManyClips.into());
        }
        let number = self.rows.insert_clip(None, &clip)?;
        let info = self.index()?.clip_info(number, &clip, origin);
        let id = self.index()?.meta().id.clone();
        if let Err(fault) = self.keep_clip(&id, number, &clip).await {
            self.rows.delete_clip(number)?;
            return Err(fault.into());
        }
        Ok(respond::json(201, &info)?)
    }

    fn list_clips(&self, query: ClipQuery, origin: &str) -> Answer {
        let index = self.index()?;
        // One more than asked for tells whether there is another page.
        let mut found = self.rows.clips(query.before, query.limit + 1)?;
        let limit = query.limit as usize;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let cursor = last.map(|(number, _)| number.to_string());
        let infos = found.iter();
        let clips: Vec<ClipInfo> = infos
            .map(|(number, clip)| index.clip_info(*number, clip, origin))
            .collect();
        Ok(respond::json(200, &ClipList { clips, cursor })?)
    }
}

impl Rows {
    /// Adds a clip: a new one with the number after all that ever were.
    pub(crate) fn insert_clip(&self, number: Option<u32>, clip: &Clip) -> Result<u32> {
        let number = match number {
            Some(number) => number,
            None => self.highest_clip()?.saturating_add(1),
        };
        self.write(
            "INSERT OR REPLACE INTO clip (number, start, end, title, persistent, created)
             VALUES (?, ?, ?, ?, ?, ?)",
            vec![
                i64::from(number).into(),
                clip.span.start.into(),
                clip.span.end.into(),
                clip.title.clone().into(),
                i64::from(clip.persistent).into(),
                clip.created.into(),
            ],
        )?;
        Ok(number)
    }

    fn clip_count(&self) -> Result<u32> {
        self.one("SELECT count(*) FROM clip")
    }

    fn clip(&self, number: u32) -> Result<Option<Clip>> {
        let query = format!("SELECT {COLUMNS} FROM clip WHERE number = {number}");
        let found = self.read(&query, row)?;
        Ok(found.into_iter().next().map(|(_, clip)| clip))
    }

    fn clips(&self, before: Option<u32>, limit: u32) -> Result<Vec<(u32, Clip)>> {
        let before = before.map_or(i64::MAX, i64::from);
        let query = format!(
            "SELECT {COLUMNS} FROM clip WHERE number < {before} ORDER BY number DESC LIMIT {limit}"
        );
        self.read(&query, row)
    }

    /// All whose objects are kept.
    pub(crate) fn persistent_clips(&self) -> Result<Vec<Clip>> {
        let query = format!("SELECT {COLUMNS} FROM clip WHERE persistent = 1");
        let found = self.read(&query, row)?;
        Ok(found.into_iter().map(|(_, clip)| clip).collect())
    }

    fn delete_clip(&self, number: u32) -> Result<()> {
        self.write(
            "DELETE FROM clip WHERE number = ?",
            vec![i64::from(number).into()],
        )
    }
}

fn row(row: &mut std::vec::IntoIter<SqlStorageValue>) -> Option<(u32, Clip)> {
    let number = integer(row.next()?)?.try_into().ok()?;
    let span = Span {
        start: integer(row.next()?)?,
        end: integer(row.next()?),
    };
    let clip = Clip {
        span,
        title: text(row.next()?),
        persistent: integer(row.next()?)? != 0,
        created: integer(row.next()?)?,
    };
    Some((number, clip))
}
