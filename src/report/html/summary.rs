//! The part of the page above its tables: figures, outcome bar, facts about the run.

use crate::delivery::Outcome;
use crate::report::groups::{self, source};
use crate::report::headline::{count, errors, grouped};
use crate::report::model::{Mode, Report, Totals};
use crate::text::safe;

/// A key figure.
pub(crate) struct Tile {
    pub(crate) name: &'static str,
    pub(crate) number: String,
    pub(crate) note: String,
    /// Its style: `good`, `bad` or `plain`.
    pub(crate) look: &'static str,
    /// The section of the page with details, if something is wrong.
    pub(crate) link: Option<&'static str>,
}

/// An outcome's share of all orders, for a bar 1000 units wide.
pub(crate) struct Share {
    pub(crate) class: String,
    pub(crate) name: &'static str,
    pub(crate) number: String,
    pub(crate) x: f64,
    pub(crate) width: f64,
}

/// A fact about the run: name and value.
pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A group of diagnostics, for browsers without script.
pub(crate) struct GroupLine {
    pub(crate) severity: String,
    pub(crate) code: String,
    pub(crate) column: Option<String>,
    pub(crate) number: String,
    pub(crate) place: String,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Returns the subject of the report: kind, time and target.
pub(crate) fn subject(report: &Report) -> String {
    let what = match report.mode {
        Mode::Import | Mode::Apply => "import report",
        Mode::Plan => "import plan",
        Mode::Validate => "validation",
    };
    let when = report.started_at.strftime("%Y-%m-%d %H:%M UTC");
    let target = report.target.as_deref();
    let target = target.map_or_else(String::new, |target| format!(", to {}", safe(target)));
    format!("{what}, {when}{target}")
}

fn tile(name: &'static str, number: usize, note: String, look: &'static str) -> Tile {
    Tile {
        name,
        number: grouped(number),
        note,
        look,
        link: None,
    }
}

impl Tile {
    /// Links a bad figure to a section of the page.
    fn leading_to(mut self, part: &'static str) -> Self {
        self.link = (self.look == "bad").then_some(part);
        self
    }
}

/// Returns the key figures of a report.
pub(crate) fn tiles(report: &Report) -> Vec<Tile> {
    let totals = &report.totals;
    let errors = errors(report);
    let warnings = report.diagnostics.len() - errors;
    let bad = |number| if number > 0 { "bad" } else { "plain" };
    let good = |number| if number > 0 { "good" } else { "plain" };
    let (through, name) = match report.mode {
        Mode::Import | Mode::Apply => (totals.accepted, "Accepted"),
        Mode::Plan | Mode::Validate => (totals.valid, "Valid"),
    };
    let left = match report.mode {
        Mode::Import | Mode::Apply => "Not delivered",
        Mode::Plan | Mode::Validate => "Held back",
    };
    let mut tiles = vec![
        tile("Rows", totals.rows, rows_note(totals), "plain"),
        tile("Orders", totals.orders, String::new(), "plain"),
        tile(name, through, String::new(), good(through)),
        tile(
            "Unchanged",
            totals.unchanged,
            if totals.unchanged > 0 {
                "unchanged".to_owned()
            } else {
                String::new()
            },
            "plain",
        ),
        tile(
            left,
            totals.left_over(),
            String::new(),
            bad(totals.left_over()),
        )
        .leading_to("orders"),
        tile(
            "Problems",
            report.diagnostics.len(),
            problems_note(errors, warnings),
            bad(errors),
        )
        .leading_to("problems"),
    ];
    if report.mode == Mode::Validate {
        tiles.retain(|tile| tile.name != "Unchanged");
    }
    tiles
}

fn rows_note(totals: &Totals) -> String {
    let without = (totals.rows_invalid > 0)
        .then(|| format!("{} without an order", grouped(totals.rows_invalid)));
    let skipped =
        (totals.rows_skipped > 0).then(|| format!("{} left out", grouped(totals.rows_skipped)));
    without
        .into_iter()
        .chain(skipped)
        .collect::<Vec<_>>()
        .join(", ")
}

fn problems_note(errors: usize, warnings: usize) -> String {
    match errors + warnings {
        0 => String::new(),
        _ => format!(
            "{}, {}",
            count(errors, "error", "errors"),
            count(warnings, "warning", "warnings")
        ),
    }
}

/// Returns the shares of the outcomes.
#[expect(clippy::cast_precision_loss, reason = "widths of a drawing")]
pub(crate) fn shares(totals: &Totals) -> Vec<Share> {
    let mut x = 0.0;
    let share = |outcome: Outcome| {
        let number = totals.count(outcome);
        let width = 1000.0 * number as f64 / totals.orders.max(1) as f64;
        let at = x;
        x += width;
        (number > 0).then(|| Share {
            class: class(outcome),
            name: outcome.words(),
            number: grouped(number),
            x: at,
            width,
        })
    };
    Outcome::ALL.into_iter().filter_map(share).collect()
}

/// Returns the shares as text.
pub(crate) fn in_words(shares: &[Share]) -> String {
    let words = shares
        .iter()
        .map(|share| format!("{} {}", share.number, share.name));
    words.collect::<Vec<_>>().join(", ")
}

fn class(outcome: Outcome) -> String {
    outcome.words().replace(' ', "-")
}

/// Returns the facts about the run.
pub(crate) fn facts(report: &Report) -> Vec<Fact> {
    let fact = |name: &str, text: String| Fact {
        name: name.to_owned(),
        text: safe(&text).into_owned(),
    };
    let time = |time: jiff::Timestamp| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let mut facts = vec![
        fact("Run", report.run.clone()),
        fact("Began", time(report.started_at)),
        fact("Ended", time(report.finished_at)),
        fact("Exit code", report.exit_code.to_string()),
        fact("Scoreload", report.tool_version.to_owned()),
    ];
    facts.extend(report.target.clone().map(|target| fact("Target", target)));
    facts.extend(report.rate.clone().map(|rate| fact("Allowed pace", rate)));
    let runs = report.corrects.as_ref().map(|runs| runs.join(", "));
    facts.extend(runs.map(|runs| fact("Corrects", runs)));
    if report.mode.delivers() {
        facts.push(fact("Requests", requests(report)));
        facts.push(fact("Time", timing(report)));
    }
    facts
}

fn requests(report: &Report) -> String {
    let requests = &report.requests;
    format!(
        "{} sent, {} of them retries, {} throttled by the server, {} for tokens",
        requests.sent, requests.retried, requests.throttled, requests.token
    )
}

fn timing(report: &Report) -> String {
    let timing = &report.timing;
    format!(
        "{:.1} s to read, {:.1} s to deliver ({:.1} s of it waiting for the rate limit)",
        timing.read_s, timing.deliver_s, timing.waited_for_rate_s
    )
}

/// Returns the sheets that were read.
pub(crate) fn inputs(report: &Report) -> Vec<Fact> {
    let input = |input: &crate::report::model::Input| Fact {
        name: safe(&source(&input.path, input.sheet.as_deref())).into_owned(),
        text: format!(
            "{}, sha256 {}",
            count(input.rows, "row", "rows"),
            input.sha256
        ),
    };
    report.inputs.iter().map(input).collect()
}

/// Returns the groups of diagnostics, each with its first location.
pub(crate) fn groups(report: &Report) -> Vec<GroupLine> {
    let shown = |text: &str| safe(text).into_owned();
    let line = |group: &groups::Group<'_>| {
        let first = group.findings.first()?;
        Some(GroupLine {
            severity: group.severity.to_string(),
            code: group.code.to_owned(),
            column: group.column.map(shown),
            number: grouped(group.findings.len()),
            place: shown(&groups::place(first)),
            message: shown(&first.message),
            help: shown(&first.help),
        })
    };
    groups::of(&report.diagnostics)
        .iter()
        .filter_map(line)
        .collect()
}
