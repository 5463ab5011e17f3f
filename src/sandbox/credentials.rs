//! The credentials of a token request: in its form, in its `Authorization` header, or in both.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::paylocity::credentials::{Credentials, Secret};

/// The form fields of a token request.
#[derive(Default)]
pub(crate) struct Form {
    /// The requested flow.
    pub(crate) grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

impl Form {
    /// Parses a form-encoded body; unknown fields are ignored.
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            match &*name {
                "grant_type" => form.grant_type = Some(value.into_owned()),
                "client_id" => form.client_id = Some(value.into_owned()),
                "client_secret" => form.client_secret = Some(value.into_owned()),
                _ => (),
            }
        }
        form
    }

    /// Returns the credentials of the request, unless form and header contradict each other.
    ///
    /// Either is sufficient, and clients may send both; see [`crate::paylocity`].
    pub(crate) fn credentials(self, headers: &HeaderMap) -> Option<Credentials> {
        let Some(header) = headers.get(AUTHORIZATION) else {
            return Some(Credentials {
                client_id: self.client_id?,
                client_secret: Secret::new(self.client_secret?),
            });
        };
        let basic = basic(header.to_str().ok()?)?;
        let fits = |field: Option<String>, value: &str| field.is_none_or(|text| text == value);
        let agreed = fits(self.client_id, &basic.client_id)
            && fits(self.client_secret, basic.client_secret.reveal());
        agreed.then_some(basic)
    }
}

fn basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, client_secret) = decoded.split_once(':')?;
    Some(Credentials {
        client_id: client_id.to_owned(),
        client_secret: Secret::new(client_secret),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(form: &str, header: Option<&'static str>) -> Option<(String, String)> {
        let headers = header.map(|value| (AUTHORIZATION, value.parse().unwrap()));
        Form::read(form.as_bytes())
            .credentials(&headers.into_iter().collect())
            .map(|offered| (offered.client_id, offered.client_secret.reveal().to_owned()))
    }

    #[test]
    fn form_or_header_credentials_suffice_and_must_agree() {
        let form = "grant_type=client_credentials&client_id=me&client_secret=s%2B1";
        let header = Some("Basic bWU6cysx");
        let me = Some(("me".to_owned(), "s+1".to_owned()));
        assert_eq!(offered(form, None), me);
        assert_eq!(offered("", header), me);
        assert_eq!(offered(form, header), me);
        assert_eq!(offered("client_id=you&client_secret=s%2B1", header), None);
        assert_eq!(offered("client_id=me&client_secret=s", header), None);
        assert_eq!(offered("client_id=me", None), None);
        assert_eq!(offered(form, Some("Bearer bWU6cysx")), None);
        assert_eq!(offered(form, Some("Basic ???")), None);
    }
}
