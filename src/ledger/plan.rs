//! The diff of an order: what to send, given the order's state.
//!
//! Scores and statuses may be sent again without harm; reports are only ever appended by the server
//! ([`crate::paylocity`]), so a report leaves again only where it may not have arrived. How knowledge grows with each
//! answer is for [`crate::ledger::order_state`].

use crate::ledger::flat_update::{FlatUpdate, PartId};
use crate::ledger::order_state::OrderState;
use crate::paylocity::model::{OrderUpdate, ReportLink};
use crate::schema::columns::Scope;

/// What to do with reports that may already have been appended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnAmbiguous {
    /// Send them again: the server may then hold them twice
    #[default]
    Resend,
    /// Keep them back: what became of them is for a person to say
    Hold,
}

/// How a body relates to the state of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The order was never sent.
    New,
    /// The body has something that was not acknowledged.
    Changed,
    /// The server acknowledged everything in the body.
    Unchanged,
    /// An earlier update may have been applied; it is sent again until it is acknowledged.
    Resume,
    /// Everything was acknowledged except held reports.
    Held,
}

/// The plan of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planned {
    /// How the body relates to the state.
    pub(crate) change: Change,
    /// What to send now.
    pub(crate) due: Due,
    /// Whether it has reports that may already have been appended.
    pub(crate) in_doubt: bool,
    /// Reports of the body that are in doubt and held.
    pub(crate) held_reports: Vec<ScopedReport>,
}

/// The part of a body to send now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing; no request is needed.
    Nothing,
    /// All of it.
    Whole,
    /// All values, and the reports that are due.
    Part(OrderUpdate),
}

impl Planned {
    /// Returns the plan of an order that was never sent.
    pub(crate) const fn of_new() -> Self {
        whole(Change::New, false)
    }

    /// Returns the plan of an order whose body was acknowledged.
    pub(crate) const fn unchanged() -> Self {
        Self {
            change: Change::Unchanged,
            due: Due::Nothing,
            in_doubt: false,
            held_reports: Vec::new(),
        }
    }

    /// Returns the body to send now, given the whole body, or `None` for no request.
    pub(crate) const fn body<'a>(&'a self, wanted: &'a OrderUpdate) -> Option<&'a OrderUpdate> {
        match &self.due {
            Due::Nothing => None,
            Due::Whole => Some(wanted),
            Due::Part(part) => Some(part),
        }
    }

    /// Whether there is anything to send.
    pub(crate) const fn is_open(&self) -> bool {
        !matches!(self.due, Due::Nothing)
    }
}

/// A report and its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScopedReport {
    /// Whether the report belongs to the order, an assessment or a test.
    pub(crate) scope: Scope,
    /// The report.
    pub(crate) link: ReportLink,
}

/// Plans what to send of a body.
///
/// `resend_all` sends the whole body, whatever was accepted; so does a state that is due again.
pub(crate) fn plan(
    body: &OrderUpdate,
    known: Option<&OrderState>,
    policy: OnAmbiguous,
    resend_all: bool,
) -> Planned {
    match known.filter(|known| !known.is_empty()) {
        None => Planned::of_new(),
        Some(known) if resend_all || known.due_again => again(body, known),
        Some(known) if is_all_accepted(body, known) => Planned::unchanged(),
        Some(known) => rest(body, known, policy),
    }
}

const fn whole(change: Change, in_doubt: bool) -> Planned {
    Planned {
        change,
        due: Due::Whole,
        in_doubt,
        held_reports: Vec::new(),
    }
}

/// Plans to send the whole body again.
fn again(body: &OrderUpdate, known: &OrderState) -> Planned {
    let accepted = FlatUpdate::new(&known.accepted);
    let doubtful = FlatUpdate::new(&known.doubtful);
    let in_doubt = FlatUpdate::new(body)
        .reports()
        .any(|(id, link)| accepted.has_report(id, link) || doubtful.has_report(id, link));
    whole(sending(known, known.due_again), in_doubt)
}

/// Whether the whole body was accepted: a shortcut for the usual case of a file that is imported again.
fn is_all_accepted(body: &OrderUpdate, known: &OrderState) -> bool {
    !known.unsettled && known.doubtful == OrderUpdate::default() && known.accepted == *body
}

