//! Malformed and hostile answers to updates. One import receives all of them, one per order.

use std::io::Write;

use serde_json::{Value, json};

use super::cases::{Case, Fate, cases};
use super::raw::{DONE, Server, Then, with_length};
use super::{import, orders};
use crate::harness::Bench;

fn server() -> Server {
    let cases = cases();
    Server::start(move |request, stream| {
        if request.attempt == 1 {
            return (cases[request.order].act)(stream);
        }
        stream.write_all(DONE)?;
        Ok(Then::GoOn)
    })
}

/// Returns an order's outcome in the report, and how often it was sent by the report and by the server.
fn found(order: &Value, server: &Server, number: usize) -> Value {
    let [outcome, status, twice, attempts] = [
        "outcome",
        "http_status",
        "possible_duplicate_reports",
        "attempts",
    ]
    .map(|name| &order[name]);
    json!([outcome, status, twice, attempts, server.count(Some(number))])
}

const FLAGS: &[&str] = &[
    "--timeout",
    "8",
    "--retries",
    "1",
    "--concurrency",
    "80",
    "--progress",
    "none",
];

#[test]
fn each_answer_leads_to_the_right_outcome() {
    let (bench, server, cases) = (Bench::new(), server(), cases());
    let ran = import(&bench, cases.len(), &server.url(), FLAGS);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let wrong: Vec<String> = std::iter::zip(orders(&bench), cases)
        .enumerate()
        .filter_map(|(number, (order, Case { name, fate, .. }))| {
            let found = found(&order, &server, number);
            let good = match fate {
                Fate::Taken => found[0] == "accepted" && found[2] == false && found[4] == 1,
                Fate::Doubt => found == json!(["accepted", 204, true, 2, 2]),
                Fate::Again => found == json!(["accepted", 204, false, 2, 2]),
                Fate::Refused(status) => found == json!(["rejected", status, false, 1, 1]),
            };
            let length = order["message"]
                .as_str()
                .map_or(0, |words| words.chars().count());
            (!good || length > 500).then(|| {
                format!(
                    "{name}: expected {fate:?}, got {found} {}",
                    order["message"]
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        !ran.stderr.contains('\x1b') && !ran.stderr.contains('\u{202e}'),
        "{}",
        ran.stderr
    );
}

#[test]
fn ambiguous_answers_hold_reports_if_configured() {
    let (bench, server, cases) = (Bench::new(), server(), cases());
    let flags = [FLAGS, &["--on-ambiguous", "hold"]].concat();
    let ran = import(&bench, cases.len(), &server.url(), &flags);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let wrong: Vec<String> = std::iter::zip(orders(&bench), cases)
        .enumerate()
        .filter_map(|(number, (order, Case { name, fate, .. }))| {
            let (found, held) = (
                found(&order, &server, number),
                order["held_reports"].as_array(),
            );
            let (expected, kept) = match fate {
                Fate::Taken | Fate::Again => ("accepted", 0),
                Fate::Doubt => ("unknown", 1),
                Fate::Refused(_) => ("rejected", 0),
            };
            let good = found[0] == expected && found[2] == false && held.unwrap().len() == kept;
            (!good).then(|| format!("{name}: expected {fate:?}, got {found} {held:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The second answer arrives before its request, which must not use it.
#[test]
fn a_surplus_answer_is_ignored() {
    for (first, second) in [
        ("204 No Content", "204 No Content"),
        ("200 OK", "200 OK"),
        ("400 No", "204 No Content"),
    ] {
        let answer = |status: &str| match status {
            "204 No Content" => DONE.to_vec(),
            status => with_length(status, b"{}"),
        };
        let both = [answer(first), answer(second)].concat();
        let server = Server::start(move |request, stream| {
            match request.order % 2 {
                0 => stream.write_all(&both)?,
                _ => stream.write_all(&with_length("409 No", b"not this one"))?,
            }
            Ok(Then::GoOn)
        });
        let bench = Bench::new();
        let ran = import(&bench, 8, &server.url(), &["--concurrency", "1"]);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        for (number, order) in orders(&bench).iter().enumerate() {
            let status = match number % 2 {
                0 => json!(first[..3].parse::<u16>().unwrap()),
                _ => json!(409),
            };
            assert_eq!(order["http_status"], status, "{number}: {order}");
        }
    }
}

/// The answer arrives while the connection is idle.
#[test]
fn an_unsolicited_answer_is_not_used_for_the_next_request() {
    let server = Server::start(|request, stream| {
        match request.order {
            0 => {
                stream.write_all(DONE)?;
                stream.write_all(DONE)?;
            }
            _ => stream.write_all(&with_length("409 No", b"not this one"))?,
        }
        Ok(Then::GoOn)
    });
    let bench = Bench::new();
    bench.write("orders.csv", crate::harness::orders_csv(2));
    let ran = bench.import(&server.url(), &["orders.csv", "--rate", "1/s"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let statuses: Vec<_> = orders(&bench)
        .iter()
        .map(|order| order["http_status"].clone())
        .collect();
    assert_eq!(statuses, [json!(204), json!(409)]);
}
