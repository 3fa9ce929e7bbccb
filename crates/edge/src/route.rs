//! Addresses and methods.

use serde::{Deserialize, Serialize};

use crate::access::TemplateId;
use crate::error::{ApiError, Code};
use crate::ids::{BroadcastId, ClipId, ConfigHash, RecordingId};
use crate::object::{check_lane, parse_seq};
use crate::tus::UploadId;
use crate::view::i_frames::{I_FRAMES, IFrameFile};
use crate::view::media::MediaKind;
use crate::view::mp4::FileKind;

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

/// A file of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlayFile {
    /// `index.m3u8`
    Multivariant,
    /// `media.m3u8`, `iframes.m3u8`
    Media(MediaKind),
    /// `video.mp4`, `audio.m4a`
    Mp4(FileKind),
    /// `iframes/...`
    IFrame(IFrameFile),
    /// `init-{hash}.mp4`
    Init(ConfigHash),
    /// `main/{seq}.m4s`
    Object(u32),
}

/// A file of a broadcast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LiveFile {
    /// `index.m3u8`
    Multivariant,
    /// `video/index.m3u8` or `audio/index.m3u8`
    Media(LiveTrack),
    /// `video/init-{hash}.mp4` or `audio/...`
    Init(LiveTrack, ConfigHash),
    /// `video/{number}.m4s` or `audio/...`
    Segment(LiveTrack, u64),
    /// `ts/index.m3u8`
    TsMedia,
    /// `ts/{number}.ts`
    TsSegment(u64),
}

/// A rendition of a broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LiveTrack {
    /// The pictures.
    Video,
    /// The sound.
    Audio,
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
        ["broadcasts"] => only(method, "POST", Route::CreateBroadcast(id)),
        ["tokens"] => only(method, "POST", Route::CreatePlayToken(id)),
        ["clips"] => match method {
            "POST" => Ok(Route::CreateClip(id)),
            "GET" | "HEAD" => Ok(Route::Clips(id)),
            _ => Err(not_allowed("GET, HEAD, POST")),
        },
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

fn play_file(rest: &[&str]) -> Result<PlayFile, Code> {
    match rest {
        ["index.m3u8"] => Ok(PlayFile::Multivariant),
        ["media.m3u8"] => Ok(PlayFile::Media(MediaKind::Objects)),
        ["iframes.m3u8"] => Ok(PlayFile::Media(MediaKind::IFrames)),
        ["video.mp4"] => Ok(PlayFile::Mp4(FileKind::Video)),
        ["audio.m4a"] => Ok(PlayFile::Mp4(FileKind::Audio)),
        [file] => match init(file) {
            Some(hash) => hash.map(PlayFile::Init).ok_or(Code::UnknownConfig),
            None => Err(Code::NotFound),
        },
        [I_FRAMES, file] => {
            let file = match init(file) {
                Some(hash) => IFrameFile::Init(hash.ok_or(Code::UnknownConfig)?),
                None => IFrameFile::Object(segment(file)?),
            };
            Ok(PlayFile::IFrame(file))
        }
        [lane, file] => {
            check_lane(lane).map_err(|_| Code::NotFound)?;
            segment(file).map(PlayFile::Object)
        }
        _ => Err(Code::NotFound),
    }
}

/// The number in `{seq}.m4s`.
fn segment(file: &str) -> Result<u32, Code> {
    let seq = file.strip_suffix(".m4s").ok_or(Code::NotFound)?;
    parse_seq(seq).ok_or(Code::UnknownObject)
}

/// The hash in `init-{hash}.mp4`; `None` where the name is another.
fn init(file: &str) -> Option<Option<ConfigHash>> {
    let hash = file.strip_prefix("init-")?.strip_suffix(".mp4")?;
    Some(ConfigHash::parse(hash))
}

