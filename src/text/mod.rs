//! Untrusted text, made safe before a terminal or a report shows it.

pub(crate) mod formula;
pub(crate) mod shell;

use std::borrow::Cow;
use std::io;

/// Describes an I/O error without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        kind => kind.to_string(),
    }
}

/// Escapes control characters and bidirectional marks, so that a text cannot change how the text around it is shown.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match c {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        c if is_control(c) => format!("\\u{{{:x}}}", u32::from(c)),
        c => c.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Returns whether a character is a control character, a bidirectional mark or a line separator.
pub fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            safe("a\u{1b}[31mb\u{202e}c\nd\te"),
            "a\\u{1b}[31mb\\u{202e}c\\nd\\te"
        );
        assert!(matches!(safe("ordinäry – text"), Cow::Borrowed(_)));
    }
}
