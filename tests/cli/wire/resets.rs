//! Connections that end in the middle of an answer: what was not said whole is in doubt, and nothing else is.

use std::io::Write;

use serde_json::{Value, json};

use super::raw::{DONE, Server, Then, with_length};
use super::{import, orders};
use crate::harness::Bench;

const EMPTY: &[u8] =
    b"HTTP/1.1 204 No Content\r\nDate: Wed, 04 Mar 2026 17:06:00 GMT\r\nX-Trace: a1b2\r\n\r\n";

/// An answer with a body; and how long its head is.
fn with_body() -> (Vec<u8>, usize) {
    let answer = with_length("200 OK", br#"{"result":"updated","version":17}"#);
    let head = answer
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .unwrap()
        + 4;
    (answer, head)
}

/// After how many bytes of which answer the connection of each order breaks when it is first sent; `None` for the
/// first order, which lets the others begin.
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

/// What the report says of an order, and how often the server saw it.
fn found(order: &Value, server: &Server, number: usize) -> Value {
    let report = ["outcome", "possible_duplicate_reports", "attempts"].map(|name| &order[name]);
    json!([report, server.count(Some(number))])
}

/// Imports under a policy, and looks at each order: `doubt` is what one comes to whose answer was cut.
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
fn an_answer_that_is_reset_at_any_byte_is_in_doubt_until_its_head_is_whole_and_sent_again() {
    break_everywhere("resend", || Then::Reset, 0, ("accepted", true));
}

#[test]
fn an_answer_that_is_reset_at_any_byte_keeps_its_reports_back_where_that_is_asked_for() {
    break_everywhere("hold", || Then::Reset, 1, ("unknown", false));
}

#[test]
fn an_answer_that_ends_at_any_byte_is_as_one_that_is_reset() {
    break_everywhere("resend", || Then::Close, 0, ("accepted", true));
}

/// The next request meets an end that it could not have foreseen.
#[test]
fn connections_that_end_after_each_answer_though_they_promise_to_stay_lose_nothing() {
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
