//! Addresses and methods.

mod playing;

use crate::access::TemplateId;
use crate::error::{ApiError, Code};
use crate::ids::{BroadcastId, ClipId, ConfigHash, RecordingId};
use crate::object::{check_lane, parse_seq};
use crate::tus::UploadId;

pub use playing::{EncryptedFile, LiveFile, LiveTrack, PlayFile};
use playing::{live_file, play_file};

/// What a request is for. `HEAD` goes with every `GET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Any `OPTIONS` request.
    Preflight,
    /// `GET /healthz`
    Health,
    /// `GET /openapi.json`
    OpenApi,
    /// `GET /v1/demo`
    Demo,
    /// `POST /v1/keys`
    CreateKey,
    /// `GET /v1/keys`
    Keys,
    /// `DELETE /v1/keys/{id}`
    RevokeKey(String),
    /// `POST /v1/templates`
    CreateTemplate,
    /// `GET /v1/templates`
    Templates,
    /// `GET /v1/templates/{id}`
    Template(TemplateId),
    /// `PATCH /v1/templates/{id}`
    PatchTemplate(TemplateId),
    /// `DELETE /v1/templates/{id}`
    DeleteTemplate(TemplateId),
    /// `POST /v1/recordings`
    Create,
    /// `GET /v1/recordings`
    List,
    /// `OPTIONS /v1/uploads` and `/v1/uploads/{id}`
    UploadOptions,
    /// `POST /v1/uploads`
    CreateUpload,
    /// `HEAD`, `PATCH` and `DELETE /v1/uploads/{id}`
    Upload(UploadId),
    /// `GET /v1/uploads/{id}`
    ReadUpload(UploadId),
    /// `GET /v1/recordings/{id}`
    Info(RecordingId),
    /// `PATCH /v1/recordings/{id}`
    Patch(RecordingId),
    /// `DELETE /v1/recordings/{id}`
    Delete(RecordingId),
    /// `PUT /v1/recordings/{id}/configs/{hash}`
    PutConfig(RecordingId, ConfigHash),
    /// `PUT /v1/recordings/{id}/objects/main/{seq}`
    PutObject(RecordingId, u32),
    /// `GET /v1/recordings/{id}/objects`
    Objects(RecordingId),
    /// `POST /v1/recordings/{id}/finish`
    Finish(RecordingId),
    /// `POST /v1/recordings/{id}/broadcasts`
    CreateBroadcast(RecordingId),
    /// `GET /v1/recordings/{id}/broadcasts`
    Broadcasts(RecordingId),
    /// `GET /v1/recordings/{id}/broadcasts/{broadcast}`
    Broadcast(BroadcastId),
    /// `PATCH /v1/recordings/{id}/broadcasts/{broadcast}`
    PatchBroadcast(BroadcastId),
    /// `DELETE /v1/recordings/{id}/broadcasts/{broadcast}`
    DeleteBroadcast(BroadcastId),
    /// `POST /v1/recordings/{id}/clips`
    CreateClip(RecordingId),
    /// `GET /v1/recordings/{id}/clips`
    Clips(RecordingId),
    /// `GET /v1/recordings/{id}/clips/{clip}`
    Clip(ClipId),
    /// `DELETE /v1/recordings/{id}/clips/{clip}`
    DeleteClip(ClipId),
    /// `POST /v1/recordings/{id}/tokens`
    CreatePlayToken(RecordingId),
    /// `GET /v1/play/{token}/...`: the token, and what comes behind.
    PlayToken(String, String),
    /// `GET /v1/play/{id}/...`
    Play(RecordingId, PlayFile),
    /// `GET /v1/play/{clip}/...`
    PlayClip(ClipId, PlayFile),
    /// `GET /v1/play/{broadcast}/...`
    Live(BroadcastId, LiveFile),
}

/// An address that does not exist, or not with that method.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteError {
    /// What to answer.
    pub error: ApiError,
    /// The `Allow` header that goes with it.
    pub allow: Option<&'static str>,
}

impl From<ApiError> for RouteError {
    fn from(error: ApiError) -> Self {
        Self { error, allow: None }
    }
}

impl From<Code> for RouteError {
    fn from(code: Code) -> Self {
        ApiError::from(code).into()
    }
}

/// Finds the route of a method and a path.
///
/// # Errors
/// The codes of 404 and 405.
pub fn route(method: &str, path: &str) -> Result<Route, RouteError> {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if method == "OPTIONS" {
        return Ok(match segments.as_slice() {
            ["v1", "uploads", ..] => Route::UploadOptions,
            _ => Route::Preflight,
        });
    }
    match segments.as_slice() {
        ["healthz"] => get(method, Route::Health),
        ["openapi.json"] => get(method, Route::OpenApi),
        ["v1", "demo"] => get(method, Route::Demo),
        ["v1", "keys"] => collection(method, Route::Keys, Route::CreateKey),
        ["v1", "keys", id] => only(method, "DELETE", Route::RevokeKey((*id).to_owned())),
        ["v1", "templates"] => collection(method, Route::Templates, Route::CreateTemplate),
        ["v1", "templates", id] => template(method, id),
        ["v1", "uploads"] => only(method, "POST", Route::CreateUpload),
        ["v1", "uploads", id] => upload(method, id),
        ["v1", "recordings"] => collection(method, Route::List, Route::Create),
        ["v1", "recordings", id, rest @ ..] => recording(method, id, rest),
        ["v1", "play", id, rest @ ..] => play(method, id, rest),
        _ => Err(Code::NotFound.into()),
    }
}

