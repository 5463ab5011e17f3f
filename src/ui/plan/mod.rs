//! What an import would send: a line for each order, and their sum; for scripts the same as JSON.

mod json;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

pub(crate) use self::json::json_line;
use super::progress::duration_text;
use super::summary::count;
use super::text::safe;
use super::write_json_line;
use crate::diagnostics::diagnostic::excerpt;
use crate::ledger::ValueChange;
use crate::paylocity::model::Text;
use crate::plan::{Amount, Change, Plan, PlanOrder};
use crate::rate_limit::rate::Rate;
use crate::schema::columns::Column;

/// Maximum number of orders listed, a screen or two. Unchanged orders are left out first.
const MOST_ORDERS: usize = 60;
/// Maximum number of changed scores listed per order.
const MOST_SCORES: usize = 3;
/// Longer ids only shift their own line.
const WIDEST_ID: usize = 36;

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

const fn style_of(change: Change) -> Style {
    match change {
        Change::New => AnsiColor::Green.on_default().bold(),
        Change::Changed => AnsiColor::Yellow.on_default().bold(),
        Change::Unchanged => FAINT,
        Change::Invalid => AnsiColor::Red.on_default().bold(),
        Change::Unknown => AnsiColor::Magenta.on_default().bold(),
    }
}

/// Writes a line for each order, in their order: all of them, or as many as a person reads.
///
/// # Errors
/// Those of the stream.
pub(crate) fn write(out: &mut dyn Write, plan: &Plan, is_whole: bool) -> io::Result<()> {
    let shown = shown(plan, if is_whole { usize::MAX } else { MOST_ORDERS });
    let width = |id: fn(&PlanOrder) -> &Text| {
        let widths = shown.iter().map(|order| safe(id(order)).chars().count());
        widths.max().unwrap_or(0).min(WIDEST_ID)
    };
    let widths = (
        width(|order| &order.company_id),
        width(|order| &order.order_id),
    );
    for order in &shown {
        write_order(out, order, widths)?;
    }
    match plan.orders.len() - shown.len() {
        0 => Ok(()),
        _ => write_rest(out, plan, &shown),
    }
}

/// Returns the orders to list.
fn shown(plan: &Plan, most: usize) -> Vec<&PlanOrder> {
    let is_news = |order: &PlanOrder| order.change != Change::Unchanged;
    let news = plan.orders.iter().filter(|order| is_news(order)).count();
    let mut left = [most.saturating_sub(news), most];
    let mut is_shown = |order: &&PlanOrder| {
        let left = &mut left[usize::from(is_news(order))];
        let has_room = *left > 0;
        *left = left.saturating_sub(1);
        has_room
    };
    plan.orders.iter().filter(|order| is_shown(order)).collect()
}

fn write_order(
    out: &mut dyn Write,
    order: &PlanOrder,
    (company_width, order_width): (usize, usize),
) -> io::Result<()> {
    let style = style_of(order.change);
    let (sign, words) = (order.change.sign(), words_of(order));
    let (company, id) = (safe(&order.company_id), safe(&order.order_id));
    let line = if words.is_empty() {
        format!("{company:company_width$}  {id}")
    } else {
        format!("{company:company_width$}  {id:order_width$}  {words}")
    };
    match order.change {
        Change::Unchanged => writeln!(out, "{style}{sign} {line}{style:#}"),
        _ => writeln!(out, "{style}{sign}{style:#} {line}"),
    }
}

/// Says what an update would do, or why there is none.
fn words_of(order: &PlanOrder) -> String {
    let mut parts = Vec::new();
    let errors = |number| count(number, "error in its rows", "errors in its rows");
    match order.change {
        Change::Invalid => parts.push(format!("held back: {}", errors(order.errors))),
        Change::Unchanged | Change::Unknown => {}
        Change::New => parts.extend(order.amount.as_ref().map(amount_text)),
        Change::Changed => parts.extend(changes_text(order)),
    }
    if order.sent_again {
        parts.push("sent again: an earlier answer was lost".to_owned());
    }
    if !order.held_reports.is_empty() {
        let held = count(order.held_reports.len(), "report", "reports");
        parts.push(format!("{held} kept back: not known whether taken"));
    }
    parts.join(", ")
}

fn amount_text(&Amount { tests, reports, .. }: &Amount) -> String {
    let mut parts = Vec::new();
    if tests > 0 {
        parts.push(count(tests, "test", "tests"));
    }
    if reports > 0 {
        parts.push(count(reports, "report", "reports"));
    }
    if parts.is_empty() {
        parts.push("no tests".to_owned());
    }
    parts.join(", ")
}

