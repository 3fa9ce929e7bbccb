//! What the Worker asks of a recording's Durable Object, and how.

use std::collections::BTreeMap;

use livetape_edge::access::Limits;
use livetape_edge::api::{CreateBroadcast, CreateClip, Finish, PatchBroadcast, PatchRecording};
use livetape_edge::object::PackFile;
use livetape_edge::route::LiveFile;
use livetape_edge::view::ViewRequest;
use livetape_edge::{
    ClipQuery, Delivery, Gate, HeaderOf, Operation, Provenance, RecordingId, Retention, Visitor,
};
use serde::{Deserialize, Serialize};
use worker::{Env, Method, Request, RequestInit, Result, Stub};

use crate::refusal::decoded;
use crate::{costs, recent};

/// A request to a recording's Durable Object.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Command {
    Create(New),
    Patch {
        patch: PatchRecording,
        origin: String,
    },
    Delete,
    Info {
        origin: String,
    },
    PutConfig {
        hash: String,
        init: Vec<u8>,
    },
    PutObject {
        seq: u32,
    },
    Objects,
    Finish {
        finish: Finish,
        origin: String,
    },
    Broadcast(BroadcastCommand),
    Clip(ClipCommand),
    Pack(PackCommand),
    View {
        view: View,
        visitor: Visitor,
    },
    /// Bytes of the header of a file, from one to before another. The answer is these bytes alone.
    Header {
        of: HeaderOf,
        from: u64,
        to: u64,
    },
    /// What a request for a stored file asks first.
    Gate,
    /// What a list tells of it.
    Summary,
}

impl Command {
    /// Whether something may be another than before.
    fn changes(&self) -> bool {
        use ClipCommand::{Info, List};
        let reads = matches!(
            self,
            Self::Info { .. }
                | Self::Objects
                | Self::View { .. }
                | Self::Header { .. }
                | Self::Gate
                | Self::Summary
                | Self::Clip(Info { .. } | List { .. })
        );
        !reads
    }
}

/// A recording that is to be created.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct New {
    /// Its id was drawn for it.
    pub(crate) is_fresh: bool,
    pub(crate) title: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) origin: String,
    pub(crate) token: String,
    pub(crate) limits: Limits,
    pub(crate) gate: Gate,
    pub(crate) retention: Retention,
    #[serde(default)]
    pub(crate) provenance: Provenance,
}

/// Something to play.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum View {
    /// Of the recording, or of the clip of a number.
    Recorded {
        clip: Option<u32>,
        request: ViewRequest,
    },
    Live {
        number: u32,
        file: LiveFile,
    },
}

/// What is done with a recording's clips.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ClipCommand {
    Create { clip: CreateClip, origin: String },
    List { query: ClipQuery, origin: String },
    Info { number: u32, origin: String },
    Delete { number: u32 },
}

/// What whoever makes packs asks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum PackCommand {
    /// What a file of a pack is made of.
    Pieces { number: u32, file: PackFile },
    /// To read from the packs, all of which are there.
    Swap,
}

/// What is done with a recording's broadcasts.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum BroadcastCommand {
    Create {
        broadcast: CreateBroadcast,
        origin: String,
    },
    List {
        origin: String,
    },
    Info {
        number: u32,
        origin: String,
    },
    Patch {
        number: u32,
        patch: PatchBroadcast,
        origin: String,
    },
    Delete {
        number: u32,
    },
}

/// The binding of the Durable Objects.
const BINDING: &str = "RECORDING";

/// The way to a recording's Durable Object.
pub(crate) fn stub(env: &Env, id: &RecordingId) -> Result<Stub> {
    env.durable_object(BINDING)?.get_by_name(&id.to_string())
}

/// A command as a request.
pub(crate) fn request(id: &RecordingId, command: &Command) -> Result<Request> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post);
    init.with_body(Some(serde_json::to_string(command)?.into()));
    // The host is of no meaning: the stub decides where it goes.
    Request::new_with_init(&format!("https://recording/{id}"), &init)
}

/// Sends a command and waits for the answer.
pub(crate) async fn ask(env: &Env, id: &RecordingId, command: &Command) -> Result<Delivery> {
    let (stub, request) = (stub(env, id)?, request(id, command)?);
    costs::count(Operation::DurableObject);
    let changes = command.changes();
    if changes {
        recent::forget(id);
    }
    let response = stub.fetch_with_request(request).await?;
    costs::add_told(&response);
    let answer = decoded(response).await?;
    if changes {
        // Again, for those who asked meanwhile.
        recent::forget(id);
    }
    Ok(answer)
}
