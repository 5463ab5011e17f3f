//! An order of a plan as one line of JSON, for scripts.

use serde::Serialize;

use crate::ledger::ValueChange;
use crate::paylocity::model::OrderUpdate;
use crate::plan::PlanOrder;
use crate::plan::inputs::{PlanInput, RowRef};
use crate::report::model::HeldReport;
use crate::ui::json::escape_controls;

/// The line of an order; its properties are written in this order.
#[derive(Serialize)]
struct Line<'a> {
    company_id: &'a str,
    order_id: &'a str,
    change: &'static str,
    outcome: &'static str,
    sent_again: bool,
    errors: usize,
    rows: Vec<RowPlace<'a>>,
    tests: usize,
    reports: usize,
    bytes: usize,
    changes: &'a [ValueChange],
    held_reports: &'a [HeldReport],
    body: Option<&'a OrderUpdate>,
}

/// A row and the file and sheet that hold it.
#[derive(Serialize)]
struct RowPlace<'a> {
    path: &'a str,
    sheet: Option<&'a str>,
    row: u32,
}

/// Returns an order of a plan as one line of JSON; `body` is the update that would be sent.
pub(crate) fn json_line(
    order: &PlanOrder,
    body: Option<&OrderUpdate>,
    inputs: &[PlanInput],
) -> Vec<u8> {
    let place = |row: &RowRef| {
        let input = inputs.get(row.input)?;
        Some(RowPlace {
            path: &input.path,
            sheet: input.sheet.as_deref(),
            row: row.row,
        })
    };
    let amount = order.amount.unwrap_or_default();
    let line = Line {
        company_id: &order.company_id,
        order_id: &order.order_id,
        change: order.change.words(),
        outcome: order.change.outcome().words(),
        sent_again: order.sent_again,
        errors: order.errors,
        rows: order.rows.iter().filter_map(place).collect(),
        tests: amount.tests,
        reports: amount.reports,
        bytes: amount.bytes,
        changes: &order.changes,
        held_reports: &order.held_reports,
        body,
    };
    // Serializing texts and numbers into memory cannot fail.
    let mut line = serde_json::to_vec(&line).unwrap_or_default();
    line.push(b'\n');
    escape_controls(line)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::plan::{Amount, Change};

    #[test]
    fn a_line_says_all_of_an_order_and_disturbs_no_terminal() {
        let input = |path: &str, sheet: Option<&str>| PlanInput {
            path: path.to_owned(),
            sheet: sheet.map(str::to_owned),
            sha256: String::new(),
            rows: 1,
            rows_unread: 0,
            rows_skipped: 0,
            usable: true,
        };
        let inputs = [input("a\u{9b}.csv", None), input("b.xlsx", Some("S \"1\""))];
        let row = |input, row| RowRef { input, row };
        let order = PlanOrder {
            company_id: "B\u{202e}6".into(),
            order_id: "O-1\n".into(),
            change: Change::Changed,
            sent_again: true,
            errors: 0,
            rows: vec![row(0, 2), row(1, 7)],
            ledger: None,
            body: None,
            asked: None,
            held_reports: vec![HeldReport {
                scope: "test".to_owned(),
                name: Some("R".to_owned()),
                url: None,
            }],
            changes: vec![ValueChange {
                field: "overall_score",
                assessment_id: None,
                test_id: None,
                attempt: None,
                before: Some("1".into()),
                after: "2".into(),
            }],
            amount: Some(Amount {
                tests: 0,
                reports: 3,
                bytes: 20,
            }),
        };
        let body = serde_json::from_value(json!({"overallScore": "2"})).unwrap();
        let line = json_line(&order, Some(&body), &inputs);
        let line = String::from_utf8(line).unwrap();
        assert_eq!(
            line.find(|c: char| c.is_control() || c == '\u{202e}'),
            line.rfind('\n')
        );
        let changed = json!({
            "field": "overall_score", "assessment_id": null, "test_id": null, "attempt": null,
            "before": "1", "after": "2",
        });
        let expected = json!({
            "company_id": "B\u{202e}6", "order_id": "O-1\n", "change": "changed", "outcome": "valid",
            "sent_again": true, "errors": 0,
            "rows": [
                {"path": "a\u{9b}.csv", "sheet": null, "row": 2},
                {"path": "b.xlsx", "sheet": "S \"1\"", "row": 7},
            ],
            "tests": 0, "reports": 3, "bytes": 20, "changes": [changed],
            "held_reports": [{"scope": "test", "name": "R", "url": null}],
            "body": {"overallScore": "2"},
        });
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
    }
}
