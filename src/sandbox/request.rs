//! An update as received, before validation.

use std::str::FromStr;

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, Path, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;

/// A PATCH of an order.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// The path as sent, percent-encoded.
    pub(crate) path: String,
    /// The company id, decoded.
    pub(crate) company_id: String,
    /// The order id, decoded.
    pub(crate) order_id: String,
    /// The bearer token.
    pub(crate) bearer: Option<String>,
    /// Whether the content type is JSON.
    pub(crate) is_json: bool,
    /// Whether it is only to be validated, not stored.
    pub(crate) test_mode: bool,
    /// The body, or the status with which an unreadable body is refused.
    pub(crate) body: Result<Bytes, StatusCode>,
}

impl<S: Send + Sync> FromRequest<S> for Arrival {
    type Rejection = PathRejection;

    async fn from_request(mut request: Request, _: &S) -> Result<Self, PathRejection> {
        let Path((company_id, order_id)) = request.extract_parts().await?;
        let path = request.uri().path().to_owned();
        let headers = request.headers().clone();
        let body = request.extract::<Bytes, _>().await;
        Ok(Self {
            path,
            company_id,
            order_id,
            bearer: bearer(&headers),
            is_json: is_json(&headers),
            test_mode: header::<bool>(&headers, "testmode").unwrap_or_default(),
            body: body.map_err(|rejection| rejection.into_response().status()),
        })
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value: String = header(headers, AUTHORIZATION.as_str())?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = header::<String>(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

fn header<T: FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_media_type_is_read_without_its_parameters() {
        for (value, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/json-patch+json", false),
            ("text/json", false),
        ] {
            assert_eq!(
                is_json(&headers("content-type", value)),
                expected,
                "{value}"
            );
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn only_bearer_tokens_count() {
        for (value, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc", Some("abc")),
            ("Basic abc", None),
            ("abc", None),
        ] {
            assert_eq!(
                bearer(&headers("authorization", value)).as_deref(),
                expected
            );
        }
    }
}
