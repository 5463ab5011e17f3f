//! Updates of the live report: batched, so that the delivery never waits for it.

use std::time::Instant;

use crate::delivery::{Delivery, Outcome};
use crate::report::model::Requests;
use crate::web::Feed;

/// Outcomes that were not yet sent to the live report.
#[derive(Debug)]
pub(crate) struct LiveFeed {
    feed: Feed,
    started: Instant,
    /// For each update, the index of its order.
    orders: Vec<usize>,
    unsent: Vec<(usize, Delivery)>,
}

impl LiveFeed {
    /// Makes the feed of a delivery whose updates are the orders that are not sent yet.
    pub(crate) fn new(feed: Feed, deliveries: &[Delivery]) -> Self {
        let orders = deliveries.iter().enumerate();
        let pending = orders.filter(|(_, delivery)| delivery.outcome == Outcome::NotSent);
        Self {
            feed,
            started: Instant::now(),
            orders: pending.map(|(order, _)| order).collect(),
            unsent: Vec::new(),
        }
    }

    /// Adds the outcome of an update.
    pub(crate) fn add(&mut self, update: usize, delivery: &Delivery) {
        let order = self.orders.get(update).copied();
        self.unsent
            .extend(order.map(|order| (order, delivery.clone())));
    }

    /// Sends the outcomes since the last call to the live report.
    pub(crate) fn flush(&mut self, requests: &Requests) {
        let outcomes = std::mem::take(&mut self.unsent);
        self.feed
            .send(outcomes, requests.clone(), self.started.elapsed());
    }
}
