//! Histories of imports against a naive server: nothing is lost, and nothing acknowledged is appended twice.
//!
//! The server and the oracle know bodies only as JSON, so that they share nothing with the rules under test.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{Change, Due, OnAmbiguous, OrderState, Planned, plan};
use crate::ledger::flat_update::FlatUpdate;
use crate::paylocity::model::OrderUpdate;

/// A value by the path to it; a test that is there is a value too.
type Values = BTreeMap<String, String>;
/// A report with the path to its list.
type Report = String;

/// Reads a body: the values by their paths, and the reports.
fn facts(body: &OrderUpdate) -> (Values, Vec<Report>) {
    let (mut values, mut reports) = (Values::new(), Vec::new());
    walk("", &json!(body), &mut values, &mut reports);
    (values, reports)
}

fn walk(path: &str, node: &Value, values: &mut Values, reports: &mut Vec<Report>) {
    match node {
        Value::Object(fields) => {
            for (name, field) in fields {
                walk(&format!("{path}/{name}"), field, values, reports);
            }
        }
        Value::Array(list) if path.ends_with("/reports") || path.ends_with("/overallReports") => {
            reports.extend(list.iter().map(|link| format!("{path} {link}")));
        }
        Value::Array(list) => {
            for entry in list {
                let id = [
                    &entry["assessmentId"],
                    &entry["id"],
                    &entry["score"]["attempt"],
                ];
                walk(&format!("{path}{id:?}"), entry, values, reports);
            }
        }
        // The assessment id is not compared as a value, because it is part of the paths.
        _ if path.ends_with("/assessmentId") => {}
        single => {
            values.insert(path.to_owned(), single.to_string());
        }
    }
}

/// Replaces values, and always appends reports.
#[derive(Default)]
struct Server {
    values: Values,
    reports: BTreeMap<Report, usize>,
}

impl Server {
    fn apply(&mut self, body: &OrderUpdate) {
        let (values, reports) = facts(body);
        self.values.extend(values);
        for report in reports {
            *self.reports.entry(report).or_default() += 1;
        }
    }
}

/// How an attempt at sending ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Answered,
    LostAfterApplying,
    LostBeforeApplying,
    RefusedAndTriedAgain,
    RefusedForGood,
    KilledAfterApplying,
    KilledBeforeApplying,
}

impl End {
    fn applies(self) -> bool {
        use End::{Answered, KilledAfterApplying, LostAfterApplying};
        matches!(self, Answered | LostAfterApplying | KilledAfterApplying)
    }
}

/// One file that is imported, and how each attempt ends; after them the run gives up.
#[derive(Debug, Clone)]
struct Import {
    body: OrderUpdate,
    policy: OnAmbiguous,
    ends: Vec<End>,
}

/// The history of a test case, with the invariants that must hold.
#[derive(Default)]
struct History {
    server: Server,
    known: OrderState,
    /// What settled imports said, but for what later unsettled ones may have changed.
    expected: Values,
    acknowledged: BTreeSet<Report>,
    /// Reports of plans that said they were in doubt.
    risked: BTreeSet<Report>,
}

impl History {
    fn import(&mut self, import: &Import) {
        for end in &import.ends {
            let planned = plan(&import.body, Some(&self.known), import.policy, false);
            let Some(sent) = self.checked(&import.body, &planned) else {
                return self.check_idle(&import.body, &planned);
            };
            self.known.intend(&sent);
            // Unwritten state is lost when the process is killed; only this is read again.
            self.known = serde_json::from_value(json!(self.known)).unwrap();
            if end.applies() {
                self.server.apply(&sent);
            }
            match end {
                End::Answered => {
                    self.known.accept(&sent);
                    self.acknowledged.extend(facts(&sent).1);
                    self.settled(&import.body, &planned);
                    return self.check_settled(import);
                }
                End::LostAfterApplying | End::LostBeforeApplying => {
                    self.known.doubt(&sent);
                    self.unsettled(&sent);
                }
                End::RefusedAndTriedAgain => self.known.refuse(&sent),
                End::RefusedForGood => return self.known.refuse(&sent),
                End::KilledAfterApplying | End::KilledBeforeApplying => {
                    return self.unsettled(&sent);
                }
            }
        }
    }

