//! The audit of `ledger verify`: compares inputs with past deliveries, without any effect.

use serde::Serialize;

use crate::ledger::flat_update::FlatUpdate;
use crate::ledger::order_state::OrderState;
use crate::paylocity::model::OrderUpdate;

/// The result of comparing an order of the inputs with its past deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuditResult {
    /// The server acknowledged all of it, and no later change of the same fields.
    Delivered,
    /// A part was not delivered, or was changed later.
    Differs,
    /// The ledger has no delivery of the order.
    NotDelivered,
    /// All of it was sent, but a part was not acknowledged.
    InDoubt,
}

impl AuditResult {
    /// All results, in display order.
    pub(crate) const ALL: [Self; 4] = [
        Self::Delivered,
        Self::Differs,
        Self::NotDelivered,
        Self::InDoubt,
    ];

    /// Compares a body with the state of its order.
    pub(crate) fn of(body: &OrderUpdate, state: &OrderState) -> Self {
        let asked = FlatUpdate::new(body);
        let accepted = FlatUpdate::new(&state.accepted);
        let mut sent = accepted.clone();
        sent.merge(FlatUpdate::new(&state.lost));
        sent.merge(FlatUpdate::new(&state.doubtful));
        let is_new = state.is_empty();
        match (asked.is_in(&accepted), asked.is_in(&sent)) {
            _ if is_new => Self::NotDelivered,
            (true, _) => Self::Delivered,
            (false, true) => Self::InDoubt,
            (false, false) => Self::Differs,
        }
    }

    /// Returns the result for display.
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
    fn an_acknowledged_update_is_delivered_until_a_later_one_differs() {
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
    fn an_unanswered_update_is_in_doubt_except_for_what_it_cannot_have_changed() {
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
