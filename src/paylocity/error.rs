//! Why no answer came: reqwest hides it several sources down, behind words about itself.

use std::error::Error as StdError;
use std::time::Duration;

use crate::tls::{Distrust, distrust};

/// Says what went wrong with a request.
pub(crate) fn words_of(error: &reqwest::Error, timeout: Duration) -> String {
    if is_silence(error) {
        return "the connection went silent".to_owned();
    }
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

/// Tells whether a connection of HTTP/2 was given up as nobody was there any more: of that there are only words.
fn is_silence(error: &(dyn StdError + 'static)) -> bool {
    error.to_string().contains("keep-alive timed out") || error.source().is_some_and(is_silence)
}

/// Tells whether the server has certainly not looked at a request: no connection came about, or in HTTP/2 it refused the
/// stream, or went away naming an earlier one as the last that it looked at (RFC 9113, 8.7). Of an end that it names no
/// stream for, nothing is known.
pub(crate) fn is_unprocessed(error: &reqwest::Error) -> bool {
    error.is_connect() || of_http2(error).is_some_and(is_refusal)
}

fn is_refusal(error: &h2::Error) -> bool {
    // Of a remote GOAWAY only the streams beyond its last one are told.
    let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (error.is_go_away() || is_refused)
}

fn of_http2<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a h2::Error> {
    error.downcast_ref().or_else(|| of_http2(error.source()?))
}

/// Returns why a connection could not be trusted, where it came to nothing for that.
pub(crate) fn distrust_of(error: &reqwest::Error) -> Option<Distrust> {
    error.is_connect().then(|| distrust(error))?
}
