//! What a recording asks of the edge, and how each is spelled in HTTP.

use livetape_media::{Timestamp, Wording};
use livetape_timeline::StoreId;
use livetape_timeline::plan::{Cut, FragmentPlan};
use sha2::{Digest, Sha256};

use crate::input::Access;
use crate::output::{Body, Request};

/// The lane of main pictures and sound.
const LANE: &str = "main";

/// How long an answer is waited for, in milliseconds. A connection that died without a word would
/// be waited for for ever.
const PATIENCE: u32 = 30_000;
/// Slower than this, in bytes a millisecond, is taken for dead: 64 kbit/s.
const SLOWEST: u64 = 8;

/// One exchange with the edge.
#[derive(Debug, Clone)]
pub(crate) enum Job {
    /// Make the recording, or find the one a token is for.
    Create { access: Access },
    /// Store an init segment.
    Config { hash: String, bytes: Vec<u8> },
    /// Store an object.
    Object(Box<Object>),
    /// Finish, once so many objects are there.
    Finish { objects: u32 },
}

/// A fragment on its way.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) sequence: u32,
    /// The hash of its init segment.
    pub(crate) config: String,
    /// The samples in it.
    pub(crate) cut: Cut,
    /// The number of the recording's part that it is of.
    pub(crate) part: usize,
    /// Bytes of its fragment.
    pub(crate) bytes: u64,
    /// When it begins, on the player's timeline.
    pub(crate) at: Timestamp,
    /// Unix milliseconds of its first picture.
    pub(crate) unix: i64,
    /// The first reel it needs.
    pub(crate) reel: StoreId,
}

/// Where a recording is at the edge, and by what right it is written to.
#[derive(Debug)]
pub(crate) struct Place {
    edge: String,
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Place {
    /// A recording that is still to be made at this edge.
    pub(crate) fn at(edge: &str) -> Self {
        Self {
            edge: edge.trim_end_matches('/').to_owned(),
            id: String::new(),
            token: String::new(),
        }
    }

    /// The edge's address.
    pub(crate) fn edge(&self) -> &str {
        &self.edge
    }

    /// A job as a request; an object's is that of its fragment.
    pub(crate) fn request(&self, job: &Job, fragment: Option<&FragmentPlan>) -> Request {
        let recordings = Wording::of(&self.edge).words("/v1/recordings").done();
        let recording = below(&recordings, "/", &self.id);
        let bearer = authorization(&self.token);
        let of_json = ("content-type", "application/json".to_owned());
        match job {
            Job::Create {
                access: Access::Template(wanted),
            } => Request {
                method: "POST",
                url: recordings,
                headers: vec![of_json],
                body: Body::Bytes(wanted.clone().into()),
                patience: PATIENCE,
            },
            Job::Create {
                access: Access::Token { recording, token },
            } => Request {
                method: "GET",
                url: below(&recordings, "/", recording),
                headers: vec![authorization(token)],
                body: Body::Empty,
                patience: PATIENCE,
            },
            Job::Config { hash, bytes } => Request {
                method: "PUT",
                url: below(&recording, "/configs/", hash),
                headers: vec![bearer, ("content-type", "video/mp4".to_owned())],
                body: Body::Bytes(bytes.clone()),
                patience: PATIENCE,
            },
            Job::Object(object) => Request {
                method: "PUT",
                url: Wording::of(&recording)
                    .words("/objects/")
                    .words(LANE)
                    .words("/")
                    .decimal(object.sequence.into(), 1)
                    .done(),
                headers: object.headers(bearer, fragment),
                body: fragment.map_or(Body::Empty, |fragment| Body::Plan(fragment.plan.clone())),
                patience: patience_for(object.bytes),
            },
            Job::Finish { objects } => Request {
                method: "POST",
                url: below(&recording, "/finish", ""),
                headers: vec![bearer, of_json],
                body: Body::Bytes(finish(*objects).into()),
                patience: PATIENCE,
            },
        }
    }
}

impl Object {
    fn headers(
        &self,
        bearer: (&'static str, String),
        fragment: Option<&FragmentPlan>,
    ) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            bearer,
            ("content-type", "video/mp4".to_owned()),
            ("livetape-config", self.config.clone()),
            (
                "livetape-wall-clock",
                Wording::default().number(self.unix).done(),
            ),
        ];
        if let Some(fragment) = fragment {
            let independent = if fragment.independent { "?1" } else { "?0" };
            headers.extend([
                ("livetape-base-time", fragment.start.decimals(9)),
                ("livetape-duration", fragment.duration.decimals(9)),
                ("livetape-independent", independent.to_owned()),
            ]);
        }
        headers
    }
}

fn below(address: &str, name: &str, rest: &str) -> String {
    Wording::of(address).words(name).words(rest).done()
}

fn authorization(token: &str) -> (&'static str, String) {
    ("authorization", Wording::of("Bearer ").words(token).done())
}

/// The JSON that says how many objects there are.
fn finish(objects: u32) -> String {
    let json = Wording::of(r#"{"objects":{""#).words(LANE).words("\":");
    json.decimal(objects.into(), 1).words("}}").done()
}

/// How long an answer is waited for where so many bytes have to be sent first.
fn patience_for(bytes: u64) -> u32 {
    u32::try_from(bytes / SLOWEST)
        .unwrap_or(u32::MAX)
        .saturating_add(PATIENCE)
}

/// The first 16 hexadecimal digits of the SHA-256.
pub(crate) fn short_hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let bytes = digest.iter().take(8);
    let hash = bytes.fold(Wording::default(), |hash, byte| {
        hash.hexadecimal((*byte).into(), 2)
    });
    hash.done()
}