fn live_file(rest: &[&str]) -> Result<LiveFile, Code> {
    let number = |file: &str, suffix: &str| {
        let digits = file.strip_suffix(suffix).ok_or(Code::NotFound)?;
        let canonical = digits == "0" || !digits.starts_with('0');
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = (canonical && all_digits).then(|| digits.parse::<u64>().ok());
        number.flatten().ok_or(Code::NotOnAir)
    };
    let (track, file) = match rest {
        ["index.m3u8"] => return Ok(LiveFile::Multivariant),
        ["ts", "index.m3u8"] => return Ok(LiveFile::TsMedia),
        ["ts", file] => return number(file, ".ts").map(LiveFile::TsSegment),
        ["video", file] => (LiveTrack::Video, *file),
        ["audio", file] => (LiveTrack::Audio, *file),
        _ => return Err(Code::NotFound),
    };
    if file == "index.m3u8" {
        return Ok(LiveFile::Media(track));
    }
    match init(file) {
        Some(Some(hash)) => Ok(LiveFile::Init(track, hash)),
        Some(None) => Err(Code::UnknownConfig),
        None => number(file, ".m4s").map(|number| LiveFile::Segment(track, number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REC: &str = "rec_0123456789ABCDEFGHIJKL";
    const CLIP: &str = "clip_0123456789ABCDEFGHIJKL_5";
    const LIVE: &str = "live_0123456789ABCDEFGHIJKL_3";

    fn code(method: &str, path: &str) -> (Code, Option<&'static str>) {
        let refused = route(method, path).expect_err(path);
        (refused.error.code, refused.allow)
    }

    #[test]
    fn addresses_are_found() {
        let id = RecordingId::parse(REC).expect("valid");
        let hash = ConfigHash::parse("0123456789abcdef").expect("valid");
        let live = BroadcastId::parse(LIVE).expect("valid");
        let clip = ClipId::parse(CLIP).expect("valid");
        let cases = [
            ("POST", "/v1/recordings".to_owned(), Route::Create),
            ("GET", "/v1/recordings".to_owned(), Route::List),
            (
                "PATCH",
                format!("/v1/recordings/{REC}"),
                Route::Patch(id.clone()),
            ),
            (
                "DELETE",
                format!("/v1/recordings/{REC}"),
                Route::Delete(id.clone()),
            ),
            (
                "GET",
                format!("/v1/recordings/{REC}"),
                Route::Info(id.clone()),
            ),
            (
                "PUT",
                format!("/v1/recordings/{REC}/configs/{hash}"),
                Route::PutConfig(id.clone(), hash.clone()),
            ),
            (
                "PUT",
                format!("/v1/recordings/{REC}/objects/main/12"),
                Route::PutObject(id.clone(), 12),
            ),
            (
                "HEAD",
                format!("/v1/play/{REC}/video.mp4"),
                Route::Play(id.clone(), PlayFile::Mp4(FileKind::Video)),
            ),
            (
                "GET",
                format!("/v1/play/{REC}/iframes/init-{hash}.mp4"),
                Route::Play(id.clone(), PlayFile::IFrame(IFrameFile::Init(hash.clone()))),
            ),
            (
                "GET",
                format!("/v1/play/{CLIP}/iframes/7.m4s"),
                Route::PlayClip(clip.clone(), PlayFile::IFrame(IFrameFile::Object(7))),
            ),
            (
                "GET",
                format!("/v1/play/{CLIP}/audio.m4a"),
                Route::PlayClip(clip.clone(), PlayFile::Mp4(FileKind::Audio)),
            ),
            (
                "POST",
                format!("/v1/recordings/{REC}/clips"),
                Route::CreateClip(id.clone()),
            ),
            (
                "DELETE",
                format!("/v1/recordings/{REC}/clips/{CLIP}"),
                Route::DeleteClip(clip),
            ),
            (
                "GET",
                format!("/v1/play/{REC}/init-{hash}.mp4"),
                Route::Play(id.clone(), PlayFile::Init(hash.clone())),
            ),
            (
                "GET",
                format!("/v1/play/{REC}/main/0.m4s"),
                Route::Play(id, PlayFile::Object(0)),
            ),
            (
                "GET",
                format!("/v1/play/{LIVE}/video/init-{hash}.mp4"),
                Route::Live(live.clone(), LiveFile::Init(LiveTrack::Video, hash)),
            ),
            (
                "GET",
                format!("/v1/play/{LIVE}/audio/7.m4s"),
                Route::Live(live.clone(), LiveFile::Segment(LiveTrack::Audio, 7)),
            ),
            (
                "GET",
                format!("/v1/play/{LIVE}/ts/7.ts"),
                Route::Live(live, LiveFile::TsSegment(7)),
            ),
            ("OPTIONS", "/anything".to_owned(), Route::Preflight),
        ];
        for (method, path, expected) in cases {
            assert_eq!(route(method, &path), Ok(expected), "{path}");
        }
    }

    #[test]
    fn others_have_their_codes() {
        let these = Some("GET, HEAD, POST");
        assert_eq!(
            code("PUT", "/v1/recordings"),
            (Code::MethodNotAllowed, these)
        );
        let these = Some("GET, HEAD, PATCH, DELETE");
        assert_eq!(
            code("POST", &format!("/v1/recordings/{REC}")),
            (Code::MethodNotAllowed, these)
        );
        let get = Some("GET, HEAD");
        assert_eq!(code("POST", "/healthz"), (Code::MethodNotAllowed, get));
        let cases = [
            ("/", Code::NotFound),
            ("/v1/recordings/rec_short", Code::UnknownRecording),
            ("/v1/play/rec_short/index.m3u8", Code::UnknownRecording),
            ("/v1/play/live_short_1/index.m3u8", Code::UnknownRecording),
            (&format!("/v1/play/{REC}/other.m3u8"), Code::NotFound),
            (&format!("/v1/play/{REC}/init-zz.mp4"), Code::UnknownConfig),
            (&format!("/v1/play/{REC}/main/x.m4s"), Code::UnknownObject),
            (&format!("/v1/play/{REC}/side/0.m4s"), Code::NotFound),
            (&format!("/v1/play/{LIVE}/ts/01.ts"), Code::NotOnAir),
            (&format!("/v1/play/{LIVE}/other/0.m4s"), Code::NotFound),
            (&format!("/v1/recordings/{REC}/nothing"), Code::NotFound),
            (
                &format!("/v1/recordings/rec_0000000000000000000000/clips/{CLIP}"),
                Code::UnknownClip,
            ),
        ];
        for (path, expected) in cases {
            assert_eq!(code("GET", path).0, expected, "{path}");
        }
        let lane = format!("/v1/recordings/{REC}/objects/side/0");
        assert_eq!(code("PUT", &lane).0, Code::UnknownLane);
    }
}
