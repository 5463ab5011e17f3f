//! A plan: what an import would send, to the byte, and everything that must still be so when it is delivered.
//!
//! - [`inputs`]: a batch as a plan keeps it, and back again, so that a delivery accounts for every row without reading
//!   the inputs a second time
//! - `standing`: how one order stands to what the ledger knows of it
//! - [`seal`]: the file, and the checksum that tells an edited one
//! - [`max_change`]: how far one import's number of orders may be from that of the last
//!
//! What is to be sent of an order is for [`crate::ledger`]; whether a plan still holds is for [`crate::commands`].

mod change;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod inputs;
pub(crate) mod max_change;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::inputs::{Finding, PlanInput, RowRef};
pub(crate) use self::max_change::MaxChange;
use crate::delivery::Outcome;
use crate::ledger::{OnAmbiguous, ValueChange};
use crate::paylocity::model::{OrderUpdate, Text};
use crate::report::HeldReport;

/// The name and version of a plan's shape.
pub(crate) const SCHEMA: &str = "scoreload/plan/1";

/// What an import would send.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// The name and version of this shape.
    pub(crate) schema: String,
    /// The id of the plan: the ledger remembers by it that it was applied.
    pub(crate) plan: String,
    /// The version of Scoreload that made it.
    pub(crate) tool_version: String,
    /// When it was made, RFC 3339.
    pub(crate) made_at: Timestamp,
    /// Where its updates go, and what decides their bodies.
    pub(crate) target: PlanTarget,
    /// The runs whose rejected rows are among the inputs.
    pub(crate) corrects: Option<Vec<String>>,
    /// The sheets that it was made of.
    pub(crate) inputs: Vec<PlanInput>,
    /// Rows that belong to no order.
    pub(crate) orderless: Vec<RowRef>,
    /// Every order, in the order of first appearance.
    pub(crate) orders: Vec<PlanOrder>,
    /// What is wrong with the inputs.
    pub(crate) diagnostics: Vec<Finding>,
    /// The checksum of all the rest; empty while the plan is open.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) checksum: String,
}

/// Where the updates of a plan go, and what decides their bodies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanTarget {
    /// The target as it was named.
    pub(crate) name: String,
    /// The server itself, as the ledger knows it.
    pub(crate) base: String,
    /// What is done with reports that may have been taken already.
    pub(crate) on_ambiguous: OnAmbiguous,
    /// Whether everything is sent, whatever was accepted.
    pub(crate) resend: bool,
    /// Whether the server only pretends.
    pub(crate) test_mode: bool,
}

/// One order of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanOrder {
    /// The company.
    pub(crate) company_id: Text,
    /// The order.
    pub(crate) order_id: Text,
    /// How it stands to what the target has acknowledged.
    pub(crate) change: Change,
    /// Whether it is sent because an earlier answer was lost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) sent_again: bool,
    /// How many errors its rows have.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) errors: usize,
    /// The rows that it is made of.
    pub(crate) rows: Vec<RowRef>,
    /// The fingerprint of what the ledger knew of it; `None` where it knew nothing.
    pub(crate) ledger: Option<String>,
    /// What would be sent, to the byte once it is written compactly; `None` where nothing would be, and where the plan is
    /// only told.
    pub(crate) body: Option<OrderUpdate>,
    /// Everything that the rows say, where the body is not all of it and something is left to send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<OrderUpdate>,
    /// The reports that are kept back, because it is not known whether they were taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) held_reports: Vec<HeldReport>,
    /// The values that would change of an order that was delivered before; for those who look at a plan, and not kept in
    /// its file.
    #[serde(skip)]
    pub(crate) changes: Vec<ValueChange>,
    /// How much would be sent, for them too; `None` where that is nothing.
    #[serde(skip)]
    pub(crate) amount: Option<Amount>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// How an order stands to what its target has acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// The ledger knows nothing of it.
    New,
    /// Something is sent that was not acknowledged.
    Changed,
    /// Nothing in it is new, so nothing is sent.
    Unchanged,
    /// It has errors, so it is held back.
    Invalid,
    /// All that is left are reports of which it is not known whether they were taken.
    Unknown,
}

impl Change {
    /// Every change, in the order in which they are told.
    pub(crate) const ALL: [Self; 5] = [
        Self::New,
        Self::Changed,
        Self::Unchanged,
        Self::Invalid,
        Self::Unknown,
    ];

    /// Returns the sign of the change.
    pub(crate) const fn sign(self) -> char {
        match self {
            Self::New => '+',
            Self::Changed => '*',
            Self::Unchanged => '=',
            Self::Invalid => '!',
            Self::Unknown => '?',
        }
    }

    /// Returns the change in words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the outcome of the order as long as nothing is sent.
    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::New | Self::Changed => Outcome::Valid,
            Self::Unchanged => Outcome::Unchanged,
            Self::Invalid => Outcome::Invalid,
            Self::Unknown => Outcome::Unknown,
        }
    }
}

impl Plan {
    /// Returns how many orders stand so.
    pub(crate) fn count(&self, change: Change) -> usize {
        let orders = self.orders.iter();
        orders.filter(|order| order.change == change).count()
    }

    /// Returns how long the bodies are together, as they are sent.
    pub(crate) fn bytes(&self) -> usize {
        self.amounts().map(|amount| amount.bytes).sum()
    }

    /// Returns how many updates would be sent.
    pub(crate) fn requests(&self) -> usize {
        self.amounts().count()
    }

    fn amounts(&self) -> impl Iterator<Item = &Amount> {
        self.orders.iter().filter_map(|order| order.amount.as_ref())
    }
}

/// How much is in a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Amount {
    /// Tests, each attempt counted.
    pub(crate) tests: usize,
    /// Reports, whatever they are about.
    pub(crate) reports: usize,
    /// The length of its JSON.
    pub(crate) bytes: usize,
}

impl Amount {
    /// Measures a body.
    pub(crate) fn of(body: &OrderUpdate) -> Self {
        let mut amount = Self {
            tests: 0,
            reports: body.overall_reports.len(),
            bytes: body.to_json().len(),
        };
        let assessments = body.assessments.iter();
        for results in assessments.filter_map(|assessment| assessment.assessment_results.as_ref()) {
            let scores = results.tests.iter().filter_map(|test| test.score.as_ref());
            amount.tests += results.tests.len();
            amount.reports += results.reports.len();
            amount.reports += scores.map(|score| score.reports.len()).sum::<usize>();
        }
        amount
    }
}

/// Returns the fingerprint of what a ledger keeps of an order.
pub(crate) fn fingerprint(known: &str) -> String {
    crate::input::hex(&Sha256::digest(known))
}
