//! Proposals for the headers of real exports.

use proptest::prelude::*;

use super::*;
use crate::layout::sketch;
use crate::orders::value::placeholders;

fn proposed(headers: &[&str], rows: &[&[&str]]) -> Vec<WideTable> {
    propose(&[sketch(headers, rows)], &placeholders())
}

fn ids(headers: &[&str], rows: &[&[&str]]) -> Vec<String> {
    let tables = proposed(headers, rows);
    tables.into_iter().map(|table| table.test_id).collect()
}

#[test]
fn columns_of_numbers_become_tests() {
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
fn columns_with_a_common_stem_are_one_test() {
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
fn a_time_without_a_test_belongs_to_all_tests() {
    let headers = ["order_id", "Taken On", "Numerical", "Verbal", "Verbal date"];
    let row: &[&str] = &["1", "2026-03-04", "82", "77", "2026-03-05"];
    let times: Vec<_> = proposed(&headers, &[row])
        .into_iter()
        .map(|table| table.updated_at.unwrap())
        .collect();
    assert_eq!(times, ["Taken On", "Verbal date"]);
}

#[test]
fn several_headers_similar_to_one_column_are_tests_but_a_single_one_is_not() {
    let two = ["order_id", "Score (Numerical)", "Score (Verbal)"];
    assert_eq!(ids(&two, &[&["1", "2", "3"]]), ["NUMERICAL", "VERBAL"]);
    let one = ["order_id", "Test Score (%)", "Verbal"];
    assert_eq!(ids(&one, &[&["1", "2", "3"]]), ["VERBAL"]);
}

#[test]
fn a_test_name_may_contain_a_word_of_a_role() {
    let headers = ["order_id", "Time management", "State of mind score"];
    assert_eq!(
        ids(&headers, &[&["1", "2", "3"]]),
        ["TIME-MANAGEMENT", "STATE-OF-MIND"]
    );
}

#[test]
fn tests_with_the_same_name_get_different_ids() {
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
            prop_assert!((1..=MAX_TEST_ID_LENGTH).contains(&id.chars().count()), "{id}");
        }
        prop_assert_eq!(taken.len(), ids.len());
    }
}
