//! Redirects are not followed: no other server ever receives a token, a secret or a score.

use std::io::Write;

use serde_json::json;

use super::raw::{Server, Then, with_length};
use super::{import, orders};
use crate::harness::Bench;

const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// A server that must not receive any connection.
fn elsewhere() -> Server {
    Server::with_tokens(|_, stream| {
        stream.write_all(&with_length("200 OK", super::raw::TOKEN.as_bytes()))?;
        Ok(Then::GoOn)
    })
}

fn to(status: u16, place: &Server) -> Vec<u8> {
    let url = place.url();
    format!("HTTP/1.1 {status} Over there\r\nLocation: {url}/x\r\nRefresh: 0; url={url}\r\nAlt-Svc: h2=\"{}\"\r\nContent-Length: 0\r\n\r\n", place.address()).into_bytes()
}

#[test]
fn a_redirected_update_is_rejected() {
    let elsewhere = elsewhere();
    let answers = REDIRECTS.map(|status| to(status, &elsewhere));
    let server = Server::start(move |request, stream| {
        stream.write_all(&answers[request.order])?;
        Ok(Then::GoOn)
    });
    let bench = Bench::new();
    let ran = import(
        &bench,
        REDIRECTS.len(),
        &server.url(),
        &["--concurrency", "1"],
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for (order, status) in orders(&bench).iter().zip(REDIRECTS) {
        let found = ["outcome", "http_status", "attempts"].map(|name| &order[name]);
        assert_eq!(json!(found), json!(["rejected", status, 1]));
        let words = order["message"].as_str().unwrap();
        assert!(words.ends_with("redirects are not followed"), "{words}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn a_redirected_token_request_means_that_there_is_no_endpoint() {
    for status in REDIRECTS {
        let elsewhere = elsewhere();
        let answer = to(status, &elsewhere);
        let server = Server::with_tokens(move |_, stream| {
            stream.write_all(&answer)?;
            Ok(Then::GoOn)
        });
        let bench = Bench::new();
        let ran = import(&bench, 1, &server.url(), &[]);
        assert_eq!((ran.code, server.count(None)), (5, 1), "{}", ran.stderr);
        let words = format!(
            "there is no token endpoint at {}/public/security/v1/token: it answers {status}",
            server.url()
        );
        assert!(ran.stderr.contains(&words), "{}", ran.stderr);
        assert_eq!(elsewhere.connections(), 0);
    }
}
