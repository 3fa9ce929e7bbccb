//! A server on this machine.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a server does with a path: gives a body, or `None` for 404.
pub(crate) type Answers = dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync;

/// Serves in a thread until the test process ends; gives the server's root.
pub(crate) fn serve(answers: Arc<Answers>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || answer(stream, &*answers));
        }
    });
    format!("http://{address}")
}

/// Answers one request. The path `/never.ts` gets the beginning of a body and no more; of what lies
/// in `/cut/` the first half is sent where no range is asked for, then the connection is closed;
/// what lies in `/broken/` has its length announced, of which nothing behind its first half is ever
/// sent, and in `/broken/chunked/` its first half is sent in chunks that have no end; `/moved/`
/// leads to the root; what lies in `/busy/503/` is refused by that status three times, then sent.
fn answer(mut stream: TcpStream, answers: &Answers) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
    let head: Vec<String> = lines
        .by_ref()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let path = head.first().and_then(|line| line.split(' ').nth(1));
    let range = head.iter().find_map(|line| {
        let line = line.to_ascii_lowercase();
        let (from, to) = line.strip_prefix("range: bytes=")?.split_once('-')?;
        let to = to.parse().unwrap_or(usize::MAX - 1);
        Some((from.parse::<usize>().ok()?, to))
    });
    let path = path.unwrap_or_default();
    if let Some(rest) = path.strip_prefix("/moved") {
        let head = format!("HTTP/1.1 302 Found\r\nlocation: {rest}\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
        return;
    }
    let Some(body) = answers(path) else {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        return;
    };
    if path.starts_with("/broken/") {
        return break_off(&mut stream, path, range, &body);
    }
    if let Some(refusal) = busy(path) {
        let _ = stream.write_all(refusal.as_bytes());
        return;
    }
    let is_cut = path.starts_with("/cut/") && range.is_none();
    let (status, body) = match range {
        Some((from, to)) => {
            let end = (to + 1).min(body.len());
            let part = body.get(from..end).unwrap_or_default();
            ("206 Partial Content", part.to_vec())
        }
        None => ("200 OK", body),
    };
    let stalls = path == "/never.ts";
    let length = body.len() + usize::from(stalls);
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes());
    let sent = if is_cut { body.len() / 2 } else { body.len() };
    let _ = stream.write_all(body.get(..sent).unwrap_or_default());
    if stalls {
        // Until the other side goes away.
        let _ = lines.next();
    }
}

/// Sends what lies in `/broken/`.
fn break_off(stream: &mut TcpStream, path: &str, range: Option<(usize, usize)>, body: &[u8]) {
    let half = body.get(..body.len() / 2).unwrap_or_default();
    let (from, to) = range.unwrap_or((0, usize::MAX - 1));
    let sent = half.get(from..).unwrap_or_default();
    let announced = (to + 1).min(body.len()).saturating_sub(from);
    let sent = sent.get(..announced).unwrap_or(sent);
    let head = match range {
        _ if path.starts_with("/broken/chunked/") => {
            format!(
                "200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n",
                half.len()
            )
        }
        Some(_) => format!("206 Partial Content\r\ncontent-length: {announced}\r\n\r\n"),
        None => format!("200 OK\r\ncontent-length: {announced}\r\n\r\n"),
    };
    let _ = stream.write_all(format!("HTTP/1.1 {head}").as_bytes());
    let is_chunked = path.starts_with("/broken/chunked/");
    let _ = stream.write_all(if is_chunked { half } else { sent });
}

/// A refusal of what lies in `/busy/`, as long as it is refused.
fn busy(path: &str) -> Option<String> {
    static ASKED: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());
    let (status, _) = path.strip_prefix("/busy/")?.split_once('/')?;
    let mut asked = ASKED.lock().expect("no test failed here");
    let times = asked.entry(path.to_owned()).or_default();
    *times += 1;
    let head = format!("HTTP/1.1 {status} Busy\r\nretry-after: 0\r\ncontent-length: 0\r\n");
    (*times <= 3).then(|| format!("{head}connection: close\r\n\r\n"))
}
