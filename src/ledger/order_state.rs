//! The state of an order at a target, and how each step of a delivery changes it.
//!
//! An update counts as sent without an answer from the moment of its intent, so that the state is correct if the
//! process ends there. [`mod@super::plan`] decides what the next update contains.

use serde::{Deserialize, Serialize};

use crate::ledger::flat_update::FlatUpdate;
use crate::paylocity::model::OrderUpdate;

/// The state of an order at a target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderState {
    /// Values and reports that the server acknowledged and that no later update put in doubt.
    #[serde(default, skip_serializing_if = "OrderUpdate::is_empty")]
    pub(crate) accepted: OrderUpdate,
    /// Reports that may have been appended: they were sent, and the answer was lost.
    #[serde(default, skip_serializing_if = "OrderUpdate::is_empty")]
    pub(crate) doubtful: OrderUpdate,
    /// Whether the outcome of an update is unknown, and none was acknowledged since.
    #[serde(default)]
    pub(crate) unsettled: bool,
    /// The values of updates whose outcome is unknown.
    #[serde(default, skip_serializing_if = "OrderUpdate::is_empty")]
    pub(crate) lost: OrderUpdate,
    /// Whether a run with `--resend` ended before it sent the order, so that the next run sends all of it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) due_again: bool,
    /// While an update is in flight: the state before it, which is restored if the update was certainly not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Box<OrderState>>,
}

