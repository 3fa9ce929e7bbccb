//! The edge on this machine: wrangler's local runtime with its own store, and the demo's source in it.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::failure::{Explain, Failure, Result};
use crate::http::{Server, base64};
use crate::process::{self, Group, Output};
use crate::sample::Sample;
use crate::workspace::Workspace;
use crate::{interrupt, setup, stamp};

/// The sample that the demo's source repeats.
const SAMPLE: &str = "www/demo/sample/sample.mp4";
/// How long wrangler may take until the Worker answers; usually 3 s.
const STARTING: Duration = Duration::from_secs(90);

/// A running edge; ended when dropped.
pub(crate) struct Edge {
    /// Where it listens.
    pub server: Server,
    /// The key that may create recordings.
    pub api_key: String,
    log: PathBuf,
    group: Group,
    /// Held while the edge runs: a store serves one edge at a time.
    _lock: fs::File,
}

/// The ids of the demo's source, which follow from the sample's content.
pub(crate) struct Source {
    /// The sample as a recording.
    pub recording: String,
    /// The broadcast that repeats it.
    pub broadcast: String,
}

impl Source {
    /// The ids for the sample in this tree.
    pub(crate) fn of(workspace: &Workspace) -> Result<Self> {
        let path = workspace.root.join(SAMPLE);
        let bytes = fs::read(&path).explain(|| format!("cannot read {SAMPLE}"))?;
        let digest = stamp::hex(&Sha256::digest(&bytes));
        let name = format!("LivetapeDemo{}", digest.get(..10).unwrap_or_default());
        Ok(Self {
            recording: format!("rec_{name}"),
            broadcast: format!("live_{name}_1"),
        })
    }
}

impl Edge {
    /// Starts the edge and waits until it answers. `store` keeps what it stores, and its secrets.
    pub(crate) fn start(workspace: &Workspace, port: u16, store: &Path) -> Result<Self> {
        workspace.require("worker/wrangler.toml")?;
        let lock = lock(store)?;
        let secrets = Secrets::of(store)?;
        let log = workspace.logs().join(format!("edge-{port}.log"));
        if log.exists() {
            fs::remove_file(&log).explain(|| format!("cannot replace {}", log.display()))?;
        }
        let mut wrangler = wrangler(workspace, port, store, &secrets.file)?;
        let group = Group::start(&mut wrangler, Output::Log(log.clone()))?;
        let server = Server { port };
        let mut edge = Self {
            server,
            api_key: secrets.api_key,
            log,
            group,
            _lock: lock,
        };
        edge.wait_until_it_answers()?;
        Ok(edge)
    }

    fn wait_until_it_answers(&mut self) -> Result<()> {
        let deadline = Instant::now() + STARTING;
        loop {
            interrupt::check()?;
            self.still_running()?;
            match self.server.request("GET", "/healthz", &[], &[]) {
                Ok(response) if response.status == 200 => return Ok(()),
                _ if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(50)),
                Ok(response) => return Err(self.dead(&format!("answers {}", response.status))),
                Err(_) => return Err(self.dead("does not answer")),
            }
        }
    }

    /// Fails, with the end of its log, once the edge has ended.
    pub(crate) fn still_running(&mut self) -> Result<()> {
        match self.group.ended()? {
            None => Ok(()),
            Some(status) => Err(self.dead(&format!("has ended ({status})"))),
        }
    }

    fn dead(&self, how: &str) -> Failure {
        Failure::Message(format!("the edge {how}\n{}", process::tail(&self.log)))
    }

    /// The address to open.
    pub(crate) fn address(&self) -> String {
        format!("http://localhost:{}", self.server.port)
    }

    /// Stores the sample and starts its broadcast, unless both are there.
    pub(crate) fn seed(&self, workspace: &Workspace, store: &Path) -> Result<()> {
        let source = Source::of(workspace)?;
        let known = self
            .server
            .request("GET", &recording_path(&source.recording), &[], &[])?;
        let finished = known.status == 200 && known.json()?["state"] == "finished";
        if !finished {
            self.upload(workspace, &source.recording, store)?;
        }
        self.broadcast(
            &source,
            &store.join(format!("{}.started", source.broadcast)),
        )
    }

    /// Stores the sample; every request may be repeated, so an interrupted upload goes on.
    fn upload(&self, workspace: &Workspace, recording: &str, store: &Path) -> Result<()> {
        let sample = Sample::read(&workspace.root.join(SAMPLE))?;
        let token = self.ingest_token(recording, &store.join(format!("{recording}.token")))?;
        let digest = Sha256::digest(&sample.init);
        let config = stamp::hex(&digest).get(..16).unwrap_or_default().to_owned();
        let path = recording_path(recording);
        self.put(
            &format!("{path}/configs/{config}"),
            &token,
            &[],
            &sample.init,
        )?;
        for (seq, fragment) in sample.fragments.iter().enumerate() {
            let headers = [
                format!("Livetape-Config: {config}"),
                format!("Livetape-Base-Time: {}", fragment.base_time),
                format!("Livetape-Duration: {}", fragment.duration),
                "Livetape-Independent: ?1".to_owned(),
            ];
            self.put(
                &format!("{path}/objects/main/{seq}"),
                &token,
                &headers,
                &fragment.bytes,
            )?;
        }
        let body = json!({ "objects": { "main": sample.fragments.len() } });
        self.post(&format!("{path}/finish"), &token, &body)?;
        Ok(())
    }

    /// The token that the sample is stored with: kept from an interrupted start, or of a new recording.
    fn ingest_token(&self, recording: &str, kept: &Path) -> Result<String> {
        if let Ok(token) = fs::read_to_string(kept) {
            return Ok(token);
        }
        let body = json!({ "id": recording, "title": "livetape demo" });
        let created = self.post("/v1/recordings", &self.api_key, &body)?;
        let token = created["ingest_token"]
            .as_str()
            .ok_or_else(|| Failure::message("the edge created a recording without a token"))?;
        stamp::write(kept, token)?;
        Ok(token.to_owned())
    }

    /// Starts the broadcast, once for a store; `started` remembers that.
    fn broadcast(&self, source: &Source, started: &Path) -> Result<()> {
        if started.exists() {
            return Ok(());
        }
        let path = format!("{}/broadcasts", recording_path(&source.recording));
        let made = self.post(&path, &self.api_key, &json!({ "loop": true }))?;
        // A later number than the first means that an interrupted start had made the first already.
        let id = made["id"].as_str().unwrap_or_default();
        if id.trim_end_matches(char::is_numeric) != source.broadcast.trim_end_matches('1') {
            return Err(Failure::Message(format!(
                "the demo's broadcast is {id}, not {}",
                source.broadcast
            )));
        }
        stamp::write(started, id)
    }

    fn post(
        &self,
        path: &str,
        bearer: &str,
        body: &serde_json::Value,
    ) -> Result<serde_json::Value> {
        let headers = [
            format!("Authorization: Bearer {bearer}"),
            "Content-Type: application/json".to_owned(),
        ];
        let body = body.to_string();
        let response = self
            .server
            .request("POST", path, &headers, body.as_bytes())?;
        response.succeeded(&format!("POST {path}"))?.json()
    }

    fn put(&self, path: &str, bearer: &str, headers: &[String], body: &[u8]) -> Result<()> {
        let digest = base64(&Sha256::digest(body));
        let mut all = vec![
            format!("Authorization: Bearer {bearer}"),
            format!("Content-Digest: sha-256=:{digest}:"),
            "Content-Type: video/mp4".to_owned(),
        ];
        all.extend_from_slice(headers);
        let response = self.server.request("PUT", path, &all, body)?;
        response.succeeded(&format!("PUT {path}")).map(drop)
    }
}

