//! The HTTP client: connections and the update call. [`super::auth`] adds the token call.

use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy as RedirectPolicy;
use url::Url;

use super::credentials::Credentials;
use super::error;
use super::redact::Redactor;
use super::response::{self, Response};
use crate::tls::{self, Authorities, Roots};

const API_PATH: &str = "/apiHub/performanceManagement/v1";

/// Time limit for establishing a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Closes idle connections before servers commonly do, so that a request rarely meets a closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// Time limit for the body of a success: reading it keeps the connection usable, but its content is not needed.
const SUCCESS_BODY_TIMEOUT: Duration = Duration::from_millis(500);
/// Time limit for the body of an error: it is only shown, and must not delay handling the status.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Encodes everything but the unreserved characters of RFC 3986, so that any id is one path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where and how to call the API.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// The base URL that the API's paths are appended to.
    pub(crate) base: Url,
    pub(crate) credentials: Credentials,
    /// Trusted in addition to the machine's certificate authorities.
    pub(crate) authorities: Authorities,
    /// Sends `testMode: true` with updates, which makes the server mock its responses.
    pub(crate) test_mode: bool,
}

/// Calls the API. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub(crate) struct Client {
    pub(super) http: reqwest::Client,
    pub(super) endpoint: Arc<Endpoint>,
}

impl Client {
    /// Creates a client for an endpoint.
    ///
    /// # Errors
    /// Returns a message if TLS or the HTTP client cannot be initialised.
    pub(crate) fn new(endpoint: Endpoint) -> Result<Self, String> {
        let mut tls = tls::client(&roots(&endpoint))?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("scoreload/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            // Following a redirect would send the token to another host.
            .redirect(RedirectPolicy::none())
            // Delivery counts, limits and classifies every attempt, so reqwest must not retry on its own.
            .retry(reqwest::retry::never());
        if is_loopback(&endpoint.base) {
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|error| error::message(&error, CONNECT_TIMEOUT))?;
        Ok(Self {
            http,
            endpoint: Arc::new(endpoint),
        })
    }

    /// Sends an update once, waiting at most `timeout` for the status and headers of the response.
    pub(crate) async fn update(
        &self,
        token: &str,
        company_id: &str,
        order_id: &str,
        body: Vec<u8>,
        timeout: Duration,
    ) -> Response {
        let mut request = self
            .http
            .patch(self.update_url(company_id, order_id))
            .bearer_auth(token)
            .header(CONTENT_TYPE, "application/json")
            .timeout(timeout)
            .body(body);
        if self.endpoint.test_mode {
            request = request.header("testMode", "true");
        }
        match request.send().await {
            Ok(response) => self.read_response(response, token).await,
            // Without a connection the server cannot have seen the request.
            Err(error) if error.is_connect() => Response::NotSent(error::message(&error, timeout)),
            Err(error) => Response::Lost(error::message(&error, timeout)),
        }
    }

    async fn read_response(&self, response: reqwest::Response, token: &str) -> Response {
        let status = response.status();
        let retry_after = response::retry_after(&response);
        let message = if status.is_success() {
            response::read_body(response, SUCCESS_BODY_TIMEOUT).await;
            None
        } else {
            let redactor = Redactor::new(&self.endpoint.credentials, Some(token));
            Some(response::error_message(response, ERROR_BODY_TIMEOUT, &redactor).await)
        };
        Response::Answered {
            status: status.as_u16(),
            retry_after,
            message,
        }
    }

    fn update_url(&self, company_id: &str, order_id: &str) -> String {
        let company = utf8_percent_encode(company_id, SEGMENT);
        let order = utf8_percent_encode(order_id, SEGMENT);
        self.url(&format!(
            "{API_PATH}/companies/{company}/assessmentOrders/{order}"
        ))
    }

    /// Returns the URL of a path below the base.
    pub(super) fn url(&self, path: &str) -> String {
        format!(
            "{}{path}",
            self.endpoint.base.as_str().trim_end_matches('/')
        )
    }
}

/// Returns whether a base URL is on this machine, where neither proxies nor certificates are involved.
pub(crate) fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns the trusted certificates. Plain HTTP needs none, so it does not read the machine's.
fn roots(endpoint: &Endpoint) -> Roots {
    match endpoint.base.scheme() {
        "https" => Roots::Machine(endpoint.authorities.clone()),
        _ => Roots::Bundled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paylocity::credentials::Secret;

    fn client(base: &str) -> Client {
        let credentials = Credentials {
            client_id: "id".into(),
            client_secret: Secret::new("s3cr3t"),
        };
        Client::new(Endpoint {
            base: Url::parse(base).unwrap(),
            credentials,
            authorities: Authorities::default(),
            test_mode: false,
        })
        .unwrap()
    }

    #[test]
    fn each_id_is_one_encoded_path_segment() {
        let url = |company, order| client("https://x.example/").update_url(company, order);
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
            assert_eq!(url(company, order), expected);
            let parsed = Url::parse(&expected).unwrap();
            assert_eq!(parsed.as_str(), expected, "parsing keeps the URL as it is");
        }
    }

    #[test]
    fn a_base_url_may_have_a_path() {
        let url = client("http://localhost:8085/gateway/").update_url("B6001", "1");
        assert!(url.starts_with("http://localhost:8085/gateway/apiHub/"));
    }

    #[test]
    fn debug_output_hides_the_secret() {
        let shown = format!("{:?}", client("https://x.example").endpoint);
        assert!(
            shown.contains("[hidden]") && !shown.contains("s3cr3t"),
            "{shown}"
        );
    }

    #[test]
    fn only_hosts_of_this_machine_are_loopback() {
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
