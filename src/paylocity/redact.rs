//! Redacts secrets echoed by the server, in any encoding.
//!
//! A server may repeat parts of a request in its error messages: as they are, or escaped for URLs, JSON or HTML, or in
//! base64, and in combinations of these.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use url::form_urlencoded::byte_serialize;

use super::credentials::Credentials;

/// Shorter texts are not redacted: they are not secret, and common words would disappear with them.
const MIN_LENGTH: usize = 4;

const REPLACEMENT: &str = "[hidden]";

/// Escapes of single characters in HTML and JSON.
const NAMED_ESCAPES: [(char, &[&str]); 6] = [
    ('&', &["&amp;"]),
    ('<', &["&lt;"]),
    ('>', &["&gt;"]),
    ('"', &["&quot;", r#"\""#]),
    ('/', &[r"\/"]),
    ('\\', &[r"\\"]),
];

/// Replaces secrets in text.
pub(super) struct Redactor {
    /// Longest first, because a shorter one may be part of a longer one.
    patterns: Vec<Pattern>,
}

/// A text as a list of characters, each with all its possible encodings.
struct Pattern(Vec<Vec<String>>);

impl Redactor {
    /// Redacts everything secret in a token request, and `token` if there is one.
    pub(super) fn new(credentials: &Credentials, token: Option<&str>) -> Self {
        let (id, secret) = (&credentials.client_id, credentials.client_secret.reveal());
        let basic = BASE64_STANDARD.encode(format!("{id}:{secret}"));
        let form = |text: &str| byte_serialize(text.as_bytes()).collect();
        let token = token.unwrap_or_default().to_owned();
        let sent = [
            secret.to_owned(),
            id.clone(),
            form(secret),
            form(id),
            basic,
            token,
        ];
        let mut texts: Vec<String> = sent
            .into_iter()
            .filter(|text| text.len() >= MIN_LENGTH)
            .flat_map(|text| [base64_fragments(&text), vec![text]].concat())
            .collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self {
            patterns: texts.iter().map(|text| Pattern::new(text)).collect(),
        }
    }

    /// Returns the text with every secret replaced.
    pub(super) fn redact(&self, text: &str) -> String {
        let mut redacted = String::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let found = self
                .patterns
                .iter()
                .find_map(|pattern| pattern.match_length(rest));
            let length = found.unwrap_or(character.len_utf8());
            redacted.push_str(found.map_or(&rest[..length], |_| REPLACEMENT));
            rest = &rest[length..];
        }
        redacted
    }
}

impl Pattern {
    fn new(text: &str) -> Self {
        Self(text.chars().map(encodings).collect())
    }

    /// Returns the length of the match at the start of `text`, if there is one.
    ///
    /// Which encoding a character has may only show later (`%` before `25` is either itself or part of `%25`), so all
    /// candidates are followed.
    fn match_length(&self, text: &str) -> Option<usize> {
        let mut ends = vec![0];
        for encodings in &self.0 {
            let next = ends.iter().flat_map(|end| {
                let matching = encodings
                    .iter()
                    .filter(|encoding| matches_at(text, *end, encoding));
                matching.map(move |encoding| end + encoding.len())
            });
            ends = next.collect();
            ends.sort_unstable();
            ends.dedup();
            if ends.is_empty() {
                return None;
            }
        }
        ends.last().copied()
    }
}

/// Returns whether an encoded character is at a position. Escapes are compared regardless of case.
fn matches_at(text: &str, at: usize, encoding: &str) -> bool {
    let found = text.get(at..at + encoding.len());
    found.is_some_and(|found| {
        found == encoding || encoding.len() > 2 && found.eq_ignore_ascii_case(encoding)
    })
}

/// Returns all encodings of a character: plain, in URLs and forms, in JSON, and in HTML.
fn encodings(character: char) -> Vec<String> {
    let mut utf8 = [0; 4];
    let bytes = character.encode_utf8(&mut utf8).bytes();
    let bytes: Vec<String> = bytes.map(|byte| format!("%{byte:02x}")).collect();
    let mut utf16 = [0; 2];
    let units = character.encode_utf16(&mut utf16).iter();
    let units: Vec<String> = units.map(|unit| format!("\\u{unit:04x}")).collect();
    let code = u32::from(character);
    let mut encodings = vec![
        character.to_string(),
        bytes.concat(),
        units.concat(),
        format!("&#{code};"),
        format!("&#x{code:x};"),
    ];
    encodings.extend((character == ' ').then(|| "+".to_owned()));
    let named = NAMED_ESCAPES
        .iter()
        .filter(|(named, _)| *named == character);
    encodings
        .extend(named.flat_map(|(_, escapes)| escapes.iter().map(|&escape| escape.to_owned())));
    encodings
}

/// Returns the base64 fragments that every base64 text contains whose source contains `text`. There is one for each
/// offset of `text` in the source, modulo 3, and alphabet.
fn base64_fragments(text: &str) -> Vec<String> {
    let mut fragments = Vec::new();
    for offset in 0..3 {
        let bytes = [&[0; 2][..offset], text.as_bytes()].concat();
        // A base64 character holds six bits; only characters without bits of other bytes are certain.
        let certain = (offset * 8).div_ceil(6)..bytes.len() * 8 / 6;
        for alphabet in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            fragments.push(alphabet.encode(&bytes)[certain.clone()].to_owned());
        }
    }
    fragments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paylocity::credentials::Secret;

    fn redacted(secret: &str, text: &str) -> String {
        let credentials = Credentials {
            client_id: "me".into(),
            client_secret: Secret::new(secret),
        };
        Redactor::new(&credentials, Some("t0ken/+x=")).redact(text)
    }

    #[test]
    fn a_secret_is_redacted_in_every_encoding() {
        let secret = "a\"b c&+/%é'\u{1f600}";
        let encoded = [
            secret,
            "a%22b+c%26%2B%2F%25%C3%A9%27%F0%9F%98%80",
            "a%22b%20c%26%2b%2f%25%c3%a9'%f0%9f%98%80",
            r#"a\"b c&+\/%é'😀"#,
            r"a\u0022b\u0020c\u0026\u002B\u002f%\u00E9\u0027\uD83D\ude00",
            "a%2522b%2Bc%2526%252B%252F%2525%25C3%25A9%2527%25F0%259F%2598%2580",
            "a&quot;b c&amp;+/%é&#39;&#128512;",
            "a&#x22;b c&AMP;+/%&#xE9;&#x27;&#x1F600;",
        ];
        for text in encoded {
            assert_eq!(
                redacted(secret, &format!("<{text}>")),
                "<[hidden]>",
                "{text}"
            );
        }
        assert_eq!(
            redacted("%25x", "%25x %2525x %25y"),
            "[hidden] [hidden] %25y"
        );
        assert_eq!(
            redacted("abc", "abc A Abcd"),
            "abc A Abcd",
            "too short to be a secret"
        );
        assert_eq!(redacted("abcd", "ABCD, abcd"), "ABCD, [hidden]");
        assert_eq!(
            redacted("abcd", "t0ken/+x= t0ken%2F%2Bx%3d"),
            "[hidden] [hidden]"
        );
    }

    #[test]
    fn a_secret_is_redacted_in_the_base64_of_a_longer_text() {
        let secret = "s3cret & s+n/s";
        for before in ["", "x", "xy", "me:", "Authorization: Basic "] {
            for text in [secret, "s3cret+%26+s%2Bn%2Fs", "bWU6czNjcmV0ICYgcytuL3M="] {
                for after in ["", "\r\n", "&b=c"] {
                    let whole = format!("{before}{text}{after}");
                    for base64 in [
                        BASE64_STANDARD.encode(&whole),
                        BASE64_URL_SAFE_NO_PAD.encode(&whole),
                    ] {
                        let rest = redacted(secret, &base64);
                        let shown = rest.replace(REPLACEMENT, "");
                        let most = (before.len() + after.len()) * 4 / 3 + 6;
                        assert!(
                            rest.contains(REPLACEMENT) && shown.len() <= most,
                            "{whole}: {rest}"
                        );
                    }
                }
            }
        }
        assert_eq!(redacted(secret, "bWU6czNjcmV0ICYgcytuL3M="), REPLACEMENT);
    }
}
