//! The entries of a ledger: runs, orders and deliveries.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::paylocity::model::Text;

/// The key of an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct OrderKey {
    /// The target of its updates.
    pub(crate) target: String,
    /// The company.
    pub(crate) company_id: Text,
    /// The order.
    pub(crate) order_id: Text,
}

impl OrderKey {
    /// Creates a key.
    pub(crate) fn new(target: &str, company_id: &Text, order_id: &Text) -> Self {
        Self {
            target: target.to_owned(),
            company_id: company_id.clone(),
            order_id: order_id.clone(),
        }
    }
}

/// The stored state of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderRecord {
    /// The order.
    #[serde(flatten)]
    pub(crate) key: OrderKey,
    /// Its state, as JSON.
    pub(crate) known: String,
    /// When the state was written.
    pub(crate) changed_at: Timestamp,
}

/// Any entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Entry {
    /// A run.
    Run(Run),
    /// The state of an order.
    Order(OrderRecord),
    /// The delivery of an order in a run.
    Delivery(Delivery),
}

/// A run when it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    /// Its id.
    pub(crate) id: String,
    /// The command, such as `import`.
    pub(crate) mode: String,
    /// The target, which is part of the keys of its orders.
    pub(crate) target: String,
    /// When it started.
    pub(crate) started_at: Timestamp,
    /// Its inputs, as JSON.
    pub(crate) inputs: String,
    /// The id of the plan that it applies, if any.
    pub(crate) plan: Option<String>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunEnd {
    /// When it ended.
    pub(crate) finished_at: Timestamp,
    /// The exit code of the process.
    pub(crate) exit_code: u8,
    /// Its totals, as JSON.
    pub(crate) totals: String,
}

/// A run with its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// How it started.
    #[serde(flatten)]
    pub(crate) record: RunRecord,
    /// How it ended, or `None` if it is running or was killed.
    pub(crate) end: Option<RunEnd>,
}

/// The intent to send an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Intent {
    /// The id of the run.
    pub(crate) run: String,
    /// The order, at the target of the run.
    pub(crate) order: OrderKey,
    /// The body, as JSON.
    pub(crate) body: String,
    /// The state of the order while the outcome is unknown, as JSON.
    pub(crate) known: String,
    /// When the intent was written.
    pub(crate) at: Timestamp,
}

/// The outcome of an order in a run, whether or not anything was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settlement {
    /// The id of the run.
    pub(crate) run: String,
    /// The order, at the target of the run.
    pub(crate) order: OrderKey,
    /// The outcome's name.
    pub(crate) outcome: String,
    /// The HTTP status of the last response.
    pub(crate) http_status: Option<u16>,
    /// The number of requests.
    pub(crate) attempts: u32,
    /// The server's message, or the reason why the order was held back.
    pub(crate) message: Option<String>,
    /// The new state of the order as JSON, or `None` if it did not change.
    pub(crate) known: Option<String>,
    /// When the outcome was known.
    pub(crate) at: Timestamp,
}

/// The delivery of an order in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// The id of the run.
    pub(crate) run: String,
    /// The target of the run.
    pub(crate) target: String,
    /// The company.
    pub(crate) company_id: Text,
    /// The order.
    pub(crate) order_id: Text,
    /// The last body to send, or `None` if there was nothing to send.
    pub(crate) body: Option<String>,
    /// When the intent was written.
    pub(crate) intended_at: Option<Timestamp>,
    /// The outcome, or `None` if the run was killed before it was known.
    pub(crate) settled: Option<Settled>,
}

impl Delivery {
    /// Returns the key of the order.
    pub(crate) fn order(&self) -> OrderKey {
        OrderKey::new(&self.target, &self.company_id, &self.order_id)
    }
}

/// The last update that was sent for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastSent {
    /// The id of the run that sent it.
    pub(crate) run: String,
    /// The name of its outcome, or `None` if the run was killed before it was known.
    pub(crate) outcome: Option<String>,
}

/// The outcome of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settled {
    /// When the outcome was known.
    pub(crate) at: Timestamp,
    /// The outcome's name.
    pub(crate) outcome: String,
    /// The HTTP status of the last response.
    pub(crate) http_status: Option<u16>,
    /// The number of requests.
    pub(crate) attempts: u32,
    /// The server's message, or the reason why the order was held back.
    pub(crate) message: Option<String>,
}
