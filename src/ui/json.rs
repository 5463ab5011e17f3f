//! JSON for scripts, a line for each value: on a terminal nothing in it disturbs either.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use crate::diagnostics::diagnostic::Diagnostic;
use crate::report::ReportedDiagnostic;
use crate::text::is_disturbing;

/// Writes findings as one JSON object a line.
///
/// # Errors
/// Those of the stream.
pub(crate) fn write_json_lines(out: &mut dyn Write, problems: &[Diagnostic]) -> io::Result<()> {
    for problem in problems {
        write_json_line(out, &ReportedDiagnostic::from(problem))?;
    }
    Ok(())
}

/// Writes a value as one JSON object on a line of its own.
///
/// # Errors
/// Those of the stream.
pub(crate) fn write_json_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&calm(line))
}

/// Returns a line of JSON in which characters that would disturb a terminal stand as escapes, which read back as they
/// were: they occur in its texts alone, but for the end of the line.
pub(crate) fn calm(line: Vec<u8>) -> Vec<u8> {
    if is_plain(&line) {
        return line;
    }
    // JSON of texts is text.
    let text = String::from_utf8(line).unwrap_or_default();
    let is_escaped = |c: char| c != '\n' && is_disturbing(c);
    let mut calm = String::with_capacity(text.len());
    let mut plain = 0;
    for (at, disturbing) in text.match_indices(is_escaped) {
        calm.push_str(&text[plain..at]);
        // All of them are in the first plane, and one unit of UTF-16.
        for unit in disturbing.encode_utf16() {
            // Writing into memory does not fail.
            let _ = write!(calm, "\\u{unit:04x}");
        }
        plain = at + disturbing.len();
    }
    calm.push_str(&text[plain..]);
    calm.into_bytes()
}

/// Tells quickly of most JSON that nothing in it disturbs: no character that does has another first byte, and those
/// below a blank are escapes already.
fn is_plain(json: &[u8]) -> bool {
    memchr::memchr3(0x7F, 0xC2, 0xD8, json).is_none() && memchr::memchr(0xE2, json).is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_text_that_disturbs_passes_for_a_plain_one() {
        let disturbing = (' '..=char::MAX).filter(|c| is_disturbing(*c));
        for c in disturbing {
            assert!(!is_plain(c.to_string().as_bytes()), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_it_was_from_a_line_that_disturbs_nothing(
            text in "(.|\\PC|[\\u{7f}-\\u{9f}\\u{200e}\\u{202a}-\\u{202e}\\u{2028}\\u{2066}\\r\\n\\t\"\\\\]){0,20}",
        ) {
            let mut out = Vec::new();
            write_json_line(&mut out, &text).unwrap();
            let line = String::from_utf8(out).unwrap();
            prop_assert!(!line.trim_end_matches('\n').contains(is_disturbing), "{:?}", line);
            prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }
    }
}
