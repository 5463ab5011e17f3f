//! Sheets with a column per test: which columns look like scores, and the `[[wide]]` tables that would make tests of
//! them. A guess from the words of the headers, to be edited before it is used.

use std::collections::HashSet;

use serde::Serialize;

use super::{ColumnLayout, Meaning, SheetLayout};
use crate::columns::without_tail;
use crate::order::value::is_placeholder;

/// A table of the config that makes a test of a column. Each part but the test id names a header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WideTable {
    /// The id of the test, made from the header.
    pub test_id: String,
    /// The column of the scores.
    pub score: String,
    /// The column of the attempts; the attempt is 1 where there is none.
    pub attempt: Option<String>,
    /// The column of the test's status.
    pub status: Option<String>,
    /// The column that says since when it has that status.
    pub updated_at: Option<String>,
    /// The column that says what the score means.
    pub description: Option<String>,
    /// The column of the link of a report.
    pub report_url: Option<String>,
}

/// The longest test id that the API is known to take (API.md, table of fields).
const LONGEST_TEST_ID: usize = 36;

/// Numbers of so many digits are ids or telephone numbers rather than scores.
const FEWEST_DIGITS_OF_AN_ID: usize = 10;

/// Words that say that a column is the score of what its other words name.
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

/// Last words of headers over figures that are no scores.
const NO_SCORES: [&str; 12] = [
    "id", "no", "nr", "number", "phone", "mobile", "zip", "postcode", "year", "age", "date",
    "count",
];

/// Puts a header into a part of a table.
type Part = fn(&mut WideTable, String);

/// The parts of a table beside the score: the words that tell their columns, and where they go.
const COMPANIONS: [(&[&str], Part); 5] = [
    (&["status", "state"], |table, header| {
        table.status = Some(header);
    }),
    (
        &[
            "date",
            "time",
            "at",
            "on",
            "completed",
            "finished",
            "updated",
            "taken",
            "timestamp",
        ],
        |table, header| table.updated_at = Some(header),
    ),
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
#[must_use]
pub fn propose(sheets: &[SheetLayout]) -> Vec<WideTable> {
    let mut tables: Vec<WideTable> = Vec::new();
    let mut taken = HashSet::new();
    for sheet in sheets {
        let open: Vec<(&ColumnLayout, &str)> = open_columns(sheet);
        let scores: Vec<&str> = open
            .iter()
            .filter(|(column, header)| looks_like_scores(column, header))
            .map(|(_, header)| *header)
            .collect();
        let is_part = |header: &str| {
            scores
                .iter()
                .any(|score| *score != header && companion(score, header).is_some())
        };
        for score in scores.iter().filter(|header| !is_part(header)) {
            if tables.iter().any(|table| table.score == *score) {
                continue;
            }
            let mut table = WideTable {
                test_id: test_id(score, &mut taken),
                score: (*score).to_owned(),
                ..WideTable::default()
            };
            for (_, header) in open.iter().filter(|(_, header)| header != score) {
                if let Some(fill) = companion(score, header) {
                    fill(&mut table, (*header).to_owned());
                }
            }
            tables.push(table);
        }
    }
    tables
}

/// Returns the columns that mean nothing yet.
///
/// A column that is close to a field is one of them only beside others that are close to the same one: `Score (Verbal)`
/// and `Score (Numerical)` are two tests, `Test Score (%)` alone is the score.
fn open_columns(sheet: &SheetLayout) -> Vec<(&ColumnLayout, &str)> {
    let close_to = |field| {
        let close = sheet
            .columns
            .iter()
            .filter(|column| column.meaning == Meaning::Unclear(field));
        close.count()
    };
    let is_open = |column: &&ColumnLayout| match column.meaning {
        Meaning::Ignored => true,
        Meaning::Unclear(field) => close_to(field) > 1,
        Meaning::Known(_) | Meaning::Again(_) | Meaning::Own => false,
    };
    let open = sheet.columns.iter().filter(is_open);
    open.filter_map(|column| Some((column, column.header.as_deref()?)))
        .collect()
}

/// Tells whether most cells of a column are numbers, percentages or placeholders, and at least one is no placeholder.
fn looks_like_scores(column: &ColumnLayout, header: &str) -> bool {
    let figures = column
        .values
        .iter()
        .filter(|value| is_figure(value))
        .count();
    let blanks = column
        .values
        .iter()
        .filter(|value| is_placeholder(value))
        .count();
    let is_id = header.ends_with("ID")
        || words(header)
            .last()
            .is_some_and(|word| NO_SCORES.contains(&word.as_str()));
    figures > 0 && 2 * (figures + blanks) > column.values.len() && !is_id
}

/// Tells whether a text is a number, a percentage, or points of a total: `87`, `-1.5`, `85 %`, `17/20`.
fn is_figure(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| {
        let text = text.strip_prefix('-').unwrap_or(text);
        let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, "0"));
        digits(whole) && digits(decimals) && whole.len() < FEWEST_DIGITS_OF_AN_ID
    };
    let text = text.trim_end_matches('%').trim_end();
    match text.split_once('/') {
        Some((points, total)) => number(points.trim_end()) && number(total.trim_start()),
        None => number(text),
    }
}

