use super::*;
use crate::view::i_frames::IFrameFile;
use crate::view::mp4::FileKind;

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
            Route::Play(id.clone(), PlayFile::Object(0)),
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
        (
            "GET",
            format!("/v1/play/{REC}/aes/key"),
            Route::Play(id.clone(), PlayFile::Key),
        ),
        (
            "GET",
            format!("/v1/play/{CLIP}/aes/iframes/7.m4s"),
            Route::PlayClip(
                ClipId::parse(CLIP).expect("valid"),
                PlayFile::Encrypted(EncryptedFile::IFrame(7)),
            ),
        ),
        (
            "GET",
            format!("/v1/play/{LIVE}/aes/ts/7.ts"),
            Route::Live(
                BroadcastId::parse(LIVE).expect("valid"),
                LiveFile::EncryptedTsSegment(7),
            ),
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
        (&format!("/v1/play/{REC}/aes/video.mp4"), Code::NotFound),
        (
            &format!("/v1/play/{LIVE}/aes/video/index.m3u8"),
            Code::NotFound,
        ),
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
