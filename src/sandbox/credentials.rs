//! The credentials of a token request: in its form, in its `Authorization`, or in both.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// A client's id and its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Which client it is.
    pub client_id: String,
    /// What proves it; never printed.
    pub client_secret: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// What the form of a token request says.
#[derive(Default)]
pub(super) struct Form {
    /// Which flow is asked for.
    pub(super) grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

impl Form {
    /// Reads a form-encoded body; fields that it does not know are ignored.
    pub(super) fn read(body: &[u8]) -> Self {
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

    /// Returns the credentials that the request offers, if it does so without contradiction.
    ///
    /// API.md: the form and the header each suffice, and the seed sends both.
    pub(super) fn credentials(self, headers: &HeaderMap) -> Option<Credentials> {
        let Some(header) = headers.get(AUTHORIZATION) else {
            return Some(Credentials {
                client_id: self.client_id?,
                client_secret: self.client_secret?,
            });
        };
        let basic = basic(header.to_str().ok()?)?;
        let fits = |field: Option<String>, value: &str| field.is_none_or(|text| text == value);
        let agreed = fits(self.client_id, &basic.client_id)
            && fits(self.client_secret, &basic.client_secret);
        agreed.then_some(basic)
    }
}

fn basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(base64(encoded.trim())?).ok()?;
    let (client_id, client_secret) = decoded.split_once(':')?;
    Some(Credentials {
        client_id: client_id.to_owned(),
        client_secret: client_secret.to_owned(),
    })
}

/// Decodes base64 of the standard alphabet, with or without its padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut pending, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        pending = (pending << 6 | u32::from(six)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((pending >> bits) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(form: &str, header: Option<&'static str>) -> Option<(String, String)> {
        let headers = header.map(|value| (AUTHORIZATION, value.parse().unwrap()));
        Form::read(form.as_bytes())
            .credentials(&headers.into_iter().collect())
            .map(|offered| (offered.client_id, offered.client_secret))
    }

    #[test]
    fn form_and_header_each_suffice_and_must_agree() {
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

    #[test]
    fn base64_is_read_with_any_padding() {
        for (encoded, decoded) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm8", "fo"),
            ("Zm9vYmFy", "foobar"),
            ("w7w6w58+", "ü:ß>"),
        ] {
            assert_eq!(base64(encoded).unwrap(), decoded.as_bytes());
        }
        assert_eq!(base64("a-_b"), None);
    }

    #[test]
    fn the_secret_is_not_printed() {
        let credentials = Credentials {
            client_id: "me".to_owned(),
            client_secret: "hush".to_owned(),
        };
        let printed = format!("{credentials:?}");
        assert!(printed.contains("me") && !printed.contains("hush"));
    }
}