    /// Checks a plan and returns the body that it sends.
    fn checked(&mut self, body: &OrderUpdate, planned: &Planned) -> Option<OrderUpdate> {
        let idle = matches!(planned.change, Change::Unchanged | Change::Held);
        assert_eq!(planned.is_open(), !idle, "{planned:?}");
        let sent = planned.body(body)?.clone();
        let reports: BTreeSet<Report> = facts(&sent).1.into_iter().collect();
        assert!(reports.is_disjoint(&self.acknowledged), "{planned:?}");
        if planned.in_doubt {
            self.risked.extend(reports);
        }
        Some(sent)
    }

    fn unsettled(&mut self, sent: &OrderUpdate) {
        for (path, value) in facts(sent).0 {
            if self.expected.get(&path) != Some(&value) {
                self.expected.remove(&path);
            }
        }
    }

    /// The import ended well: the server holds all that the file says, but for the reports that are held back.
    fn settled(&mut self, body: &OrderUpdate, planned: &Planned) {
        let (values, reports) = facts(body);
        self.expected.extend(values);
        for (path, value) in &self.expected {
            assert_eq!(self.server.values.get(path), Some(value), "{path}");
        }
        let is_missing = |report: &&Report| !self.server.reports.contains_key(*report);
        let missing: Vec<&Report> = reports.iter().filter(is_missing).collect();
        for report in missing {
            let held = &planned.held_reports;
            let is_held = held
                .iter()
                .any(|held| report.ends_with(&json!(held.link).to_string()));
            assert!(is_held, "{report} is missing");
        }
    }

    /// No request was due: all is there already, or it is held back.
    fn check_idle(&mut self, body: &OrderUpdate, planned: &Planned) {
        assert_eq!(
            planned.held_reports.is_empty(),
            planned.change == Change::Unchanged
        );
        if planned.change == Change::Unchanged {
            self.settled(body, planned);
        }
    }

    /// After an acknowledged import, the same file costs no request, whatever the order of its rows.
    fn check_settled(&self, import: &Import) {
        for body in [import.body.clone(), turned_round(&import.body)] {
            let planned = plan(&body, Some(&self.known), import.policy, false);
            let held = import.policy == OnAmbiguous::Hold && !planned.held_reports.is_empty();
            let change = if held {
                Change::Held
            } else {
                Change::Unchanged
            };
            assert_eq!((planned.change, planned.due), (change, Due::Nothing));
        }
    }

    /// A report is there twice only where a plan said that this may happen.
    fn check_duplicates(&self) {
        for (report, count) in &self.server.reports {
            assert!(
                *count == 1 || self.risked.contains(report),
                "{report}: {count}"
            );
        }
    }
}

/// The same file with its rows reversed.
fn turned_round(body: &OrderUpdate) -> OrderUpdate {
    let mut body = body.clone();
    body.overall_reports.reverse();
    body.assessments.reverse();
    for results in body
        .assessments
        .iter_mut()
        .filter_map(|it| it.assessment_results.as_mut())
    {
        results.reports.reverse();
        results.tests.reverse();
        for score in results
            .tests
            .iter_mut()
            .filter_map(|test| test.score.as_mut())
        {
            score.reports.reverse();
        }
    }
    body
}

fn word() -> impl Strategy<Value = Option<&'static str>> {
    proptest::option::of(select(vec!["1", "2"]))
}

fn links() -> impl Strategy<Value = Vec<Value>> {
    let links = ["r", "s"].map(|name| json!({"name": name, "url": "https://x.example/"}));
    proptest::sample::subsequence(links.to_vec(), 0..=2)
}

fn a_test(id: &'static str, attempt: u32) -> impl Strategy<Value = Value> {
    (word(), word(), word(), links()).prop_map(move |(value, status, updated_at, reports)| {
        let score = json!({"value": value, "attempt": attempt, "reports": reports});
        json!({"id": id, "score": score, "testStatus": {"value": status, "updatedAt": updated_at}})
    })
}

