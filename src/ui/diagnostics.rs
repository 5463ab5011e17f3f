//! Diagnostics in the style of a compiler: code, message, place, help.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use indexmap::IndexMap;

use super::text::safe;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Severity, Source, column_letters};

/// How many diagnostics with the same code in the same column are shown; the rest are counted.
const SHOWN: usize = 3;
/// Longer values are truncated.
const MAX_VALUE_LENGTH: usize = 60;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const STRONG: Style = Style::new().bold();
const FRAME: Style = AnsiColor::Blue.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default();

/// Diagnostics with the same code in the same column of a sheet.
#[derive(Default)]
struct Group<'a> {
    /// The indices of the diagnostics by value, in order of first appearance.
    values: IndexMap<Option<&'a str>, Vec<usize>>,
}

impl Group<'_> {
    /// Returns the diagnostics that are shown. Distinct values come before repetitions.
    fn shown(&self) -> Vec<usize> {
        let firsts = self.values.values().map(|places| places[0]);
        let again = self.values.values().flat_map(|places| &places[1..]);
        let mut shown: Vec<usize> = firsts.chain(again.copied()).take(SHOWN).collect();
        shown.sort_unstable();
        shown
    }

    fn len(&self) -> usize {
        self.values.values().map(Vec::len).sum()
    }

    /// Counts the most frequent values, if any occurs more than once.
    fn frequent_values(&self) -> String {
        let mut values: Vec<(&str, usize)> = self
            .values
            .iter()
            .filter_map(|(value, places)| Some(((*value)?, places.len())))
            .filter(|(_, times)| *times > 1)
            .collect();
        values.sort_by_key(|(_, times)| Reverse(*times));
        let counted = values
            .iter()
            .take(SHOWN)
            .map(|(value, times)| format!("`{}` {times} times", cut(&safe(value))));
        let counted: Vec<String> = counted.collect();
        match counted.len() {
            0 => String::new(),
            _ => format!("; in all {}", counted.join(", ")),
        }
    }
}

/// Writes diagnostics in order; of each group only a few, followed by the number of the rest.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write(out: &mut impl Write, problems: &[Diagnostic]) -> io::Result<()> {
    let kind = |problem: &Diagnostic| -> (Code, *const Source, Option<u32>) {
        (
            problem.code,
            std::ptr::from_ref(&*problem.place.source),
            problem.place.column,
        )
    };
    let mut kinds: HashMap<_, Group<'_>> = HashMap::new();
    for (index, problem) in problems.iter().enumerate() {
        let values = &mut kinds.entry(kind(problem)).or_default().values;
        values
            .entry(problem.value.as_deref())
            .or_default()
            .push(index);
    }
    let mut shown: Vec<(usize, Option<&Group<'_>>)> = Vec::new();
    for kind in kinds.values() {
        let indices = kind.shown();
        let last = indices.last().copied();
        shown.extend(
            indices
                .into_iter()
                .map(|index| (index, (Some(index) == last).then_some(kind))),
        );
    }
    shown.sort_unstable_by_key(|(index, _)| *index);
    for (index, ended) in shown {
        write_one(out, &problems[index])?;
        if let Some(kind) = ended.filter(|kind| kind.len() > SHOWN) {
            write_rest(out, &problems[index], kind)?;
        }
    }
    Ok(())
}

fn write_one(out: &mut impl Write, problem: &Diagnostic) -> io::Result<()> {
    let style = style_of(problem.severity);
    let Diagnostic {
        code,
        severity,
        message,
        help,
        place,
        header,
        ..
    } = problem;
    writeln!(
        out,
        "{style}{severity}[{}]{style:#}: {STRONG}{}{STRONG:#}",
        code.name(),
        safe(message)
    )?;
    write!(out, " {FRAME}-->{FRAME:#} {}", safe(&place.source.path))?;
    if let Some(row) = place.row {
        write!(out, ":{row}")?;
    }
    if let Some(sheet) = &place.source.sheet {
        write!(out, ", sheet {}", safe(sheet))?;
    }
    if let Some(cell) = place.cell_name() {
        write!(out, ", cell {cell}")?;
    }
    if let Some(header) = header {
        write!(out, ", column `{}`", safe(&cut(header)))?;
    }
    writeln!(out)?;
    if let (Some(value), Some(cell)) = (&problem.value, place.cell_name()) {
        let margin = " ".repeat(cell.len());
        writeln!(out, " {margin} {FRAME}|{FRAME:#}")?;
        writeln!(out, " {FRAME}{cell} |{FRAME:#} {}", cut(&safe(value)))?;
        writeln!(out, " {margin} {FRAME}|{FRAME:#}")?;
    }
    writeln!(out, "  {HELP}help{HELP:#}: {}\n", safe(help))
}

