//! How one order stands to what the ledger knows of it, as a plan says it.

use super::inputs::RowRef;
use super::{Change, PlanOrder};
use crate::deliver::Update;
use crate::ledger::{self, Planned, changes};
use crate::order::Order;
use crate::report::HeldReport;

impl PlanOrder {
    /// Returns an order that is held back for the errors in its rows.
    #[must_use]
    pub fn invalid(order: &Order, rows: Vec<RowRef>) -> Self {
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
        }
    }

    /// Returns an order that is not held back: what is known of it and `planned` for it, and the fingerprint of what
    /// the ledger keeps of it.
    #[must_use]
    pub fn of(
        update: Update,
        rows: Vec<RowRef>,
        planned: Planned,
        fingerprint: Option<String>,
    ) -> Self {
        let is_open = planned.body.is_some() || !planned.held_reports.is_empty();
        let says_more = is_open && planned.body.as_ref() != Some(&update.wanted);
        // All of a new order is new.
        let sent_before = planned
            .body
            .as_ref()
            .filter(|_| planned.change != ledger::Change::New);
        Self {
            company_id: update.company_id,
            order_id: update.order_id,
            change: Change::from(planned.change),
            sent_again: planned.change == ledger::Change::Resume,
            errors: 0,
            rows,
            ledger: fingerprint,
            changes: sent_before.map_or_else(Vec::new, |body| changes(body, &update.known)),
            asked: says_more.then_some(update.wanted),
            held_reports: planned.held_reports.iter().map(HeldReport::from).collect(),
            body: planned.body,
        }
    }
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
