//! Cells of CSV that a spreadsheet would take for a formula, which could then do anything that formulas do.

use std::borrow::Cow;

/// Tells whether a spreadsheet would take a cell for more than a text or a number.
pub(crate) fn begins(text: &str) -> bool {
    let rest = text.trim_start_matches('-');
    let is_number =
        rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') && text.parse::<f64>().is_ok();
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_number && !rest.is_empty()
}

/// Writes a cell as the formula of a text, where it would be taken for another: a spreadsheet shows the text, and
/// [`plain`] gives it back.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
    if begins(text) {
        Cow::Owned(format!("=\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

/// Takes `="00123"` as `00123`, which is how exports keep a spreadsheet from changing an id; `""` in it is one quote.
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
    fn what_a_spreadsheet_would_compute_is_guarded() {
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
    fn only_the_formula_of_one_text_is_that_text() {
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
        fn a_guarded_text_reads_back(text in "[=+@\"a1-]{0,9}") {
            if begins(&text) {
                let guarded = guarded(&text);
                prop_assert_eq!(plain(&guarded), text.as_str());
            }
        }
    }
}
