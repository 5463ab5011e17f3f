//! Validation of report links.

/// The accepted schemes.
const SCHEMES: [&str; 2] = ["https://", "http://"];

/// Whether a text is an absolute HTTP URL by the rules of browsers.
pub(crate) fn is_link(text: &str) -> bool {
    is_plain_link(text) || is_parsed_link(text)
}

fn is_parsed_link(text: &str) -> bool {
    let begins_with = |scheme: &str| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let has_name = |scheme: &&str| {
        // Browsers ignore further slashes; here they are more likely a typing error.
        let rest = text.get(scheme.len()..).unwrap_or_default();
        rest.starts_with(|c: char| c.is_alphanumeric() || c == '[')
            || rest.contains('@') && !rest.starts_with(['/', '\\'])
    };
    let absolute = SCHEMES
        .iter()
        .any(|scheme| begins_with(scheme) && has_name(scheme));
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    absolute && plain && url::Url::parse(text).is_ok_and(|url| url.has_host())
}

/// Whether a text is a link of the usual form, which need not be parsed: a scheme, a host of letters, digits and dots,
/// and printable characters after a slash.
fn is_plain_link(text: &str) -> bool {
    let Some(rest) = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)) else {
        return false;
    };
    let mut before = b'.';
    let mut host = rest.bytes().take_while(|byte| *byte != b'/');
    let is_host = host.by_ref().all(|byte| {
        let fits = match before {
            b'.' => byte.is_ascii_lowercase(),
            _ => byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.',
        };
        before = byte;
        fits
    });
    if !is_host || before == b'.' || !rest.as_bytes().contains(&b'/') {
        return false;
    }
    // Without an early exit the compiler vectorizes the loop.
    let is_graphic = |all: bool, byte: u8| all & byte.is_ascii_graphic();
    text.bytes().fold(true, is_graphic)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_link_of_the_usual_form_is_not_parsed() {
        assert!(is_plain_link("https://reports.example.com/a/1.pdf?key=9#p"));
        for text in [
            "https://reports.example.com",
            "https://1.2.3.999/",
            "https://xn--a.example/",
            "https://a..b/",
            "https:///a",
            "https://user@a.example/",
            "https://a.example/ b",
            "ftp://a.example/",
        ] {
            assert!(!is_plain_link(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_plain_link_is_a_link(text in "https?://[a-z0-9.@:x]{0,12}[/?#\\\\]?[ -~é]{0,12}") {
            prop_assert!(!is_plain_link(&text) || is_parsed_link(&text));
        }
    }
}
