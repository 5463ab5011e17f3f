//! The orders that the sandbox holds, which `GET /sandbox/orders` returns.

use indexmap::IndexMap;
use serde::Serialize;

use super::merge;
use crate::paylocity::model::OrderUpdate;
use crate::sandbox::request::Arrival;

/// All orders by company and order id, in the order of their first update.
#[derive(Debug, Default)]
pub(crate) struct Orders(IndexMap<(String, String), HeldOrder>);

/// One order with all its updates merged.
#[derive(Debug, Default, Serialize)]
pub(crate) struct HeldOrder {
    company_id: String,
    order_id: String,
    updates: usize,
    order: OrderUpdate,
}

impl Orders {
    /// Merges an update into its order, creating the order if needed.
    pub(crate) fn apply(&mut self, arrival: &Arrival, update: OrderUpdate) {
        let (company_id, order_id) = (arrival.company_id.clone(), arrival.order_id.clone());
        let key = (company_id.clone(), order_id.clone());
        let held = self.0.entry(key).or_insert_with(|| HeldOrder {
            company_id,
            order_id,
            ..HeldOrder::default()
        });
        held.updates += 1;
        merge::order(&mut held.order, update);
    }

    /// Returns the orders.
    pub(crate) fn list(&self) -> Vec<&HeldOrder> {
        self.0.values().collect()
    }
}
