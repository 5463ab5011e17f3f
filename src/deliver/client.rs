//! The API's two calls over HTTP (API.md, "The calls"). Alone knows reqwest.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use reqwest::redirect::Policy as Redirects;
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::Update;
use super::credentials::Credentials;
use super::message;
use crate::tls::{self, Roots};

const TOKEN_PATH: &str = "/public/security/v1/token";
const API_PATH: &str = "/apiHub/performanceManagement/v1";

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle connections are given up before servers commonly do, so that a request does not meet a closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes of an answer's body that are read; more than that tells a person nothing.
const BODY_LIMIT: usize = 64 * 1024;
/// How long the body of a success is read for: that keeps the connection, and what it says changes nothing.
const DRAINING: Duration = Duration::from_millis(500);
/// A token's life where the server does not tell it (API.md: 3600 s).
const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);

/// Everything but the unreserved characters of RFC 3986: an id is one path segment whatever it holds.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where and how to call.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// What the API's paths are added to.
    pub base: Url,
    /// What the token is asked for with.
    pub credentials: Credentials,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Whether updates carry `testMode: true`: the server then only pretends.
    pub test_mode: bool,
}

/// What came back for an update.
#[derive(Debug)]
pub enum Answer {
    /// The server answered.
    Response {
        /// The HTTP status.
        status: u16,
        /// How long the server asks us to wait.
        retry_after: Option<Duration>,
        /// Its words, where it is no success.
        message: Option<String>,
    },
    /// No connection came about, so nothing was sent.
    NotConnected(String),
    /// The request left, and no answer came.
    Lost(String),
}

impl Answer {
    /// Returns the HTTP status, if there is one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Response { status, .. } => Some(*status),
            Self::NotConnected(_) | Self::Lost(_) => None,
        }
    }

    /// Returns what the server said, or what went wrong.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Response { message, .. } => message.clone(),
            Self::NotConnected(words) | Self::Lost(words) => Some(words.clone()),
        }
    }
}

/// What came back for a request for a token.
pub(super) enum TokenAnswer {
    Issued {
        text: String,
        lifetime: Duration,
    },
    /// The credentials are not good.
    Refused(String),
    /// No token came; another try may get one, after so long if the server says.
    Failed {
        words: String,
        wait: Option<Duration>,
    },
}

/// What a request for a token showed of a server.
#[derive(Debug, PartialEq, Eq)]
pub enum Checkup {
    /// No answer came; what went wrong.
    Unreachable(String),
    /// The connection could not be trusted, so nothing was sent; what went wrong.
    Untrusted(String),
    /// It answered.
    Answered {
        /// What its clock shows, where it says so.
        date: Option<Timestamp>,
        /// Whether it gave a token; else the server's words.
        token: Result<(), (TokenFailure, String)>,
    },
}

/// Why a server gave no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFailure {
    /// The credentials are not good.
    Refused,
    /// It could not, this time.
    Broken,
}

/// Calls the API. Cheap to clone: the connections are shared.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    endpoint: Arc<Endpoint>,
}