fn lock(store: &Path) -> Result<fs::File> {
    let doing = || format!("cannot lock {}", store.display());
    fs::create_dir_all(store).explain(doing)?;
    let file = fs::File::create(store.join("lock")).explain(doing)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Failure::Message(format!(
            "another edge is running on {}; stop that one first",
            store.display()
        ))),
        Err(fs::TryLockError::Error(error)) => Err(error).explain(doing),
    }
}

fn recording_path(recording: &str) -> String {
    format!("/v1/recordings/{recording}")
}

fn wrangler(workspace: &Workspace, port: u16, store: &Path, secrets: &Path) -> Result<Command> {
    let node = setup::node(workspace)?;
    let mut wrangler = process::command(&node);
    wrangler
        .arg("node_modules/wrangler/bin/wrangler.js")
        .args(["dev", "--config", "wrangler.toml", "--ip", "127.0.0.1"])
        .args(["--port", &port.to_string(), "--inspector-port", "0"])
        .arg("--persist-to")
        .arg(store)
        .arg("--env-file")
        .arg(secrets)
        .args([
            "--var",
            &format!("LIVETAPE_DEMO:{}", Source::of(workspace)?.broadcast),
        ])
        .args(["--var", "LIVETAPE_COUNT:1"])
        .args(["--show-interactive-dev-session=false"])
        .env("PATH", setup::in_path(&[node])?)
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_LOG_PATH", workspace.logs().join("wrangler"))
        // Nothing here asks a server elsewhere where this machine is.
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        // wrangler's own record of every request, which no platform keeps, costs more than most requests do.
        .env("X_LOCAL_OBSERVABILITY", "false")
        .env("NO_COLOR", "1")
        .current_dir(workspace.root.join("worker"));
    Ok(wrangler)
}

/// What only the owner of a store may know; made once, in the store's folder.
struct Secrets {
    file: PathBuf,
    api_key: String,
}

impl Secrets {
    fn of(store: &Path) -> Result<Self> {
        let doing = || format!("cannot prepare {}", store.display());
        let file = store.join("secrets.env");
        if let Some(api_key) = fs::read_to_string(&file)
            .ok()
            .and_then(|text| key_in(&text))
        {
            return Ok(Self { file, api_key });
        }
        let (secret, api_key) = (random()?, random()?);
        let text = format!("LIVETAPE_SECRET={secret}\nLIVETAPE_API_KEY={api_key}\n");
        fs::write(&file, "").explain(doing)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).explain(doing)?;
        fs::write(&file, text).explain(doing)?;
        Ok(Self { file, api_key })
    }
}

fn key_in(text: &str) -> Option<String> {
    text.lines()
        .find_map(|line| line.strip_prefix("LIVETAPE_API_KEY="))
        .map(str::to_owned)
}

/// 32 random bytes as hexadecimal digits.
fn random() -> Result<String> {
    let mut bytes = [0; 32];
    let doing = || "cannot read random bytes";
    let mut source = fs::File::open("/dev/urandom").explain(doing)?;
    source.read_exact(&mut bytes).explain(doing)?;
    Ok(stamp::hex(&bytes))
}
