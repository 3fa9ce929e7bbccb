//! Requests for something to play, for clips, and for tokens to play by.

use livetape_edge::access::Scope;
use livetape_edge::api::{ClipPlayback, CreatePlayToken, CreatedPlayToken};
use livetape_edge::route::{EncryptedFile, LiveFile, PlayFile, Route, route};
use livetape_edge::view::cut::Cut;
use livetape_edge::view::i_frames::IFrameFile;
use livetape_edge::view::mp4::{FileKind, Mp4Request};
use livetape_edge::view::{ViewFile, ViewRequest};
use livetape_edge::{
    BroadcastId, ClipQuery, Code, Delivery, Form, Page, Piece, PlayClaims, RecordingId, TimeRange,
    Visitor,
};
use worker::Method;

use crate::command::{BroadcastCommand, ClipCommand, Command, View};
use crate::refusal::Answer;
use crate::routes::{Edge, parameter, seconds};
use crate::{gates, recent, respond};

impl Edge<'_> {
    /// What is done with clips.
    pub(crate) async fn clips(&mut self, route: Route) -> Answer {
        let origin = self.origin()?;
        let (id, command) = match route {
            Route::CreateClip(id) => {
                self.check_scope(Scope::Manage).await?;
                self.count_created().await?;
                let clip = self.json().await?;
                (id, ClipCommand::Create { clip, origin })
            }
            Route::Clips(id) => {
                self.check_scope(Scope::Read).await?;
                let url = self.request.url()?;
                let query = ClipQuery::read(|wanted| parameter(&url, wanted))?;
                (id, ClipCommand::List { query, origin })
            }
            Route::Clip(clip) => {
                let number = clip.number;
                (clip.recording, ClipCommand::Info { number, origin })
            }
            Route::DeleteClip(clip) => {
                self.check_scope(Scope::Manage).await?;
                let number = clip.number;
                (clip.recording, ClipCommand::Delete { number })
            }
            _ => return Err(Code::NotFound.into()),
        };
        self.ask(&id, &Command::Clip(command)).await
    }

    /// What is done with broadcasts.
    pub(crate) async fn broadcasts(&mut self, route: Route) -> Answer {
        let scope = match route {
            Route::Broadcasts(_) | Route::Broadcast(_) => Scope::Read,
            _ => Scope::Manage,
        };
        self.check_scope(scope).await?;
        let origin = self.origin()?;
        let (id, command) = match route {
            Route::CreateBroadcast(id) => {
                self.count_created().await?;
                let broadcast = self.json().await?;
                (id, BroadcastCommand::Create { broadcast, origin })
            }
            Route::Broadcasts(id) => (id, BroadcastCommand::List { origin }),
            Route::Broadcast(BroadcastId { recording, number }) => {
                (recording, BroadcastCommand::Info { number, origin })
            }
            Route::PatchBroadcast(BroadcastId { recording, number }) => {
                let patch = self.json().await?;
                let patch = BroadcastCommand::Patch {
                    number,
                    patch,
                    origin,
                };
                (recording, patch)
            }
            Route::DeleteBroadcast(BroadcastId { recording, number }) => {
                (recording, BroadcastCommand::Delete { number })
            }
            _ => return Err(Code::NotFound.into()),
        };
        self.ask(&id, &Command::Broadcast(command)).await
    }

    /// A token to play by. The recording is not asked: the token names it.
    pub(crate) async fn create_play_token(&mut self, id: &RecordingId) -> Answer {
        self.check_scope(Scope::Manage).await?;
        self.count_created().await?;
        let request: CreatePlayToken = self.json().await?;
        let claims = request.claims(id, seconds())?;
        let token = self.config()?.play_keys.issue(&claims);
        let created = CreatedPlayToken {
            playback: ClipPlayback::new(&self.origin()?, &token),
            token,
            expires: claims.exp,
        };
        Ok(respond::json(201, &created)?)
    }

    /// What the token in an address is for. The token itself is never told or kept, nor part of a
    /// stored file's name.
    pub(crate) async fn play_by_token(&self, token: &str, rest: &str) -> Answer {
        let claims = self.config()?.play_keys.verify(token, seconds())?;
        claims.check_page(&self.page()?)?;
        let path = format!("/v1/play/{}/{rest}", claims.sub);
        match route("GET", &path).map_err(|refused| refused.error)? {
            // A broadcast has a time of its own.
            Route::Live(..) if !claims.window().is_whole() => Err(Code::PlayTokenScope.into()),
            route @ (Route::Play(..) | Route::PlayClip(..) | Route::Live(..)) => {
                Ok(private(self.play(route, Some(claims)).await?))
            }
            _ => Err(Code::PlayTokenInvalid.into()),
        }
    }

    /// Something of a recording, of a clip or of a broadcast.
    pub(crate) async fn play(&self, route: Route, claims: Option<PlayClaims>) -> Answer {
        let visitor = Visitor {
            claims,
            page: self.page()?,
        };
        let (id, clip, file) = match route {
            Route::Play(id, file) => (id, None, file),
            Route::PlayClip(id, file) => (id.recording, Some(id.number), file),
            Route::Live(id, LiveFile::Key) => return self.key(&id.recording, &visitor).await,
            Route::Live(id, file) => {
                let number = id.number;
                let view = View::Live { number, file };
                return self
                    .ask(&id.recording, &Command::View { view, visitor })
                    .await;
            }
            _ => return Err(Code::NotFound.into()),
        };
        let url = self.request.url()?;
        let query = |wanted: &str| parameter(&url, wanted);
        let is_bounded = visitor
            .claims
            .as_ref()
            .is_some_and(|claims| clip.is_some() || !claims.window().is_whole());
        let (file, encrypted) = match file {
            PlayFile::Encrypted(EncryptedFile::Object(seq)) => (PlayFile::Object(seq), true),
            PlayFile::Encrypted(EncryptedFile::IFrame(seq)) => {
                (PlayFile::IFrame(IFrameFile::Object(seq)), true)
            }
            file => (file, false),
        };
        let file = match file {
            PlayFile::Key => return self.key(&id, &visitor).await,
            PlayFile::Multivariant => ViewFile::Multivariant,
            PlayFile::Media(kind) => {
                let skip = query("_HLS_skip").is_some();
                ViewFile::Media { kind, skip }
            }
            PlayFile::Mp4(kind) => ViewFile::Mp4(self.mp4_request(kind, query("download"))),
            PlayFile::IFrame(file) => ViewFile::IFrame(file),
            PlayFile::Object(seq) => match Cut::read(seq, query)? {
                Some(cut) => ViewFile::Cut(cut),
                // Whether it lies within what may be played, the index knows.
                None if is_bounded => ViewFile::Cut(Cut::whole(seq)),
                None => match self.whole_object(&id, seq, encrypted, &visitor).await? {
                    Some(whole) => return Ok(whole),
                    None => ViewFile::Cut(Cut::whole(seq)),
                },
            },
            PlayFile::Init(hash) => return self.init(&id, &hash, &visitor).await,
            // Told apart above.
            PlayFile::Encrypted(_) => return Err(Code::NotFound.into()),
        };
        let time = TimeRange::read(query)?;
        let is_playlist = matches!(file, ViewFile::Multivariant | ViewFile::Media { .. });
        let request = ViewRequest {
            time,
            file,
            encrypted,
        };
        let view = View::Recorded { clip, request };
        let is_for_all = is_playlist && visitor.claims.is_none();
        let command = Command::View { view, visitor };
        if is_for_all {
            return Ok(recent::view(self.env, &id, &command).await?);
        }
        self.ask(&id, &command).await
    }

    /// The key that a recording's segments are encrypted with.
    async fn key(&self, id: &RecordingId, visitor: &Visitor) -> Answer {
        let entrance = gates::check(self.env, id, visitor, Some(Form::Encrypted)).await?;
        let key = self.config()?.content_keys.key(id);
        let key = Delivery::new(200, vec![Piece::Bytes(key.to_vec())])
            .with("Content-Type", "application/octet-stream")
            .with("Cache-Control", "no-store");
        Ok(entrance.gate.share(visitor, key))
    }

    /// Where the request comes from.
    pub(crate) fn page(&self) -> worker::Result<Page> {
        let referer = self.header("Referer");
        let edge = self.origin()?;
        Ok(Page::new(&edge, self.header("Origin"), referer.as_deref()))
    }

    fn mp4_request(&self, kind: FileKind, download: Option<String>) -> Mp4Request {
        Mp4Request {
            range: self.header("Range"),
            if_range: self.header("If-Range"),
            if_none_match: self.header("If-None-Match"),
            kind,
            download,
            head: self.request.method() == Method::Head,
        }
    }
}

/// What a token opened is for its holder's caches alone.
fn private(mut delivery: Delivery) -> Delivery {
    for (name, value) in &mut delivery.headers {
        if name == "Cache-Control" {
            *value = value.replace("public", "private");
        }
    }
    delivery
}
