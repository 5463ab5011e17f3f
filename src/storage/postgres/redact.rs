//! Removal of passwords from connection URLs.

use percent_encoding::percent_decode_str;

/// Splits a URL into its scheme and the rest.
pub(crate) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    text.split_once("://").filter(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Returns a URL without its password, and any other text unchanged.
///
/// A password with unescaped delimiters can be split in several ways; such a URL keeps only its scheme.
pub(crate) fn redact_password(text: &str) -> String {
    let Some((scheme, rest)) = split_scheme(text) else {
        return text.to_owned();
    };
    let (authority, options) = rest.split_once('?').unwrap_or((rest, ""));
    let (credentials, host) = match authority.rsplit_once('@') {
        Some((credentials, host)) => (Some(credentials), host),
        None => (None, authority),
    };
    let is_ambiguous = credentials.is_some_and(|text| text.contains('@'))
        || authority.contains('&')
        || options.contains(['@', '?']);
    if is_ambiguous {
        return format!("{scheme}://\u{2026}");
    }
    let user = credentials.map(|text| text.split(':').next().unwrap_or_default());
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let options: Vec<&str> = options.split('&').filter(|it| !is_secret(it)).collect();
    let options = match options.join("&") {
        empty if empty.is_empty() => empty,
        options => format!("?{options}"),
    };
    format!("{scheme}://{user}{host}{options}")
}

fn is_secret(option: &str) -> bool {
    let key = option.split('=').next().unwrap_or_default();
    let key = percent_decode_str(key).decode_utf8_lossy();
    key.to_ascii_lowercase().contains("password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_removed_and_everything_else_is_kept() {
        let table = [
            (
                "postgres://ada:s3cret@db.example:5433/scores",
                "postgres://ada@db.example:5433/scores",
            ),
            (
                "postgres://db/x?sslmode=disable",
                "postgres://db/x?sslmode=disable",
            ),
            ("postgres:///x?host=/tmp", "postgres:///x?host=/tmp"),
            ("postgres://:s3cret@db/x", "postgres://@db/x"),
            (
                "postgres://ada@db/x?a=b&p%61ssword=s3cret",
                "postgres://ada@db/x?a=b",
            ),
            (
                "postgres://db:5432/x?password=s3cret",
                "postgres://db:5432/x",
            ),
            ("MySQL://ada:s3cret@db/x", "MySQL://ada@db/x"),
            ("ledger.db?x:y@z", "ledger.db?x:y@z"),
        ];
        for (text, expected) in table {
            assert_eq!(redact_password(text), expected);
            assert_eq!(redact_password(expected), expected);
        }
    }

    #[test]
    fn a_password_with_unescaped_delimiters_is_removed_with_the_rest_of_the_url() {
        for text in [
            "postgresql://ada:s3:cr@t@db/x?password=s3cret",
            "postgresql://ada:s3?cr&e@t@db/x?a=b",
            "postgresql://db/x?password=s3c@ret&a=b",
            "postgresql://ada:s3?cret@db/x?password=s3cret&a=b",
            "postgresql://ada@db/x&sslpassword=s3cret?a=b",
            "postgresql://ada:s3?password=cr@et/x",
            "postgresql://a&b:s3cret@db/x",
        ] {
            assert_eq!(redact_password(text), "postgresql://\u{2026}", "{text}");
        }
    }
}
