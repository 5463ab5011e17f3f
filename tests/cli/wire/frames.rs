//! Frames of HTTP/2 that no honest server sends: one import meets all of them, an order each, one after the other on
//! what is left of the connection.

use serde_json::json;

use super::authority::Authority;
use super::frame_server::{
    DATA, END, GO_AWAY, HEADERS, MORE, OK_200, OK_204, PING, PUSH, RESET, SETTINGS, Then, WHOLE,
    WINDOW, done, frame, start,
};
use super::{import, orders};
use crate::harness::Bench;

/// Heads, as RFC 7541 writes them.
const NO_400: &[u8] = &[0x8C];
const HINT_103: &[u8] = &[0x08, 3, b'1', b'0', b'3'];
const WAIT_503: &[u8] = &[0x08, 3, b'5', b'0', b'3'];
const SWITCH_101: &[u8] = &[0x08, 3, b'1', b'0', b'1'];

const REFUSED: u32 = 7;

fn reset(stream: u32, why: u32) -> Vec<u8> {
    frame(RESET, 0, stream, &why.to_be_bytes())
}

fn go_away(last: u32, why: u32) -> Vec<u8> {
    frame(
        GO_AWAY,
        0,
        0,
        &[last.to_be_bytes(), why.to_be_bytes()].concat(),
    )
}

#[derive(Debug, Clone, Copy)]
enum Fate {
    Taken,
    Doubt,
    Again,
    Refused,
}

struct Case {
    name: &'static str,
    fate: Fate,
    bytes: fn(u32) -> Vec<u8>,
    then: Then,
}

