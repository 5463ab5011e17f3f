//! The plan's entry of an order.

use super::change::Change;
use super::inputs::RowRef;
use super::model::{Amount, PlanOrder};
use crate::ledger;
use crate::ledger::{Due, Planned, Remembered, changes};
use crate::orders::Order;
use crate::paylocity::model::OrderUpdate;
use crate::report::model::HeldReport;

impl PlanOrder {
    /// Returns the entry of an order that is held back because of errors in its rows.
    pub(crate) fn invalid(order: &Order, rows: Vec<RowRef>) -> Self {
        Self {
            company_id: order.company_id.clone(),
            order_id: order.order_id.clone(),
            change: Change::Invalid,
            sent_again: false,
            errors: order.errors,
            rows,
            ledger: None,
            body: None,
            asked: None,
            held_reports: Vec::new(),
            changes: Vec::new(),
            amount: None,
        }
    }

    /// Returns the entry of a valid order; `wanted` has everything in its rows.
    pub(crate) fn valid(
        order: &Order,
        rows: Vec<RowRef>,
        remembered: &Remembered,
        planned: &Planned,
        wanted: &OrderUpdate,
    ) -> Self {
        let body = planned.body(wanted);
        let changes = match body {
            // Every value of a new order is new.
            Some(body) if planned.change != ledger::Change::New => {
                changes(body, &remembered.known(wanted))
            }
            _ => Vec::new(),
        };
        Self {
            change: Change::from(planned.change),
            sent_again: planned.change == ledger::Change::Resume,
            held_reports: planned.held_reports.iter().map(HeldReport::from).collect(),
            changes,
            amount: body.map(Amount::of),
            ..Self::invalid(order, rows)
        }
    }

    /// Adds what only the plan file has: the fingerprint of the order's ledger entry, and the bodies.
    pub(crate) fn kept(
        self,
        fingerprint: Option<String>,
        wanted: OrderUpdate,
        planned: &Planned,
    ) -> Self {
        let has_more = match planned.due {
            Due::Whole => false,
            Due::Part(_) => true,
            Due::Nothing => !planned.held_reports.is_empty(),
        };
        Self {
            ledger: fingerprint,
            body: planned.body(&wanted).cloned(),
            asked: has_more.then_some(wanted),
            ..self
        }
    }
}
