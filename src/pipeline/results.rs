//! The orders of a run and their outcomes.

use std::sync::Arc;

use crate::delivery::Delivery;
use crate::orders::Batch;
use crate::report::model::Totals;

/// The orders of a run and their outcomes.
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) batch: Arc<Batch>,
    /// The fate of each order of the batch, in the same order.
    pub(crate) deliveries: Vec<Delivery>,
}

impl Results {
    /// Returns the totals.
    pub(crate) fn totals(&self) -> Totals {
        Totals::of(&self.batch, &self.deliveries)
    }
}
