//! Stored files that are sent as they are: from the platform's cache, or else from storage.

use livetape_edge::object::{self, MAIN_LANE};
use livetape_edge::view::IMMUTABLE;
use livetape_edge::{Code, ConfigHash, Delivery, Form, Piece, RecordingId, Visitor};
use worker::Method;

use crate::cached::Source;
use crate::refusal::{Answer, Refusal};
use crate::routes::Edge;
use crate::{cached, gates, r2};

/// A stored file.
struct Stored {
    /// Its key in storage.
    key: String,
    media_type: &'static str,
    /// The address by which a cache knows it, where it stays what it is.
    address: Option<String>,
}

impl Edge<'_> {
    /// A whole object; nothing where it is not stored by itself: it may lie in a pack, which the index knows.
    pub(crate) async fn whole_object(
        &self,
        id: &RecordingId,
        seq: u32,
        encrypted: bool,
        visitor: &Visitor,
    ) -> Result<Option<Delivery>, Refusal> {
        let (form, folder) = match encrypted {
            true => (Form::Encrypted, "aes/"),
            false => (Form::Clear, ""),
        };
        let entrance = gates::check(self.env, id, visitor, Some(form)).await?;
        let path = format!("{folder}main/{seq}.m4s");
        let is_settled = entrance.settled.contains(&seq);
        let stored = Stored {
            key: object::object_key(id, MAIN_LANE, seq),
            media_type: "video/iso.segment",
            address: match is_settled {
                true => Some(entrance.cached(&self.origin()?, id, &path)),
                false => None,
            },
        };
        let found = match self.cached(&stored).await {
            Some(found) => Some(found),
            None => match self.stored(&stored).await? {
                Some(clear) if encrypted => Some(clear.encrypted(id, u64::from(seq))),
                found => found,
            },
        };
        Ok(found.map(|found| entrance.gate.share(visitor, found)))
    }

    /// An init segment, which is named by its bytes.
    pub(crate) async fn init(
        &self,
        id: &RecordingId,
        hash: &ConfigHash,
        visitor: &Visitor,
    ) -> Answer {
        let entrance = gates::check(self.env, id, visitor, None).await?;
        let path = format!("init-{hash}.mp4");
        let stored = Stored {
            key: object::config_key(id, hash),
            media_type: "video/mp4",
            address: Some(entrance.cached(&self.origin()?, id, &path)),
        };
        let found = match self.cached(&stored).await {
            Some(found) => found,
            None => self.stored(&stored).await?.ok_or(Code::UnknownConfig)?,
        };
        Ok(entrance.gate.share(visitor, found))
    }

    /// A file as the cache has it; where that has none, it is to keep what is sent.
    async fn cached(&self, stored: &Stored) -> Option<Delivery> {
        if self.is_head() {
            return None;
        }
        let address = stored.address.as_ref()?;
        let found = cached::find(address).await;
        let source = match &found {
            Some((_, body)) => Source {
                body: Some(body.clone()),
                keep: None,
            },
            None => Source {
                body: None,
                keep: Some(address.clone()),
            },
        };
        self.source.replace(source);
        found.map(|(len, _)| stored.delivery(len))
    }

    /// A file as storage has it, opened in the one operation that looks for it; nothing where it has none.
    async fn stored(&self, stored: &Stored) -> Result<Option<Delivery>, Refusal> {
        let bucket = r2::bucket(self.env)?;
        let key = &stored.key;
        if self.is_head() {
            let found = bucket.head(key).await?;
            return Ok(found.map(|found| stored.delivery(found.size())));
        }
        let opened = r2::open(&bucket, key).await?;
        Ok(opened.map(|(len, body)| {
            self.source.borrow_mut().body = Some(body);
            stored.delivery(len)
        }))
    }

    fn is_head(&self) -> bool {
        self.request.method() == Method::Head
    }
}

impl Stored {
    fn delivery(&self, len: u64) -> Delivery {
        let piece = Piece::Stored {
            key: self.key.clone(),
            offset: 0,
            len,
        };
        Delivery::new(200, vec![piece])
            .with("Content-Type", self.media_type)
            .with("Cache-Control", IMMUTABLE)
    }
}