fn only(method: &str, allowed: &'static str, route: Route) -> Result<Route, RouteError> {
    if method == allowed {
        return Ok(route);
    }
    Err(not_allowed(allowed))
}

fn not_allowed(allowed: &'static str) -> RouteError {
    RouteError {
        error: Code::MethodNotAllowed.into(),
        allow: Some(allowed),
    }
}

fn get(method: &str, route: Route) -> Result<Route, RouteError> {
    let method = if method == "HEAD" { "GET" } else { method };
    only(method, "GET", route).map_err(|error| RouteError {
        allow: Some("GET, HEAD"),
        ..error
    })
}

/// What is listed, and added to.
fn collection(method: &str, list: Route, create: Route) -> Result<Route, RouteError> {
    match method {
        "POST" => Ok(create),
        "GET" | "HEAD" => Ok(list),
        _ => Err(not_allowed("GET, HEAD, POST")),
    }
}

fn template(method: &str, id: &str) -> Result<Route, RouteError> {
    let id = TemplateId::parse(id).ok_or(Code::UnknownTemplate)?;
    match method {
        "GET" | "HEAD" => Ok(Route::Template(id)),
        "PATCH" => Ok(Route::PatchTemplate(id)),
        "DELETE" => Ok(Route::DeleteTemplate(id)),
        _ => Err(not_allowed("GET, HEAD, PATCH, DELETE")),
    }
}

fn upload(method: &str, id: &str) -> Result<Route, RouteError> {
    let id = UploadId::parse(id).ok_or(Code::UnknownUpload)?;
    match method {
        "HEAD" | "PATCH" | "DELETE" => Ok(Route::Upload(id)),
        "GET" => Ok(Route::ReadUpload(id)),
        _ => Err(not_allowed("GET, HEAD, PATCH, DELETE")),
    }
}

fn recording(method: &str, id: &str, rest: &[&str]) -> Result<Route, RouteError> {
    let id = RecordingId::parse(id).ok_or(Code::UnknownRecording)?;
    match rest {
        [] => match method {
            "GET" | "HEAD" => Ok(Route::Info(id)),
            "PATCH" => Ok(Route::Patch(id)),
            "DELETE" => Ok(Route::Delete(id)),
            _ => Err(not_allowed("GET, HEAD, PATCH, DELETE")),
        },
        ["objects"] => get(method, Route::Objects(id)),
        ["finish"] => only(method, "POST", Route::Finish(id)),
        ["broadcasts"] => {
            let list = Route::Broadcasts(id.clone());
            collection(method, list, Route::CreateBroadcast(id))
        }
        ["broadcasts", broadcast] => {
            let broadcast = BroadcastId::parse(broadcast).filter(|own| own.recording == id);
            let broadcast = broadcast.ok_or(Code::UnknownBroadcast)?;
            match method {
                "GET" | "HEAD" => Ok(Route::Broadcast(broadcast)),
                "PATCH" => Ok(Route::PatchBroadcast(broadcast)),
                "DELETE" => Ok(Route::DeleteBroadcast(broadcast)),
                _ => Err(not_allowed("GET, HEAD, PATCH, DELETE")),
            }
        }
        ["tokens"] => only(method, "POST", Route::CreatePlayToken(id)),
        ["clips"] => collection(method, Route::Clips(id.clone()), Route::CreateClip(id)),
        ["clips", clip] => {
            let clip = ClipId::parse(clip).filter(|clip| clip.recording == id);
            let clip = clip.ok_or(Code::UnknownClip)?;
            match method {
                "GET" | "HEAD" => Ok(Route::Clip(clip)),
                "DELETE" => Ok(Route::DeleteClip(clip)),
                _ => Err(not_allowed("GET, HEAD, DELETE")),
            }
        }
        ["configs", hash] => {
            let hash = ConfigHash::parse(hash).ok_or(Code::UnknownConfig)?;
            only(method, "PUT", Route::PutConfig(id, hash))
        }
        ["objects", lane, seq] => {
            check_lane(lane)?;
            let seq = parse_seq(seq).ok_or(Code::UnknownObject)?;
            only(method, "PUT", Route::PutObject(id, seq))
        }
        _ => Err(Code::NotFound.into()),
    }
}

fn play(method: &str, id: &str, rest: &[&str]) -> Result<Route, RouteError> {
    if let Some(id) = RecordingId::parse(id) {
        return get(method, Route::Play(id, play_file(rest)?));
    }
    // No id has a dot.
    if id.contains('.') {
        let token = Route::PlayToken(id.to_owned(), rest.join("/"));
        return get(method, token);
    }
    if let Some(id) = ClipId::parse(id) {
        return get(method, Route::PlayClip(id, play_file(rest)?));
    }
    let id = BroadcastId::parse(id).ok_or(Code::UnknownRecording)?;
    get(method, Route::Live(id, live_file(rest)?))
}

#[cfg(test)]
mod tests;
