//! How one order stands to what the ledger knows of it, as a plan says it.

use super::inputs::RowRef;
use super::{Amount, Change, PlanOrder};
use crate::ledger;
use crate::ledger::{Due, Planned, Remembered, changes};
use crate::orders::{Batch, Order};
use crate::paylocity::json::Json;
use crate::paylocity::model::OrderUpdate;
use crate::report::HeldReport;

impl PlanOrder {
    /// Returns an order that is held back for the errors in its rows.
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

    /// Returns an order that is not held back, and the JSON of what would be sent of it.
    pub(crate) fn of(
        (batch, order): (&Batch, &Order),
        rows: Vec<RowRef>,
        remembered: &Remembered,
        planned: &Planned,
    ) -> (Self, Option<Vec<u8>>) {
        let (json, amount) = match &planned.due {
            Due::Nothing => (None, None),
            Due::Whole => measured(&batch.body_in_place(order)),
            Due::Part(part) => measured(part),
        };
        // All of a new order is new.
        let changes = if planned.is_open() && planned.change != ledger::Change::New {
            let wanted = batch.body(order);
            let body = planned.body(&wanted);
            body.map_or_else(Vec::new, |body| changes(body, &remembered.known(&wanted)))
        } else {
            Vec::new()
        };
        let order = Self {
            change: Change::from(planned.change),
            sent_again: planned.change == ledger::Change::Resume,
            held_reports: planned.held_reports.iter().map(HeldReport::from).collect(),
            changes,
            amount,
            ..Self::invalid(order, rows)
        };
        (order, json)
    }

    /// Adds what the file of a plan says besides: the fingerprint of what the ledger keeps of the order, and the bodies.
    pub(crate) fn kept(
        self,
        fingerprint: Option<String>,
        wanted: OrderUpdate,
        planned: &Planned,
    ) -> Self {
        let says_more = match planned.due {
            Due::Whole => false,
            Due::Part(_) => true,
            Due::Nothing => !planned.held_reports.is_empty(),
        };
        Self {
            ledger: fingerprint,
            body: planned.body(&wanted).cloned(),
            asked: says_more.then_some(wanted),
            ..self
        }
    }
}

fn measured<T: Json + Default + PartialEq>(
    body: &OrderUpdate<T>,
) -> (Option<Vec<u8>>, Option<Amount>) {
    let json = body.to_json();
    let amount = Amount::of(body, json.len());
    (Some(json), Some(amount))
}

impl From<ledger::Change> for Change {
    fn from(change: ledger::Change) -> Self {
        match change {
            ledger::Change::New => Self::New,
            ledger::Change::Changed | ledger::Change::Resume => Self::Changed,
            ledger::Change::Unchanged => Self::Unchanged,
            ledger::Change::Held => Self::Unknown,
        }
    }
}
