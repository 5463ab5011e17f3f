//! The report's orders as CSV, for scripts and spreadsheets.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::report::model::{OrderEntry, Report};
use crate::text::{formula, safe};

const HEADER: [&str; 11] = [
    "company_id",
    "order_id",
    "outcome",
    "http_status",
    "attempts",
    "latency_ms",
    "last_sent_at",
    "rows",
    "possible_duplicate_reports",
    "held_reports",
    "message",
];

/// Writes one line per order.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut out = ::csv::Writer::from_writer(out);
    out.write_record(HEADER)?;
    for order in &report.orders {
        let cells = cells(order);
        out.write_record(cells.iter().map(|cell| harmless(cell).into_owned()))?;
    }
    out.flush()
}

fn cells(order: &OrderEntry) -> [String; HEADER.len()] {
    let text = |value: Option<String>| value.unwrap_or_default();
    let held = order
        .held_reports
        .iter()
        .filter_map(|held| held.url.clone());
    [
        order.company_id.clone(),
        order.order_id.clone(),
        order.outcome.words().to_owned(),
        text(order.http_status.map(|status| status.to_string())),
        order.attempts.to_string(),
        text(order.latency_ms.map(|latency| latency.to_string())),
        text(order.requests.last().map(|last| last.sent_at.to_string())),
        order.places(),
        order.possible_duplicate_reports.to_string(),
        held.collect::<Vec<_>>().join(" "),
        // The server's message may contain anything.
        text(
            order
                .message
                .as_deref()
                .map(|words| safe(words).into_owned()),
        ),
    ]
}

/// Prefixes a cell with an apostrophe if a spreadsheet would take it for a formula.
fn harmless(cell: &str) -> Cow<'_, str> {
    if formula::begins(cell) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::tests::hostile;

    #[test]
    fn each_order_is_a_line_without_formulas() {
        let mut out = Vec::new();
        write(&hostile(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let (header, line) = text.split_once('\n').unwrap();
        assert_eq!(header, HEADER.join(","));
        let record = ::csv::Reader::from_reader(text.as_bytes())
            .records()
            .next()
            .unwrap()
            .unwrap();
        assert_eq!(&record[0], "'=1+1");
        assert_eq!(&record[1], "</script><script>alert(1)</script>");
        assert_eq!(&record[7], "'--!>.csv:2-4,7");
        assert!(line.starts_with("'=1+1,"), "{line}");
    }

    #[test]
    fn escape_sequences_in_server_messages_are_shown_as_text() {
        let mut report = hostile();
        report.orders[0].message = Some("no\u{1b}[31m".to_owned());
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().contains("no\\u{1b}[31m"));
    }

    #[test]
    fn leading_formula_characters_are_escaped() {
        for cell in ["=1", "+1", "-1+1", "@a", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
        assert_eq!(harmless("1-1=0"), "1-1=0");
    }
}
