//! An order of a plan as a script reads it: written without serde, as it holds the whole body.

use crate::paylocity::json::{Json, Object, Written};
use crate::plan::PlanOrder;
use crate::plan::inputs::{PlanInput, RowRef};
use crate::ui::json::calm;

/// What a line holds besides its body, as a rule.
const USUAL_LENGTH: usize = 1024;

/// Where a row stands.
struct Place<'a>(&'a PlanInput, u32);

impl Json for Place<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.put("path", &self.0.path.as_str());
        object.put("sheet", &self.0.sheet.as_deref());
        object.put("row", &self.1);
        object.end();
    }
}

/// Returns an order of a plan as one JSON object on a line of its own; `body` is the JSON of what would be sent of it.
pub(crate) fn json_line(order: &PlanOrder, body: Option<&[u8]>, inputs: &[PlanInput]) -> Vec<u8> {
    let place = |row: &RowRef| Some(Place(inputs.get(row.input)?, row.row));
    let rows: Vec<Place<'_>> = order.rows.iter().filter_map(place).collect();
    let amount = order.amount.unwrap_or_default();
    // Lists of texts and numbers always have a form in JSON.
    let changes = serde_json::to_vec(&order.changes).unwrap_or_default();
    let held_reports = serde_json::to_vec(&order.held_reports).unwrap_or_default();
    let mut line = Vec::with_capacity(USUAL_LENGTH + body.map_or(0, <[u8]>::len));
    let mut object = Object::begin(&mut line);
    object.put("company_id", &order.company_id);
    object.put("order_id", &order.order_id);
    object.put("change", &order.change.words());
    object.put("outcome", &order.change.outcome().words());
    object.put("sent_again", &order.sent_again);
    object.put("errors", &order.errors);
    object.put("rows", &rows);
    object.put("tests", &amount.tests);
    object.put("reports", &amount.reports);
    object.put("bytes", &amount.bytes);
    object.put("changes", &Written(&changes));
    object.put("held_reports", &Written(&held_reports));
    object.put("body", &body.map(Written));
    object.end();
    line.push(b'\n');
    calm(line)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ledger::ValueChange;
    use crate::plan::{Amount, Change};
    use crate::report::HeldReport;

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
        let line = json_line(&order, Some(b"{\"overallScore\":\"2\"}"), &inputs);
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
