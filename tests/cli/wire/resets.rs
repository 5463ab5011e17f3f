//! Connections that break during an answer: an order is in doubt if and only if the answer's head is incomplete.

use std::io::Write;

use serde_json::{Value, json};

use super::raw::{DONE, Server, Then, with_length};
use super::{import, orders};
use crate::harness::Bench;

const EMPTY: &[u8] =
    b"HTTP/1.1 204 No Content\r\nDate: Wed, 04 Mar 2026 17:06:00 GMT\r\nX-Trace: a1b2\r\n\r\n";

/// Returns an answer with a body, and the length of its head.
fn with_body() -> (Vec<u8>, usize) {
    let answer = with_length("200 OK", br#"{"result":"updated","version":17}"#);
    let head = answer
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .unwrap()
        + 4;
    (answer, head)
}

/// For each order, the answer to its first request, and the byte after which the connection breaks. `None` for the first
/// order, which opens the start gate.
fn breaks() -> Vec<Option<(Vec<u8>, usize, bool)>> {
    let (body, head) = with_body();
    let of_empty = (0..EMPTY.len()).map(|at| (EMPTY.to_vec(), at, true));
    let of_body = (0..body.len()).map(|at| (body.clone(), at, at < head));
    let all = of_empty.chain(of_body).map(Some);
    std::iter::once(None).chain(all).collect()
}

fn server(then: fn() -> Then) -> Server {
    let breaks = breaks();
    Server::start(move |request, stream| {
        match &breaks[request.order] {
            Some((answer, at, _)) if request.attempt == 1 => {
                stream.write_all(&answer[..*at])?;
                return Ok(then());
            }
            _ => stream.write_all(DONE)?,
        }
        Ok(Then::GoOn)
    })
}

/// Returns an order's outcome in the report, and how often the server received it.
fn found(order: &Value, server: &Server, number: usize) -> Value {
    let report = ["outcome", "possible_duplicate_reports", "attempts"].map(|name| &order[name]);
    json!([report, server.count(Some(number))])
}

/// Imports with `--on-ambiguous policy` and checks each order. `doubt` is the expected outcome after a broken head.
fn break_everywhere(policy: &str, then: fn() -> Then, code: i32, doubt: (&str, bool)) {
    let (bench, server, breaks) = (Bench::new(), server(then), breaks());
    let flags = [
        "--on-ambiguous",
        policy,
        "--concurrency",
        "32",
        "--retries",
        "1",
    ];
    let ran = import(&bench, breaks.len(), &server.url(), &flags);
    assert_eq!(ran.code, code, "{}", ran.stderr);
    for (number, (order, cut)) in orders(&bench).iter().zip(&breaks).enumerate() {
        let is_cut = cut.as_ref().is_some_and(|(_, _, is_cut)| *is_cut);
        let (outcome, twice, attempts) = if is_cut {
            (doubt.0, doubt.1, 2)
        } else {
            ("accepted", false, 1)
        };
        assert_eq!(
            found(order, &server, number),
            json!([[outcome, twice, attempts], attempts]),
            "{number}: {cut:?}"
        );
    }
}

#[test]
fn after_a_reset_in_the_head_the_order_is_sent_again() {
    break_everywhere("resend", || Then::Reset, 0, ("accepted", true));
}

#[test]
fn after_a_reset_in_the_head_reports_are_held_if_configured() {
    break_everywhere("hold", || Then::Reset, 1, ("unknown", false));
}

#[test]
fn a_closed_connection_counts_like_a_reset() {
    break_everywhere("resend", || Then::Close, 0, ("accepted", true));
}

/// The next request on the connection fails without warning.
#[test]
fn connections_closed_despite_keep_alive_lose_nothing() {
    let server = Server::start(|_, stream| {
        stream.write_all(DONE)?;
        Ok(Then::Close)
    });
    let bench = Bench::new();
    let ran = import(&bench, 40, &server.url(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for (number, order) in orders(&bench).iter().enumerate() {
        let twice = order["attempts"] != 1;
        assert_eq!(
            found(order, &server, number),
            json!([
                ["accepted", twice, order["attempts"]],
                server.count(Some(number))
            ]),
        );
        assert!(server.count(Some(number)) as u64 <= order["attempts"].as_u64().unwrap());
    }
}
