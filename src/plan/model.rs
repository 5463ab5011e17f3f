//! The plan and its entries, as the plan file has them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::change::Change;
use super::inputs::{Finding, PlanInput, RowRef};
use crate::ledger::{OnAmbiguous, ValueChange};
use crate::paylocity::model::{OrderUpdate, Text};
use crate::report::model::HeldReport;

/// The name and version of the file format.
pub(crate) const SCHEMA: &str = "scoreload/plan/1";

/// The updates that an import would send.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// The name and version of the file format.
    pub(crate) schema: String,
    /// The plan's id. Runs that apply the plan have it in the ledger.
    pub(crate) plan: String,
    /// The version of Scoreload that made the plan.
    pub(crate) tool_version: String,
    /// When the plan was made, RFC 3339.
    pub(crate) made_at: Timestamp,
    /// The target, and the settings that decide the bodies.
    pub(crate) target: PlanTarget,
    /// The runs that rejected rows of the inputs.
    pub(crate) corrects: Option<Vec<String>>,
    /// The sheets that the plan was made from.
    pub(crate) inputs: Vec<PlanInput>,
    /// The rows without an order.
    pub(crate) orderless: Vec<RowRef>,
    /// The orders, in the order of first appearance.
    pub(crate) orders: Vec<PlanOrder>,
    /// The diagnostics of the inputs.
    pub(crate) diagnostics: Vec<Finding>,
    /// The checksum of everything else; empty until [`Plan::sealed`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) checksum: String,
}

/// The target of a plan, and the settings that decide its bodies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanTarget {
    /// The target's name as it was given.
    pub(crate) name: String,
    /// The server's base URL, which is the target's key in the ledger.
    pub(crate) base: String,
    /// What to do with reports that may have been accepted already.
    pub(crate) on_ambiguous: OnAmbiguous,
    /// Whether accepted values and reports are sent again.
    pub(crate) resend: bool,
    /// Whether the server only validates the updates.
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
    /// How the order differs from what the target accepted.
    pub(crate) change: Change,
    /// Whether the order is sent again because an earlier response was lost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) sent_again: bool,
    /// The number of errors in the order's rows.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) errors: usize,
    /// The order's rows.
    pub(crate) rows: Vec<RowRef>,
    /// The fingerprint of the order's ledger entry; `None` if there was none.
    pub(crate) ledger: Option<String>,
    /// The body that would be sent; `None` if nothing would be, or if the plan is only printed.
    pub(crate) body: Option<OrderUpdate>,
    /// Everything in the rows, if the body has only a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<OrderUpdate>,
    /// The held reports, which may have been accepted already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) held_reports: Vec<HeldReport>,
    /// The values that would change. Printed, but not in the file.
    #[serde(skip)]
    pub(crate) changes: Vec<ValueChange>,
    /// The size of the body; `None` if nothing would be sent. Printed, but not in the file.
    #[serde(skip)]
    pub(crate) amount: Option<Amount>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde requires a reference"
)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Plan {
    /// Returns the number of orders with this kind of change.
    pub(crate) fn count(&self, change: Change) -> usize {
        let orders = self.orders.iter();
        orders.filter(|order| order.change == change).count()
    }

    /// Returns the total size of the bodies in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.amounts().map(|amount| amount.bytes).sum()
    }

    /// Returns the number of updates that would be sent.
    pub(crate) fn requests(&self) -> usize {
        self.amounts().count()
    }

    fn amounts(&self) -> impl Iterator<Item = &Amount> {
        self.orders.iter().filter_map(|order| order.amount.as_ref())
    }
}

/// The size of a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Amount {
    /// The number of tests; each attempt counts.
    pub(crate) tests: usize,
    /// The number of reports of orders, assessments and tests.
    pub(crate) reports: usize,
    /// The length of the JSON in bytes.
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

/// Returns the fingerprint of an order's ledger entry.
pub(crate) fn fingerprint(known: &str) -> String {
    crate::input::hex(&Sha256::digest(known))
}
