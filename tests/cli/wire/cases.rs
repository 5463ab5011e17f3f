//! Malformed and hostile answers to updates, each with the expected outcome of its order.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::raw::{DONE, Then};

/// The expected outcome of an order whose first request gets the answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// Accepted.
    Taken,
    /// Ambiguous: sent again, or its reports are held.
    Doubt,
    /// Certainly not applied: sent again unchanged.
    Again,
    /// Rejected with this status.
    Refused(u16),
}

pub(super) type Act = Box<dyn Fn(&mut TcpStream) -> io::Result<Then> + Send + Sync>;

pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) fate: Fate,
    pub(super) act: Act,
}

fn case(
    name: &'static str,
    fate: Fate,
    act: impl Fn(&mut TcpStream) -> io::Result<Then> + Send + Sync + 'static,
) -> Case {
    let act = Box::new(act);
    Case { name, fate, act }
}

/// Sends the bytes and keeps the connection open.
fn whole(name: &'static str, fate: Fate, bytes: impl Into<Vec<u8>>) -> Case {
    let bytes = bytes.into();
    case(name, fate, move |stream| {
        stream.write_all(&bytes)?;
        Ok(Then::GoOn)
    })
}

/// Sends the bytes and closes the connection.
fn cut(name: &'static str, fate: Fate, bytes: impl Into<Vec<u8>>) -> Case {
    let bytes = bytes.into();
    case(name, fate, move |stream| {
        stream.write_all(&bytes)?;
        Ok(Then::Close)
    })
}

/// Sends the first bytes, and then repeats `then` for ever.
fn endless(name: &'static str, fate: Fate, first: &'static str, then: &'static str) -> Case {
    case(name, fate, move |stream| {
        stream.write_all(first.as_bytes())?;
        let many = then.repeat(65536 / then.len() + 1);
        loop {
            stream.write_all(many.as_bytes())?;
        }
    })
}

/// Like `endless`, but slowly enough for the run to read the bytes along with its other work.
fn flood(name: &'static str, fate: Fate, first: &'static str, again: &'static str) -> Case {
    case(name, fate, move |stream| {
        stream.write_all(first.as_bytes())?;
        let many = again.repeat(8192 / again.len());
        loop {
            stream.write_all(many.as_bytes())?;
            std::thread::sleep(Duration::from_millis(10));
        }
    })
}

/// Sends the first bytes, and then `then` byte by byte, fast enough for a time-out per read.
fn trickle(name: &'static str, fate: Fate, first: &'static str, then: &'static str) -> Case {
    case(name, fate, move |stream| {
        stream.write_all(first.as_bytes())?;
        for byte in then.bytes().cycle() {
            std::thread::sleep(Duration::from_millis(50));
            stream.write_all(&[byte])?;
        }
        Ok(Then::Close)
    })
}

/// Kilobytes that decompress to gigabytes.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![b'x'; 16 << 20]).unwrap();
    packed.finish().unwrap().repeat(256)
});

