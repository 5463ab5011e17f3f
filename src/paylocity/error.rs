//! Why no answer came: reqwest hides it several sources down, behind words about itself.

use std::error::Error as StdError;
use std::time::Duration;

use crate::tls::{Distrust, distrust};

/// Says what went wrong with a request.
pub(crate) fn words_of(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() && !error.is_connect() {
        return format!("no answer within {} s", timeout.as_secs_f64());
    }
    if let Some(Distrust { words, help }) = distrust_of(error) {
        return format!("{words}; {help}");
    }
    let mut causes = Vec::new();
    let mut source = error.source();
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

/// Returns why a connection could not be trusted, where it came to nothing for that.
pub(crate) fn distrust_of(error: &reqwest::Error) -> Option<Distrust> {
    error.is_connect().then(|| distrust(error))?
}
