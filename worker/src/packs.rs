//! A finished recording's objects stored anew in packs, as the Durable Object sees it: what each is made of,
//! and the moment from which all is read from them.

use std::ops::RangeInclusive;

use livetape_edge::object::{MAIN_LANE, PackFile, object_key, pack_key};
use livetape_edge::pack::{LARGEST_PACK, Pack, PackedObject};
use livetape_edge::view::SealedFile;
use livetape_edge::{
    Code, ConfigHash, Delivery, Evicted, Meta, Piece, PlayClaims, RecordingId, Sha256Digest,
};
use worker::Result;

use crate::command::{PackCommand, View};
use crate::jobs::{self, Job};
use crate::recording::Recording;
use crate::refusal::{Answer, Refusal};
use crate::rows::Rows;
use crate::sql::{blob, integer, text};
use crate::{platform, setup};

/// The setting that is true where packs are due, and nobody was told yet.
const DUE: &str = "packs_due";
/// The setting that says when objects that lie in packs are removed from where they were, Unix milliseconds.
const SWEEP: &str = "sweep";
/// The setting that is `video.mp4`, once it is made of packs.
const FILE: &str = "file";
/// How long they stay there, in seconds: answers that were begun before are still sent from them. The
/// variable of that name says otherwise.
const GRACE: (&str, u64) = ("LIVETAPE_PACK_GRACE", 3_600);
/// Bytes of a pack at most, and the variable.
const LARGEST: (&str, u64) = ("LIVETAPE_LARGEST_PACK", LARGEST_PACK);
/// When what failed is tried again, in milliseconds.
const TRY_AGAIN: i64 = 600_000;
/// R2 deletes so many objects at once.
const AT_ONCE: usize = 1_000;

impl Recording {
    pub(crate) async fn answer_pack(&self, command: PackCommand) -> Answer {
        match command {
            PackCommand::Pieces { number, file } => self.pack_pieces(number, file),
            PackCommand::Swap => self.swap().await,
        }
    }

    /// Has packs made, where that saves reads.
    pub(crate) async fn pack_soon(&self) -> Result<()> {
        let is_due = !self.packs()?.is_empty();
        self.rows.set(DUE, &is_due)?;
        self.pack_if_due().await
    }

    /// Has packs made where that is due. What fails is tried again.
    pub(crate) async fn pack_if_due(&self) -> Result<()> {
        if !self.rows.setting::<bool>(DUE)? {
            return Ok(());
        }
        let recording = match self.index() {
            Ok(index) => index.meta().id.to_string(),
            Err(_) => return Ok(()),
        };
        let job = Job::Pack { recording, pack: 0 };
        match jobs::send(&self.env, &job).await {
            Ok(()) => self.rows.set(DUE, &false),
            Err(fault) => {
                worker::console_error!("{fault}");
                self.look_at(platform::now().saturating_add(TRY_AGAIN))
                    .await
            }
        }
    }

    /// The first and last numbers of what is to be packed; nothing where it is, or is not to be.
    fn packs(&self) -> Result<Vec<RangeInclusive<u32>>> {
        let largest = setup::number(&self.env, LARGEST);
        Ok(match self.index() {
            Ok(index) if index.is_settled() => index.packs(largest),
            _ => Vec::new(),
        })
    }

    fn pack(&self, number: u32) -> std::result::Result<Option<Pack>, Refusal> {
        let packs = self.packs()?;
        let Some(range) = packs.get(number as usize) else {
            return Ok(None);
        };
        let objects = self.rows.packed_objects(*range.start(), *range.end())?;
        Ok(Some(self.index()?.pack(number, objects)))
    }

    /// What a file of a pack is made of; 204 where there is no such pack to be made.
    fn pack_pieces(&self, number: u32, file: PackFile) -> Answer {
        let id = self.index()?.meta().id.clone();
        let pieces = match file {
            PackFile::Payload => self.pack(number)?.map(|pack| pack.payload_pieces(&id)),
            PackFile::Rest => self.pack(number)?.map(|pack| pack.rest_pieces(&id)),
            PackFile::Made => {
                let packs = self.all_packs()?;
                let sealed = self.index()?.sealed(&packs).filter(|_| !packs.is_empty());
                sealed.map(|(_, made)| vec![Piece::Bytes(made)])
            }
            PackFile::Manifest => {
                let manifest = self.pack(number)?.map(|pack| serde_json::to_vec(&pack));
                manifest.transpose()?.map(|json| vec![Piece::Bytes(json)])
            }
        };
        let none = || Delivery::new(204, Vec::new());
        Ok(pieces.map_or_else(none, |pieces| Delivery::new(200, pieces)))
    }

    fn all_packs(&self) -> std::result::Result<Vec<Pack>, Refusal> {
        let mut packs = Vec::new();
        while let Some(pack) = self.pack(packs.len() as u32)? {
            packs.push(pack);
        }
        Ok(packs)
    }

    /// The answer to a request for `video.mp4` as a whole, where that is made of packs: the index is not
    /// needed. `None` for all else.
    pub(crate) fn sealed(
        &self,
        meta: &Meta,
        view: &View,
        claims: Option<&PlayClaims>,
    ) -> std::result::Result<Option<Delivery>, Refusal> {
        let request = match view {
            View::Recorded {
                clip: None,
                request,
            } => request.whole_video(),
            _ => None,
        };
        let is_whole = claims.is_none_or(|claims| claims.window().is_whole());
        let is_all_there = meta.evicted == Evicted::default();
        let Some(request) = request.filter(|_| is_whole && is_all_there) else {
            return Ok(None);
        };
        let file = self.rows.file()?;
        Ok(file.map(|file| file.file(request)).transpose()?)
    }