#[rustfmt::skip]
fn cases() -> Vec<Case> {
    use Fate::{Again, Doubt, Refused, Taken};
    use Then::{Close, Flood, GoOn, Mute};
    let case = |name, fate, then, bytes| Case { name, fate, bytes, then };
    vec![
        case("a success", Taken, GoOn, done),
        case("a refused stream", Again, GoOn, |id| reset(id, REFUSED)),
        case("a refused stream, again", Again, GoOn, |id| reset(id, REFUSED)),
        case("a cancelled stream", Doubt, GoOn, |id| reset(id, 8)),
        case("a stream that failed", Doubt, GoOn, |id| reset(id, 2)),
        case("a stream without an error", Doubt, GoOn, |id| reset(id, 0)),
        case("a stream that asks to be calm", Doubt, GoOn, |id| reset(id, 11)),
        case("a success, then a reset", Taken, GoOn, |id| [frame(HEADERS, WHOLE, id, OK_200), reset(id, 2)].concat()),
        case("a success, then a refusal", Taken, GoOn, |id| [frame(HEADERS, WHOLE, id, OK_200), reset(id, REFUSED)].concat()),
        case("an error, then a reset", Refused, GoOn, |id| [frame(HEADERS, WHOLE, id, NO_400), frame(DATA, 0, id, b"no"), reset(id, 2)].concat()),
        case("a server that goes, and looked at none", Again, Close, |_| go_away(0, 0)),
        case("a server that goes before this one", Again, Close, |id| go_away(id.saturating_sub(2), 0)),
        case("a server that fails before this one", Again, Close, |id| go_away(id.saturating_sub(2), 2)),
        case("a server that goes before this one and stays", Again, GoOn, |id| go_away(id.saturating_sub(2), 0)),
        case("a server that goes after this one", Doubt, Close, |id| go_away(id, 0)),
        case("a server that fails after this one", Doubt, Close, |id| go_away(id, 2)),
        case("a server that goes some time", Doubt, Close, |_| go_away(0x7FFF_FFFF, 0)),
        case("a server that goes after its answer", Taken, Close, |id| [go_away(id, 0), done(id)].concat()),
        case("an answer, then a server that never looked at it", Taken, Close, |id| [done(id), go_away(id.saturating_sub(2), 0)].concat()),
        case("a server that comes back", Doubt, Close, |id| [go_away(id, 0), go_away(id + 2, 0)].concat()),
        case("the end", Doubt, Close, |_| Vec::new()),
        case("silence", Doubt, Mute, |_| Vec::new()),
        case("half a head", Doubt, Close, |id| frame(HEADERS, 0, id, OK_204)),
        case("a head that is no head", Doubt, Close, |id| frame(HEADERS, WHOLE | END, id, &[0xFF; 9])),
        case("a head without a status", Doubt, GoOn, |id| frame(HEADERS, WHOLE | END, id, &[0x00, 1, b'a', 1, b'b'])),
        case("a status that is none", Doubt, GoOn, |id| frame(HEADERS, WHOLE | END, id, &[0x08, 3, b'2', b'x', b'x'])),
        case("another protocol", Doubt, GoOn, |id| frame(HEADERS, WHOLE, id, SWITCH_101)),
        case("data before a head", Doubt, GoOn, |id| frame(DATA, END, id, b"{}")),
        case("two heads", Taken, GoOn, |id| [frame(HEADERS, WHOLE, id, OK_200), frame(HEADERS, WHOLE, id, NO_400)].concat()),
        case("hints, then a success", Taken, GoOn, |id| [frame(HEADERS, WHOLE, id, HINT_103).repeat(9), done(id)].concat()),
        case("hints, then nothing more", Doubt, GoOn, |id| frame(HEADERS, WHOLE | END, id, HINT_103)),
        case("a 503", Again, GoOn, |id| frame(HEADERS, WHOLE | END, id, WAIT_503)),
        case("an answer to nobody", Doubt, Close, |id| done(id + 2)),
        case("an answer before its request", Doubt, Close, |id| [reset(id, 2), done(id + 2)].concat()),
        case("a head for the connection", Doubt, Close, |_| done(0)),
        case("a promise", Doubt, Close, |id| frame(PUSH, WHOLE, id, &[0, 0, 0, 2, 0x82])),
        case("a window beyond all measure", Doubt, Close, |_| frame(WINDOW, 0, 0, &0x7FFF_FFFF_u32.to_be_bytes())),
        case("a window of nothing", Doubt, Close, |_| frame(WINDOW, 0, 0, &[0; 4])),
        case("settings that are cut", Doubt, Close, |_| frame(SETTINGS, 0, 0, &[0; 5])),
        case("a frame beyond all measure", Doubt, Close, |id| [&[0xFF, 0xFF, 0xFF, DATA, 0][..], &id.to_be_bytes(), &[0; 99]].concat()),
        case("frames of another kind", Taken, GoOn, |id| [frame(0xFE, 0xFF, id, b"?").repeat(9), done(id)].concat()),
        case("an old version's answer", Doubt, Close, |_| b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        case("a success without an end", Taken, Flood(|id| frame(DATA, 0, id, &[b'x'; 999])), |id| frame(HEADERS, WHOLE, id, OK_200)),
        case("an error of empty parts", Refused, Flood(|id| frame(DATA, 0, id, &[])), |id| frame(HEADERS, WHOLE, id, NO_400)),
        case("a head without an end", Doubt, Flood(|id| frame(MORE, 0, id, &[0, 1, b'a', 1, b'b'])), |id| frame(HEADERS, 0, id, OK_204)),
        case("a head of empty parts", Doubt, Flood(|id| frame(MORE, 0, id, &[])), |id| frame(HEADERS, 0, id, OK_204)),
        case("hints without an end", Doubt, Flood(|id| frame(HEADERS, WHOLE, id, HINT_103)), |_| Vec::new()),
        case("questions without an end", Doubt, Flood(|_| frame(PING, 0, 0, &[7; 8])), |_| Vec::new()),
        case("settings without an end", Doubt, Flood(|_| frame(SETTINGS, 0, 0, &[])), |_| Vec::new()),
    ]
}

const FLAGS: [&str; 6] = [
    "--ca-cert",
    "ca.pem",
    "--concurrency",
    "1",
    "--progress",
    "none",
];

fn bench(authority: &Authority) -> Bench {
    let bench = Bench::new();
    bench.write("ca.pem", &authority.pem);
    bench
}

/// Imports all cases under a policy, and looks at each order.
fn meet_all(policy: &str) {
    let (authority, cases) = (Authority::new(), cases());
    let bench = bench(&authority);
    let acts: Vec<_> = cases.iter().map(|case| (case.bytes, case.then)).collect();
    let (url, attempts) = start(&authority, move |order, id| {
        (acts[order].0(id), acts[order].1)
    });
    let flags = [
        &FLAGS[..],
        &["--timeout", "2", "--retries", "1", "--on-ambiguous", policy],
    ]
    .concat();
    let ran = import(&bench, cases.len(), &url, &flags);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let wrong: Vec<String> = std::iter::zip(orders(&bench), &cases)
        .enumerate()
        .filter_map(|(number, (order, Case { name, fate, .. }))| {
            let found =
                ["outcome", "possible_duplicate_reports", "attempts"].map(|part| &order[part]);
            let seen = attempts.lock().unwrap()[&number];
            let (outcome, twice, times) = match (fate, policy) {
                (Fate::Taken, _) => ("accepted", false, 1),
                (Fate::Again, _) => ("accepted", false, 2),
                (Fate::Doubt, "resend") => ("accepted", true, 2),
                (Fate::Doubt, _) => ("unknown", false, 2),
                (Fate::Refused, _) => ("rejected", false, 1),
            };
            let good = json!([found, seen]) == json!([[outcome, twice, times], times]);
            (!good).then(|| {
                format!(
                    "{name}: {fate:?}, and not {found:?} {seen} {}",
                    order["message"]
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn whatever_the_frames_are_their_order_comes_to_the_right_end() {
    meet_all("resend");
}

#[test]
fn whatever_the_frames_are_reports_are_kept_back_where_they_are_in_doubt() {
    meet_all("hold");
}

/// It is shared: the next attempt must not wait on it too.
#[test]
fn a_connection_that_goes_silent_is_given_up_before_the_time_of_its_request_is_over() {
    let authority = Authority::new();
    let bench = bench(&authority);
    let (url, _) = start(&authority, |_, _| (Vec::new(), Then::Mute));
    let flags = [&FLAGS[..], &["--timeout", "4", "--retries", "0"]].concat();
    let ran = import(&bench, 1, &url, &flags);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    let order = &orders(&bench)[0];
    assert_eq!(order["message"], "the connection went silent", "{order}");
    assert!(order["latency_ms"].as_f64().unwrap() < 4000.0, "{order}");
}

#[test]
fn frames_that_end_at_any_byte_are_in_doubt_until_the_head_is_whole() {
    let (authority, whole) = (Authority::new(), done(1).len());
    let bench = bench(&authority);
    // The first order lets the others begin.
    let (url, attempts) = start(&authority, move |order, id| match order.checked_sub(1) {
        Some(at) if at < whole => (done(id)[..at].to_vec(), Then::Close),
        _ => (done(id), Then::GoOn),
    });
    let ran = import(
        &bench,
        whole + 2,
        &url,
        &[&FLAGS[..], &["--retries", "1"]].concat(),
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for (number, order) in orders(&bench).iter().enumerate() {
        let is_cut = (1..=whole).contains(&number);
        let seen = attempts.lock().unwrap()[&number];
        assert_eq!(
            (seen, &order["possible_duplicate_reports"]),
            (1 + usize::from(is_cut), &json!(is_cut)),
            "{number}: {order}"
        );
    }
}
