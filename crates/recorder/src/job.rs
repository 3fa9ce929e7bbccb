//! What a recording asks of the edge, and how each is spelled in HTTP.

use livetape_media::Timestamp;
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
        let recording = format!("{}/v1/recordings/{}", self.edge, self.id);
        let bearer = ("authorization", format!("Bearer {}", self.token));
        let of_json = ("content-type", "application/json".to_owned());
        match job {
            Job::Create {
                access: Access::Template(wanted),
            } => Request {
                method: "POST",
                url: format!("{}/v1/recordings", self.edge),
                headers: vec![of_json],
                body: Body::Bytes(wanted.clone().into()),
                patience: PATIENCE,
            },
            Job::Create {
                access: Access::Token { recording, token },
            } => Request {
                method: "GET",
                url: format!("{}/v1/recordings/{recording}", self.edge),
                headers: vec![("authorization", format!("Bearer {token}"))],
                body: Body::Empty,
                patience: PATIENCE,
            },
            Job::Config { hash, bytes } => Request {
                method: "PUT",
                url: format!("{recording}/configs/{hash}"),
                headers: vec![bearer, ("content-type", "video/mp4".to_owned())],
                body: Body::Bytes(bytes.clone()),
                patience: PATIENCE,
            },
            Job::Object(object) => Request {
                method: "PUT",
                url: format!("{recording}/objects/{LANE}/{}", object.sequence),
                headers: object.headers(bearer, fragment),
                body: fragment.map_or(Body::Empty, |fragment| Body::Plan(fragment.plan.clone())),
                patience: patience_for(object.bytes),
            },
            Job::Finish { objects } => Request {
                method: "POST",
                url: format!("{recording}/finish"),
                headers: vec![bearer, of_json],
                body: Body::Bytes(format!(r#"{{"objects":{{"{LANE}":{objects}}}}}"#).into()),
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
            ("livetape-wall-clock", self.unix.to_string()),
        ];
        if let Some(fragment) = fragment {
            let independent = if fragment.independent { "?1" } else { "?0" };
            headers.extend([
                ("livetape-base-time", fragment.start.to_string()),
                ("livetape-duration", fragment.duration.to_string()),
                ("livetape-independent", independent.to_owned()),
            ]);
        }
        headers
    }
}

/// How long an answer is waited for where so many bytes have to be sent first.
fn patience_for(bytes: u64) -> u32 {
    u32::try_from(bytes / SLOWEST)
        .unwrap_or(u32::MAX)
        .saturating_add(PATIENCE)
}

/// The first 16 hexadecimal digits of the SHA-256.
pub(crate) fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
