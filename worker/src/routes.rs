//! A request to its answer.

use std::cell::RefCell;
use std::rc::Rc;

use livetape_edge::access::{Scope, Terms};
use livetape_edge::api::{CreateRecording, Demo, OPENAPI, kept_title};
use livetape_edge::object::{self, Announced, MAIN_LANE, MAX_CONFIG, MAX_OBJECT};
use livetape_edge::route::{Route, route};
use livetape_edge::token::{TOKEN_LIFETIME, bearer};
use livetape_edge::{ApiError, Code, Config, ConfigHash, Gate, ListQuery, RecordingId};
use serde::de::DeserializeOwned;
use worker::web_sys::ReadableStream;
use worker::{Context, Env, Method, Request, Response, Result, Url};

use crate::cached::Source;
use crate::command::{Command, New, ask};
use crate::r2::Put;
use crate::refusal::{Answer, Refusal};
use crate::tenant::{self, TenantCommand};
use crate::{platform, r2, respond, setup, stream};

/// Most bytes of a JSON body.
const MAX_JSON: usize = 16 << 10;

/// Answers a request; a fault of this side is logged and told as `internal`.
pub(crate) async fn answer(request: Request, env: &Env, context: &Context) -> Result<Response> {
    let head = request.method() == Method::Head;
    let mut edge = Edge {
        env,
        request,
        shared: RefCell::default(),
        source: RefCell::default(),
    };
    let mut delivery = match edge.delivery().await {
        Ok(delivery) => delivery,
        Err(Refusal::Told(delivery)) => *delivery,
        Err(Refusal::Api(error)) => respond::error(&error),
        Err(Refusal::Fault(fault)) => {
            worker::console_error!("{fault}");
            respond::error(&Code::Internal.into())
        }
    };
    delivery.headers.extend(edge.shared.take());
    let source = edge.source.take();
    stream::send(delivery, source, head, env, context).await
}

/// An edge that answers a request.
pub(crate) struct Edge<'a> {
    pub(crate) env: &'a Env,
    pub(crate) request: Request,
    /// Fields of the answer that say which pages may read it, where the key that it was asked with does.
    pub(crate) shared: RefCell<Vec<(String, String)>>,
    /// Of the answer's body.
    pub(crate) source: RefCell<Source>,
}