fn an_assessment(id: Option<&'static str>) -> impl Strategy<Value = Value> {
    let some = |id, attempt| proptest::option::of(a_test(id, attempt));
    let tests = (some("N", 1), some("N", 2), some("M", 1));
    (word(), word(), links(), tests).prop_map(move |(status, score, reports, (one, two, three))| {
        let tests: Vec<Value> = [one, two, three].into_iter().flatten().collect();
        json!({
            "assessmentId": id, "assessmentStatus": {"value": status},
            "assessmentResults": {"score": score, "reports": reports, "tests": tests},
        })
    })
}

/// A body that says something: one that holds nothing but ids is an error of its rows.
fn a_body() -> impl Strategy<Value = OrderUpdate> {
    let assessments = (
        proptest::option::of(an_assessment(Some("A"))),
        proptest::option::weighted(0.3, an_assessment(None)),
    );
    let body = (word(), links(), assessments).prop_map(|(score, reports, (named, nameless))| {
        let assessments: Vec<Value> = [named, nameless].into_iter().flatten().collect();
        let body =
            json!({"overallScore": score, "overallReports": reports, "assessments": assessments});
        serde_json::from_value(body).unwrap()
    });
    body.prop_filter("says something", |body| {
        let (values, reports) = facts(body);
        !values.is_empty() || !reports.is_empty()
    })
}

fn an_end() -> impl Strategy<Value = End> {
    select(vec![
        End::Answered,
        End::Answered,
        End::LostAfterApplying,
        End::LostBeforeApplying,
        End::RefusedAndTriedAgain,
        End::RefusedForGood,
        End::KilledAfterApplying,
        End::KilledBeforeApplying,
    ])
}

fn imports(policies: &[OnAmbiguous]) -> impl Strategy<Value = Vec<Import>> {
    // Few different files, so that a history comes back to one that it knows.
    let files = proptest::collection::vec(a_body(), 1..4);
    let ends = proptest::collection::vec(an_end(), 1..4);
    let steps = proptest::collection::vec((any::<usize>(), select(policies.to_vec()), ends), 1..8);
    (files, steps).prop_map(|(files, steps)| {
        let import = |(file, policy, ends): (usize, _, _)| Import {
            body: files[file % files.len()].clone(),
            policy,
            ends,
        };
        steps.into_iter().map(import).collect()
    })
}

/// Plays the imports, then each of their files once more with an answer.
fn play(imports: &[Import]) -> History {
    let mut history = History::default();
    for import in imports {
        history.import(import);
    }
    for import in imports {
        history.import(&Import {
            ends: vec![End::Answered],
            ..import.clone()
        });
    }
    history.check_duplicates();
    history
}

proptest! {
    #[test]
    fn whatever_happens_nothing_is_lost_and_nothing_acknowledged_is_sent_twice(
        imports in imports(&[OnAmbiguous::Resend, OnAmbiguous::Hold])
    ) {
        play(&imports);
    }

    #[test]
    fn where_doubtful_reports_are_resent_none_is_missing_in_the_end(
        imports in imports(&[OnAmbiguous::Resend])
    ) {
        let history = play(&imports);
        for report in imports.iter().flat_map(|import| facts(&import.body).1) {
            prop_assert!(history.server.reports.contains_key(&report), "{}", report);
        }
    }

    #[test]
    fn where_doubtful_reports_are_held_none_is_ever_there_twice(
        imports in imports(&[OnAmbiguous::Hold])
    ) {
        let history = play(&imports);
        prop_assert!(history.risked.is_empty());
        prop_assert!(history.server.reports.values().all(|count| *count == 1));
    }

    #[test]
    fn flattening_and_nesting_an_update_changes_nothing(body in a_body()) {
        let whole = FlatUpdate::new(&body).into_update();
        prop_assert_eq!(facts(&whole), facts(&body));
        let (mut values, mut reports) = (FlatUpdate::new(&body), FlatUpdate::new(&body));
        values.retain_reports(|_, _| false);
        prop_assert_eq!(facts(&values.into_update()), (facts(&body).0, Vec::new()));
        reports.retain_only_reports();
        prop_assert_eq!(facts(&reports.into_update()).1, facts(&body).1);
    }
}
