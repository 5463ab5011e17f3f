//! The `[columns]` and `[[wide]]` tables that `scoreload columns` proposes for the configuration file.
//!
//! Guesses are comments. The output is valid TOML whatever the headers contain.

use std::collections::HashSet;
use std::io::{self, Write};

use super::text::is_control;
use crate::layout::wide::WideTable;
use crate::layout::{Meaning, SheetLayout};

/// Writes the `[columns]` table: known headers as they are, guesses as comments.
///
/// Columns of the proposed `[[wide]]` tables are not listed as ignored.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_columns(
    out: &mut dyn Write,
    sheets: &[SheetLayout],
    tables: &[WideTable],
) -> io::Result<()> {
    let ignored = ignored(sheets, tables);
    if !ignored.is_empty() {
        writeln!(
            out,
            "# At the top of the file, this ignores columns without a warning:"
        )?;
        writeln!(out, "# ignore = [{}]\n", ignored.join(", "))?;
    }
    writeln!(out, "[columns]")?;
    if sheets.iter().any(|sheet| sheet.is_guess) {
        writeln!(
            out,
            "# \"…\" = \"order_id\"  # no header is known as the order id: add it here"
        )?;
    }
    for line in lines(sheets) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Returns a line for each distinct header.
fn lines(sheets: &[SheetLayout]) -> Vec<String> {
    let mut seen = HashSet::new();
    let columns = sheets.iter().flat_map(|sheet| &sheet.columns);
    columns
        .filter_map(|column| Some((column.header.as_deref()?, &column.meaning)))
        .filter(|(text, _)| seen.insert(*text))
        .filter_map(|(text, meaning)| line(&quoted(text), meaning))
        .collect()
}

fn line(key: &str, meaning: &Meaning) -> Option<String> {
    let (mark, value, remark) = match meaning {
        Meaning::Known(field) => ("", field.name(), ""),
        Meaning::Similar(field) => (
            "# ",
            field.name(),
            "  # a guess: uncomment this line if it is right",
        ),
        Meaning::Duplicate(field) => (
            "# ",
            field.name(),
            "  # another column means the same: keep one of them",
        ),
        Meaning::SimilarToTest(header) => (
            "# ",
            header.clone(),
            "  # similar to a header of a [[wide]] table: correct one of them",
        ),
        Meaning::TestField { .. } | Meaning::IgnoredSilently | Meaning::Ignored => return None,
    };
    Some(format!("{mark}{key} = {}{remark}", quoted(&value)))
}

/// Returns the distinct headers that are ignored and not part of a proposed table.
fn ignored(sheets: &[SheetLayout], tables: &[WideTable]) -> Vec<String> {
    let mut seen = HashSet::new();
    let columns = sheets.iter().flat_map(|sheet| &sheet.columns);
    columns
        .filter(|column| column.meaning == Meaning::Ignored)
        .filter_map(|column| column.header.as_deref())
        .filter(|text| !tables.iter().any(|table| table.reads(text)))
        .filter(|text| seen.insert(*text))
        .map(quoted)
        .collect()
}

/// Writes each proposed `[[wide]]` table, with optional keys as comments.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_wide(out: &mut dyn Write, tables: &[WideTable]) -> io::Result<()> {
    if tables.is_empty() {
        return writeln!(
            out,
            "# No column looks like the scores of a test, so no [[wide]] table is proposed."
        );
    }
    for table in tables {
        writeln!(
            out,
            "\n[[wide]]\ntest_id = {}  # a guess from the header: replace it with the id of the test",
            quoted(&table.test_id)
        )?;
        writeln!(out, "score = {}", quoted(&table.score))?;
        match &table.attempt {
            Some(header) => writeln!(out, "attempt = {}", quoted(header))?,
            None => writeln!(out, "attempt = {{ const = 1 }}")?,
        }
        match &table.status {
            Some(header) => writeln!(out, "status = {}", quoted(header))?,
            None => writeln!(out, "# status = {{ const = \"Complete\" }}")?,
        }
        let rest = [
            ("updated_at", &table.updated_at),
            ("description", &table.description),
            ("report_url", &table.report_url),
        ];
        for (name, header) in rest {
            if let Some(header) = header {
                writeln!(out, "{name} = {}", quoted(header))?;
            }
        }
    }
    Ok(())
}

/// Returns a text as a TOML string without control characters.
fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        c if is_control(c) => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    let inside: String = text.chars().map(escaped).collect();
    format!("\"{inside}\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layout::{sketch, wide};
    use crate::orders::value::placeholders;

    fn pasted(sheets: &[SheetLayout]) -> (String, toml::Table) {
        let mut out = Vec::new();
        let tables = wide::propose(sheets, &placeholders());
        write_columns(&mut out, sheets, &tables).unwrap();
        write_wide(&mut out, &tables).unwrap();
        let text = String::from_utf8(out).unwrap();
        let table = text.parse().unwrap();
        (text, table)
    }

    #[test]
    fn known_headers_are_settings_and_guesses_are_comments() {
        let headers = [
            "Order \"No\"",
            "order_no",
            "Tset Score",
            "Candidate",
            "Verbal",
        ];
        let sheet = sketch(&headers, &[&["", "1", "2", "Ann", "7"]]);
        let (text, table) = pasted(&[sheet]);
        let columns = table["columns"].as_table().unwrap();
        assert_eq!(columns["order_no"].as_str(), Some("order_id"));
        assert_eq!(columns.len(), 1, "{text}");
        assert!(
            text.contains("\n# \"Tset Score\" = \"test_score\""),
            "{text}"
        );
        assert!(
            text.contains("# ignore = [\"Order \\\"No\\\"\", \"Candidate\"]\n"),
            "{text}"
        );
        let wide = table["wide"].as_array().unwrap();
        assert_eq!(wide[0]["score"].as_str(), Some("Verbal"));
        assert_eq!(wide[0]["attempt"]["const"].as_integer(), Some(1));
    }

    #[test]
    fn a_header_of_two_sheets_is_written_once() {
        let sheet = || sketch(&["order_id", "score"], &[]);
        let (_, table) = pasted(&[sheet(), sheet()]);
        assert_eq!(table["columns"].as_table().unwrap().len(), 2);
    }

    proptest! {
        #[test]
        fn any_header_reads_back(headers in proptest::collection::hash_set("\\PC{1,20}|.{1,8}|[\"\\\\\\n\\r\\u{7f}\\u{202e}=#]{1,5}", 1..6)) {
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            let rows: Vec<&str> = headers.iter().map(|_| "82").collect();
            let sheet = sketch(&headers, &[&rows]);
            let (text, table) = pasted(std::slice::from_ref(&sheet));
            let proposals = wide::propose(&[sheet], &placeholders());
            let read = table.get("wide").and_then(|wide| wide.as_array()).cloned().unwrap_or_default();
            let scores: Vec<&str> = read.iter().filter_map(|wide| wide["score"].as_str()).collect();
            let expected: Vec<&str> = proposals.iter().map(|table| table.score.as_str()).collect();
            prop_assert_eq!(scores, expected);
            prop_assert!(!text.chars().any(|c| c != '\n' && is_control(c)));
        }
    }
}