/// Plans the part of the body that was not accepted.
fn rest(body: &OrderUpdate, known: &OrderState, policy: OnAmbiguous) -> Planned {
    let asked = FlatUpdate::new(body);
    let accepted = FlatUpdate::new(&known.accepted);
    let mut sorting = Sorting {
        accepted: &accepted,
        doubtful: FlatUpdate::new(&known.doubtful),
        policy,
        in_doubt: false,
        held: Vec::new(),
    };
    let mut due = asked.clone();
    due.retain_reports(|id, link| sorting.is_due(id, link));
    let Sorting { in_doubt, held, .. } = sorting;
    let nothing = FlatUpdate::default();
    let certain = if known.unsettled { &nothing } else { &accepted };
    // A test whose reports were all removed is bare in `due`, although the body has no bare test.
    let says_more = due.reports().next().is_some()
        || !asked.values_are_in(certain)
        || asked.inserts_an_empty_test(&accepted);
    let change = match (says_more, held.is_empty()) {
        (true, _) => sending(known, in_doubt),
        (false, true) => Change::Unchanged,
        (false, false) => Change::Held,
    };
    Planned {
        change,
        due: if says_more {
            due_of(body, due.into_update())
        } else {
            Due::Nothing
        },
        in_doubt,
        held_reports: held,
    }
}

fn due_of(body: &OrderUpdate, due: OrderUpdate) -> Due {
    if due == *body {
        Due::Whole
    } else {
        Due::Part(due)
    }
}

fn sending(known: &OrderState, in_doubt: bool) -> Change {
    if known.unsettled || in_doubt {
        Change::Resume
    } else {
        Change::Changed
    }
}

/// Sorts the reports of a body into those that are due and those that are not.
struct Sorting<'a> {
    accepted: &'a FlatUpdate,
    doubtful: FlatUpdate,
    policy: OnAmbiguous,
    in_doubt: bool,
    held: Vec<ScopedReport>,
}

