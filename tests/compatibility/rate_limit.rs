//! Rate-limit state of an earlier version counts: requests that it knows of use up the rate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Crc;
use serde_json::{Value, json};

use crate::recorder::Recorder;
use crate::world::{TARGET, World};

/// Named after the target and the client id, so that a later version finds it too.
const STATE: &str = "pace-d92e16b7f63deaf8.state";
const MICROSECONDS: u64 = 1_000_000;

/// Returns the state of the fixture as if it had been written that long ago.
fn state(age: Duration, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let text = std::fs::read_to_string(crate::world::fixture(STATE)).unwrap();
    let (_, body) = text.split_once('\n').unwrap();
    let mut body: Value = serde_json::from_str(body).unwrap();
    let written = body["clocks"]["wall"].as_u64().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.checked_sub(age).unwrap();
    let now = u64::try_from(now.as_micros()).unwrap();
    shift(&mut body, written, now);
    // Whatever machine the test runs on, it is not the one that wrote the fixture.
    body["clocks"]["boot"] = json!("another start");
    body["uses"]["flights"][0]["holder"]["realm"] = json!("another machine");
    change(&mut body["uses"]);
    let body = body.to_string();
    let mut checksum = Crc::new();
    checksum.update(body.as_bytes());
    let head = format!("scoreload-pace-1 {} {:08x}\n", body.len(), checksum.sum());
    (head + &body).into_bytes()
}

/// Moves every time near `from` to the same distance from `to`.
fn shift(value: &mut Value, from: u64, to: u64) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|value| shift(value, from, to)),
        Value::Array(entries) => entries.iter_mut().for_each(|value| shift(value, from, to)),
        Value::Number(number) => {
            let near = from - 100 * MICROSECONDS..=from;
            if let Some(at) = number.as_u64().filter(|at| near.contains(at)) {
                *value = json!(at + to - from);
            }
        }
        _ => {}
    }
}

/// Returns whether an import at one request in ten minutes sends its only update before it has to stop.
fn sends_within(limit: &str, state: Option<Vec<u8>>) -> bool {
    let (world, recorder) = (World::new(), Recorder::start());
    if let Some(state) = state {
        world.write(&format!("state/scoreload/{STATE}"), state);
    }
    let flags = "--rate 1/10m --no-report --ledger none --max-duration";
    let mut args = vec!["import", "killed.csv"];
    args.extend(flags.split(' '));
    args.extend([limit, "--target", TARGET]);
    world.deliver(&recorder.url, &args);
    !recorder.updates().is_empty()
}

fn is_sent(state: Option<Vec<u8>>) -> bool {
    sends_within("30s", state)
}

fn waits(state: Vec<u8>) -> bool {
    !sends_within("0.5s", Some(state))
}

fn without_flights(uses: &mut Value) {
    uses["flights"] = json!([]);
}

fn without_answered(uses: &mut Value) {
    uses["ended"] = json!([]);
}

fn keep_for_an_hour(uses: &mut Value) {
    uses["keep"] = json!(3600 * MICROSECONDS);
}

#[test]
fn without_state_a_request_leaves_at_once() {
    assert!(is_sent(None));
}

#[test]
fn requests_that_were_just_answered_use_up_the_rate() {
    let state = state(Duration::ZERO, without_flights);
    assert!(waits(state));
}

#[test]
fn a_request_in_flight_of_another_machine_uses_up_the_rate() {
    let state = state(Duration::ZERO, without_answered);
    assert!(waits(state));
}

#[test]
fn requests_within_the_longest_window_use_up_the_rate() {
    let state = state(Duration::from_secs(300), keep_for_an_hour);
    assert!(waits(state));
}

#[test]
fn requests_before_the_longest_window_do_not_count() {
    let state = state(Duration::from_secs(7200), |_| {});
    assert!(is_sent(Some(state)));
}

#[test]
fn a_pause_that_the_server_asked_for_is_kept() {
    let pause = |uses: &mut Value| {
        let throttle = &mut uses["throttle"];
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        throttle["paused_at"] = json!(u64::try_from(now.as_micros()).unwrap());
        throttle["pause"] = json!(600 * MICROSECONDS);
    };
    let state = state(Duration::from_secs(7200), pause);
    assert!(waits(state));
}

#[test]
fn state_that_is_damaged_counts_as_a_rate_that_was_just_used_up() {
    let mut state = state(Duration::from_secs(7200), |_| {});
    state.truncate(200);
    assert!(waits(state));
}
