//! Requests for something to play, and for clips.

use livetape_edge::access::Scope;
use livetape_edge::object::{self, MAIN_LANE};
use livetape_edge::route::{PlayFile, Route};
use livetape_edge::view::cut::Cut;
use livetape_edge::view::mp4::{FileKind, Mp4Request};
use livetape_edge::view::{IMMUTABLE, ViewFile, ViewRequest};
use livetape_edge::{ClipQuery, Code, Delivery, Piece, RecordingId, TimeRange};
use worker::Method;

use crate::command::{ClipCommand, Command, View};
use crate::r2;
use crate::refusal::Answer;
use crate::routes::{Edge, parameter};

impl Edge<'_> {
    /// What is done with clips.
    pub(crate) async fn clips(&mut self, route: Route) -> Answer {
        let origin = self.origin()?;
        let (id, command) = match route {
            Route::CreateClip(id) => {
                self.check_scope(Scope::Manage).await?;
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

    /// Something of a recording, or of its clip of that number.
    pub(crate) async fn play(&self, id: &RecordingId, clip: Option<u32>, file: PlayFile) -> Answer {
        let url = self.request.url()?;
        let query = |wanted: &str| parameter(&url, wanted);
        let file = match file {
            PlayFile::Multivariant => ViewFile::Multivariant,
            PlayFile::Media(kind) => {
                let skip = query("_HLS_skip").is_some();
                ViewFile::Media { kind, skip }
            }
            PlayFile::Mp4(kind) => ViewFile::Mp4(self.mp4_request(kind, query("download"))),
            PlayFile::IFrame(file) => ViewFile::IFrame(file),
            PlayFile::Object(seq) => match Cut::read(seq, query)? {
                Some(cut) => ViewFile::Cut(cut),
                None => {
                    let key = object::object_key(id, MAIN_LANE, seq);
                    return self
                        .stored(key, "video/iso.segment", Code::UnknownObject)
                        .await;
                }
            },
            PlayFile::Init(hash) => {
                let key = object::config_key(id, &hash);
                return self.stored(key, "video/mp4", Code::UnknownConfig).await;
            }
        };
        let time = TimeRange::read(query)?;
        let request = ViewRequest { time, file };
        self.ask(id, &Command::View(View::Recorded { clip, request }))
            .await
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

    /// A whole object, which never changes.
    async fn stored(&self, key: String, media_type: &str, unknown: Code) -> Answer {
        let stored = r2::bucket(self.env)?.head(&key).await?;
        let len = stored.ok_or(unknown)?.size();
        let piece = Piece::Stored {
            key,
            offset: 0,
            len,
        };
        Ok(Delivery::new(200, vec![piece])
            .with("Content-Type", media_type)
            .with("Cache-Control", IMMUTABLE))
    }
}