impl OrderState {
    /// Parses the text of [`OrderState::to_json`]; the error is the parser's message.
    ///
    /// # Errors
    /// When the text was not written by [`OrderState::to_json`].
    pub(crate) fn from_json(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Returns the text that a ledger stores.
    pub(crate) fn to_json(&self) -> String {
        // Serializing texts and numbers into memory cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether the order was never sent, according to the ledger.
    pub(crate) fn is_empty(&self) -> bool {
        self.accepted.is_empty() && self.doubtful.is_empty() && !self.unsettled
    }

    /// Whether an update may or may not have been applied.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.unsettled || !self.doubtful.is_empty()
    }

    /// Records the intent to send an update, which is in doubt until it has an outcome.
    ///
    /// Each attempt has its own intent, followed by one of [`Self::accept`], [`Self::refuse`] and [`Self::doubt`], or
    /// by nothing if the process ends.
    pub(crate) fn intend(&mut self, sent: &OrderUpdate) {
        let mut before = std::mem::take(self);
        before.before = None;
        *self = before.clone();
        self.doubt(sent);
        self.before = Some(Box::new(before));
    }

    /// Records that the server acknowledged an update, which settles everything except doubtful reports not in it.
    pub(crate) fn accept(&mut self, sent: &OrderUpdate) {
        // The intent put the update in doubt; the state before it counts.
        self.refuse(sent);
        if self.accepted.is_empty() && self.doubtful.is_empty() {
            self.accepted = sent.clone();
            return self.settle(OrderUpdate::default());
        }
        let sent = FlatUpdate::new(sent);
        let mut doubtful = FlatUpdate::new(&self.doubtful);
        doubtful.retain_reports(|id, link| !sent.has_report(id, link));
        doubtful.retain_only_reports();
        self.merge_into_accepted(sent);
        self.settle(doubtful.into_update());
    }

    /// Records that an update was certainly not applied, which restores the state before its intent.
    ///
    /// It has the signature of [`Self::accept`] and [`Self::doubt`], so that the three can be used alike.
    pub(crate) fn refuse(&mut self, _sent: &OrderUpdate) {
        if let Some(before) = self.before.take() {
            *self = *before;
        }
    }

    /// Records that the answer to an update was lost: it may or may not have been applied.
    ///
    /// Values that it would have changed become unknown, and reports that were not acknowledged become doubtful.
    pub(crate) fn doubt(&mut self, sent: &OrderUpdate) {
        let sent = FlatUpdate::new(sent);
        let mut accepted = FlatUpdate::new(&self.accepted);
        accepted.remove_values_that_differ(&sent);
        let mut reports = sent.clone();
        reports.retain_reports(|id, link| !accepted.has_report(id, link));
        reports.retain_only_reports();
        let mut doubtful = FlatUpdate::new(&self.doubtful);
        doubtful.merge(reports);
        let (mut values, mut lost) = (sent, FlatUpdate::new(&self.lost));
        values.retain_reports(|_, _| false);
        lost.merge(values);
        *self = Self {
            accepted: accepted.into_update(),
            doubtful: doubtful.into_update(),
            unsettled: true,
            lost: lost.into_update(),
            ..Self::default()
        };
    }

    /// Marks everything in doubt as delivered (`resolve --mark-delivered`).
    pub(crate) fn settle_as_delivered(&mut self) {
        self.merge_into_accepted(FlatUpdate::new(&self.lost));
        self.merge_into_accepted(FlatUpdate::new(&self.doubtful));
        self.settle(OrderUpdate::default());
    }

    /// Marks everything in doubt as not delivered (`resolve --resend`), so that the next import sends it.
    pub(crate) fn settle_as_lost(&mut self) {
        self.settle(OrderUpdate::default());
    }

    /// Merges the states of an order in two ledgers, of which `self` was written first.
    ///
    /// What either ledger has as accepted is accepted, and of two values the later one wins. A report that is doubtful
    /// in one ledger stays doubtful unless it is accepted in one of them.
    pub(crate) fn merged(&self, later: &Self) -> Self {
        let mut accepted = FlatUpdate::new(&self.accepted);
        accepted.merge(FlatUpdate::new(&later.accepted));
        accepted.remove_values_that_differ(&FlatUpdate::new(&later.lost));
        let mut doubtful = FlatUpdate::new(&self.doubtful);
        doubtful.merge(FlatUpdate::new(&later.doubtful));
        doubtful.retain_reports(|id, link| !accepted.has_report(id, link));
        doubtful.retain_only_reports();
        Self {
            accepted: accepted.into_update(),
            doubtful: doubtful.into_update(),
            unsettled: later.unsettled,
            lost: later.lost.clone(),
            due_again: later.due_again,
            before: None,
        }
    }

    fn merge_into_accepted(&mut self, later: FlatUpdate) {
        let mut accepted = FlatUpdate::new(&self.accepted);
        accepted.merge(later);
        self.accepted = accepted.into_update();
    }

    fn settle(&mut self, doubtful: OrderUpdate) {
        *self = Self {
            accepted: std::mem::take(&mut self.accepted),
            doubtful,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn body(value: Value) -> OrderUpdate {
        serde_json::from_value(value).unwrap()
    }

    fn scored(score: &str, reports: &[&str]) -> OrderUpdate {
        let reports: Vec<Value> = reports.iter().map(|name| json!({"name": name})).collect();
        body(json!({"overallScore": score, "overallReports": reports}))
    }

    #[test]
    fn an_update_replaces_the_values_that_it_has_and_keeps_the_rest() {
        let test = |id: &str, status: Value| {
            let tests = json!([{"id": id, "score": {"attempt": 1}, "testStatus": status}]);
            body(
                json!({"assessments": [{"assessmentId": "A", "assessmentResults": {"tests": tests}}]}),
            )
        };
        let mut known = OrderState::default();
        known.accept(&test(
            "N",
            json!({"updatedAt": "2026-01-01T00:00:00Z", "value": "Hold"}),
        ));
        known.accept(&test("N", json!({"value": "Complete"})));
        let expected = test(
            "N",
            json!({"updatedAt": "2026-01-01T00:00:00Z", "value": "Complete"}),
        );
        assert_eq!(known.accepted, expected);
    }

    #[test]
    fn a_refused_update_restores_the_previous_state_including_doubts() {
        let mut known = OrderState::default();
        known.accept(&scored("1", &["R"]));
        known.intend(&scored("2", &["S"]));
        known.doubt(&scored("2", &["S"]));
        let before = known.clone();
        known.intend(&scored("3", &["S", "T"]));
        assert_eq!(
            known.doubtful,
            body(json!({"overallReports": [{"name": "S"}, {"name": "T"}]}))
        );
        known.refuse(&scored("3", &["S", "T"]));
        assert_eq!(known, before);
    }

    #[test]
    fn an_intent_without_an_outcome_counts_as_a_lost_answer() {
        let sent = scored("1", &["R"]);
        let (mut died, mut lost) = (OrderState::default(), OrderState::default());
        died.intend(&sent);
        died.intend(&sent);
        died.refuse(&sent);
        assert!(died.unsettled);
        lost.doubt(&sent);
        assert_eq!(
            OrderState {
                before: None,
                ..died
            },
            lost
        );
    }

    #[test]
    fn an_acknowledged_report_is_never_doubtful() {
        let mut known = OrderState::default();
        known.accept(&scored("1", &["R"]));
        known.doubt(&scored("1", &["R"]));
        assert_eq!(known.accepted, scored("1", &["R"]));
        assert!(known.unsettled && known.doubtful.is_empty());
    }

    #[test]
    fn doubts_are_settled_as_delivered_or_as_lost() {
        let mut known = OrderState::default();
        known.accept(&scored("1", &["R"]));
        known.intend(&scored("2", &["R", "S"]));
        let (mut delivered, mut lost) = (known.clone(), known);
        delivered.settle_as_delivered();
        let all = OrderState {
            accepted: scored("2", &["R", "S"]),
            ..OrderState::default()
        };
        assert_eq!(delivered, all);
        lost.settle_as_lost();
        let certain = body(json!({"overallReports": [{"name": "R"}]}));
        assert_eq!(
            lost,
            OrderState {
                accepted: certain,
                ..OrderState::default()
            }
        );
    }

    #[test]
    fn merging_two_states_keeps_the_later_values() {
        let (mut earlier, mut later) = (OrderState::default(), OrderState::default());
        earlier.accept(&scored("1", &["R"]));
        earlier.doubt(&scored("1", &["S", "T"]));
        later.accept(&scored("2", &["S"]));
        let merged = earlier.merged(&later);
        assert_eq!(merged.accepted, scored("2", &["R", "S"]));
        assert_eq!(
            merged.doubtful,
            body(json!({"overallReports": [{"name": "T"}]}))
        );
        assert!(!merged.unsettled);
        later.intend(&scored("3", &[]));
        let merged = earlier.merged(&later);
        assert_eq!(merged.accepted.overall_score, None);
        assert!(merged.unsettled && merged.before.is_none());
        assert_eq!(merged.lost, body(json!({"overallScore": "3"})));
    }

    #[test]
    fn due_again_lasts_until_an_update_may_have_been_applied() {
        let sent = scored("1", &["R"]);
        let mut due = OrderState::default();
        due.accept(&sent);
        due.due_again = true;
        let after = |outcome: fn(&mut OrderState, &OrderUpdate)| {
            let mut known = due.clone();
            known.intend(&sent);
            outcome(&mut known, &sent);
            known.due_again
        };
        assert!(after(OrderState::refuse));
        assert!(!after(OrderState::accept));
        assert!(!after(OrderState::doubt));
    }

    #[test]
    fn a_state_is_parsed_as_it_was_written() {
        let mut known = OrderState::default();
        known.accept(&scored("1", &["R"]));
        known.due_again = true;
        known.intend(&scored("2", &["S"]));
        let json = known.to_json();
        assert_eq!(json, serde_json::to_string(&known).unwrap());
        assert_eq!(serde_json::from_str::<OrderState>(&json).unwrap(), known);
        assert_eq!(
            serde_json::to_string(&OrderState::default()).unwrap(),
            r#"{"unsettled":false}"#
        );
    }
}
