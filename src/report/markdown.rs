//! The report as Markdown, short enough for a ticket: what happened, next steps, and the first diagnostics of each
//! kind.
//!
//! All data are written in code spans, where no character is special.

use std::io::{self, Write};

use super::groups::{self, Group};
use super::headline::{Headline, grouped};
use crate::delivery::Outcome;
use crate::report::model::{OrderEntry, Report};
use crate::text::safe;

/// Maximum number of orders listed; other formats list all of them.
const MAX_ORDERS: usize = 50;
/// Maximum number of groups of diagnostics.
const MAX_GROUPS: usize = 30;
/// Maximum number of diagnostics per group.
const MAX_FINDINGS: usize = 5;

/// Writes the report.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_head(report, out)?;
    write_totals(report, out)?;
    write_orders(report, out)?;
    write_problems(report, out)
}

fn write_head(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Headline {
        sentence, advice, ..
    } = Headline::of(report);
    writeln!(out, "# {sentence}\n")?;
    if let Some(notice) = &report.notice {
        writeln!(out, "Note: {}\n", span(notice))?;
    }
    for line in advice {
        writeln!(out, "- {line}")?;
    }
    for line in &report.next {
        writeln!(out, "- {}", span(line))?;
    }
    let mode = report.mode.words();
    let target = report
        .target
        .as_deref()
        .map_or_else(String::new, |target| format!(" to {}", span(target)));
    writeln!(
        out,
        "\nRun {} ({mode}{target}), {} to {}, exit code {}, Scoreload {}.\n",
        span(&report.run),
        report.started_at.strftime("%Y-%m-%d %H:%M:%S"),
        report.finished_at.strftime("%H:%M:%S UTC"),
        report.exit_code,
        report.tool_version
    )
}

fn write_totals(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let totals = &report.totals;
    writeln!(out, "| what | number |\n| --- | ---: |")?;
    let of_outcomes = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome.words(), totals.count(outcome)))
        .filter(|(_, number)| *number > 0);
    let rows = [
        ("rows", totals.rows),
        ("rows without an order", totals.rows_invalid),
        ("rows skipped", totals.rows_skipped),
    ]
    .into_iter()
    .filter(|(name, number)| *name == "rows" || *number > 0);
    for (name, number) in rows.chain([("orders", totals.orders)]).chain(of_outcomes) {
        writeln!(out, "| {name} | {} |", grouped(number))?;
    }
    Ok(())
}

fn write_orders(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let left: Vec<&OrderEntry> = report
        .orders
        .iter()
        .filter(|order| order.is_left_over())
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Orders not delivered\n")?;
    writeln!(
        out,
        "| order | company | outcome | status | rows | why |\n| --- | --- | --- | --- | --- | --- |"
    )?;
    for order in left.iter().take(MAX_ORDERS) {
        let status = order
            .http_status
            .map_or_else(String::new, |status| status.to_string());
        let why = order.message.as_deref().map_or_else(String::new, cell);
        writeln!(
            out,
            "| {} | {} | {} | {status} | {} | {why} |",
            cell(&order.order_id),
            cell(&order.company_id),
            order.outcome.words(),
            cell(&order.places()),
        )?;
    }
    write_rest(out, left.len(), MAX_ORDERS, "\n")
}

fn write_problems(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.diagnostics.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Problems")?;
    let groups = groups::of(&report.diagnostics);
    for group in groups.iter().take(MAX_GROUPS) {
        write_group(group, out)?;
    }
    write_rest(out, groups.len(), MAX_GROUPS, "\n")
}

fn write_group(group: &Group<'_>, out: &mut dyn Write) -> io::Result<()> {
    let column = group
        .column
        .map_or_else(String::new, |column| format!(" in column {}", span(column)));
    let number = grouped(group.findings.len());
    writeln!(
        out,
        "\n### {} {}{column}: {number}\n",
        group.severity,
        span(group.code)
    )?;
    for found in group.findings.iter().take(MAX_FINDINGS) {
        writeln!(
            out,
            "- {}: {}; {}",
            span(&groups::place(found)),
            span(&found.message),
            span(&found.help)
        )?;
    }
    write_rest(out, group.findings.len(), MAX_FINDINGS, "- ")
}