/// Writes how many more diagnostics the group has.
fn write_rest(out: &mut impl Write, problem: &Diagnostic, kind: &Group<'_>) -> io::Result<()> {
    let (more, values) = (kind.len() - SHOWN, kind.frequent_values());
    let style = style_of(problem.severity);
    let place = match (&problem.header, problem.place.column) {
        (Some(header), Some(column)) => {
            format!("column {} (`{}`)", column_letters(column), safe(header))
        }
        (None, Some(column)) => format!("column {}", column_letters(column)),
        (_, None) => safe(&problem.place.source.to_string()).into_owned(),
    };
    writeln!(
        out,
        "{style}{}[{}]{style:#}: and {more} more in {place}{values}; use --format json or a report to see all\n",
        problem.severity,
        problem.code.name()
    )
}

/// Returns the style of a severity.
pub(crate) fn style_of(severity: Severity) -> Style {
    match severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
    }
}

fn cut(value: &str) -> String {
    match value.char_indices().nth(MAX_VALUE_LENGTH) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostics::diagnostic::Place;
    use crate::schema::columns::Column;

    fn problem(row: u32) -> Diagnostic {
        let source = Arc::new(Source {
            path: "a\u{1b}.csv".into(),
            sheet: Some("Sheet1".into()),
        });
        Diagnostic::new(
            Code::AttemptInvalid,
            Place::cell(&source, row, 3),
            "the attempt is `x`",
            "enter a number",
        )
        .in_column(Some("Attempt".into()), Some(Column::Attempt.into()))
        .with_value("x")
    }

    fn shown(problems: &[Diagnostic]) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        write(&mut out, problems).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn a_diagnostic_has_code_message_place_value_and_help() {
        let expected = "\
error[attempt-invalid]: the attempt is `x`
 --> a\\u{1b}.csv:7, sheet Sheet1, cell D7, column `Attempt`
    |
 D7 | x
    |
  help: enter a number

";
        assert_eq!(shown(&[problem(7)]), expected);
    }

    #[test]
    fn repeated_diagnostics_are_counted_after_a_few() {
        let first = problem(1);
        let all: Vec<Diagnostic> = (1..=5)
            .map(|row| Diagnostic {
                place: Place {
                    row: Some(row),
                    ..first.place.clone()
                },
                ..problem(row)
            })
            .collect();
        let shown = shown(&all);
        assert_eq!(shown.matches("help").count(), 3);
        let rest = "and 2 more in column D (`Attempt`); in all `x` 5 times; use --format json";
        assert!(shown.contains(rest), "{shown}");
    }

    #[test]
    fn distinct_values_are_shown_before_repetitions() {
        let values = ["a", "a", "a", "a", "b", "c", "b"];
        let first = problem(1);
        let all: Vec<Diagnostic> = (1..)
            .zip(values)
            .map(|(row, value)| Diagnostic {
                place: Place {
                    row: Some(row),
                    ..first.place.clone()
                },
                ..problem(row).with_value(value)
            })
            .collect();
        let shown = shown(&all);
        let cells: Vec<&str> = shown
            .lines()
            .filter(|line| line.starts_with(" D"))
            .collect();
        assert_eq!(cells, [" D1 | a", " D5 | b", " D6 | c"]);
        let rest =
            "and 4 more in column D (`Attempt`); in all `a` 4 times, `b` 2 times; use --format";
        assert!(shown.contains(rest), "{shown}");
    }
}