impl Sorting<'_> {
    fn is_due(&mut self, id: &PartId, link: &ReportLink) -> bool {
        if self.accepted.has_report(id, link) {
            return false;
        }
        if !self.doubtful.has_report(id, link) {
            return true;
        }
        match self.policy {
            OnAmbiguous::Resend => self.in_doubt = true,
            OnAmbiguous::Hold => self.held.push(ScopedReport {
                scope: id.scope(),
                link: link.clone(),
            }),
        }
        self.policy == OnAmbiguous::Resend
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use OnAmbiguous::{Hold, Resend};

    fn body(value: Value) -> OrderUpdate {
        serde_json::from_value(value).unwrap()
    }

    fn link(name: &str) -> Value {
        json!({"name": name, "url": format!("https://x.example/{name}")})
    }

    fn with_test(test: &Value) -> OrderUpdate {
        let results = json!({"tests": [test]});
        body(json!({"assessments": [{"assessmentId": "A", "assessmentResults": results}]}))
    }

    /// Returns a body with one test that has a score and reports.
    fn scored(score: &str, reports: &[&str]) -> OrderUpdate {
        let reports: Vec<Value> = reports.iter().map(|name| link(name)).collect();
        let score = json!({"value": score, "attempt": 1, "reports": reports});
        with_test(&json!({"id": "N", "score": score}))
    }

    /// Returns a body with one test that has reports only.
    fn only_reports(reports: &[&str]) -> OrderUpdate {
        let mut body = scored("", reports);
        let results = body.assessments[0].assessment_results.as_mut().unwrap();
        results.tests[0].score.as_mut().unwrap().value = None;
        body
    }

    fn accepted(body: &OrderUpdate) -> OrderState {
        let mut known = OrderState::default();
        known.intend(body);
        known.accept(body);
        known
    }

    fn lost(body: &OrderUpdate) -> OrderState {
        let mut known = OrderState::default();
        known.intend(body);
        known.doubt(body);
        known
    }

    fn names(planned: &Planned) -> Vec<&str> {
        planned
            .held_reports
            .iter()
            .map(|report| report.link.name.as_deref().unwrap())
            .collect()
    }

    #[test]
    fn an_order_that_was_never_sent_is_new_and_sent_whole() {
        let asked = scored("1", &["R", "S"]);
        let mut refused = OrderState::default();
        refused.intend(&asked);
        refused.refuse(&asked);
        for known in [None, Some(&OrderState::default()), Some(&refused)] {
            assert_eq!(plan(&asked, known, Hold, false), whole(Change::New, false));
        }
    }

    #[test]
    fn accepted_parts_are_not_sent_again() {
        let known = accepted(&scored("1", &["R"]));
        let bare = |id: &str| with_test(&json!({"id": id, "score": {"attempt": 1}}));
        let table = [
            (scored("1", &["R"]), None),
            (only_reports(&["R"]), None),
            (bare("N"), None),
            (body(json!({"assessments": [{"assessmentId": "B"}]})), None),
            (bare("M"), Some(bare("M"))),
            (scored("2", &["R"]), Some(scored("2", &[]))),
            (scored("1", &["S", "R"]), Some(scored("1", &["S"]))),
            (only_reports(&["S"]), Some(only_reports(&["S"]))),
        ];
        for (asked, sent) in table {
            let planned = plan(&asked, Some(&known), Resend, false);
            let change = if sent.is_some() {
                Change::Changed
            } else {
                Change::Unchanged
            };
            assert_eq!(planned.change, change, "{asked:?}");
            assert_eq!(planned.body(&asked), sent.as_ref());
            assert!(!planned.in_doubt);
        }
    }

    #[test]
    fn the_shortcut_for_an_accepted_body_agrees_with_the_diff() {
        for asked in [scored("1", &["R", "S"]), only_reports(&["R"])] {
            let known = accepted(&asked);
            assert!(is_all_accepted(&asked, &known));
            assert_eq!(rest(&asked, &known, Hold), Planned::unchanged());
            assert!(!is_all_accepted(&asked, &lost(&asked)));
            assert!(!is_all_accepted(&asked, &accepted(&scored("2", &["R"]))));
        }
    }

    #[test]
    fn a_lost_update_is_sent_again_with_reports_unless_they_are_held() {
        let known = lost(&scored("1", &["R"]));
        let asked = scored("1", &["R", "S"]);
        let again = plan(&asked, Some(&known), Resend, false);
        assert_eq!(again, whole(Change::Resume, true));
        let held = plan(&asked, Some(&known), Hold, false);
        assert_eq!(
            (held.change, held.due.clone()),
            (Change::Resume, Due::Part(scored("1", &["S"])))
        );
        assert_eq!(
            (names(&held), held.held_reports[0].scope),
            (vec!["R"], Scope::Test)
        );
        assert!(!held.in_doubt);
    }

    #[test]
    fn an_order_with_only_held_reports_left_needs_no_request() {
        let asked = scored("1", &["R"]);
        let mut settled = lost(&asked);
        settled.accept(&scored("1", &[]));
        for (asked, known) in [
            (&asked, settled),
            (&only_reports(&["R"]), lost(&only_reports(&["R"]))),
        ] {
            let held = plan(asked, Some(&known), Hold, false);
            assert_eq!((held.change, &held.due), (Change::Held, &Due::Nothing));
            assert_eq!(names(&held), ["R"]);
            assert_eq!(
                plan(asked, Some(&known), Resend, false),
                whole(Change::Resume, true)
            );
        }
    }

    #[test]
    fn a_body_without_the_held_reports_is_unchanged() {
        let mut known = lost(&scored("1", &["R"]));
        known.accept(&scored("1", &[]));
        assert_eq!(
            plan(&scored("1", &[]), Some(&known), Hold, false).change,
            Change::Unchanged
        );
    }

    #[test]
    fn resend_all_sends_the_whole_body() {
        let asked = scored("1", &["R"]);
        let table = [
            (accepted(&asked), Change::Changed, true),
            (accepted(&scored("1", &[])), Change::Changed, false),
            (lost(&asked), Change::Resume, true),
        ];
        for (known, change, in_doubt) in table {
            assert_eq!(
                plan(&asked, Some(&known), Hold, true),
                whole(change, in_doubt)
            );
        }
        let left = OrderState {
            due_again: true,
            ..accepted(&asked)
        };
        let planned = plan(&asked, Some(&left), Hold, false);
        assert_eq!(planned, whole(Change::Resume, true));
    }

    #[test]
    fn a_value_that_a_lost_update_may_have_changed_is_sent_again() {
        let overall = |score: &str| body(json!({"overallScore": score}));
        let mut known = accepted(&overall("1"));
        known.intend(&overall("2"));
        known.doubt(&overall("2"));
        known.accept(&scored("5", &[]));
        let planned = plan(&overall("1"), Some(&known), Resend, false);
        assert_eq!(planned, whole(Change::Changed, false));
    }

    #[test]
    fn values_are_sent_again_while_an_update_is_unsettled_but_bare_ids_are_not() {
        let overall = body(json!({"overallScore": "1"}));
        let mut known = accepted(&scored("1", &["R"]));
        known.intend(&overall);
        let planned = plan(&scored("1", &["R"]), Some(&known), Resend, false);
        assert_eq!(planned.due, Due::Part(scored("1", &[])));
        assert_eq!((planned.change, planned.in_doubt), (Change::Resume, false));
        let planned = plan(&only_reports(&["R"]), Some(&known), Resend, false);
        assert_eq!(planned, Planned::unchanged());
    }
}
