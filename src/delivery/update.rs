//! The updates to deliver.

use std::borrow::Cow;
use std::sync::Arc;

use crate::ledger::Remembered;
use crate::orders::Batch;
use crate::paylocity::model::{OrderUpdate, Text};

/// One order's update, ready to be sent.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) company_id: Text,
    pub(crate) order_id: Text,
    /// The full content of the order in the input.
    pub(crate) payload: Payload,
    /// What the ledger knew about the order when the run began.
    pub(crate) remembered: Remembered,
}

/// The full content of an order in the input.
#[derive(Debug)]
pub(crate) enum Payload {
    Body(Box<OrderUpdate>),
    /// The order of a batch with this index. Its body is built when it is needed, which saves memory.
    Order(Arc<Batch>, usize),
}

impl Payload {
    pub(crate) fn body(&self) -> Cow<'_, OrderUpdate> {
        match self {
            Self::Body(body) => Cow::Borrowed(body),
            Self::Order(batch, index) => Cow::Owned(batch.body(&batch.orders[*index])),
        }
    }
}
