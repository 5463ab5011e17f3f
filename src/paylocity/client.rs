//! The API's two calls over HTTP (API.md, "The calls"). Alone knows reqwest.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy as Redirects;
use url::Url;

use super::credentials::Credentials;
use crate::delivery::Update;
pub(crate) use crate::paylocity::auth::TokenAnswer;
use crate::paylocity::error::words_of;
use crate::paylocity::redact::Traces;
#[cfg(any(test, fuzzing))]
pub(crate) use crate::paylocity::response::read_answer;
use crate::paylocity::response::{bounded, retry_after, words};
use crate::tls::{self, Authorities, Distrust, Roots};

pub(crate) const TOKEN_PATH: &str = "/public/security/v1/token";
const API_PATH: &str = "/apiHub/performanceManagement/v1";

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle connections are given up before servers commonly do, so that a request does not meet a closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long the body of a success is read for: that keeps the connection, and what it says changes nothing.
const DRAINING: Duration = Duration::from_millis(500);
/// How long the body of any other answer is read for: what it says is for people, and its status must not wait for it.
const LISTENING: Duration = Duration::from_secs(5);

/// Everything but the unreserved characters of RFC 3986: an id is one path segment whatever it holds.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where and how to call.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// What the API's paths are added to.
    pub(crate) base: Url,
    /// What the token is asked for with.
    pub(crate) credentials: Credentials,
    /// Who is trusted beside those whom the machine trusts.
    pub(crate) authorities: Authorities,
    /// How long an answer may take, from the first byte that is sent to the last that is read.
    pub(crate) timeout: Duration,
    /// Whether updates carry `testMode: true`: the server then only pretends.
    pub(crate) test_mode: bool,
}

/// What came back for an update.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The server answered.
    Response {
        /// The HTTP status.
        status: u16,
        /// How long the server asks us to wait.
        retry_after: Option<Duration>,
        /// Its words, where it is no success.
        message: Option<String>,
    },
    /// The server has certainly not looked at it: no connection came about, or it has said so.
    Unprocessed(String),
    /// The request left, and no answer came.
    Lost(String),
}

impl Answer {
    /// Returns the HTTP status, if there is one.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Response { status, .. } => Some(*status),
            Self::Unprocessed(_) | Self::Lost(_) => None,
        }
    }

    /// Returns what the server said, or what went wrong.
    pub(crate) fn message(&self) -> Option<String> {
        match self {
            Self::Response { message, .. } => message.clone(),
            Self::Unprocessed(words) | Self::Lost(words) => Some(words.clone()),
        }
    }
}

/// What a request for a token showed of a server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Checkup {
    /// No answer came; what went wrong.
    Unreachable(String),
    /// The connection could not be trusted, so nothing was sent.
    Untrusted(Distrust),
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
pub(crate) enum TokenFailure {
    /// The credentials are not good.
    Refused,
    /// It is no token endpoint.
    Misplaced,
    /// It could not, this time.
    Broken,
}

/// Calls the API. Cheap to clone: the connections are shared.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) endpoint: Arc<Endpoint>,
}

impl Client {
    /// Makes a client for an endpoint.
    ///
    /// # Errors
    /// When the system gives no TLS or no network at all.
    pub(crate) fn new(endpoint: Endpoint) -> Result<Self, String> {
        let mut tls = tls::client(&roots(&endpoint))?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
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
    pub(crate) async fn update(&self, token: &str, update: &Update, body: Vec<u8>) -> Answer {
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
                Answer::Unprocessed(words_of(&error, self.endpoint.timeout))
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
            bounded(response, DRAINING).await;
            return None;
        }
        let secrets = Traces::of(&self.endpoint.credentials, Some(token));
        Some(words(response, LISTENING, &secrets).await)
    }

    fn update_url(&self, update: &Update) -> String {
        let company = utf8_percent_encode(&update.company_id, SEGMENT);
        let order = utf8_percent_encode(&update.order_id, SEGMENT);
        self.url(&format!(
            "{API_PATH}/companies/{company}/assessmentOrders/{order}"
        ))
    }

    /// Returns the address of a path below the base.
    pub(crate) fn url(&self, path: &str) -> String {
        format!(
            "{}{path}",
            self.endpoint.base.as_str().trim_end_matches('/')
        )
    }
}

/// Tells whether a base is on this machine, where no proxy and no certificate has a part.
pub(crate) fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns whom a server's certificate must be from; plain HTTP has none.
fn roots(endpoint: &Endpoint) -> Roots {
    match endpoint.base.scheme() {
        "https" => Roots::OfMachine(endpoint.authorities.clone()),
        _ => Roots::Bundled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Wanted;
    use crate::ledger::Remembered;
    use crate::paylocity::credentials::Secret;

    fn client(base: &str) -> Client {
        let credentials = Credentials {
            client_id: "id".into(),
            client_secret: Secret::new("s3cr3t"),
        };
        let base = Url::parse(base).unwrap();
        Client::new(Endpoint {
            base,
            credentials,
            authorities: Authorities::default(),
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
