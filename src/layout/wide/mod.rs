//! Proposals of `[[wide]]` tables for sheets with a column per test.
//!
//! Which columns are scores is guessed from their values and the words of their headers. The user edits the proposal.

use std::collections::HashSet;

use serde::Serialize;

use crate::layout::sheet::{ColumnLayout, Meaning, SheetLayout};
use crate::schema::header_names::without_tail;

/// A proposed `[[wide]]` table. Each field except the test id is a header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct WideTable {
    /// The id of the test, made from the header.
    pub(crate) test_id: String,
    /// The column of the scores.
    pub(crate) score: String,
    /// The column of the attempts; without it the attempt is 1.
    pub(crate) attempt: Option<String>,
    /// The column of the test's status.
    pub(crate) status: Option<String>,
    /// The column of the time of that status.
    pub(crate) updated_at: Option<String>,
    /// The column of the description of the score.
    pub(crate) description: Option<String>,
    /// The column of the report URL.
    pub(crate) report_url: Option<String>,
}

impl WideTable {
    /// Returns whether the table has a header.
    pub(crate) fn reads(&self, header: &str) -> bool {
        let others = [
            &self.attempt,
            &self.status,
            &self.updated_at,
            &self.description,
            &self.report_url,
        ];
        self.score == header
            || others
                .into_iter()
                .any(|other| other.as_deref() == Some(header))
    }
}

/// The longest documented test id ([`crate::paylocity`]).
const MAX_TEST_ID_LENGTH: usize = 36;

/// Numbers with this many digits are ids or telephone numbers, not scores.
const MIN_ID_DIGITS: usize = 10;

/// Words that mark a column as the score of what its other words name.
const SCORE_WORDS: &[&str] = &[
    "score",
    "scores",
    "result",
    "results",
    "points",
    "mark",
    "marks",
    "grade",
    "percent",
    "percentage",
    "pct",
];

/// Last words of headers whose numbers are not scores.
const NOT_SCORES: [&str; 12] = [
    "id", "no", "nr", "number", "phone", "mobile", "zip", "postcode", "year", "age", "date",
    "count",
];

/// Words that mark a column as the time of what its other words name.
const TIME_WORDS: &[&str] = &[
    "date",
    "time",
    "at",
    "on",
    "completed",
    "finished",
    "updated",
    "taken",
    "timestamp",
];

/// Sets a field of a table to a header.
type SetField = fn(&mut WideTable, String);

/// The words that mark the columns of the fields besides the score.
const COMPANIONS: [(&[&str], SetField); 5] = [
    (&["status", "state"], |table, header| {
        table.status = Some(header);
    }),
    (TIME_WORDS, |table, header| table.updated_at = Some(header)),
    (
        &[
            "description",
            "comment",
            "comments",
            "band",
            "level",
            "interpretation",
            "feedback",
        ],
        |table, header| table.description = Some(header),
    ),
    (&["report", "url", "link"], |table, header| {
        table.report_url = Some(header);
    }),
    (&["attempt", "attempts", "try"], |table, header| {
        table.attempt = Some(header);
    }),
];

/// Proposes a table for each column of the sheets that looks like the scores of a test.
pub(crate) fn propose(sheets: &[SheetLayout], placeholders: &[String]) -> Vec<WideTable> {
    let mut tables: Vec<WideTable> = Vec::new();
    let mut taken = HashSet::new();
    for sheet in sheets {
        let open = open_columns(sheet);
        for score in scores(&open, placeholders) {
            if !tables.iter().any(|table| table.score == score) {
                tables.push(table(score, &open, test_id(score, &mut taken)));
            }
        }
    }
    tables
}

/// Returns the headers that look like scores and are not another field of a test, such as its attempt.
fn scores<'a>(open: &[(&ColumnLayout, &'a str)], placeholders: &[String]) -> Vec<&'a str> {
    let figures: Vec<&str> = open
        .iter()
        .filter(|(column, header)| looks_like_scores(column, header, placeholders))
        .map(|(_, header)| *header)
        .collect();
    let is_part = |header: &&str| {
        let mut others = figures.iter().filter(|other| *other != header);
        others.any(|score| companion(score, header).is_some())
    };
    let parts: Vec<bool> = figures.iter().map(is_part).collect();
    let whole = figures.iter().zip(parts).filter(|(_, is_part)| !is_part);
    whole.map(|(header, _)| *header).collect()
}

/// Makes the table of a test from its score and the columns that name the same test.
fn table(score: &str, open: &[(&ColumnLayout, &str)], test_id: String) -> WideTable {
    let mut table = WideTable {
        test_id,
        score: score.to_owned(),
        ..WideTable::default()
    };
    for (_, header) in open.iter().filter(|(_, header)| *header != score) {
        if let Some(fill) = companion(score, header) {
            fill(&mut table, (*header).to_owned());
        }
    }
    let mut headers = open.iter().map(|(_, header)| *header);
    let shared = headers.find(|header| is_time_of_all(header));
    table.updated_at = table.updated_at.or_else(|| shared.map(str::to_owned));
    table
}