#[rustfmt::skip]
fn length_and_time_cases() -> Vec<Case> {
    use Fate::{Doubt, Refused, Taken};
    vec![
        endless("a success without an end", Taken, "HTTP/1.1 200 OK\r\n\r\n", "x"),
        endless("an error without an end", Refused(400), "HTTP/1.1 400 No\r\n\r\n", "no "),
        endless("chunks without an end", Doubt, "HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
        flood("a chunk size without an end", Refused(400), "HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n", "0"),
        endless("a chunk extension without an end", Refused(422), "HTTP/1.1 422 No\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x"),
        endless("trailers without an end", Refused(409), "HTTP/1.1 409 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-A: b\r\n"),
        endless("a head without an end", Doubt, "HTTP/1.1 204 No Content\r\nX-A: ", "x"),
        endless("headers without an end", Doubt, "HTTP/1.1 204 No Content\r\n", "X-A: b\r\n"),
        endless("a status line without an end", Doubt, "HTTP/1.1 204 ", "No"),
        flood("interim answers without an end", Doubt, "", "HTTP/1.1 100 Continue\r\n\r\n"),
        flood("early hints without an end", Doubt, "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        flood("blank lines without an end", Doubt, "", "\r\n"),
        trickle("a success that trickles", Taken, "HTTP/1.1 200 OK\r\n\r\n", "x"),
        trickle("an error that trickles", Refused(400), "HTTP/1.1 400 No\r\nContent-Length: 99999\r\n\r\n", "no "),
        trickle("a head that trickles", Doubt, "HTTP/1.1 204 No Content\r\n", "X-A: b\r\n"),
        trickle("a status line that trickles", Doubt, "", "HTTP/1.1 204 No Content\r\n"),
        cut("a bomb in a success", Taken, packed("200 OK", &BOMB)),
        cut("a bomb in an error", Refused(400), packed("400 No", &BOMB)),
        whole("a packed body that is none", Refused(400), packed("400 No", b"not packed")),
        whole("a packed body that is cut", Refused(400), packed("400 No", &BOMB[..9000])),
        cut("a head of a megabyte", Doubt, format!("HTTP/1.1 204 No Content\r\nX-A: {}\r\n\r\n", "x".repeat(1 << 20))),
        cut("a thousand headers", Doubt, format!("HTTP/1.1 204 No Content\r\n{}\r\n", "X-A: b\r\n".repeat(1000))),
    ]
}

fn packed(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[rustfmt::skip]
fn framing_cases() -> Vec<Case> {
    use Fate::{Doubt, Refused, Taken};
    vec![
        cut("nothing", Doubt, ""),
        cut("a length that promises more", Refused(400), "HTTP/1.1 400 No\r\nContent-Length: 500\r\n\r\ntoo short"),
        cut("a success that promises more", Taken, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}"),
        whole("a length that promises less", Refused(400), "HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno, and more of it"),
        whole("a 204 with a body", Taken, "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}"),
        cut("two lengths", Doubt, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"),
        cut("a length below zero", Doubt, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"),
        cut("a length that is no number", Doubt, "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}"),
        cut("a length beyond all measure", Refused(400), "HTTP/1.1 400 No\r\nContent-Length: 18446744073709551613\r\n\r\nno"),
        whole("a length and chunks", Refused(400), "HTTP/1.1 400 No\r\nContent-Length: 999\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"),
        cut("chunks that are cut", Refused(400), "HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nno"),
        cut("a success in chunks that are cut", Taken, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nno"),
        cut("a chunk beyond all measure", Refused(400), "HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nno"),
        cut("a chunk that is no number", Refused(400), "HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno"),
        whole("a coding that nobody knows", Refused(400), "HTTP/1.1 400 No\r\nContent-Encoding: rot13\r\nContent-Length: 2\r\n\r\nab"),
        whole("hints, then a success", Taken, [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(20), DONE.to_vec()].concat()),
        whole("hints, then an error", Refused(404), "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
        cut("hints, then nothing", Doubt, "HTTP/1.1 100 Continue\r\n\r\n"),
        cut("another protocol", Doubt, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),
    ]
}

#[rustfmt::skip]
fn content_cases() -> Vec<Case> {
    use Fate::{Again, Doubt, Refused, Taken};
    let with = |status: &str, headers: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    vec![
        whole("a picture for a success", Taken, with("200 OK", "Content-Type: image/png\r\n", b"\x89PNG\r\n")),
        whole("a page for a success", Taken, with("200 OK", "Content-Type: text/html\r\n", b"<html>sign in</html>")),
        whole("an error that is no UTF-8", Refused(400), with("400 No", "Content-Type: application/json\r\n", b"{\"message\":\"\xff\xfe no\"}")),
        whole("an error in another encoding", Refused(400), with("400 No", "Content-Type: text/plain; charset=utf-16\r\n", b"n\0o\0")),
        whole("an error that speaks to the terminal", Refused(400), with("400 No", "", b"\x1b]0;owned\x07\x1b[2J no \xe2\x80\xae way")),
        whole("an error of nested lists", Refused(400), with("400 No", "", &b"[".repeat(60_000))),
        cut("a status line of its own", Doubt, "ICY 200 OK\r\n\r\n"),
        cut("another version", Doubt, "HTTP/9.9 204 No Content\r\n\r\n"),
        cut("an old version", Taken, "HTTP/1.0 204 No Content\r\n\r\n"),
        whole("no reason", Taken, "HTTP/1.1 204\r\n\r\n"),
        cut("a status that is none", Doubt, "HTTP/1.1 2xx Fine\r\n\r\n"),
        cut("a status below all", Doubt, "HTTP/1.1 099 Fine\r\n\r\n"),
        whole("a status beyond all", Doubt, "HTTP/1.1 999 Fine\r\nContent-Length: 0\r\n\r\n"),
        cut("a greeting of SSH", Doubt, "SSH-2.0-OpenSSH_9.2\r\n"),
        cut("frames of HTTP/2", Doubt, b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0d".to_vec()),
        cut("an alert of TLS", Doubt, b"\x15\x03\x01\0\x02\x02F".to_vec()),
        cut("zeros", Doubt, vec![0; 4096]),
        cut("a header with a zero", Doubt, "HTTP/1.1 204 No Content\r\nX-A: a\0b\r\n\r\n"),
        cut("a header with a blank in its name", Doubt, "HTTP/1.1 204 No Content\r\nX A: b\r\n\r\n"),
        cut("a folded header", Doubt, "HTTP/1.1 204 No Content\r\nX-A: b\r\n c\r\n\r\n"),
        whole("a wait below zero", Again, with("429 Slow", "Retry-After: -5\r\n", b"")),
        whole("a wait that is no text", Again, b"HTTP/1.1 503 Down\r\nRetry-After: \xff\xfe\r\nContent-Length: 0\r\n\r\n".to_vec()),
        whole("a wait until long ago", Again, with("503 Down", "Retry-After: Wed, 04 Mar 1026 17:06:30 GMT\r\n", b"")),
        endless("a 503 without an end", Again, "HTTP/1.1 503 Down\r\n\r\n", "down "),
        cut("a 503 that is cut", Again, "HTTP/1.1 503 Down\r\nContent-Length: 50\r\n\r\ndown"),
    ]
}

/// Returns all cases, after an order that opens the start gate.
pub(super) fn cases() -> Vec<Case> {
    let first = whole("a success", Fate::Taken, DONE);
    [
        vec![first],
        length_and_time_cases(),
        framing_cases(),
        content_cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
