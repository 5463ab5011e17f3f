//! The headline of a report: what happened in one sentence, and what to do next. All report formats for people start
//! with it.

use crate::report::model::{Mode, Report};

/// Whether a run left anything to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing is left to do.
    Good,
    /// Something is left to do.
    Open,
}

/// The headline of a report.
#[derive(Debug)]
pub(crate) struct Headline {
    /// Whether anything is left to do.
    pub(crate) state: State,
    /// What happened, in one sentence.
    pub(crate) sentence: String,
    /// Next steps, one sentence each.
    pub(crate) advice: Vec<String>,
}

impl Headline {
    /// Creates the headline of a report.
    pub(crate) fn of(report: &Report) -> Self {
        let totals = &report.totals;
        let is_good = totals.left_over() == 0 && errors(report) == 0 && report.exit_code == 0;
        let sentence = match report.mode {
            Mode::Import | Mode::Apply => delivered(report),
            Mode::Plan | Mode::Validate => checked(report),
        };
        Self {
            state: if is_good { State::Good } else { State::Open },
            sentence,
            advice: advice(report),
        }
    }
}

/// Counts the diagnostics that are errors.
pub(crate) fn errors(report: &Report) -> usize {
    let findings = report.diagnostics.iter();
    findings.filter(|found| found.is_error()).count()
}

/// Formats a count with its noun: `1,200 orders`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// Formats a number with thousands separators.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn orders(number: usize) -> String {
    count(number, "order", "orders")
}

fn delivered(report: &Report) -> String {
    let totals = &report.totals;
    let (all, through) = (totals.orders, totals.accepted + totals.unchanged);
    let there = match totals.unchanged {
        0 => String::new(),
        same if same == through => "; it was unchanged".to_owned(),
        same => format!(", {} of them unchanged", grouped(same)),
    };
    match (all, through) {
        (0, _) => "Nothing was delivered: no order could be read.".to_owned(),
        (1, 1) => format!("The order is delivered{there}."),
        (_, 0) => format!("Nothing was delivered: {} are pending.", orders(all))
            .replace("1 order are", "1 order is"),
        _ if through == all => format!("All {} are delivered{there}.", orders(all)),
        _ => {
            let rest = all - through;
            let verb = if rest == 1 { "is" } else { "are" };
            format!(
                "{} of {} are delivered{there}; {} {verb} not.",
                grouped(through),
                orders(all),
                grouped(rest)
            )
        }
    }
}

fn checked(report: &Report) -> String {
    let totals = &report.totals;
    let sendable = totals.valid + totals.unchanged;
    let same = match totals.unchanged {
        0 => String::new(),
        same => format!(", {} of them unchanged", grouped(same)),
    };
    match totals.orders {
        0 => "No order could be read.".to_owned(),
        1 if sendable == 1 => "The order can be sent.".to_owned(),
        all if sendable == all => format!("All {} can be sent{same}.", orders(all)),
        all => {
            let rest = all - sendable;
            let verb = if rest == 1 { "is" } else { "are" };
            format!(
                "{} of {} can be sent{same}; {} {verb} held back.",
                grouped(sendable),
                orders(all),
                grouped(rest)
            )
        }
    }
}

/// Returns a sentence for each kind of leftover, in the order in which to handle them.
fn advice(report: &Report) -> Vec<String> {
    let totals = &report.totals;
    let twice = report
        .orders
        .iter()
        .filter(|order| order.possible_duplicate_reports);
    let (rows, twice) = (totals.rows_invalid, twice.count());
    let verb = |number| if number == 1 { "was" } else { "were" };
    let line = |number: usize, words: &str| {
        (number > 0).then(|| format!("{} {} {words}", orders(number), verb(number)))
    };
    let mut advice: Vec<String> = [
        report.stopped.as_ref().map(|words| format!("The run was stopped: {}.", words.trim_end_matches('.'))),
        before(report.exit_code).map(str::to_owned),
        line(totals.invalid, "held back because of errors: correct the cells listed under Problems."),
        (rows > 0).then(|| format!(
            "{} {} not assigned to an order: see under Problems which id or header is missing.",
            count(rows, "row", "rows"), verb(rows))),
        line(totals.rejected, "rejected by the server: read its message at the order and correct the rows."),
        line(totals.failed, "certainly not applied."),
        line(totals.not_sent, "never sent."),
        (totals.unknown > 0).then(|| format!(
            "{} may or may not have been applied: import again, or settle them with scoreload resolve {}.",
            orders(totals.unknown), report.run)),
        (twice > 0).then(|| format!("{} may have a report link twice: check in Paylocity.", orders(twice))),
    ]
    .into_iter()
    .flatten()
    .collect();
    advice.extend(again(report));
    advice.extend(warnings(report, advice.is_empty()));
    advice
}

