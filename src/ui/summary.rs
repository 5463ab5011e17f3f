//! The summary of a run, in a few aligned lines.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indexmap::IndexMap;

use super::progress::duration_text;
use super::text::safe;
use crate::delivery::{Delivery, Outcome};
use crate::diagnostics::diagnostic::Source;
use crate::input::Note;
use crate::orders::Batch;
use crate::report::model::{Requests, Timing, Totals};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const STRONG: Style = Style::new().bold();

/// Writes the skipped sheets with their reasons, and notes about sheets that were read.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_notes(
    out: &mut impl Write,
    skipped: &[(Arc<Source>, &'static str)],
    notes: &[Note],
) -> io::Result<()> {
    for (source, reason) in skipped {
        writeln!(out, "skipped      {}: {reason}", safe(&source.to_string()))?;
    }
    for (source, words) in notes {
        writeln!(
            out,
            "note         {}: {}",
            safe(&source.to_string()),
            safe(words)
        )?;
    }
    Ok(())
}

/// Writes the numbers of sheets, rows, orders and diagnostics.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_input(out: &mut impl Write, batch: &Batch, totals: &Totals) -> io::Result<()> {
    write_notes(out, &batch.passed_over, &batch.notes)?;
    let errors = batch.errors();
    let warnings = batch.problems.len() - errors;
    let sheets = batch.sheets.iter().filter(|sheet| sheet.usable).count();
    writeln!(
        out,
        "{STRONG}read{STRONG:#}         {}, {}, {}",
        count(sheets, "sheet", "sheets"),
        count(totals.rows, "row", "rows"),
        count(totals.orders, "order", "orders"),
    )?;
    if totals.rows_invalid > 0 {
        writeln!(
            out,
            "{BAD}no order{BAD:#}     {}",
            count(totals.rows_invalid, "row", "rows")
        )?;
    }
    if totals.rows_skipped > 0 {
        writeln!(
            out,
            "skipped      {}",
            count(totals.rows_skipped, "row", "rows")
        )?;
    }
    let style = if errors > 0 { BAD } else { GOOD };
    writeln!(
        out,
        "{style}problems{style:#}     {}, {}",
        count(errors, "error", "errors"),
        count(warnings, "warning", "warnings")
    )
}

/// Writes the number of orders and rows per outcome, in columns.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_outcomes(
    out: &mut impl Write,
    batch: &Batch,
    outcomes: &[Outcome],
) -> io::Result<()> {
    let lines: Vec<_> = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome, orders_and_rows(batch, outcomes, outcome)))
        .filter(|(_, (orders, _))| *orders > 0)
        .collect();
    let digits = |number: &usize| number.to_string().len();
    let width = |numbers: Vec<usize>| numbers.iter().map(digits).max().unwrap_or(0);
    let of_orders = width(lines.iter().map(|(_, (orders, _))| *orders).collect());
    let of_rows = width(lines.iter().map(|(_, (_, rows))| *rows).collect());
    let has_many = lines.iter().any(|(_, (orders, _))| *orders > 1);
    for (outcome, (orders, rows)) in lines {
        let style = match outcome {
            Outcome::Valid | Outcome::Accepted | Outcome::Unchanged => GOOD,
            _ => BAD,
        };
        let indent = if orders == 1 && has_many { " " } else { "" };
        writeln!(
            out,
            "{style}{:<12}{style:#} {:>of_orders$} {},{indent} {rows:>of_rows$} {}",
            outcome.words(),
            orders,
            noun(orders, "order", "orders"),
            noun(rows, "row", "rows")
        )?;
    }
    Ok(())
}

/// Counts the orders of an outcome, and their rows.
fn orders_and_rows(batch: &Batch, outcomes: &[Outcome], outcome: Outcome) -> (usize, usize) {
    let all = batch.orders.iter().zip(outcomes);
    let of_outcome = all.filter(|(_, other)| **other == outcome);
    of_outcome.fold((0, 0), |(orders, rows), (order, _)| {
        (orders + 1, rows + order.rows.len())
    })
}

