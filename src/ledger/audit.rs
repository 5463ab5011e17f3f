//! Whether what inputs say of an order is what was delivered: for an audit, which nothing follows from.

use serde::Serialize;

use crate::ledger::flat_update::FlatUpdate;
use crate::ledger::order_state::OrderState;
use crate::paylocity::model::OrderUpdate;

/// How what inputs say of an order compares with what was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuditResult {
    /// The server has acknowledged all of it, and nothing else of the same fields since.
    Delivered,
    /// Something was delivered, and something of it was not, or is otherwise now.
    Differs,
    /// As far as the ledger goes, nothing was ever delivered.
    NotDelivered,
    /// All of it was sent, and of a part no answer came.
    InDoubt,
}

impl AuditResult {
    /// Every verdict, in the order in which they are counted.
    pub(crate) const ALL: [Self; 4] = [
        Self::Delivered,
        Self::Differs,
        Self::NotDelivered,
        Self::InDoubt,
    ];

    /// Compares a body with what is known of its order.
    pub(crate) fn of(body: &OrderUpdate, known: &OrderState) -> Self {
        let asked = FlatUpdate::new(body);
        let accepted = FlatUpdate::new(&known.accepted);
        let mut sent = accepted.clone();
        sent.merge(FlatUpdate::new(&known.lost));
        sent.merge(FlatUpdate::new(&known.doubtful));
        let is_nothing = known.is_empty();
        match (asked.is_in(&accepted), asked.is_in(&sent)) {
            _ if is_nothing => Self::NotDelivered,
            (true, _) => Self::Delivered,
            (false, true) => Self::InDoubt,
            (false, false) => Self::Differs,
        }
    }

    /// Returns the verdict in words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Differs => "differs",
            Self::NotDelivered => "not delivered",
            Self::InDoubt => "in doubt",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(score: &str, report: &str) -> OrderUpdate {
        let reports = json!([{"name": report}]);
        serde_json::from_value(json!({"overallScore": score, "overallReports": reports})).unwrap()
    }

    #[test]
    fn what_was_acknowledged_is_delivered_until_something_else_is() {
        let mut known = OrderState::default();
        assert_eq!(
            AuditResult::of(&body("1", "R"), &known),
            AuditResult::NotDelivered
        );
        known.accept(&body("1", "R"));
        assert_eq!(
            AuditResult::of(&body("1", "R"), &known),
            AuditResult::Delivered
        );
        assert_eq!(
            AuditResult::of(&body("2", "R"), &known),
            AuditResult::Differs
        );
        assert_eq!(
            AuditResult::of(&body("1", "S"), &known),
            AuditResult::Differs
        );
        known.accept(&body("2", "S"));
        assert_eq!(
            AuditResult::of(&body("1", "R"), &known),
            AuditResult::Differs
        );
    }

    #[test]
    fn what_no_answer_came_for_is_in_doubt_and_what_it_cannot_have_changed_is_not() {
        let mut known = OrderState::default();
        known.accept(&body("1", "R"));
        known.intend(&body("2", "S"));
        assert_eq!(
            AuditResult::of(&body("2", "S"), &known),
            AuditResult::InDoubt
        );
        assert_eq!(
            AuditResult::of(&body("1", "R"), &known),
            AuditResult::Differs
        );
        let report: OrderUpdate =
            serde_json::from_value(json!({"overallReports": [{"name": "R"}]})).unwrap();
        assert_eq!(AuditResult::of(&report, &known), AuditResult::Delivered);
    }
}
