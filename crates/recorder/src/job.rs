//! What a recording asks of the edge, and how each is spelled in HTTP.

use livetape_media::Timestamp;
use livetape_timeline::StoreId;
use livetape_timeline::plan::FragmentPlan;
use sha2::{Digest, Sha256};

use crate::input::Access;
use crate::output::{Body, Request};

/// The lane of main pictures and sound.
const LANE: &str = "main";

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
    pub(crate) fragment: FragmentPlan,
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

    /// A job as a request.
    pub(crate) fn request(&self, job: &Job) -> Request {
        let recording = format!("{}/v1/recordings/{}", self.edge, self.id);
        let bearer = ("authorization", format!("Bearer {}", self.token));
        let json = ("content-type", "application/json".to_owned());
        match job {
            Job::Create {
                access: Access::Template { id, title },
            } => Request {
                method: "POST",
                url: format!("{}/v1/recordings", self.edge),
                headers: vec![json],
                body: Body::Bytes(
                    match title {
                        Some(title) => serde_json::json!({ "template": id, "title": title }),
                        None => serde_json::json!({ "template": id }),
                    }
                    .to_string()
                    .into(),
                ),
            },
            Job::Create {
                access: Access::Token { recording, token },
            } => Request {
                method: "GET",
                url: format!("{}/v1/recordings/{recording}", self.edge),
                headers: vec![("authorization", format!("Bearer {token}"))],
                body: Body::Empty,
            },
            Job::Config { hash, bytes } => Request {
                method: "PUT",
                url: format!("{recording}/configs/{hash}"),
                headers: vec![bearer, ("content-type", "video/mp4".to_owned())],
                body: Body::Bytes(bytes.clone()),
            },
            Job::Object(object) => Request {
                method: "PUT",
                url: format!("{recording}/objects/{LANE}/{}", object.sequence),
                headers: object.headers(bearer),
                body: Body::Plan(object.fragment.plan.clone()),
            },
            Job::Finish { objects } => Request {
                method: "POST",
                url: format!("{recording}/finish"),
                headers: vec![bearer, json],
                body: Body::Bytes(
                    serde_json::json!({ "objects": { LANE: objects } })
                        .to_string()
                        .into(),
                ),
            },
        }
    }
}

impl Object {
    fn headers(&self, bearer: (&'static str, String)) -> Vec<(&'static str, String)> {
        let independent = if self.fragment.independent {
            "?1"
        } else {
            "?0"
        };
        vec![
            bearer,
            ("content-type", "video/mp4".to_owned()),
            ("livetape-config", self.config.clone()),
            ("livetape-base-time", decimal(self.fragment.start)),
            ("livetape-duration", decimal(self.fragment.duration)),
            ("livetape-wall-clock", self.unix.to_string()),
            ("livetape-independent", independent.to_owned()),
        ]
    }
}

/// The first 16 hexadecimal digits of the SHA-256.
pub(crate) fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Seconds with nine decimals: exact to the tick for every timescale in use.
fn decimal(time: Timestamp) -> String {
    let nanos = i128::from(time.ticks) * 1_000_000_000 / i128::from(time.timescale.get());
    let (sign, nanos) = if nanos < 0 {
        ("-", -nanos)
    } else {
        ("", nanos)
    };
    format!(
        "{sign}{}.{:09}",
        nanos / 1_000_000_000,
        nanos % 1_000_000_000
    )
}