impl Client {
    /// Makes a client for an endpoint.
    ///
    /// # Errors
    /// When the system gives no TLS or no network at all.
    pub fn new(endpoint: Endpoint) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client(roots(&endpoint.base))?)
            .user_agent(concat!("scoreload/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(endpoint.timeout)
            .pool_idle_timeout(IDLE_TIMEOUT)
            // A redirect would carry the token to another place.
            .redirect(Redirects::none())
            // Attempts are counted, paced and judged here alone.
            .retry(reqwest::retry::never());
        if is_loopback(&endpoint.base) {
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|error| words_of(&error, endpoint.timeout))?;
        Ok(Self {
            http,
            endpoint: Arc::new(endpoint),
        })
    }

    /// Sends an update once.
    pub async fn update(&self, token: &str, update: &Update, body: Vec<u8>) -> Answer {
        let mut request = self
            .http
            .patch(self.update_url(update))
            .bearer_auth(token)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        if self.endpoint.test_mode {
            request = request.header("testMode", "true");
        }
        match request.send().await {
            Err(error) if error.is_connect() => {
                Answer::NotConnected(words_of(&error, self.endpoint.timeout))
            }
            Err(error) => Answer::Lost(words_of(&error, self.endpoint.timeout)),
            Ok(response) => {
                let status = response.status();
                let retry_after = retry_after(&response);
                let message = self.words_of_failure(response, token).await;
                Answer::Response {
                    status: status.as_u16(),
                    retry_after,
                    message,
                }
            }
        }
    }

    /// Returns the server's words where an answer is no success.
    async fn words_of_failure(&self, response: Response, token: &str) -> Option<String> {
        let status = response.status();
        if status.is_success() {
            // The outcome is known, and must not wait for a body that stalls.
            let _ = tokio::time::timeout(DRAINING, bounded(response)).await;
            return None;
        }
        let secrets = [self.endpoint.credentials.traces(), vec![token.to_owned()]].concat();
        let words = words(response, &secrets).await;
        Some(words.unwrap_or_else(|| default_words(status)))
    }

    fn update_url(&self, update: &Update) -> String {
        let company = utf8_percent_encode(&update.company_id, SEGMENT);
        let order = utf8_percent_encode(&update.order_id, SEGMENT);
        self.url(&format!(
            "{API_PATH}/companies/{company}/assessmentOrders/{order}"
        ))
    }

    fn url(&self, path: &str) -> String {
        format!(
            "{}{path}",
            self.endpoint.base.as_str().trim_end_matches('/')
        )
    }

    /// Asks for a token once.
    pub(super) async fn token(&self) -> TokenAnswer {
        match self.ask_for_token().await {
            Ok(response) => self.judge_token(response).await,
            Err(error) => TokenAnswer::Failed {
                words: words_of(&error, self.endpoint.timeout),
                wait: None,
            },
        }
    }

    /// Asks for a token once, to see how the server does; no order is touched.
    pub async fn check_up(&self) -> Checkup {
        let response = match self.ask_for_token().await {
            Ok(response) => response,
            Err(error) => {
                let words = words_of(&error, self.endpoint.timeout);
                return if is_of_tls(&error) {
                    Checkup::Untrusted(words)
                } else {
                    Checkup::Unreachable(words)
                };
            }
        };
        let date = date_of(&response);
        let token = match self.judge_token(response).await {
            TokenAnswer::Issued { .. } => Ok(()),
            TokenAnswer::Refused(words) => Err((TokenFailure::Refused, words)),
            TokenAnswer::Failed { words, .. } => Err((TokenFailure::Broken, words)),
        };
        Checkup::Answered { date, token }
    }

    /// Asks for a token by client credentials both in the form and as basic authorization: vendor's samples show the
    /// one, its script the other, and sending both satisfies either.
    async fn ask_for_token(&self) -> reqwest::Result<Response> {
        let Credentials {
            client_id,
            client_secret,
        } = &self.endpoint.credentials;
        let secret = client_secret.reveal();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", secret),
        ];
        let request = self
            .http
            .post(self.url(TOKEN_PATH))
            .basic_auth(client_id, Some(secret))
            .form(&form);
        request.send().await
    }

    /// Says what an answer to a request for a token means.
    async fn judge_token(&self, response: Response) -> TokenAnswer {
        let (status, wait) = (response.status(), retry_after(&response));
        tracing::debug!(status = status.as_u16(), "token requested");
        if status.is_success() {
            return issued(response).await;
        }
        let said = words(response, &self.endpoint.credentials.traces())
            .await
            .unwrap_or_else(|| default_words(status));
        let words = format!("{} from the token endpoint: {said}", status.as_u16());
        match status.as_u16() {
            408 | 425 | 429 | 500.. => TokenAnswer::Failed { words, wait },
            _ => TokenAnswer::Refused(words),
        }
    }
}

async fn issued(response: Response) -> TokenAnswer {
    #[derive(Deserialize)]
    struct Issued {
        access_token: String,
        expires_in: Option<Value>,
    }
    let body = bounded(response).await;
    match serde_json::from_str::<Issued>(&body) {
        Ok(Issued {
            access_token: text,
            expires_in,
        }) if is_header_text(&text) => TokenAnswer::Issued {
            text,
            lifetime: expires_in
                .as_ref()
                .and_then(seconds)
                .unwrap_or(TOKEN_LIFETIME),
        },
        _ => {
            let words = "the token endpoint answered without a token".to_owned();
            TokenAnswer::Failed { words, wait: None }
        }
    }
}

/// Reads a number of seconds above 0, which some servers write as text: a token that has no life is told wrong, for it
/// is good when it comes.
fn seconds(value: &Value) -> Option<Duration> {
    let number = value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())?;
    Duration::try_from_secs_f64(number)
        .ok()
        .filter(|lifetime| !lifetime.is_zero())
}

/// Tells whether a token can stand in a header.
fn is_header_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn default_words(status: StatusCode) -> String {
    let reason = status
        .canonical_reason()
        .unwrap_or("an answer without a reason");
    if status.is_redirection() {
        format!("{reason}: redirects are not followed")
    } else {
        reason.to_owned()
    }
}

async fn words(response: Response, secrets: &[String]) -> Option<String> {
    message::of_body(&bounded(response).await, secrets)
}

