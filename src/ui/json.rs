//! JSON for scripts, a line for each value: on a terminal nothing in it disturbs either.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter};

use crate::problem::Problem;
use crate::report::Diagnostic;
use crate::text::is_disturbing;

/// Writes findings as one JSON object a line.
///
/// # Errors
/// Those of the stream.
pub fn write_json_lines(out: &mut dyn Write, problems: &[Problem]) -> io::Result<()> {
    for problem in problems {
        write_json_line(out, &Diagnostic::from(problem))?;
    }
    Ok(())
}

/// Writes a value as one JSON object on a line of its own.
///
/// # Errors
/// Those of the stream.
pub fn write_json_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Calm))?;
    out.write_all(b"\n")
}

/// Writes characters that would disturb a terminal as the escapes of JSON, which read back as they were.
struct Calm;

impl Formatter for Calm {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        for (at, disturbing) in fragment.match_indices(is_disturbing) {
            CompactFormatter.write_string_fragment(out, &fragment[plain..at])?;
            // All of them are in the first plane, and one unit of UTF-16.
            for unit in disturbing.encode_utf16() {
                write!(out, "\\u{unit:04x}")?;
            }
            plain = at + disturbing.len();
        }
        CompactFormatter.write_string_fragment(out, &fragment[plain..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
