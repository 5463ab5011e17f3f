//! JSON output, one object per line. Control characters are escaped, because the output may be a terminal.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use crate::diagnostics::diagnostic::Diagnostic;
use crate::report::model::ReportedDiagnostic;
use crate::text::is_control;

/// Writes each diagnostic as a line of JSON.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_json_lines(out: &mut dyn Write, problems: &[Diagnostic]) -> io::Result<()> {
    for problem in problems {
        write_json_line(out, &ReportedDiagnostic::from(problem))?;
    }
    Ok(())
}

/// Writes a value as a line of JSON.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_json_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&escape_controls(line))
}

/// Escapes control characters and bidirectional marks in a line of JSON. They only occur in its strings, apart from the
/// final line break, so the line still parses to the same value.
pub(crate) fn escape_controls(line: Vec<u8>) -> Vec<u8> {
    if is_plain(&line) {
        return line;
    }
    // serde_json writes UTF-8.
    let text = String::from_utf8(line).unwrap_or_default();
    let is_escaped = |c: char| c != '\n' && is_control(c);
    let mut escaped = String::with_capacity(text.len());
    let mut plain = 0;
    for (at, control) in text.match_indices(is_escaped) {
        escaped.push_str(&text[plain..at]);
        // All of them are in the basic plane: one unit of UTF-16.
        for unit in control.encode_utf16() {
            // Writing to a string does not fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
        plain = at + control.len();
    }
    escaped.push_str(&text[plain..]);
    escaped.into_bytes()
}

/// Returns true for most JSON without characters to escape, after a fast search for their first bytes. `serde_json` has
/// escaped those below U+0020 already.
fn is_plain(json: &[u8]) -> bool {
    memchr::memchr3(0x7F, 0xC2, 0xD8, json).is_none() && memchr::memchr(0xE2, json).is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_control_character_is_taken_for_plain() {
        let controls = (' '..=char::MAX).filter(|c| is_control(*c));
        for c in controls {
            assert!(!is_plain(c.to_string().as_bytes()), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_back_from_a_line_without_control_characters(
            text in "(.|\\PC|[\\u{7f}-\\u{9f}\\u{200e}\\u{202a}-\\u{202e}\\u{2028}\\u{2066}\\r\\n\\t\"\\\\]){0,20}",
        ) {
            let mut out = Vec::new();
            write_json_line(&mut out, &text).unwrap();
            let line = String::from_utf8(out).unwrap();
            prop_assert!(!line.trim_end_matches('\n').contains(is_control), "{:?}", line);
            prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }
    }
}
