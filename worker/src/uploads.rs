//! Resumable uploads as the Worker answers them: who may create one, and which Durable Object takes it.

use livetape_edge::access::{Scope, Terms};
use livetape_edge::tus::request::{Creation, Joining, check_media_type, check_version};
use livetape_edge::tus::{ALGORITHMS, EXTENSIONS, MAX_SIZE, Part, UploadId, VERSION, entry};
use livetape_edge::{Code, Delivery, Operation, Piece, RecordingId};
use worker::{Env, Headers, Method, Request, RequestInit, Result};

use crate::refusal::{Answer, Refusal, decoded};
use crate::routes::Edge;
use crate::upload::{BINDING, COMMAND, Command, New};
use crate::{costs, platform, respond};

/// What an upload is told of the request.
const PASSED_ON: [&str; 5] = [
    "Content-Length",
    "Content-Type",
    "Upload-Checksum",
    "Upload-Length",
    "Upload-Offset",
];

impl Edge<'_> {
    /// What this edge can do: for programs, and for browsers that ask before.
    pub(crate) fn upload_options() -> Delivery {
        respond::preflight()
            .with("Tus-Resumable", VERSION)
            .with("Tus-Version", VERSION)
            .with("Tus-Extension", EXTENSIONS)
            .with("Tus-Max-Size", MAX_SIZE.to_string())
            .with("Tus-Checksum-Algorithm", ALGORITHMS)
    }

    pub(crate) async fn create_upload(&self) -> Delivery {
        spoken(self.created().await)
    }

    pub(crate) async fn upload(&self, id: &UploadId) -> Delivery {
        spoken(self.passed_on(id).await)
    }

    async fn created(&self) -> Answer {
        check_version(|name: &str| self.header(name))?;
        let creation = Creation::read(|name: &str| self.header(name))?;
        self.count_created().await?;
        let id = UploadId::from_random(platform::random()?);
        let recording = RecordingId::from_random(platform::random()?);
        let terms = self.allowed(&creation, &recording).await?;
        let has_bytes = self.header("Content-Length").is_some_and(|len| len != "0")
            || self.header("Transfer-Encoding").is_some();
        if has_bytes {
            check_media_type(|name: &str| self.header(name))?;
        }
        let parts = match &creation.joining {
            Joining::Final(ids) => self.joined(ids).await?,
            _ => Vec::new(),
        };
        let new = New {
            concat: self.header("Upload-Concat"),
            most: terms.limits.bytes,
            terms,
            recording: recording.to_string(),
            location: format!("{}/v1/uploads/{id}", self.origin()?),
            parts,
            creation,
        };
        self.send(
            &id,
            Method::Post,
            Some(&Command::Create(new.into())),
            has_bytes,
        )
        .await
    }

    /// What this client may make of a recording: by a key, or by the template that the metadata names.
    async fn allowed(
        &self,
        creation: &Creation,
        recording: &RecordingId,
    ) -> std::result::Result<Terms, Refusal> {
        let metadata = creation.metadata.as_deref();
        match metadata.and_then(|text| entry(text, "template")) {
            Some(template) if self.bearer().is_none() => self.admit(&template, recording).await,
            _ => {
                self.check_scope(Scope::Record).await?;
                Ok(Terms::default())
            }
        }
    }

    /// What partial uploads are made of: asked first whether each can be joined, so that none is where one cannot.
    async fn joined(&self, ids: &[String]) -> std::result::Result<Vec<Part>, Refusal> {
        let known: Option<Vec<UploadId>> = ids.iter().map(|id| UploadId::parse(id)).collect();
        let known = known.ok_or(Code::UnknownUpload)?;
        for id in &known {
            told(
                self.send(id, Method::Get, Some(&Command::CanJoin), false)
                    .await?,
            )?;
        }
        let mut parts = Vec::new();
        for id in &known {
            let answer = self
                .send(id, Method::Get, Some(&Command::Join), false)
                .await?;
            let body = told(answer)?;
            parts.extend(serde_json::from_slice::<Vec<Part>>(&body)?);
        }
        Ok(parts)
    }

    async fn passed_on(&self, id: &UploadId) -> Answer {
        check_version(|name: &str| self.header(name))?;
        let method = match self.method().as_str() {
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            _ => Method::Head,
        };
        let has_body = method == Method::Patch;
        self.send(id, method, None, has_body).await
    }

    /// The bytes, once all are there.
    pub(crate) async fn read_upload(&self, id: &UploadId) -> Answer {
        self.send(id, Method::Get, Some(&Command::Read), false)
            .await
    }

    /// Sends a request to an upload, the body as it comes.
    async fn send(
        &self,
        id: &UploadId,
        method: Method,
        command: Option<&Command>,
        has_body: bool,
    ) -> Answer {
        let headers = Headers::new();
        for name in PASSED_ON {
            if let Some(value) = self.header(name) {
                headers.set(name, &value)?;
            }
        }
        if let Some(command) = command {
            headers.set(COMMAND, &serde_json::to_string(command)?)?;
        }
        let mut init = RequestInit::new();
        // What has no body in HTTP goes as what may have none.
        init.with_method(if method == Method::Head {
            Method::Get
        } else {
            method
        });
        init.with_headers(headers);
        if has_body && let Some(body) = self.request.inner().body() {
            init.with_body(Some(body.into()));
        }
        Ok(ask(self.env, id, &init).await?)
    }
}

/// Sends an upload's Durable Object a request and waits for the answer.
pub(crate) async fn ask(env: &Env, id: &UploadId, init: &RequestInit) -> Result<Delivery> {
    let request = Request::new_with_init(&format!("https://upload/{id}"), init)?;
    let stub = env.durable_object(BINDING)?.get_by_name(&id.to_string())?;
    costs::count(Operation::DurableObject);
    let response = stub.fetch_with_request(request).await?;
    costs::add_told(&response);
    decoded(response).await
}

/// The body of an answer that is no refusal.
fn told(answer: Delivery) -> std::result::Result<Vec<u8>, Refusal> {
    if answer.status >= 400 {
        return Err(Refusal::Told(answer.into()));
    }
    let made = answer.pieces.iter().map(|piece| match piece {
        Piece::Bytes(bytes) => bytes.as_slice(),
        Piece::Stored { .. } | Piece::Header { .. } => &[],
    });
    Ok(made.collect::<Vec<_>>().concat())
}

/// An answer as the protocol wants all of them: with its version.
fn spoken(answer: Answer) -> Delivery {
    let delivery = match answer {
        Ok(delivery) => delivery,
        Err(Refusal::Told(delivery)) => *delivery,
        Err(Refusal::Api(error)) if error.code == Code::TusVersion => {
            respond::error(&error).with("Tus-Version", VERSION)
        }
        Err(Refusal::Api(error)) => respond::error(&error),
        Err(Refusal::Fault(fault)) => {
            worker::console_error!("{fault}");
            respond::error(&Code::Internal.into())
        }
    };
    delivery.with("Tus-Resumable", VERSION)
}