    /// From now on all is read from the packs, which are stored. Where the objects were, they stay for a while.
    async fn swap(&self) -> Answer {
        let id = self.index()?.meta().id.clone();
        let packs = self.all_packs()?;
        let sealed = self.index()?.sealed(&packs);
        let bucket = self.bucket()?;
        for pack in &packs {
            for (file, len) in [
                (PackFile::Payload, pack.payload_len()),
                (PackFile::Rest, pack.rest_len()),
            ] {
                let stored = bucket.head(pack_key(&id, pack.number, file)).await?;
                if stored.is_none_or(|stored| stored.size() != len) {
                    return Err(Code::ObjectsMissing.into());
                }
            }
        }
        let made = bucket.head(pack_key(&id, 0, PackFile::Made)).await?;
        let made = made.map(|made| made.size());
        let sealed = sealed.filter(|(_, bytes)| made == Some(bytes.len() as u64));
        // Nothing of it may have changed meanwhile: another of these jobs, or its deletion.
        if self.packs()?.is_empty() {
            return Ok(Delivery::new(204, Vec::new()));
        }
        for pack in &packs {
            self.rows.insert_pack(pack)?;
        }
        self.rows.seal(&sealed.map(|(file, _)| file))?;
        self.sweep_later()?;
        self.index.replace(None);
        self.keep().await?;
        self.sweep(&id).await?;
        Ok(Delivery::new(204, Vec::new()))
    }

    /// Sees to it that objects are removed from where they were before they were packed, when no answer is sent
    /// from there any more.
    pub(crate) fn sweep_later(&self) -> Result<()> {
        self.rows.sweep_at(self.sweep_time())
    }

    fn sweep_time(&self) -> i64 {
        let grace = setup::number(&self.env, GRACE).saturating_mul(1_000);
        platform::now().saturating_add(i64::try_from(grace).unwrap_or(i64::MAX))
    }

    /// Removes them, or sees to it that an alarm rings when it is time.
    pub(crate) async fn sweep(&self, id: &RecordingId) -> Result<()> {
        let Some(time) = self.rows.setting::<Option<i64>>(SWEEP)? else {
            return Ok(());
        };
        if platform::now() < time {
            return self.look_at(time).await;
        }
        let packed = match self.index() {
            Ok(index) => index.packed_numbers(),
            Err(_) => return Ok(()),
        };
        let bucket = self.bucket()?;
        for seqs in packed.chunks(AT_ONCE) {
            let keys = seqs.iter().map(|seq| object_key(id, MAIN_LANE, *seq));
            bucket.delete_multiple(keys.collect()).await?;
        }
        self.rows.set(SWEEP, &None::<i64>)
    }

    /// Removes packs of which no object has a row any more.
    pub(crate) async fn remove_emptied_packs(&self, id: &RecordingId) -> Result<()> {
        let emptied = match self.index() {
            Ok(index) => index.emptied_packs(),
            Err(_) => return Ok(()),
        };
        if emptied.is_empty() {
            return Ok(());
        }
        for number in &emptied {
            self.rows.delete_pack(*number)?;
        }
        self.rows.seal(&None)?;
        self.index.replace(None);
        self.keep().await?;
        let files = [PackFile::Payload, PackFile::Rest, PackFile::Manifest];
        let keys = emptied
            .iter()
            .flat_map(|number| files.map(|file| pack_key(id, *number, file)))
            .chain([pack_key(id, 0, PackFile::Made)]);
        self.bucket()?.delete_multiple(keys.collect()).await
    }
}

impl Rows {
    /// What a manifest says of objects.
    fn packed_objects(&self, first: u32, last: u32) -> Result<Vec<PackedObject>> {
        let query = format!(
            "SELECT seq, size, length(head), digest, config, wall_clock, stored FROM object
             WHERE lane = '{MAIN_LANE}' AND seq BETWEEN {first} AND {last} ORDER BY seq"
        );
        self.read(&query, |row| {
            Some(PackedObject {
                seq: integer(row.next()?)?.try_into().ok()?,
                size: integer(row.next()?)?.try_into().ok()?,
                head: integer(row.next()?)?.try_into().ok()?,
                digest: Sha256Digest::from_slice(&blob(row.next()?)?)?.content_digest(),
                config: ConfigHash::parse(&text(row.next()?)?)?,
                wall_clock: integer(row.next()?),
                stored: integer(row.next()?)?,
            })
        })
    }

    pub(crate) fn insert_pack(&self, pack: &Pack) -> Result<()> {
        let values = vec![
            i64::from(pack.number).into(),
            serde_json::to_string(pack)?.into(),
        ];
        self.write(
            "INSERT OR REPLACE INTO pack (number, json) VALUES (?, ?)",
            values,
        )
    }

    fn delete_pack(&self, number: u32) -> Result<()> {
        self.write(
            "DELETE FROM pack WHERE number = ?",
            vec![i64::from(number).into()],
        )
    }

    /// Keeps `video.mp4`, or forgets it.
    pub(crate) fn seal(&self, file: &Option<SealedFile>) -> Result<()> {
        self.set(FILE, file)
    }

    /// `video.mp4`, where it is made of packs.
    pub(crate) fn file(&self) -> Result<Option<SealedFile>> {
        self.setting(FILE)
    }

    pub(crate) fn packs(&self) -> Result<Vec<Pack>> {
        self.read("SELECT json FROM pack ORDER BY number", |row| {
            serde_json::from_str(&text(row.next()?)?).ok()
        })
    }

    fn sweep_at(&self, time: i64) -> Result<()> {
        self.set(SWEEP, &Some(time))
    }
}