/// Returns the step that must come first, by exit code.
fn before(exit_code: u8) -> Option<&'static str> {
    match exit_code {
        4 => Some("Check the credentials and their permissions."),
        5 => Some("Wait until the API responds again."),
        _ => None,
    }
}

/// Returns the last step if anything is left to deliver.
fn again(report: &Report) -> Option<String> {
    let is_left = report.totals.left_over() + report.totals.rows_invalid > 0;
    let step = match report.mode {
        Mode::Validate => "Then check the files again.",
        Mode::Import if report.is_from_inbox => {
            "Then correct the .rejects file in failed/ and put it into the inbox; files still in the inbox are imported by the next run."
        }
        Mode::Import | Mode::Apply | Mode::Plan => {
            "Then import the same files again: accepted orders are not sent twice."
        }
    };
    // The commands, where there are some, are more precise.
    (is_left && report.next.is_empty()).then(|| step.to_owned())
}

/// Returns the advice about warnings when no row was held back.
fn warnings(report: &Report, is_rest: bool) -> Option<String> {
    let errors = errors(report);
    let warnings = report.diagnostics.len() - errors;
    match (is_rest, errors, warnings) {
        (false, ..) => None,
        (true, 0, 0) => Some("There is nothing to do.".to_owned()),
        (true, 0, _) => Some(format!(
            "There is nothing to do; {} did not hold anything back.",
            count(warnings, "warning", "warnings")
        )),
        (true, ..) => Some("Look at the errors listed under Problems.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::Totals;
    use crate::report::model::tests::empty;

    fn sentence(mode: Mode, totals: Totals) -> String {
        Headline::of(&Report {
            mode,
            totals,
            ..empty()
        })
        .sentence
    }

    /// Mode; orders, accepted, unchanged, valid; sentence.
    #[rustfmt::skip]
    const SENTENCES: [(Mode, [usize; 4], &str); 10] = [
        (Mode::Import, [0, 0, 0, 0], "Nothing was delivered: no order could be read."),
        (Mode::Import, [1, 1, 0, 0], "The order is delivered."),
        (Mode::Import, [1, 0, 1, 0], "The order is delivered; it was unchanged."),
        (Mode::Import, [1, 0, 0, 0], "Nothing was delivered: 1 order is pending."),
        (Mode::Import, [50_000, 50_000, 0, 0], "All 50,000 orders are delivered."),
        (Mode::Import, [12, 10, 2, 0], "All 12 orders are delivered, 2 of them unchanged."),
        (Mode::Import, [12, 9, 2, 0], "11 of 12 orders are delivered, 2 of them unchanged; 1 is not."),
        (Mode::Validate, [12, 0, 0, 12], "All 12 orders can be sent."),
        (Mode::Validate, [12, 0, 0, 10], "10 of 12 orders can be sent; 2 are held back."),
        (Mode::Plan, [12, 0, 3, 9], "All 12 orders can be sent, 3 of them unchanged."),
    ];

    #[test]
    fn one_sentence_says_what_happened() {
        for (mode, [orders, accepted, unchanged, valid], words) in SENTENCES {
            let totals = Totals {
                orders,
                accepted,
                unchanged,
                valid,
                invalid: orders - accepted - unchanged - valid,
                ..Totals::default()
            };
            assert_eq!(sentence(mode, totals), words);
        }
    }

    #[test]
    fn next_steps_follow_from_the_outcomes() {
        let of = |totals| Headline::of(&Report { totals, ..empty() });
        let done = of(Totals {
            orders: 1,
            accepted: 1,
            ..Totals::default()
        });
        assert_eq!(
            (done.state, done.advice.as_slice()),
            (State::Good, &["There is nothing to do.".to_owned()][..])
        );
        let open = of(Totals {
            orders: 3,
            invalid: 1,
            unknown: 2,
            ..Totals::default()
        });
        assert_eq!((open.state, open.advice.len()), (State::Open, 3));
        assert!(open.advice[0].starts_with("1 order was held back because of errors: "));
        let of_inbox = Headline::of(&Report {
            totals: Totals {
                orders: 1,
                invalid: 1,
                ..Totals::default()
            },
            is_from_inbox: true,
            ..empty()
        });
        assert!(of_inbox.advice[1].starts_with("Then correct the .rejects file in failed/"));
        let stopped = Headline::of(&Report {
            stopped: Some("the time limit of --max-duration has passed".to_owned()),
            ..empty()
        });
        assert_eq!(
            stopped.advice[0],
            "The run was stopped: the time limit of --max-duration has passed."
        );
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