fn write_rest(out: &mut dyn Write, all: usize, shown: usize, before: &str) -> io::Result<()> {
    match all.saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(out, "{before}and {} more", grouped(more)),
    }
}

/// Formats a text as a code span, fenced by more backticks than it contains in a row.
fn span(text: &str) -> String {
    let text = if text.is_empty() {
        "-".into()
    } else {
        safe(text)
    };
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Formats a text as a code span in a table cell.
fn cell(text: &str) -> String {
    span(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::report::model::Totals;
    use crate::report::model::tests::hostile;

    #[test]
    fn code_spans_use_more_backticks_than_their_text() {
        let table = [
            ("plain", "`plain`"),
            ("a `b` c", "``a `b` c``"),
            ("`", "`` ` ``"),
            ("```", "```` ``` ````"),
            ("", "`-`"),
            ("a\nb", "`a\\nb`"),
            ("\u{202e}x", "`\\u{202e}x`"),
        ];
        for (text, shown) in table {
            assert_eq!(span(text), shown);
        }
        assert_eq!(cell("a | b"), "`a \\| b`");
    }

    /// Returns a line without its code spans, which end at the next run of backticks of the same length.
    fn outside_spans(line: &str) -> String {
        let Some(start) = line.find('`') else {
            return line.to_owned();
        };
        let rest = line[start..].trim_start_matches('`');
        let fence = &line[start..line.len() - rest.len()];
        let ends = rest.match_indices(fence).map(|(end, _)| end);
        let mut ends = ends.filter(|end| {
            !rest[..*end].ends_with('`') && !rest[end + fence.len()..].starts_with('`')
        });
        let end = ends.next().unwrap();
        [&line[..start], &outside_spans(&rest[end + fence.len()..])].concat()
    }

    proptest! {
        #[test]
        fn whatever_the_text_nothing_of_it_stands_outside_its_code_span(text in "[`|a \n]{0,12}|.*") {
            prop_assert_eq!(outside_spans(&span(&text)), "");
            prop_assert!(!cell(&text).replace("\\|", "").contains('|'));
        }
    }

    #[test]
    fn hostile_data_stays_in_code_spans() {
        let mut out = Vec::new();
        write(&hostile(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains(['\u{202e}', '\u{2028}']));
        let outside: Vec<String> = text.lines().map(outside_spans).collect();
        let outside = outside.join("\n");
        for markup in ["<", "](", "**", "@", "=1"] {
            assert!(!outside.contains(markup), "{markup}: {outside}");
        }
        let order = text
            .lines()
            .find(|line| line.contains("| rejected |"))
            .unwrap();
        assert_eq!(order.replace("\\|", "").matches('|').count(), 7, "{order}");
    }

    #[test]
    fn the_report_names_the_orders_left_over() {
        let mut report = hostile();
        report.notice = None;
        report.next = vec!["scoreload import rest.csv".to_owned()];
        report.target = None;
        Arc::make_mut(&mut report.diagnostics).truncate(1);
        report.finished_at = report.started_at;
        report.orders[0].message = Some("no | such order".to_owned());
        report.totals = Totals {
            rows: 4,
            orders: 1,
            rejected: 1,
            ..Totals::default()
        };
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expected = "\
# Nothing was delivered: 1 order is pending.

- 1 order was rejected by the server: read its message at the order and correct the rows.
- `scoreload import rest.csv`

Run `run` (import), 1970-01-01 00:00:00 to 00:00:00 UTC, exit code 0, Scoreload 0.1.0.

| what | number |
| --- | ---: |
| rows | 4 |
| orders | 1 |
| rejected | 1 |

## Orders not delivered

| order | company | outcome | status | rows | why |
| --- | --- | --- | --- | --- | --- |
| `</script><script>alert(1)</script>` | `=1+1` | rejected | 400 | `--!>.csv:2-4,7` | `no \\| such order` |

## Problems

### error `value-too-long` in column `=1+1`: 1

- `=1+1 [=1+1] B2`: `=1+1`; `=1+1`
";
        assert_eq!(text, expected);
    }
}
