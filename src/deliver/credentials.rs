//! What a token is asked for with, kept so that it cannot show itself.

use std::cmp::Reverse;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A text that never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text into custody.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Gives the text out, to be sent or compared and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// What the token is asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret,
}

impl Credentials {
    /// Returns the credentials in every form in which they travel or are shown: a server may repeat what it was sent.
    ///
    /// Longer forms come first, for a shorter one may be a part of them.
    pub(super) fn traces(&self) -> Vec<String> {
        let secret = self.client_secret.reveal();
        let basic = BASE64_STANDARD.encode(format!("{}:{secret}", self.client_id));
        let mut traces = vec![basic];
        for text in [secret, self.client_id.as_str()] {
            traces.extend(shown_forms(text));
        }
        traces.sort_by_key(|trace| Reverse(trace.len()));
        traces.dedup();
        traces
    }
}

/// Returns a text as it is, and as a form, a URL, JSON and a page write it.
fn shown_forms(text: &str) -> [String; 5] {
    const ENTITIES: [(&str, &str); 4] = [
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("\"", "&quot;"),
    ];
    let json = serde_json::Value::from(text).to_string();
    [
        text.to_owned(),
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
        json[1..json.len() - 1].to_owned(),
        ENTITIES
            .iter()
            .fold(text.to_owned(), |text, (sign, entity)| {
                text.replace(sign, entity)
            }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_leave_a_trace_in_every_form() {
        let credentials = Credentials {
            client_id: "me & co".into(),
            client_secret: Secret::new("a\"b c"),
        };
        let traces = credentials.traces();
        let forms = [
            "me & co",
            "me+%26+co",
            "me%20%26%20co",
            "me &amp; co",
            "a\"b c",
            "a%22b+c",
            "a%22b%20c",
            r#"a\"b c"#,
            "a&quot;b c",
            "bWUgJiBjbzphImIgYw==",
        ];
        for form in forms {
            assert!(
                traces.iter().any(|trace| trace == form),
                "{form}: {traces:?}"
            );
        }
    }
}