/// Returns the columns that are not read as a field yet.
///
/// Columns that are similar to a field are included only if several are similar to the same one: `Score (Verbal)` and
/// `Score (Numerical)` are two tests, but a single `Test Score (%)` is the score.
fn open_columns(sheet: &SheetLayout) -> Vec<(&ColumnLayout, &str)> {
    let same = |column: &ColumnLayout| {
        let others = sheet.columns.iter();
        others
            .filter(|other| other.meaning == column.meaning)
            .count()
    };
    let is_open = |column: &&ColumnLayout| match column.meaning {
        Meaning::Ignored => true,
        Meaning::Similar(_) => same(column) > 1,
        _ => false,
    };
    let open = sheet.columns.iter().filter(is_open);
    open.filter_map(|column| Some((column, column.header.as_deref()?)))
        .collect()
}

/// Returns whether most values of a column are numbers, percentages or placeholders, and at least one is a number.
fn looks_like_scores(column: &ColumnLayout, header: &str, placeholders: &[String]) -> bool {
    let figures = column
        .values
        .iter()
        .filter(|value| is_figure(value))
        .count();
    let blanks = column
        .values
        .iter()
        .filter(|value| {
            placeholders
                .iter()
                .any(|word| word.eq_ignore_ascii_case(value))
        })
        .count();
    let is_id = header.ends_with("ID")
        || words(header)
            .last()
            .is_some_and(|word| NOT_SCORES.contains(&word.as_str()));
    figures > 0 && 2 * (figures + blanks) > column.values.len() && !is_id
}

/// Returns whether a text is a number, a percentage, or points out of a total: `87`, `-1.5`, `85 %`, `17/20`.
fn is_figure(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| {
        let text = text.strip_prefix('-').unwrap_or(text);
        let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, "0"));
        digits(whole) && digits(decimals) && whole.len() < MIN_ID_DIGITS
    };
    let text = text.trim_end_matches('%').trim_end();
    match text.split_once('/') {
        Some((points, total)) => number(points.trim_end()) && number(total.trim_start()),
        None => number(text),
    }
}

/// Returns the field of a score's table that another header fills, if both name the same test.
fn companion(score: &str, header: &str) -> Option<SetField> {
    let subject = subject(score, SCORE_WORDS);
    let is_of = |role: &[&str]| {
        let own = words(header);
        own.iter().any(|word| role.contains(&word.as_str())) && without(own, role) == subject
    };
    let part = COMPANIONS.into_iter().find(|(role, _)| is_of(role));
    part.map(|(_, part)| part)
}

/// Returns whether a header names a time but no test: `Taken on` is the time of all tests.
fn is_time_of_all(header: &str) -> bool {
    let words = words(header);
    !words.is_empty() && without(words, TIME_WORDS).is_empty()
}

/// Returns the test that a header names: its words without those of its role, and without a tail such as `(%)`.
fn subject(header: &str, role: &[&str]) -> Vec<String> {
    let head = without_tail(header).unwrap_or(header);
    let candidates = [
        without(words(head), role),
        without(words(header), role),
        words(header),
    ];
    candidates
        .into_iter()
        .find(|words| !words.is_empty())
        .unwrap_or_default()
}

fn without(mut words: Vec<String>, role: &[&str]) -> Vec<String> {
    words.retain(|word| !role.contains(&word.as_str()));
    words
}

fn words(header: &str) -> Vec<String> {
    header
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Makes a unique test id from a header.
fn test_id(header: &str, taken: &mut HashSet<String>) -> String {
    let names = [
        subject(header, SCORE_WORDS),
        without(words(header), SCORE_WORDS),
        words(header),
    ];
    let plain = names.iter().map(|words| joined(words, MAX_TEST_ID_LENGTH));
    let base = joined(&names[0], MAX_TEST_ID_LENGTH - "-999".len());
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    plain
        .filter(|id| !id.is_empty())
        .chain(numbered)
        .find(|id| taken.insert(id.clone()))
        .unwrap_or(base)
}

/// Joins as many upper-case words by `-` as fit.
fn joined(words: &[String], longest: usize) -> String {
    let Some((first, rest)) = words.split_first() else {
        return "TEST".to_owned();
    };
    let mut id: String = first.to_uppercase().chars().take(longest).collect();
    for word in rest {
        let word = word.to_uppercase();
        if id.chars().count() + 1 + word.chars().count() > longest {
            break;
        }
        id.push('-');
        id.push_str(&word);
    }
    id
}

#[cfg(test)]
mod tests;