/// Reads a body up to its limit; what cannot be read any more does not count.
async fn bounded(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= BODY_LIMIT {
            body.truncate(BODY_LIMIT);
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// Reads `Retry-After`: seconds, or a date.
fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    wait_of(text, Timestamp::now())
}

/// Reads what the server's clock shows.
fn date_of(response: &Response) -> Option<Timestamp> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(date.timestamp())
}

/// Tells whether a connection failed because it could not be trusted: rustls says so, several sources down.
fn is_of_tls(error: &reqwest::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if is_of_rustls(cause) {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Tells whether an error is one of rustls, or one of the system's that holds such a one.
fn is_of_rustls(error: &(dyn std::error::Error + 'static)) -> bool {
    let held = error.downcast_ref::<std::io::Error>();
    match held.and_then(std::io::Error::get_ref) {
        Some(held) => is_of_rustls(held),
        None => error.is::<rustls::Error>(),
    }
}

fn wait_of(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

/// Tells whether a base is on this machine, where no proxy and no certificate has a part.
#[must_use]
pub fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns whom a server's certificate must be from; plain HTTP has none.
fn roots(base: &Url) -> Roots {
    match base.scheme() {
        "https" => Roots::OfMachine,
        _ => Roots::Bundled,
    }
}

/// Says what went wrong with a request: reqwest hides it several sources down, behind words about itself.
fn words_of(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() && !error.is_connect() {
        return format!("no answer within {} s", timeout.as_secs_f64());
    }
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    // "client error (Connect)" and the like say nothing to a person where a cause follows.
    let telling: Vec<String> = causes
        .iter()
        .filter(|words| !words.starts_with("client error"))
        .cloned()
        .collect();
    match (telling.is_empty(), causes.is_empty()) {
        (false, _) => telling.join(": "),
        (true, false) => causes.join(": "),
        (true, true) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::Wanted;
    use crate::deliver::credentials::Secret;
    use crate::ledger::Remembered;

    fn client(base: &str) -> Client {
        let credentials = Credentials {
            client_id: "id".into(),
            client_secret: Secret::new("s3cr3t"),
        };
        let base = Url::parse(base).unwrap();
        Client::new(Endpoint {
            base,
            credentials,
            timeout: Duration::from_secs(5),
            test_mode: false,
        })
        .unwrap()
    }

    fn url(base: &str, company_id: &str, order_id: &str) -> String {
        let update = Update {
            company_id: company_id.into(),
            order_id: order_id.into(),
            wanted: Wanted::Body(Box::default()),
            remembered: Remembered::Nothing,
        };
        client(base).update_url(&update)
    }

    #[test]
    fn ids_are_one_encoded_segment_each() {
        let path = "https://x.example/apiHub/performanceManagement/v1/companies";
        let table = [
            (
                "B6001",
                "ORD-1.2_3~4",
                format!("{path}/B6001/assessmentOrders/ORD-1.2_3~4"),
            ),
            (
                "A/B",
                "a b?c#d%2Fé",
                format!("{path}/A%2FB/assessmentOrders/a%20b%3Fc%23d%252F%C3%A9"),
            ),
            (
                "B6001",
                "../../x",
                format!("{path}/B6001/assessmentOrders/..%2F..%2Fx"),
            ),
        ];
        for (company, order, expected) in table {
            assert_eq!(url("https://x.example/", company, order), expected);
            assert_eq!(
                Url::parse(&expected).unwrap().as_str(),
                expected,
                "the URL is not changed on its way"
            );
        }
        assert!(
            url("http://localhost:8085/gateway/", "B6001", "1")
                .starts_with("http://localhost:8085/gateway/apiHub/")
        );
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-03-04T17:06:00Z".parse().unwrap();
        let table = [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Wed, 04 Mar 2026 17:06:30 GMT", Some(30)),
            ("Wed, 04 Mar 2026 17:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ];
        for (text, seconds) in table {
            assert_eq!(
                wait_of(text, now),
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let shown = format!("{:?}", client("https://x.example").endpoint);
        assert!(
            shown.contains("[hidden]") && !shown.contains("s3cr3t"),
            "{shown}"
        );
    }

    #[test]
    fn loopback_is_told_from_elsewhere() {
        for base in [
            "http://127.0.0.1:80",
            "http://127.9.9.9",
            "http://[::1]:80",
            "http://localhost:80",
        ] {
            assert!(is_loopback(&Url::parse(base).unwrap()), "{base}");
        }
        for base in [
            "http://10.0.0.1",
            "http://localhost.example",
            "https://dc1demogwext.paylocity.com",
        ] {
            assert!(!is_loopback(&Url::parse(base).unwrap()), "{base}");
        }
    }
}
