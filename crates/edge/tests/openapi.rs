//! `/openapi.json` against the routes: each has the other.

use std::collections::BTreeSet;

use livetape_edge::Code;
use livetape_edge::api::OPENAPI;
use livetape_edge::route::{EncryptedFile, LiveFile, PlayFile, Route, route};
use livetape_edge::view::i_frames::IFrameFile;
use livetape_edge::view::media::MediaKind;
use livetape_edge::view::mp4::FileKind;
use serde_json::Value;

/// What the document calls a route: another route does not compile without another name.
fn operation(method: &str, route: &Route) -> &'static str {
    match route {
        // Browsers' questions are no operations.
        Route::Preflight | Route::UploadOptions => "",
        Route::Health => "health",
        Route::OpenApi => "openapi",
        Route::Demo => "demo",
        Route::CreateKey => "createKey",
        Route::Keys => "keys",
        Route::RevokeKey(_) => "revokeKey",
        Route::CreateTemplate => "createTemplate",
        Route::Templates => "templates",
        Route::Template(_) => "template",
        Route::PatchTemplate(_) => "patchTemplate",
        Route::DeleteTemplate(_) => "deleteTemplate",
        Route::Create => "create",
        Route::List => "list",
        Route::CreateUpload => "createUpload",
        Route::Upload(_) => match method {
            "PATCH" => "patchUpload",
            "DELETE" => "deleteUpload",
            _ => "headUpload",
        },
        Route::ReadUpload(_) => "readUpload",
        Route::Info(_) => "info",
        Route::Patch(_) => "patch",
        Route::Delete(_) => "delete",
        Route::PutConfig(..) => "putConfig",
        Route::PutObject(..) => "putObject",
        Route::Objects(_) => "objects",
        Route::Finish(_) => "finish",
        Route::CreateBroadcast(_) => "createBroadcast",
        Route::Broadcasts(_) => "broadcasts",
        Route::Broadcast(_) => "broadcast",
        Route::PatchBroadcast(_) => "patchBroadcast",
        Route::DeleteBroadcast(_) => "deleteBroadcast",
        Route::CreateClip(_) => "createClip",
        Route::Clips(_) => "clips",
        Route::Clip(_) => "clip",
        Route::DeleteClip(_) => "deleteClip",
        Route::CreatePlayToken(_) => "createPlayToken",
        // A token stands for an id.
        Route::PlayToken(..) => "",
        Route::Play(_, file) | Route::PlayClip(_, file) => match file {
            PlayFile::Multivariant => "playMultivariant",
            PlayFile::Media(MediaKind::Objects) => "playMedia",
            PlayFile::Media(MediaKind::IFrames) => "playIFrames",
            PlayFile::Mp4(FileKind::Video) => "playMp4",
            PlayFile::Mp4(FileKind::Audio) => "playM4a",
            PlayFile::IFrame(IFrameFile::Init(_)) => "playIFrameInit",
            PlayFile::IFrame(IFrameFile::Object(_)) => "playIFrame",
            PlayFile::Init(_) => "playInit",
            PlayFile::Object(_) => "playObject",
            PlayFile::Key => "playKey",
            PlayFile::Encrypted(EncryptedFile::Object(_)) => "playEncryptedObject",
            PlayFile::Encrypted(EncryptedFile::IFrame(_)) => "playEncryptedIFrame",
        },
        Route::Live(_, file) => match file {
            LiveFile::Multivariant => "playMultivariant",
            LiveFile::Media(_) => "liveMedia",
            LiveFile::Init(..) => "liveInit",
            LiveFile::Segment(..) => "liveSegment",
            LiveFile::TsMedia => "liveTs",
            LiveFile::TsSegment(_) => "liveTsSegment",
            LiveFile::Key => "playKey",
            LiveFile::EncryptedSegment(..) => "liveEncryptedSegment",
            LiveFile::EncryptedTsSegment(_) => "liveEncryptedTsSegment",
        },
    }
}

/// Every name that `operation` gives.
const OPERATIONS: [&str; 54] = [
    "broadcast",
    "broadcasts",
    "clip",
    "clips",
    "create",
    "createBroadcast",
    "createClip",
    "createKey",
    "createPlayToken",
    "createTemplate",
    "createUpload",
    "delete",
    "deleteBroadcast",
    "deleteClip",
    "deleteTemplate",
    "deleteUpload",
    "demo",
    "finish",
    "headUpload",
    "health",
    "info",
    "keys",
    "list",
    "liveEncryptedSegment",
    "liveEncryptedTsSegment",
    "liveInit",
    "liveMedia",
    "liveSegment",
    "liveTs",
    "liveTsSegment",
    "objects",
    "openapi",
    "patch",
    "patchBroadcast",
    "patchTemplate",
    "patchUpload",
    "playEncryptedIFrame",
    "playEncryptedObject",
    "playIFrame",
    "playIFrameInit",
    "playIFrames",
    "playInit",
    "playKey",
    "playM4a",
    "playMedia",
    "playMp4",
    "playMultivariant",
    "playObject",
    "putConfig",
    "putObject",
    "readUpload",
    "revokeKey",
    "template",
    "templates",
];

fn document() -> Value {
    serde_json::from_str(OPENAPI).expect("JSON")
}

/// A path with its parameters' examples in their places.
fn example(path: &str, parameters: &Value) -> String {
    let parts = path.split('{').map(|part| match part.split_once('}') {
        None => part.to_owned(),
        Some((name, rest)) => {
            let example = &parameters[name]["example"];
            let text = example
                .as_str()
                .map_or_else(|| example.to_string(), str::to_owned);
            format!("{text}{rest}")
        }
    });
    parts.collect()
}

#[test]
fn each_operation_is_a_route_and_each_route_an_operation() {
    let document = document();
    let parameters = &document["components"]["parameters"];
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let address = example(path, parameters);
        for (method, of) in item.as_object().expect("operations") {
            let method = method.to_ascii_uppercase();
            let id = of["operationId"].as_str().expect("an id");
            let found_route = route(&method, &address)
                .unwrap_or_else(|error| panic!("{method} {address}: {error:?}"));
            assert_eq!(operation(&method, &found_route), id, "{method} {address}");
            assert!(found.insert(id.to_owned()), "{id} twice");
            let named = of["parameters"].as_array().into_iter().flatten();
            for parameter in named {
                let name = parameter["$ref"]
                    .as_str()
                    .and_then(|text| text.rsplit('/').next())
                    .expect("a name");
                assert!(parameters[name].is_object(), "{id} has a parameter {name}");
            }
        }
    }
    let expected: BTreeSet<String> = OPERATIONS.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_error_is_in_it() {
    let document = document();
    let codes = &document["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["code"]
        ["enum"];
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let told: BTreeSet<&str> = codes
        .as_array()
        .expect("codes")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(told, known);
}

/// What is referred to is there.
#[test]
fn schemas_are_there() {
    fn walk(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = target.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{target}");
                }
                members.values().for_each(|value| walk(value, document));
            }
            Value::Array(values) => values.iter().for_each(|value| walk(value, document)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}
