//! The sandbox as a client sees it: hand-written requests over a socket.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Sandbox, Settings};
use crate::paylocity::credentials::{Credentials, Secret};
use crate::rate_limit::rate::Rate;

const ORDER: &str = "/apiHub/performanceManagement/v1/companies/B6001/assessmentOrders/O-1";
const FORM: &str = "grant_type=client_credentials&client_id=me&client_secret=hush";

async fn started(faults: &str) -> Sandbox {
    let settings = Settings {
        rate: Rate::unlimited(),
        faults: faults.parse().unwrap(),
        ..Settings::default()
    };
    Sandbox::start(settings).await.unwrap()
}

/// Sends one request on its own connection. Returns every byte of the response.
async fn sent(to: SocketAddr, line: &str, headers: &str, body: &str) -> io::Result<String> {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn json_of(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

async fn shown(to: SocketAddr, what: &str) -> Value {
    let line = format!("GET /sandbox/{what}");
    json_of(&sent(to, &line, "", "").await.unwrap())
}

async fn token_answer(to: SocketAddr, form: &str) -> String {
    sent(to, "POST /public/security/v1/token", "", form)
        .await
        .unwrap()
}

/// Returns the headers of an update with a valid token.
async fn headers(to: SocketAddr) -> String {
    let answer = json_of(&token_answer(to, FORM).await);
    let token = answer["access_token"].as_str().unwrap();
    format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n")
}

async fn patched(to: SocketAddr, path: &str, headers: &str, body: &str) -> String {
    sent(to, &format!("PATCH {path}"), headers, body)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_update_is_stored_and_shown() {
    let sandbox = started("").await;
    let to = sandbox.address();
    let headers = headers(to).await;
    let path = ORDER.replace("O-1", "a%2Fb%20%C3%BC");
    let answer = patched(to, &path, &headers, r#"{"overallScore": "87"}"#).await;
    assert_eq!(status(&answer), 204);
    assert!(answer.ends_with("\r\n\r\n"));
    let expected = json!([{
        "company_id": "B6001", "order_id": "a/b ü", "updates": 1, "order": {"overallScore": "87"},
    }]);
    assert_eq!(shown(to, "orders").await, expected);
    sandbox.stop().await;
}

#[tokio::test]
async fn requests_are_logged_without_secrets() {
    let sandbox = started("").await;
    let to = sandbox.address();
    let headers = headers(to).await + "testMode: true\r\n";
    patched(to, ORDER, &headers, r#"{"overallScore": 1}"#).await;
    let log = shown(to, "requests").await;
    assert_eq!(log[0]["method"], "POST");
    assert_eq!(log[0]["body"], Value::Null);
    assert_eq!(log[0]["order_id"], Value::Null);
    assert_eq!(log[0]["status"], 200);
    assert!(!log.to_string().contains("hush"));
    assert_eq!(log[1]["number"], 2);
    assert_eq!(log[1]["path"], ORDER);
    assert_eq!(log[1]["body"], r#"{"overallScore": 1}"#);
    assert_eq!(log[1]["test_mode"], true);
    assert_eq!(log[1]["status"], 400);
    assert!(log[0]["at_ms"].as_f64() <= log[1]["at_ms"].as_f64());
    let at = log[1]["at"].as_str().unwrap();
    assert!(
        at.len() == "2026-03-04T17:06:00.000Z".len() && at.ends_with('Z'),
        "{at}"
    );
}

#[tokio::test]
async fn refusals_come_in_the_order_of_the_api() {
    let sandbox = started("").await;
    let to = sandbox.address();
    let headers = headers(to).await;
    let no_type = headers.replace("Content-Type", "X-Type");
    let long_id = ORDER.replace("B6001", "1234567890");
    for (expected, path, headers, body) in [
        (401, &*long_id, "", ""),
        (415, &*long_id, &*no_type, "["),
        (400, &*long_id, &*headers, "{}"),
        (400, ORDER, &*headers, r#"{"overalScore": "1"}"#),
        (405, "/public/security/v1/token", "", ""),
        (404, "/elsewhere", "", ""),
    ] {
        assert_eq!(status(&patched(to, path, headers, body).await), expected);
    }
    assert_eq!(shown(to, "orders").await, json!([]));
}

#[tokio::test]
async fn a_refusal_names_every_property_at_fault() {
    let sandbox = started("").await;
    let to = sandbox.address();
    let headers = headers(to).await;
    let body =
        r#"{"overallScore": 1, "assessments": [{"assessmentResults": {"tests": [{"id": "N"}]}}]}"#;
    let errors = json_of(&patched(to, ORDER, &headers, body).await)["errors"].clone();
    assert_eq!(errors.as_array().unwrap().len(), 2);
    assert_eq!(errors[0]["code"], "wrong_type");
    let field = "assessments[0].assessmentResults.tests[0].score.attempt";
    assert_eq!(errors[1]["field"], field);
}

#[tokio::test]
async fn test_mode_checks_and_stores_nothing() {
    let sandbox = started("").await;
    let to = sandbox.address();
    let headers = headers(to).await + "testMode: true\r\n";
    assert_eq!(status(&patched(to, ORDER, &headers, "{}").await), 204);
    assert_eq!(status(&patched(to, ORDER, &headers, "[]").await), 400);
    assert_eq!(shown(to, "orders").await, json!([]));
}

#[tokio::test]
async fn a_429_carries_retry_after() {
    let sandbox = Sandbox::start(Settings {
        rate: "1/h".parse().unwrap(),
        ..Settings::default()
    });
    let sandbox = sandbox.await.unwrap();
    let to = sandbox.address();
    assert_eq!(status(&patched(to, ORDER, "", "").await), 401);
    let answer = patched(to, ORDER, "", "").await;
    assert_eq!(status(&answer), 429);
    assert!(answer.contains("\r\nretry-after: 3600\r\n"), "{answer}");
    assert_eq!(status(&token_answer(to, FORM).await), 200);
}

#[tokio::test]
async fn only_the_known_credentials_get_a_token() {
    let known = Credentials {
        client_id: "me".to_owned(),
        client_secret: Secret::new("hush"),
    };
    let sandbox = Sandbox::start(Settings {
        credentials: Some(known),
        ..Settings::default()
    });
    let sandbox = sandbox.await.unwrap();
    let to = sandbox.address();
    let granted = json_of(&token_answer(to, FORM).await);
    assert_eq!(granted["token_type"], "Bearer");
    assert_eq!(granted["expires_in"], 3600);
    let wrong = token_answer(to, &FORM.replace("hush", "shout")).await;
    assert_eq!(status(&wrong), 401);
    assert_eq!(json_of(&wrong)["error"], "invalid_client");
    let other_flow = FORM.replace("client_credentials", "password");
    assert_eq!(status(&token_answer(to, &other_flow).await), 400);
}

#[tokio::test]
async fn a_dropped_connection_sends_no_bytes() {
    for (faults, orders) in [("drop-before=100%", 0), ("drop-after=100%", 1)] {
        let sandbox = started(faults).await;
        let to = sandbox.address();
        let headers = headers(to).await;
        let answer = sent(to, &format!("PATCH {ORDER}"), &headers, "{}").await;
        assert_eq!(answer.unwrap_or_default(), "");
        let held = shown(to, "orders").await;
        assert_eq!(held.as_array().unwrap().len(), orders, "{faults}");
        assert_eq!(shown(to, "requests").await[1]["status"], Value::Null);
    }
}

#[tokio::test]
async fn a_slow_response_is_late_but_applied() {
    let sandbox = started("slow=100%").await;
    let to = sandbox.address();
    let headers = headers(to).await;
    let line = format!("PATCH {ORDER}");
    let waiting = tokio::spawn(async move { sent(to, &line, &headers, "{}").await });
    while shown(to, "orders").await == json!([]) {
        assert!(!waiting.is_finished());
    }
    assert!(!waiting.is_finished());
    assert_eq!(shown(to, "requests").await[1]["applied"], true);
    waiting.abort();
}

#[tokio::test]
async fn a_gateway_answers_with_a_page() {
    let sandbox = started("502=100%").await;
    let to = sandbox.address();
    let answer = patched(to, ORDER, "", "").await;
    assert_eq!(status(&answer), 502);
    assert!(answer.contains("\r\ncontent-type: text/html"), "{answer}");
    assert!(answer.contains("<h1>502 Bad Gateway</h1>"), "{answer}");
}

#[tokio::test]
async fn a_body_of_more_than_four_mebibytes_is_refused() {
    let sandbox = started("").await;
    let to = sandbox.address();
    let headers = headers(to).await;
    let most = 4 * 1024 * 1024;
    // The server reads a body that is one byte too long to its end before it refuses it, so the connection is not
    // reset.
    for (length, expected) in [(most, 204), (most + 1, 413)] {
        let body = format!("{{{}}}", " ".repeat(length - 2));
        let answer = patched(to, ORDER, &headers, &body).await;
        assert_eq!(status(&answer), expected);
    }
}

#[tokio::test]
async fn a_stopped_sandbox_accepts_no_more() {
    let sandbox = started("").await;
    let to = sandbox.address();
    assert_eq!(sandbox.url(), format!("http://{to}"));
    sandbox.stop().await;
    assert!(sent(to, "GET /sandbox/orders", "", "").await.is_err());
}