/// How many undelivered orders with the same outcome and status are listed; the report has all of them.
const MAX_LISTED: usize = 3;

/// Writes the orders that were sent but not delivered, with the server's message.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_undelivered(
    out: &mut impl Write,
    batch: &Batch,
    deliveries: &[Delivery],
) -> io::Result<()> {
    let undelivered = |delivery: &Delivery| {
        matches!(
            delivery.outcome,
            Outcome::Rejected | Outcome::Failed | Outcome::Unknown
        )
    };
    let mut kinds: IndexMap<_, Vec<_>> = IndexMap::new();
    let all = batch.orders.iter().zip(deliveries);
    for (order, delivery) in all.filter(|(_, delivery)| undelivered(delivery)) {
        let kind = (delivery.outcome.words(), delivery.http_status);
        kinds.entry(kind).or_default().push((order, delivery));
    }
    for ((outcome, status), all) in kinds {
        let status = status.map_or_else(String::new, |status| format!(" ({status})"));
        for (order, delivery) in all.iter().take(MAX_LISTED) {
            let words = delivery.message.as_deref().unwrap_or("no response");
            writeln!(
                out,
                "{BAD}{outcome:<12}{BAD:#} order {} of company {}{status}: {}",
                safe(&order.order_id),
                safe(&order.company_id),
                safe(words)
            )?;
        }
        let more = all.len().saturating_sub(MAX_LISTED);
        if more > 0 {
            let more = count(more, "order more", "orders more");
            writeln!(
                out,
                "             and {more}{status}; see the report for all of them"
            )?;
        }
    }
    Ok(())
}

/// Writes how many orders may have a report link twice.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_possible_duplicates(
    out: &mut impl Write,
    deliveries: &[Delivery],
) -> io::Result<()> {
    let twice = deliveries
        .iter()
        .filter(|delivery| delivery.possible_duplicate_reports);
    match twice.count() {
        0 => Ok(()),
        number => {
            let orders = count(number, "order", "orders");
            let words = format!(
                "{orders} may have a report link twice; see the report or `scoreload history`"
            );
            write_line(out, "check", &words)
        }
    }
}

/// Writes the number of requests and the time they took.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_requests(
    out: &mut impl Write,
    requests: &Requests,
    timing: &Timing,
) -> io::Result<()> {
    let Requests {
        sent,
        retried,
        throttled,
        token,
    } = requests;
    write!(out, "requests     {sent} sent")?;
    if *retried > 0 {
        write!(out, ", {retried} of them retries")?;
    }
    write!(out, ", {token} for a token")?;
    if *throttled > 0 {
        write!(out, ", {throttled} answered with 429")?;
    }
    let time = |seconds| duration_text(Duration::try_from_secs_f64(seconds).unwrap_or_default());
    write!(out, "\ntime         {}", time(timing.deliver_s))?;
    if timing.waited_for_rate_s >= 1.0 {
        write!(
            out,
            ", {} of it waiting for the rate limit",
            time(timing.waited_for_rate_s)
        )?;
    }
    writeln!(out)
}

/// Writes the paths of the reports.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_reports(out: &mut impl Write, paths: &[PathBuf]) -> io::Result<()> {
    paths
        .iter()
        .try_for_each(|path| writeln!(out, "report       {}", safe(&path.display().to_string())))
}

/// Writes the next command, and what to do before it.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_next(
    out: &mut impl Write,
    command: &str,
    first: Option<&str>,
) -> io::Result<()> {
    match first {
        None => write_line(out, "next", command),
        Some(first) => {
            write_line(out, "next", &format!("{first}:"))?;
            writeln!(out, "             {}", safe(command))
        }
    }
}

/// Writes a line under a label.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write_line(out: &mut impl Write, label: &str, text: &str) -> io::Result<()> {
    writeln!(out, "{STRONG}{label:<12}{STRONG:#} {}", safe(text))
}

/// Returns a number with its noun.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", noun(number, one, many))
}

fn noun<'a>(number: usize, one: &'a str, many: &'a str) -> &'a str {
    if number == 1 { one } else { many }
}
