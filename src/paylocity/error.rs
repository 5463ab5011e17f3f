//! Messages for requests that got no answer. reqwest buries the cause several sources down.

use std::error::Error as StdError;
use std::iter::successors;
use std::time::Duration;

use crate::tls::{self, UntrustedServer};

/// Returns why a request failed.
pub(super) fn message(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() && !error.is_connect() {
        return format!("no answer within {} s", timeout.as_secs_f64());
    }
    if let Some(UntrustedServer { message, help }) = untrusted_server(error) {
        return format!("{message}; {help}");
    }
    let causes: Vec<String> = successors(error.source(), |cause| (*cause).source())
        .map(ToString::to_string)
        .collect();
    // "client error (Connect)" and its like add nothing to the cause below them.
    let useful: Vec<&str> = causes
        .iter()
        .map(String::as_str)
        .filter(|cause| !cause.starts_with("client error"))
        .collect();
    match (useful.is_empty(), causes.is_empty()) {
        (false, _) => useful.join(": "),
        (true, false) => causes.join(": "),
        (true, true) => error.to_string(),
    }
}

/// Returns why the server is not trusted, if the connection failed for that reason.
pub(super) fn untrusted_server(error: &reqwest::Error) -> Option<UntrustedServer> {
    error.is_connect().then(|| tls::untrusted_server(error))?
}
