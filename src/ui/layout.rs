//! The columns of each sheet, as a table and as JSON.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::text::safe;
use crate::diagnostics::diagnostic::{cell_name, column_letters};
use crate::layout::wide::WideTable;
use crate::layout::{ColumnLayout, Meaning, SheetLayout};

const STRONG: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// How many values of a column are shown.
const SAMPLES: usize = 3;
/// Longer headers and values are truncated.
const MAX_HEADER_LENGTH: usize = 36;
const MAX_SAMPLE_LENGTH: usize = 24;

/// Writes the columns of a sheet, one per line: letter, header, meaning, samples.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_sheet(out: &mut dyn Write, sheet: &SheetLayout) -> io::Result<()> {
    let place = sheet.source.to_string();
    let header = if sheet.is_guess {
        format!("assuming a header in row {}", sheet.header_row)
    } else {
        format!("header in row {}", sheet.header_row)
    };
    writeln!(out, "{STRONG}{}{STRONG:#}: {header}", safe(&place))?;
    let lines: Vec<[String; 3]> = sheet
        .columns
        .iter()
        .map(|column| {
            [
                column_letters(column.index),
                header_text(column),
                meaning_text(sheet, column),
            ]
        })
        .collect();
    let width = |cell: usize| {
        lines
            .iter()
            .map(|line| line[cell].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    for (column, [letter, header, meaning]) in sheet.columns.iter().zip(&lines) {
        let style = style_of(&column.meaning);
        let samples = samples_text(column);
        let line = format!(
            "  {letter:>0$}  {header:1$}  {style}{meaning:2$}{style:#}  {samples}",
            widths[0], widths[1], widths[2]
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out)
}

fn style_of(meaning: &Meaning) -> Style {
    match meaning {
        Meaning::Known(_) | Meaning::TestField { .. } => GOOD,
        Meaning::Similar(_) | Meaning::SimilarToTest(_) | Meaning::Duplicate(_) => BAD,
        Meaning::IgnoredSilently | Meaning::Ignored => FAINT,
    }
}

fn header_text(column: &ColumnLayout) -> String {
    match &column.header {
        Some(text) => cut(text, MAX_HEADER_LENGTH),
        None => "(no header)".to_owned(),
    }
}

fn meaning_text(sheet: &SheetLayout, column: &ColumnLayout) -> String {
    match &column.meaning {
        Meaning::Known(field) => field.name(),
        Meaning::TestField { column, test_ids } => match &test_ids[..] {
            [test_id] => format!("{} of {}", column.name(), safe(test_id)),
            tests => format!("{} of {} tests", column.name(), tests.len()),
        },
        Meaning::Similar(field) => format!("unknown: did you mean {}?", field.name()),
        Meaning::SimilarToTest(header) => {
            format!("unknown: did you mean {}?", cut(header, MAX_HEADER_LENGTH))
        }
        Meaning::Duplicate(field) => {
            let earlier = sheet
                .column_of(*field)
                .map_or_else(String::new, column_letters);
            format!("{} again, like {earlier}: keep one", field.name())
        }
        Meaning::IgnoredSilently => "ignored, without a warning".to_owned(),
        Meaning::Ignored => "ignored".to_owned(),
    }
}

fn samples_text(column: &ColumnLayout) -> String {
    let samples: Vec<String> = column
        .samples(SAMPLES)
        .into_iter()
        .map(|value| cut(value, MAX_SAMPLE_LENGTH))
        .collect();
    samples.join(" | ")
}

fn cut(text: &str, longest: usize) -> String {
    let text = safe(text);
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

#[derive(Serialize)]
struct SheetObject<'a> {
    path: &'a str,
    sheet: Option<&'a str>,
    header_row: u32,
    has_order_id: bool,
    columns: Vec<ColumnObject<'a>>,
}

#[derive(Serialize)]
struct ColumnObject<'a> {
    column: String,
    cell: String,
    header: Option<&'a str>,
    status: &'static str,
    field: Option<String>,
    suggestion: Option<String>,
    meaning: String,
    samples: Vec<&'a str>,
}

#[derive(Serialize)]
struct WideObject<'a> {
    wide: &'a WideTable,
}

/// Writes each sheet and each proposed table as a line of JSON.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_json(
    out: &mut dyn Write,
    sheets: &[SheetLayout],
    tables: &[WideTable],
) -> io::Result<()> {
    for sheet in sheets {
        let object = SheetObject {
            path: &sheet.source.path,
            sheet: sheet.source.sheet.as_deref(),
            header_row: sheet.header_row,
            has_order_id: !sheet.is_guess,
            columns: sheet
                .columns
                .iter()
                .map(|column| column_object(sheet, column))
                .collect(),
        };
        super::write_json_line(out, &object)?;
    }
    for wide in tables {
        super::write_json_line(out, &WideObject { wide })?;
    }
    Ok(())
}

fn column_object<'a>(sheet: &SheetLayout, column: &'a ColumnLayout) -> ColumnObject<'a> {
    let (status, field, suggestion) = match &column.meaning {
        Meaning::Known(field) => ("known", Some(field.name()), None),
        Meaning::TestField { column, .. } => ("wide", Some(column.name().to_owned()), None),
        Meaning::Similar(field) => ("unknown", None, Some(field.name())),
        Meaning::SimilarToTest(header) => ("unknown", None, Some(header.clone())),
        Meaning::Duplicate(field) => ("duplicate", Some(field.name()), None),
        Meaning::IgnoredSilently | Meaning::Ignored => ("ignored", None, None),
    };
    ColumnObject {
        column: column_letters(column.index),
        cell: cell_name(sheet.header_row, column.index),
        header: column.header.as_deref(),
        status,
        field,
        suggestion,
        meaning: meaning_text(sheet, column),
        samples: column.samples(SAMPLES),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::sketch;

    #[test]
    fn a_sheet_is_a_table_of_its_columns() {
        let headers = ["Order No", "Tset\u{1b}Score", "score", "Test Score", "Name"];
        let sheet = sketch(
            &headers,
            &[
                &["1", "2", "3", "4", "Ann\nLee"],
                &["", "", "5", "", "Bob\u{202e}"],
            ],
        );
        let mut out = anstream::StripStream::new(Vec::new());
        write_sheet(&mut out, &sheet).unwrap();
        let expected = "\
a.csv: header in row 1
  A  Order No         order_id                       1
  B  Tset\\u{1b}Score  ignored                        2
  C  score            test_score                     3 | 5
  D  Test Score       test_score again, like C: keep one  4
  E  Name             ignored                        Ann\\nLee | Bob\\u{202e}

";
        let shown = String::from_utf8(out.into_inner()).unwrap();
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(&shown), squeezed(expected));
        let starts: Vec<_> = shown
            .lines()
            .skip(1)
            .filter_map(|line| line.find("test_score").or(line.find("ignored")))
            .collect();
        assert!(starts.windows(2).all(|pair| pair[0] == pair[1]), "{shown}");
    }
}