impl Edge<'_> {
    async fn delivery(&mut self) -> Answer {
        let path = self.request.path();
        let route = match route(&self.method(), &path) {
            Ok(route) => route,
            Err(refused) => {
                let delivery = respond::error(&refused.error);
                return Ok(match refused.allow {
                    Some(allow) => delivery.with("Allow", allow),
                    None => delivery,
                });
            }
        };
        match route {
            Route::Preflight => Ok(respond::preflight()),
            Route::Health => Ok(respond::json(200, &serde_json::json!({ "status": "ok" }))?),
            Route::OpenApi => Ok(respond::document(OPENAPI)),
            Route::Demo => self.demo(),
            Route::UploadOptions => Ok(Self::upload_options()),
            Route::CreateUpload => Ok(self.create_upload().await),
            Route::Upload(id) => Ok(self.upload(&id).await),
            Route::ReadUpload(id) => self.read_upload(&id).await,
            Route::Keys
            | Route::CreateKey
            | Route::RevokeKey(_)
            | Route::Templates
            | Route::CreateTemplate
            | Route::Template(_)
            | Route::PatchTemplate(_)
            | Route::DeleteTemplate(_) => self.administer(route).await,
            Route::Create => self.create().await,
            Route::List => {
                self.check_scope(Scope::Read).await?;
                let url = self.request.url()?;
                let query = ListQuery::read(|wanted| parameter(&url, wanted))?;
                Ok(tenant::ask(self.env, &TenantCommand::List(query)).await?)
            }
            Route::Patch(id) => {
                self.check_scope(Scope::Manage).await?;
                let patch = self.json().await?;
                let origin = self.origin()?;
                self.ask(&id, &Command::Patch { patch, origin }).await
            }
            Route::Delete(id) => {
                self.check_scope(Scope::Manage).await?;
                self.ask(&id, &Command::Delete).await
            }
            Route::Info(id) => {
                let origin = self.origin()?;
                self.ask(&id, &Command::Info { origin }).await
            }
            Route::PutConfig(id, hash) => self.put_config(&id, &hash).await,
            Route::PutObject(id, seq) => self.put_object(&id, seq).await,
            Route::Objects(id) => {
                self.check_token(&id)?;
                self.ask(&id, &Command::Objects).await
            }
            Route::Finish(id) => {
                self.check_token(&id)?;
                let finish = self.json().await?;
                let origin = self.origin()?;
                self.ask(&id, &Command::Finish { finish, origin }).await
            }
            Route::CreateBroadcast(_)
            | Route::Broadcasts(_)
            | Route::Broadcast(_)
            | Route::PatchBroadcast(_)
            | Route::DeleteBroadcast(_) => self.broadcasts(route).await,
            Route::CreateClip(_) | Route::Clips(_) | Route::Clip(_) | Route::DeleteClip(_) => {
                self.clips(route).await
            }
            Route::CreatePlayToken(id) => self.create_play_token(&id).await,
            Route::PlayToken(token, rest) => self.play_by_token(&token, &rest).await,
            Route::Play(..) | Route::PlayClip(..) | Route::Live(..) => self.play(route, None).await,
        }
    }

    fn demo(&self) -> Answer {
        let config = self.config()?;
        let (id, template) = config.demo().ok_or(Code::NotFound)?;
        let playback = livetape_edge::api::BroadcastPlayback::new(&self.origin()?, &id.to_string());
        let demo = Demo {
            ts: playback.ts,
            fmp4: playback.hls,
            template: template.to_owned(),
        };
        Ok(respond::json(200, &demo)?)
    }

    async fn create(&mut self) -> Answer {
        let body: CreateRecording = self.json().await?;
        body.check()?;
        let wanted = body.id.as_deref().map(|id| {
            let detail = "An id is rec_ and 22 of 0-9, A-Z, a-z.";
            RecordingId::parse(id).ok_or_else(|| ApiError::new(Code::BadRequest, detail))
        });
        self.count_created().await?;
        let has_key = self.bearer().is_some();
        if has_key {
            self.check_scope(Scope::Record).await?;
        } else if body.template.is_some() && wanted.is_some() {
            return Err(Code::KeyRequired.into());
        }
        let is_fresh = wanted.is_none();
        let id = match wanted {
            Some(id) => id?,
            None => RecordingId::from_random(platform::random()?),
        };
        let terms = match &body.template {
            _ if has_key => Terms::default(),
            Some(template) => self.admit(template, &id).await?,
            None => return Err(Code::TokenMissing.into()),
        };
        let expires = seconds() + TOKEN_LIFETIME;
        let new = New {
            is_fresh,
            title: body.title.as_deref().and_then(kept_title),
            metadata: body.metadata,
            origin: self.origin()?,
            token: self.config()?.signer.issue(&id, expires),
            limits: terms.limits,
            retention: terms.retention(body.retention),
            provenance: terms.provenance(body.derived_from),
            gate: terms.gate(Gate {
                review: body.review,
                access: body.access,
                encryption: body.encryption,
                origins: body.origins,
                ..Gate::default()
            }),
        };
        self.ask(&id, &Command::Create(new)).await
    }

    async fn put_config(&mut self, id: &RecordingId, hash: &ConfigHash) -> Answer {
        self.check_token(id)?;
        let init = self.body(MAX_CONFIG as usize).await?;
        let hash = hash.to_string();
        self.ask(id, &Command::PutConfig { hash, init }).await
    }

    async fn put_object(&self, id: &RecordingId, seq: u32) -> Answer {
        self.check_token(id)?;
        let header = |name: &str| self.header(name);
        let announced = Announced::read(header, MAX_OBJECT)?;
        announced.check_object()?;
        let body: ReadableStream = match self.request.inner().body() {
            Some(body) => body,
            None => return Err(ApiError::new(Code::BadFragment, "The body is empty.").into()),
        };
        let key = object::object_key(id, MAIN_LANE, seq);
        match r2::put(&r2::bucket(self.env)?, &key, body, &announced).await? {
            Put::DigestMismatch => Err(Code::DigestMismatch.into()),
            Put::Exists(stored) if stored != Some(announced.digest) => {
                Err(Code::ObjectConflict.into())
            }
            // Stored before: by another try, perhaps, that was cut off before the index knew of it.
            Put::Created | Put::Exists(_) => self.ask(id, &Command::PutObject { seq }).await,
        }
    }

    pub(crate) async fn ask(&self, id: &RecordingId, command: &Command) -> Answer {
        Ok(ask(self.env, id, command).await?)
    }

    fn check_token(&self, id: &RecordingId) -> std::result::Result<(), Refusal> {
        let token = self.bearer().ok_or(Code::TokenMissing)?;
        self.config()?.signer.verify(&token, id, seconds())?;
        Ok(())
    }

    /// The request's method; some networks let through nothing but `POST`, and clients say then what they mean.
    pub(crate) fn method(&self) -> String {
        let meant = self.header("X-HTTP-Method-Override");
        let own = self.request.method().to_string();
        meant.filter(|_| own == "POST").unwrap_or(own)
    }

    pub(crate) fn bearer(&self) -> Option<String> {
        bearer(self.header("Authorization").as_deref()).map(str::to_owned)
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.request.headers().get(name).ok().flatten()
    }

    /// Scheme, host and port that the client used.
    pub(crate) fn origin(&self) -> Result<String> {
        Ok(self.request.url()?.origin().ascii_serialization())
    }

    pub(crate) fn config(&self) -> Result<Rc<Config>> {
        setup::config(self.env)
    }

    /// The body as JSON; an empty one is the default.
    pub(crate) async fn json<T: DeserializeOwned + Default>(
        &mut self,
    ) -> std::result::Result<T, Refusal> {
        let bytes = self.body(MAX_JSON).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(T::default());
        }
        let bad = |error: serde_json::Error| ApiError::new(Code::BadRequest, format!("{error}."));
        Ok(serde_json::from_slice(&bytes).map_err(bad)?)
    }

    /// The body, of at most `cap` bytes.
    async fn body(&mut self, cap: usize) -> std::result::Result<Vec<u8>, Refusal> {
        let too_large = || ApiError::new(Code::TooLarge, format!("At most {cap} bytes are taken."));
        let announced = self
            .header("Content-Length")
            .and_then(|text| text.parse::<usize>().ok());
        if announced.is_some_and(|len| len > cap) {
            return Err(too_large().into());
        }
        // The runtime itself caps a body without a length.
        let bytes = self.request.bytes().await?;
        if bytes.len() > cap {
            return Err(too_large().into());
        }
        Ok(bytes)
    }
}

/// The value of a parameter in an address.
pub(crate) fn parameter(url: &Url, wanted: &str) -> Option<String> {
    let found = url.query_pairs().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.into_owned())
}

/// Unix seconds.
pub(crate) fn seconds() -> u64 {
    u64::try_from(platform::now() / 1000).unwrap_or(0)
}