/// Lists the changed scores, and counts the changed values and reports besides.
fn changes_text(order: &PlanOrder) -> Vec<String> {
    let (scores, others): (Vec<&ValueChange>, Vec<&ValueChange>) =
        order.changes.iter().partition(|change| is_score(change));
    let shown = scores.iter().take(MOST_SCORES);
    let mut parts: Vec<String> = shown.map(|change| score_text(change)).collect();
    let reports = order.amount.map(|amount| amount.reports);
    let counts = [
        (
            scores.len().saturating_sub(MOST_SCORES),
            "score more",
            "scores more",
        ),
        (others.len(), "other value", "other values"),
        (reports.unwrap_or_default(), "report", "reports"),
    ];
    let told = counts.into_iter().filter(|(number, ..)| *number > 0);
    parts.extend(told.map(|(number, one, many)| count(number, one, many)));
    if parts.is_empty() {
        // Without changes: `--resend`, or a test with only an id.
        parts.extend(order.amount.as_ref().map(amount_text));
    }
    parts
}

fn is_score(change: &ValueChange) -> bool {
    let scores = [
        Column::TestScore,
        Column::AssessmentScore,
        Column::OverallScore,
    ];
    scores.iter().any(|column| column.name() == change.field)
}

fn score_text(change: &ValueChange) -> String {
    let attempt = match change.attempt {
        Some(attempt) if attempt != 1 => format!(" (attempt {attempt})"),
        _ => String::new(),
    };
    let part = change.test_id.as_ref().or(change.assessment_id.as_ref());
    let part = part.map_or("overall", Text::as_str);
    let after = excerpt(&change.after);
    let scores = match &change.before {
        Some(before) => format!("{} → {after}", excerpt(before)),
        None => after,
    };
    format!("{}{attempt} {}", safe(part), safe(&scores))
}

fn write_rest(out: &mut dyn Write, plan: &Plan, shown: &[&PlanOrder]) -> io::Result<()> {
    let left = |change: Change| {
        let of_shown = shown.iter().filter(|order| order.change == change).count();
        plan.count(change) - of_shown
    };
    let parts: Vec<String> = Change::ALL
        .into_iter()
        .filter(|change| left(*change) > 0)
        .map(|change| format!("{} {}", left(change), change.words()))
        .collect();
    let more = count(plan.orders.len() - shown.len(), "order more", "orders more");
    writeln!(
        out,
        "{FAINT}… and {more}: {} (-v lists them all){FAINT:#}",
        parts.join(", ")
    )
}

/// Writes the sum: orders by their change, requests, bytes, and how long it takes at least.
///
/// # Errors
/// Those of the stream.
pub(crate) fn write_sum(out: &mut dyn Write, plan: &Plan, rate: &Rate) -> io::Result<()> {
    let sum = Sum::of(plan, rate);
    write!(out, "{STRONG}{:<12}{STRONG:#} ", "orders")?;
    let mut separator = "";
    for change in Change::ALL {
        let (number, style) = (plan.count(change), style_of(change));
        if number > 0 {
            let sign = change.sign();
            write!(
                out,
                "{separator}{style}{sign}{style:#} {number} {}",
                change.words()
            )?;
            separator = "   ";
        }
    }
    if separator.is_empty() {
        write!(out, "none")?;
    }
    let time = duration_text(rate.min_time(sum.requests));
    writeln!(
        out,
        "\n{STRONG}{:<12}{STRONG:#} {} with {} bytes to {}, in at least {time} at {rate}",
        "would send",
        count(sum.requests, "update", "updates"),
        sum.bytes,
        safe(sum.target),
    )
}

/// The sum of a plan, as a script reads it.
#[derive(Serialize)]
struct Sum<'a> {
    plan: &'a str,
    target: &'a str,
    orders: Counts,
    requests: usize,
    bytes: usize,
    rate: String,
    /// The least time at the rate.
    seconds: f64,
}

#[derive(Serialize)]
struct Counts {
    new: usize,
    changed: usize,
    unchanged: usize,
    invalid: usize,
    unknown: usize,
}

impl<'a> Sum<'a> {
    fn of(plan: &'a Plan, rate: &Rate) -> Self {
        let requests = plan.requests();
        Self {
            plan: &plan.plan,
            target: &plan.target.name,
            orders: Counts {
                new: plan.count(Change::New),
                changed: plan.count(Change::Changed),
                unchanged: plan.count(Change::Unchanged),
                invalid: plan.count(Change::Invalid),
                unknown: plan.count(Change::Unknown),
            },
            requests,
            bytes: plan.bytes(),
            rate: rate.to_string(),
            seconds: rate.min_time(requests).as_secs_f64(),
        }
    }
}

/// Writes the sum as one JSON object on a line of its own.
///
/// # Errors
/// Those of the stream.
pub(crate) fn write_json_sum(out: &mut dyn Write, plan: &Plan, rate: &Rate) -> io::Result<()> {
    write_json_line(out, &Sum::of(plan, rate))
}
