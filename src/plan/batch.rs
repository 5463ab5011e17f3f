//! Restores the batch of a plan, so that applying it accounts for every row.

use std::sync::Arc;

use super::inputs::{PlanInput, UsableSheets, problem};
use super::model::{Plan, PlanOrder};
use crate::input::{Header, SheetHead};
use crate::orders::{Batch, Order, SheetSummary};

impl Plan {
    /// Returns the batch that the plan was made from, without the content of its rows.
    pub(crate) fn batch(&self) -> Batch {
        let sheets = UsableSheets::among(self.inputs.iter().map(|input| input.usable));
        let usable = self.inputs.iter().filter(|input| input.usable);
        let order = |order: &PlanOrder| {
            let (company_id, order_id) = (order.company_id.clone(), order.order_id.clone());
            Order::without_content(
                company_id,
                order_id,
                sheets.rows_at(&order.rows),
                order.errors,
            )
        };
        Batch {
            sheets: self.inputs.iter().map(summary).collect(),
            heads: usable.map(head).collect(),
            orders: self.orders.iter().map(order).collect(),
            orderless: sheets.rows_at(&self.orderless),
            problems: Arc::new(self.diagnostics.iter().filter_map(problem).collect()),
            ..Batch::default()
        }
    }
}

pub(super) fn summary(input: &PlanInput) -> SheetSummary {
    SheetSummary {
        source: input.source(),
        sha256: input.sha256.as_str().into(),
        usable: input.usable,
        rows: input.rows,
        unread: input.rows_unread,
        skipped: input.rows_skipped,
    }
}

pub(super) fn head(input: &PlanInput) -> SheetHead {
    SheetHead {
        source: input.source(),
        header: Header {
            row: 0,
            texts: Vec::new(),
            fields: Vec::new(),
            wide: Vec::new(),
        },
        above: Vec::new(),
        is_denied: false,
    }
}
