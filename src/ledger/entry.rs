//! What a ledger is told, and what it gives back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::paylocity::model::Text;

/// What tells orders apart in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct OrderKey {
    /// Where its updates go.
    pub(crate) target: String,
    /// The company.
    pub(crate) company_id: Text,
    /// The order.
    pub(crate) order_id: Text,
}

impl OrderKey {
    /// Makes a key.
    pub(crate) fn new(target: &str, company_id: &Text, order_id: &Text) -> Self {
        Self {
            target: target.to_owned(),
            company_id: company_id.clone(),
            order_id: order_id.clone(),
        }
    }
}

/// What a ledger remembers of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderRecord {
    /// The order.
    #[serde(flatten)]
    pub(crate) key: OrderKey,
    /// What is known of it, as JSON.
    pub(crate) known: String,
    /// When that was written.
    pub(crate) changed_at: Timestamp,
}

/// Anything that a ledger holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Entry {
    /// A run.
    Run(Run),
    /// What is remembered of an order.
    Order(OrderRecord),
    /// An order's part in a run.
    Delivery(Delivery),
}

/// A run, as it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    /// Its id.
    pub(crate) id: String,
    /// What was asked for, such as `import`.
    pub(crate) mode: String,
    /// Where updates go; its orders are known under this name.
    pub(crate) target: String,
    /// When it began.
    pub(crate) started_at: Timestamp,
    /// Its inputs, as JSON.
    pub(crate) inputs: String,
    /// The id of the plan that it applies, where it applies one.
    pub(crate) plan: Option<String>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunEnd {
    /// When.
    pub(crate) finished_at: Timestamp,
    /// The exit code of the process.
    pub(crate) exit_code: u8,
    /// Its rows and orders, counted, as JSON.
    pub(crate) totals: String,
}

/// A run that the ledger remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// How it began.
    #[serde(flatten)]
    pub(crate) record: RunRecord,
    /// How it ended; `None` while it is under way, and where it was cut off.
    pub(crate) end: Option<RunEnd>,
}

/// An update that is about to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Intent {
    /// The id of the run, which has begun.
    pub(crate) run: String,
    /// The order, at the target of the run.
    pub(crate) order: OrderKey,
    /// The body, as JSON.
    pub(crate) body: String,
    /// What is known of the order once the body may have been applied.
    pub(crate) known: String,
    /// When it was decided on.
    pub(crate) at: Timestamp,
}

/// What became of an order in a run, whether or not anything of it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settlement {
    /// The id of the run, which has begun.
    pub(crate) run: String,
    /// The order, at the target of the run.
    pub(crate) order: OrderKey,
    /// The outcome's name.
    pub(crate) outcome: String,
    /// The HTTP status of the last answer.
    pub(crate) http_status: Option<u16>,
    /// How many requests it took.
    pub(crate) attempts: u32,
    /// What the server said, or why the order was held back.
    pub(crate) message: Option<String>,
    /// What is known of the order from now on; `None` where that is what was known before.
    pub(crate) known: Option<String>,
    /// When it was known.
    pub(crate) at: Timestamp,
}

/// An order's part in a run, as the ledger remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// The id of the run.
    pub(crate) run: String,
    /// Where the run's updates went.
    pub(crate) target: String,
    /// The company.
    pub(crate) company_id: Text,
    /// The order.
    pub(crate) order_id: Text,
    /// The body that was to be sent last; `None` where nothing was to be sent.
    pub(crate) body: Option<String>,
    /// When that was decided on.
    pub(crate) intended_at: Option<Timestamp>,
    /// What became of it; `None` where the run was cut off before that was known.
    pub(crate) settled: Option<Settled>,
}

impl Delivery {
    /// Returns the order.
    pub(crate) fn order(&self) -> OrderKey {
        OrderKey::new(&self.target, &self.company_id, &self.order_id)
    }
}

/// Which update of an order left last, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastSent {
    /// The id of the run that sent it.
    pub(crate) run: String,
    /// The name of its outcome; `None` where the run was cut off before that was known.
    pub(crate) outcome: Option<String>,
}

/// What became of an order's part in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settled {
    /// When it was known.
    pub(crate) at: Timestamp,
    /// The outcome's name.
    pub(crate) outcome: String,
    /// The HTTP status of the last answer.
    pub(crate) http_status: Option<u16>,
    /// How many requests it took.
    pub(crate) attempts: u32,
    /// What the server said, or why the order was held back.
    pub(crate) message: Option<String>,
}
