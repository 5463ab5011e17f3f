//! Malformed and hostile answers to token requests: no update is sent, and the exit code shows the cause.

use std::io::{self, Write};
use std::net::TcpStream;

use super::import;
use super::raw::{DONE, Server, TOKEN, Then, with_length};
use crate::harness::{Bench, SECRET};

/// Runs an import with these token responses. Returns the exit code, the number of token requests and stderr.
fn asked(
    act: impl Fn(&mut TcpStream) -> io::Result<Then> + Send + Sync + 'static,
) -> (i32, usize, String) {
    let server = Server::with_tokens(move |request, stream| {
        if request.is_token {
            return act(stream);
        }
        stream.write_all(DONE)?;
        Ok(Then::GoOn)
    });
    let flags = ["--retries", "1", "--timeout", "2", "--progress", "none"];
    let ran = import(&Bench::new(), 1, &server.url(), &flags);
    assert!(
        !ran.stderr.contains(SECRET) && !ran.stderr.contains("panicked"),
        "{}",
        ran.stderr
    );
    let sent = server.count(Some(0));
    assert_eq!(sent, usize::from(ran.code == 0), "{}", ran.stderr);
    (ran.code, server.count(None), ran.stderr)
}

fn answered(answer: Vec<u8>) -> (i32, usize, String) {
    asked(move |stream| {
        stream.write_all(&answer)?;
        Ok(Then::Close)
    })
}

#[test]
fn invalid_token_responses_are_reported_and_retried_if_that_can_help() {
    let page = "<!DOCTYPE html><html><body>Welcome to our gateway</body></html>";
    let ok = |body: &str| with_length("200 OK", body.as_bytes());
    let token = |token: &str| {
        ok(&format!(
            r#"{{"access_token":"{token}","expires_in":3600}}"#
        ))
    };
    let none = "answered without a token";
    let no_header = "a token that is not a valid header value";
    let no_place = "there is no token endpoint at http://127.0.0.1:";
    #[rustfmt::skip]
    let table: &[(&str, Vec<u8>, i32, usize, &str)] = &[
        ("not JSON", ok("hello"), 5, 2, none),
        ("nothing", ok(""), 5, 2, none),
        ("no content", DONE.to_vec(), 5, 2, none),
        ("null", ok("null"), 5, 2, none),
        ("a list", ok("[]"), 5, 2, none),
        ("a number", ok(r#"{"access_token":7}"#), 5, 2, none),
        ("two tokens", ok(r#"{"access_token":"a","access_token":"b"}"#), 5, 2, none),
        ("lists in lists", ok(&"[".repeat(60_000)), 5, 2, none),
        ("a number beyond all", ok(r#"{"access_token":"a","expires_in":1e999}"#), 5, 2, none),
        ("ten megabytes", token(&"x".repeat(10 << 20)), 5, 2, none),
        ("an empty token", token(""), 5, 2, no_header),
        ("a token of two lines", token(r"a\r\nX-Evil: 1"), 5, 2, no_header),
        ("a token with a zero", token(r"a\u0000b"), 5, 2, no_header),
        ("a token that is not ASCII", token("tökén"), 5, 2, no_header),
        ("no UTF-8", with_length("200 OK", b"{\"access_token\":\"\xff\"}"), 5, 2, no_header),
        ("a page", ok(page), 5, 1, no_place),
        ("another path", with_length("404 Not Found", page.as_bytes()), 5, 1, no_place),
        ("another method", with_length("405 No", b""), 5, 1, no_place),
        ("gone", with_length("410 Gone", b""), 5, 1, no_place),
        ("another host", with_length("421 Misdirected Request", b""), 5, 1, no_place),
        ("bad credentials", with_length("400 No", br#"{"error":"invalid_client"}"#), 4, 1, "invalid_client"),
        ("a wrong secret", with_length("401 No", b""), 4, 1, "are refused"),
        ("no permission", with_length("403 No", page.as_bytes()), 4, 1, "are refused"),
        ("busy", with_length("503 Down", b"later"), 5, 2, "later"),
        ("busy for a year", b"HTTP/1.1 503 Down\r\nRetry-After: 31536000\r\nContent-Length: 0\r\n\r\n".to_vec(), 5, 1, "it asks to wait for 31536000 s"),
        ("a wait beyond all", b"HTTP/1.1 429 No\r\nRetry-After: 18446744073709551615\r\n\r\n".to_vec(), 5, 1, "it asks to wait"),
        ("nothing at all", Vec::new(), 5, 2, "could not be reached"),
        ("half a head", b"HTTP/1.1 200 OK\r\nContent-".to_vec(), 5, 2, "could not be reached"),
        ("half a body", ok(TOKEN)[..60].to_vec(), 5, 2, none),
    ];
    for (name, answer, code, times, words) in table {
        let (found, asked, stderr) = answered(answer.clone());
        assert_eq!((found, asked), (*code, *times), "{name}: {stderr}");
        assert!(stderr.contains(words), "{name}: {stderr}");
    }
}

#[test]
fn a_token_with_an_invalid_lifetime_is_used() {
    for life in [
        "-1",
        "-1e300",
        "1e300",
        "18446744073709551616",
        r#""soon""#,
        "[]",
        "{}",
        "0.001",
        "true",
    ] {
        let body = format!(r#"{{"access_token":"t0ken","expires_in":{life}}}"#);
        let (code, _, stderr) = answered(with_length("200 OK", body.as_bytes()));
        assert_eq!(code, 0, "{life}: {stderr}");
    }
}

#[test]
fn an_endless_token_response_times_out() {
    let forever: [(&str, &'static [u8]); 3] = [
        ("a string without an end", b"x"),
        ("blanks without an end", b" "),
        ("lists without an end", b"["),
    ];
    for (name, more) in forever {
        let (code, asked, stderr) = asked(move |stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"")?;
            let many = more.repeat(65536);
            loop {
                stream.write_all(&many)?;
            }
        });
        assert_eq!((code, asked), (5, 2), "{name}: {stderr}");
    }
}

#[test]
fn a_trickling_token_response_times_out() {
    for first in [
        "HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"",
        "HTTP/1.1 200 OK\r\nX-A: ",
    ] {
        let (code, asked, stderr) = asked(move |stream| {
            stream.write_all(first.as_bytes())?;
            loop {
                std::thread::sleep(std::time::Duration::from_millis(50));
                stream.write_all(b"x")?;
            }
        });
        assert_eq!((code, asked), (5, 2), "{first}: {stderr}");
    }
}
