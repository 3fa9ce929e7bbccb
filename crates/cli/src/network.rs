//! What is fetched over http(s).

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use livetape_hls::ResolvedByteRange;
use ureq::ResponseExt;
use ureq::http::StatusCode;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::body::Body;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::location::{Location, Opened};

/// Tries at something on the network: an outage of a second or so is outlived.
const TRIES: u32 = 4;
/// Before the second of them; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest, whatever a server asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
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
            // A refusal may say when to come again.
            .http_status_as_error(false)
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
        let refusal = match request.call() {
            Ok(response) if response.status().is_success() => {
                return Ok(answer(response, start, length));
            }
            Ok(response) => Refusal::of_response(&response),
            Err(error) => Refusal::of_error(&error),
        };
        let goes_on = refusal.may_pass && tries < TRIES;
        if !goes_on || !interrupt::nap(pause(tries, refusal.retry_after)) {
            interrupt::check()?;
            return Err(Failure::Unreachable {
                url: url.to_owned(),
                why: refusal.why,
            });
        }
    }
}

fn answer(response: ureq::http::Response<ureq::Body>, start: u64, length: Option<u64>) -> Answer {
    let location = Location::Url(response.get_uri().to_string());
    let is_partial = response.status() == StatusCode::PARTIAL_CONTENT;
    let skip = if is_partial { 0 } else { start };
    let length = length.unwrap_or(u64::MAX);
    let body = response.into_body();
    let len = body.content_length();
    let len = len.map(|len| len.saturating_sub(skip).min(length));
    let reader = body.into_reader().take(skip.saturating_add(length));
    let left = skip;
    (location, Box::new(Skip { left, reader }), len)
}

/// Why there is no body.
struct Refusal {
    why: String,
    /// Whether it may be answered a moment later.
    may_pass: bool,
    /// What the server asks to wait.
    retry_after: Option<Duration>,
}

impl Refusal {
    fn of_response(response: &ureq::http::Response<ureq::Body>) -> Self {
        let status = response.status();
        let after = response.headers().get("retry-after");
        // A date may be there as well, which is not worth a clock.
        let seconds = after.and_then(|after| after.to_str().ok()?.trim().parse().ok());
        Self {
            why: format!("http status: {}", status.as_u16()),
            may_pass: status.is_server_error()
                || matches!(
                    status,
                    StatusCode::REQUEST_TIMEOUT
                        | StatusCode::TOO_EARLY
                        | StatusCode::TOO_MANY_REQUESTS
                ),
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    fn of_error(error: &ureq::Error) -> Self {
        use ureq::Error::{BadUri, RedirectFailed, TooManyRedirects};
        Self {
            why: error.to_string(),
            may_pass: !matches!(error, BadUri(_) | RedirectFailed | TooManyRedirects),
            retry_after: None,
        }
    }
}

/// How long to wait after so many tries: longer each time, and at least as long as a server asks,
/// within reason.
pub(crate) fn pause(tries: u32, asked: Option<Duration>) -> Duration {
    let doublings = tries.saturating_sub(1).min(16);
    let growing = FIRST_PAUSE.saturating_mul(1 << doublings);
    growing.max(asked.unwrap_or_default()).min(LONGEST_PAUSE)
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
    fn pauses_grow_and_a_server_may_ask_for_longer_ones_within_reason() {
        let millis =
            |tries, asked: Option<u64>| pause(tries, asked.map(Duration::from_secs)).as_millis();
        assert_eq!([1, 2, 3].map(|tries| millis(tries, None)), [250, 500, 1000]);
        assert_eq!(millis(1, Some(3)), 3000);
        assert_eq!(millis(3, Some(0)), 1000);
        assert_eq!(millis(1, Some(u64::MAX)), 10_000);
        assert_eq!(millis(u32::MAX, None), 10_000);
    }

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
