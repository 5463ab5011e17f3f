//! CSV injection: cells that a spreadsheet would run as a formula.

use std::borrow::Cow;

/// Returns whether a spreadsheet would read a cell as a formula.
pub(crate) fn begins(text: &str) -> bool {
    let rest = text.trim_start_matches('-');
    let is_number =
        rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') && text.parse::<f64>().is_ok();
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_number && !rest.is_empty()
}

/// Wraps a cell that would be read as a formula as `="text"`. A spreadsheet shows the text, and [`plain`] returns it.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
    if begins(text) {
        Cow::Owned(format!("=\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

/// Unwraps `="00123"` to `00123`. Exports use this form to keep a spreadsheet from changing an id; `""` is one quote.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let inner = text
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains('"') => Cow::Borrowed(inner),
        Some(inner) if !inner.replace("\"\"", "").contains('"') => {
            Cow::Owned(inner.replace("\"\"", "\""))
        }
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_wrapped_as_text() {
        for text in [
            "=1", "+1+1", "-1+1", "@SUM(A1)", "-inf", "=", "--1", "\t=1", "\r=1",
        ] {
            assert_eq!(guarded(text), format!("=\"{text}\""));
        }
        assert_eq!(guarded("=A(\"b\")"), "=\"=A(\"\"b\"\")\"");
        for text in ["", "-", "---", "-5", "-.5", "-1.5e3", "1-1=0", "a=b", "'=1"] {
            assert_eq!(guarded(text), text);
        }
    }

    #[test]
    fn only_a_single_quoted_text_is_unwrapped() {
        let table = [
            ("=\"00123\"", "00123"),
            ("=\"\"", ""),
            ("=\"a\"\"b\"", "a\"b"),
            ("=\"a\"&\"b\"", "=\"a\"&\"b\""),
            ("=\"\"\"", "=\"\"\""),
            ("=\"", "=\""),
            ("\"a\"", "\"a\""),
        ];
        for (text, expected) in table {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_wrapped_text_is_unwrapped_to_itself(text in "[=+@\"a1-]{0,9}") {
            if begins(&text) {
                let guarded = guarded(&text);
                prop_assert_eq!(plain(&guarded), text.as_str());
            }
        }
    }
}