/// Returns the part of a score's table that another header is, if both speak of the same test.
fn companion(score: &str, header: &str) -> Option<Part> {
    let subject = subject(score, SCORE_WORDS);
    COMPANIONS.into_iter().find_map(|(role, part)| {
        let own = words(header);
        let has_role = own.iter().any(|word| role.contains(&word.as_str()));
        (has_role && without(own, role) == subject).then_some(part)
    })
}

/// Returns what a header speaks of: its words without those of its role, and without a tail such as `(%)`.
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

/// Makes a test id from a header that no other has.
fn test_id(header: &str, taken: &mut HashSet<String>) -> String {
    let names = [
        subject(header, SCORE_WORDS),
        without(words(header), SCORE_WORDS),
        words(header),
    ];
    let plain = names.iter().map(|words| joined(words, LONGEST_TEST_ID));
    let base = joined(&names[0], LONGEST_TEST_ID - "-999".len());
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    plain
        .filter(|id| !id.is_empty())
        .chain(numbered)
        .find(|id| taken.insert(id.clone()))
        .unwrap_or(base)
}

/// Joins words by `-`, upper-case, as many as fit.
fn joined(words: &[String], longest: usize) -> String {
    let mut id = String::new();
    for word in words {
        let longer = format!("{id}-{}", word.to_uppercase());
        let longer = longer.trim_start_matches('-');
        if longer.chars().count() > longest {
            break;
        }
        id = longer.to_owned();
    }
    match words.first() {
        Some(first) if id.is_empty() => first.to_uppercase().chars().take(longest).collect(),
        None => "TEST".to_owned(),
        Some(_) => id,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layout::sketch;

    fn proposed(headers: &[&str], rows: &[&[&str]]) -> Vec<WideTable> {
        propose(&[sketch(headers, rows)])
    }

    fn ids(headers: &[&str], rows: &[&[&str]]) -> Vec<String> {
        let tables = proposed(headers, rows);
        tables.into_iter().map(|table| table.test_id).collect()
    }

    #[test]
    fn columns_of_figures_become_tests() {
        let headers = [
            "order_id",
            "Candidate",
            "Numerical (%)",
            "Verbal score",
            "Space /100",
            "Zip",
            "CandidateID",
        ];
        let rows: [&[&str]; 3] = [
            &["1", "Ann", "82", "85%", "17/20", "10115", "7"],
            &["2", "Bob", "N/A", "-", "", "10117", "8"],
            &["3", "Cem", "absent", "7.5", "", "10119", "9"],
        ];
        assert_eq!(ids(&headers, &rows), ["NUMERICAL", "VERBAL", "SPACE"]);
    }

    #[test]
    fn columns_that_share_a_stem_belong_together() {
        let headers = [
            "order_id",
            "Numerical score",
            "Numerical status",
            "Numerical completed at",
            "Numerical attempt",
            "Verbal",
            "Report link (Verbal)",
            "Verbal level",
        ];
        let row: &[&str] = &[
            "1",
            "82",
            "Complete",
            "2026-03-04",
            "1",
            "77",
            "https://x.example",
            "high",
        ];
        let some = |header: &str| Some(header.to_owned());
        let numerical = WideTable {
            test_id: "NUMERICAL".into(),
            score: "Numerical score".into(),
            attempt: some("Numerical attempt"),
            status: some("Numerical status"),
            updated_at: some("Numerical completed at"),
            ..WideTable::default()
        };
        let verbal = WideTable {
            test_id: "VERBAL".into(),
            score: "Verbal".into(),
            description: some("Verbal level"),
            report_url: some("Report link (Verbal)"),
            ..WideTable::default()
        };
        assert_eq!(proposed(&headers, &[row]), [numerical, verbal]);
    }

    #[test]
    fn near_misses_of_the_same_column_are_tests_and_a_single_one_is_not() {
        let two = ["order_id", "Score (Numerical)", "Score (Verbal)"];
        assert_eq!(ids(&two, &[&["1", "2", "3"]]), ["NUMERICAL", "VERBAL"]);
        let one = ["order_id", "Test Score (%)", "Verbal"];
        assert_eq!(ids(&one, &[&["1", "2", "3"]]), ["VERBAL"]);
    }

    #[test]
    fn a_test_whose_name_has_a_word_of_a_role_is_still_a_test() {
        let headers = ["order_id", "Time management", "State of mind score"];
        assert_eq!(
            ids(&headers, &[&["1", "2", "3"]]),
            ["TIME-MANAGEMENT", "STATE-OF-MIND"]
        );
    }

    #[test]
    fn ids_differ_where_subjects_do_not() {
        let headers = [
            "order_id",
            "Numerical (T)",
            "Numerical (Sten)",
            "numerical",
            "%",
        ];
        let row: &[&str] = &["1", "2", "3", "4", "5"];
        assert_eq!(
            ids(&headers, &[row]),
            ["NUMERICAL", "NUMERICAL-STEN", "NUMERICAL-2", "TEST"]
        );
    }

    proptest! {
        #[test]
        fn every_id_is_short_and_no_two_are_the_same(headers in proptest::collection::vec(".{0,60}", 1..30)) {
            let mut taken = HashSet::new();
            let ids: Vec<String> = headers.iter().map(|header| test_id(header, &mut taken)).collect();
            for id in &ids {
                prop_assert!((1..=LONGEST_TEST_ID).contains(&id.chars().count()), "{id}");
            }
            prop_assert_eq!(taken.len(), ids.len());
        }
    }
}
