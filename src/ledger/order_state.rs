//! What is known of one order at one target, and how each step of a delivery changes it.
//!
//! An update is assumed to have got through without an answer from the moment it is about to leave, so that what is
//! known stays true if the process ends there. What follows for the next update is for [`mod@super::plan`].

use serde::{Deserialize, Serialize};

use crate::ledger::flat_update::FlatUpdate;
use crate::paylocity::model::OrderUpdate;

/// What the ledger knows of one (target, company, order).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderState {
    /// Every value and every report that the server holds for certain: acknowledged, and not put in doubt since.
    #[serde(default, skip_serializing_if = "OrderUpdate::is_empty")]
    pub(crate) accepted: OrderUpdate,
    /// Reports, at their places, that may have been appended: they were sent, and the answer was lost.
    #[serde(default, skip_serializing_if = "OrderUpdate::is_empty")]
    pub(crate) doubtful: OrderUpdate,
    /// Whether an update was sent whose outcome is not known, and none was acknowledged since.
    #[serde(default)]
    pub(crate) unsettled: bool,
    /// The values of the updates whose outcome is not known; none where all is settled.
    #[serde(default, skip_serializing_if = "OrderUpdate::is_empty")]
    pub(crate) lost: OrderUpdate,
    /// Whether all of the order is to be sent once more, whatever is known of it: a run was to do so (`--resend`) and did
    /// not come to it. No update has left since, or its outcome stands for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) due_again: bool,
    /// While an update is in flight: what was known before, for the case that it is certainly not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Box<OrderState>>,
}

impl OrderState {
    /// Reads what a ledger has kept; an error is the reader's words.
    ///
    /// # Errors
    /// When the text was not written by [`OrderState::to_json`].
    pub(crate) fn from_json(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Returns it as the text that a ledger keeps.
    pub(crate) fn to_json(&self) -> String {
        // Serializing texts and numbers into memory cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Tells whether nothing is known: as far as the ledger goes, the order was never sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.accepted.is_empty() && self.doubtful.is_empty() && !self.unsettled
    }

    /// Tells whether anything that was sent may have been applied, or not.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.unsettled || !self.doubtful.is_empty()
    }

    /// Notes that an update is about to leave: until it has an outcome it is in doubt.
    ///
    /// Each attempt is an intent of its own, followed by one of [`Self::accept`], [`Self::refuse`] and
    /// [`Self::doubt`], or by nothing if the process ends.
    pub(crate) fn intend(&mut self, sent: &OrderUpdate) {
        let mut before = std::mem::take(self);
        before.before = None;
        *self = before.clone();
        self.doubt(sent);
        self.before = Some(Box::new(before));
    }

    /// Notes that the server acknowledged an update: all is settled, but for doubtful reports that were not in it.
    pub(crate) fn accept(&mut self, sent: &OrderUpdate) {
        // The intent has put in doubt what is certain now; what was before it counts.
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

    /// Notes that an update was certainly not applied: what is known is what was known before its intent.
    ///
    /// It takes the update as [`Self::accept`] and [`Self::doubt`] do, so that outcomes can be told apart in a table.
    pub(crate) fn refuse(&mut self, _sent: &OrderUpdate) {
        if let Some(before) = self.before.take() {
            *self = *before;
        }
    }

    /// Notes that the answer to an update was lost: it may have been applied, or not.
    ///
    /// Values that it would have changed are not known any more; reports that are not known to be there are doubtful.
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

    /// Takes everything that is in doubt as delivered (`resolve --mark-delivered`).
    pub(crate) fn settle_as_delivered(&mut self) {
        self.merge_into_accepted(FlatUpdate::new(&self.lost));
        self.merge_into_accepted(FlatUpdate::new(&self.doubtful));
        self.settle(OrderUpdate::default());
    }

    /// Takes everything that is in doubt as not delivered (`resolve --resend`): the next import sends it as new.
    pub(crate) fn settle_as_lost(&mut self) {
        self.settle(OrderUpdate::default());
    }

    /// Returns what is known where two ledgers speak of the same order, `self` having been written first.
    ///
    /// What the server acknowledged to either it holds; of two values the later one counts. A report that either of
    /// them doubts is in doubt, unless the other knows it; an update of the earlier one whose answer was lost has left
    /// no value that counts as known.
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
    fn values_are_replaced_one_by_one_and_those_not_mentioned_stay() {
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
    fn a_refused_update_leaves_what_was_known_before_also_what_was_in_doubt() {
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
    fn an_intent_without_an_outcome_is_a_lost_answer() {
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
    fn a_report_that_was_acknowledged_is_never_in_doubt() {
        let mut known = OrderState::default();
        known.accept(&scored("1", &["R"]));
        known.doubt(&scored("1", &["R"]));
        assert_eq!(known.accepted, scored("1", &["R"]));
        assert!(known.unsettled && known.doubtful.is_empty());
    }

    #[test]
    fn what_is_in_doubt_can_be_settled_either_way() {
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
    fn what_two_ledgers_know_is_put_together_and_the_later_word_counts() {
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
    fn what_is_due_again_is_so_until_an_update_leaves_that_may_have_been_applied() {
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
    fn it_is_read_as_it_was_written() {
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
