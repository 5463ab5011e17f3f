//! What a token is asked for with, kept so that it cannot show itself.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

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
    /// Returns the secret in every form in which it travels: a server may repeat what it was sent.
    pub(super) fn traces(&self) -> Vec<String> {
        let secret = self.client_secret.reveal();
        let basic = BASE64_STANDARD.encode(format!("{}:{secret}", self.client_id));
        let form = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        vec![basic, form, secret.to_owned()]
    }
}
