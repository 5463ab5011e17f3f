//! Secrets in what a server says: it may repeat what it was sent, in whatever way one text is written in another. They
//! are found there and blotted out.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use url::form_urlencoded::byte_serialize;

use super::credentials::Credentials;

/// A shorter secret is no secret, and blotting it out would blot out the words around it.
const SHORTEST: usize = 4;

/// What stands in the place of a secret.
const BLOT: &str = "[hidden]";

/// Signs that pages and JSON write in a way of their own.
const NAMED: [(char, &[&str]); 6] = [
    ('&', &["&amp;"]),
    ('<', &["&lt;"]),
    ('>', &["&gt;"]),
    ('"', &["&quot;", r#"\""#]),
    ('/', &[r"\/"]),
    ('\\', &[r"\\"]),
];

/// Secrets to look for, the longer ones first: a shorter one may be a part of them.
pub(crate) struct Traces(Vec<Trace>);

/// A text, sign by sign: each in every way in which it may be written.
struct Trace(Vec<Vec<String>>);

impl Traces {
    /// Looks for what a request for a token holds, as it is and as a form has it, and for a token where there is one.
    pub(crate) fn of(credentials: &Credentials, token: Option<&str>) -> Self {
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
        let mut forms: Vec<String> = sent
            .into_iter()
            .filter(|text| text.len() >= SHORTEST)
            .flat_map(|text| [in_base64(&text), vec![text]].concat())
            .collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self(forms.iter().map(|form| Trace::of(form)).collect())
    }

    /// Returns a text without them.
    pub(crate) fn blotted_out_of(&self, text: &str) -> String {
        let mut shown = String::new();
        let mut rest = text;
        while let Some(sign) = rest.chars().next() {
            let found = self.0.iter().find_map(|trace| trace.begins(rest));
            let (words, length) = match found {
                Some(length) => (BLOT, length),
                None => (&rest[..sign.len_utf8()], sign.len_utf8()),
            };
            shown.push_str(words);
            rest = &rest[length..];
        }
        shown
    }
}

impl Trace {
    fn of(text: &str) -> Self {
        Self(text.chars().map(ways).collect())
    }

    /// Returns how long the text is in which a longer one begins, if it does. Which way a sign is written may show only
    /// later (`%` in front of `25` may be itself, or a part of `%25`), so all of them are followed.
    fn begins(&self, text: &str) -> Option<usize> {
        let mut ends = vec![0];
        for ways in &self.0 {
            let next = ends.iter().flat_map(|at| {
                let here = ways.iter().filter(|way| is_at(text, *at, way));
                here.map(move |way| at + way.len())
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

/// Tells whether a way to write a sign stands at a place. The sign itself is as it is, in escapes case means nothing.
fn is_at(text: &str, at: usize, way: &str) -> bool {
    let found = text.get(at..at + way.len());
    found.is_some_and(|found| found == way || way.len() > 2 && found.eq_ignore_ascii_case(way))
}

/// Returns the ways in which a sign is written: as it is, in URLs and forms, in JSON, in pages.
fn ways(sign: char) -> Vec<String> {
    let mut utf8 = [0; 4];
    let bytes = sign.encode_utf8(&mut utf8).bytes();
    let bytes: Vec<String> = bytes.map(|byte| format!("%{byte:02x}")).collect();
    let mut utf16 = [0; 2];
    let units = sign.encode_utf16(&mut utf16).iter();
    let units: Vec<String> = units.map(|unit| format!("\\u{unit:04x}")).collect();
    let code = u32::from(sign);
    let mut ways = vec![
        sign.to_string(),
        bytes.concat(),
        units.concat(),
        format!("&#{code};"),
        format!("&#x{code:x};"),
    ];
    ways.extend((sign == ' ').then(|| "+".to_owned()));
    let named = NAMED.iter().filter(|(named, _)| *named == sign);
    ways.extend(named.flat_map(|(_, ways)| ways.iter().map(|&way| way.to_owned())));
    ways
}

/// Returns what of a text is sure to stand in the base64 of a longer one: it depends on how many bytes are in front.
fn in_base64(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for front in 0..3 {
        let bytes = [&[0; 2][..front], text.as_bytes()].concat();
        // A sign of base64 has six bits of the eight of a byte.
        let sure = (front * 8).div_ceil(6)..bytes.len() * 8 / 6;
        for alphabet in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            all.push(alphabet.encode(&bytes)[sure.clone()].to_owned());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paylocity::credentials::Secret;

    fn blotted(secret: &str, text: &str) -> String {
        let credentials = Credentials {
            client_id: "me".into(),
            client_secret: Secret::new(secret),
        };
        Traces::of(&credentials, Some("t0ken/+x=")).blotted_out_of(text)
    }

    #[test]
    fn a_secret_is_found_in_every_way_it_may_be_written() {
        let secret = "a\"b c&+/%é'\u{1f600}";
        let ways = [
            secret,
            "a%22b+c%26%2B%2F%25%C3%A9%27%F0%9F%98%80",
            "a%22b%20c%26%2b%2f%25%c3%a9'%f0%9f%98%80",
            r#"a\"b c&+\/%é'😀"#,
            r"a\u0022b\u0020c\u0026\u002B\u002f%\u00E9\u0027\uD83D\ude00",
            "a%2522b%2Bc%2526%252B%252F%2525%25C3%25A9%2527%25F0%259F%2598%2580",
            "a&quot;b c&amp;+/%é&#39;&#128512;",
            "a&#x22;b c&AMP;+/%&#xE9;&#x27;&#x1F600;",
        ];
        for way in ways {
            assert_eq!(blotted(secret, &format!("<{way}>")), "<[hidden]>", "{way}");
        }
        assert_eq!(
            blotted("%25x", "%25x %2525x %25y"),
            "[hidden] [hidden] %25y"
        );
        assert_eq!(
            blotted("abc", "abc A Abcd"),
            "abc A Abcd",
            "too short to be a secret"
        );
        assert_eq!(blotted("abcd", "ABCD, abcd"), "ABCD, [hidden]");
        assert_eq!(
            blotted("abcd", "t0ken/+x= t0ken%2F%2Bx%3d"),
            "[hidden] [hidden]"
        );
    }

    #[test]
    fn a_secret_is_found_in_the_base64_of_what_it_stands_in() {
        let secret = "s3cret & s+n/s";
        for front in ["", "x", "xy", "me:", "Authorization: Basic "] {
            for text in [secret, "s3cret+%26+s%2Bn%2Fs", "bWU6czNjcmV0ICYgcytuL3M="] {
                for behind in ["", "\r\n", "&b=c"] {
                    let whole = format!("{front}{text}{behind}");
                    for base64 in [
                        BASE64_STANDARD.encode(&whole),
                        BASE64_URL_SAFE_NO_PAD.encode(&whole),
                    ] {
                        let rest = blotted(secret, &base64);
                        let shown = rest.replace(BLOT, "");
                        let most = (front.len() + behind.len()) * 4 / 3 + 6;
                        assert!(
                            rest.contains(BLOT) && shown.len() <= most,
                            "{whole}: {rest}"
                        );
                    }
                }
            }
        }
        assert_eq!(blotted(secret, "bWU6czNjcmV0ICYgcytuL3M="), BLOT);
    }
}
