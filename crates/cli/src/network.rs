//! What is fetched over http(s).

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use livetape_hls::ResolvedByteRange;
use ureq::ResponseExt;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::body::Body;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::location::{Location, Opened};

/// Tries at something on the network.
const TRIES: u32 = 3;
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);

/// The client for all requests; it trusts whom the system trusts.
fn agent() -> &'static ureq::Agent {
    static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
    AGENT.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs().certs;
        let trusted = found
            .iter()
            .map(|der| Certificate::from_der(der).to_owned())
            .collect();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(trusted)))
            .unversioned_rustls_crypto_provider(provider)
            .build();
        ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .user_agent(concat!("livetape/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build()
            .into()
    })
}

/// Opens what is at a URL, at a range or at all of it.
pub(crate) fn fetch(url: &str, range: Option<ResolvedByteRange>) -> Result<Opened> {
    let (start, length) = range.map_or((0, None), |r| (r.offset(), Some(r.length())));
    let (location, first, len) = ask(url, start, length)?;
    let url = url.to_owned();
    let rest = move |received: u64| {
        let left = length.map(|length| length.saturating_sub(received));
        if left == Some(0) {
            return Ok(Box::new(io::empty()) as Box<dyn Read + Send>);
        }
        let asked = ask(&url, start.saturating_add(received), left);
        asked.map(|(_, rest, _)| rest).map_err(io::Error::other)
    };
    Ok(Opened {
        location,
        start,
        len: None,
        reader: Box::new(Body::new(first, len, Box::new(rest))),
    })
}

/// Where something really is, its bytes, and how many they are, where the server says so.
type Answer = (Location, Box<dyn Read + Send>, Option<u64>);

/// Asks a server for what begins at `start`. A server that knows no ranges sends all: what was not
/// asked for is left out.
fn ask(url: &str, start: u64, length: Option<u64>) -> Result<Answer> {
    let range = match length {
        Some(length) => {
            let last = start.saturating_add(length).saturating_sub(1);
            Some(format!("bytes={start}-{last}"))
        }
        None if start > 0 => Some(format!("bytes={start}-")),
        None => None,
    };
    let mut tries = 0;
    loop {
        interrupt::check()?;
        tries += 1;
        let mut request = agent().get(url);
        if let Some(range) = &range {
            request = request.header("range", range);
        }
        let error = match request.call() {
            Ok(response) => {
                let location = Location::Url(response.get_uri().to_string());
                let is_partial = response.status() == ureq::http::StatusCode::PARTIAL_CONTENT;
                let skip = if is_partial { 0 } else { start };
                let length = length.unwrap_or(u64::MAX);
                let body = response.into_body();
                let len = body.content_length();
                let len = len.map(|len| len.saturating_sub(skip).min(length));
                let reader = body.into_reader().take(skip.saturating_add(length));
                let left = skip;
                return Ok((location, Box::new(Skip { left, reader }), len));
            }
            Err(error) => error,
        };
        let refused = matches!(error, ureq::Error::StatusCode(400..500));
        if refused || tries >= TRIES {
            return Err(Failure::Unreachable {
                url: url.to_owned(),
                why: error.to_string(),
            });
        }
    }
}

/// A reader without its first bytes.
struct Skip<R> {
    left: u64,
    reader: R,
}

impl<R: Read> Read for Skip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left > 0 {
            let skipped = io::copy(&mut (&mut self.reader).take(self.left), &mut io::sink())?;
            self.left = 0;
            if skipped == 0 {
                return Ok(0);
            }
        }
        self.reader.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipping_leaves_out_exactly_what_was_not_asked_for() {
        let mut skip = Skip {
            left: 3,
            reader: b"0123456789".take(7),
        };
        let mut text = String::new();
        skip.read_to_string(&mut text).expect("readable");
        assert_eq!(text, "3456");
    }
}
