//! The report's entry for an order: its outcome, its rows and its requests.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::groups;
use crate::delivery::{Attempt, Delivery, Outcome};
use crate::diagnostics::diagnostic::Source;
use crate::input::SheetHead;
use crate::ledger::ScopedReport;
use crate::orders::{Batch, Order, RowAt};
use crate::paylocity::model::Text;
use crate::schema::columns::Scope;

/// One order.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OrderEntry {
    /// The company id.
    pub(crate) company_id: String,
    /// The order id.
    pub(crate) order_id: String,
    /// The outcome.
    pub(crate) outcome: Outcome,
    /// The HTTP status of the last response.
    pub(crate) http_status: Option<u16>,
    /// The number of requests.
    pub(crate) attempts: u32,
    /// The latency of the last response in milliseconds.
    pub(crate) latency_ms: Option<f64>,
    /// The rows that the order was built from.
    pub(crate) rows: Vec<RowPlace>,
    /// Whether the server may hold its reports twice.
    pub(crate) possible_duplicate_reports: bool,
    /// Reports that were held back because an earlier request with them may have been applied.
    pub(crate) held_reports: Vec<HeldReport>,
    /// The server's message, or why the order was held back.
    pub(crate) message: Option<String>,
    /// The requests, in order.
    pub(crate) requests: Vec<RequestEntry>,
}

/// One request and its response.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RequestEntry {
    /// When the request was sent, RFC 3339.
    #[schemars(with = "String")]
    pub(crate) sent_at: Timestamp,
    /// The latency in milliseconds.
    pub(crate) latency_ms: f64,
    /// The HTTP status of the response.
    pub(crate) http_status: Option<u16>,
    /// The server's message, or the error.
    pub(crate) message: Option<String>,
}

/// The location of a row.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RowPlace {
    /// The file, as named on the command line.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub(crate) path: Arc<str>,
    /// The sheet, for workbooks.
    #[serde(serialize_with = "as_some_text")]
    #[schemars(with = "Option<String>")]
    pub(crate) sheet: Option<Arc<str>>,
    /// The row number as the user sees it.
    pub(crate) row: u32,
}

/// The files and sheets of a batch, as texts shared by all their rows.
pub(crate) struct Sources(Vec<(Arc<str>, Option<Arc<str>>)>);

impl Sources {
    pub(crate) fn of(batch: &Batch) -> Self {
        let shared = |head: &SheetHead| {
            let Source { path, sheet } = &*head.source;
            (path.as_str().into(), sheet.as_deref().map(Arc::from))
        };
        Self(batch.heads.iter().map(shared).collect())
    }

    fn place(&self, row: RowAt) -> RowPlace {
        let (path, sheet) = self.0[row.sheet as usize].clone();
        RowPlace {
            path,
            sheet,
            row: row.row,
        }
    }
}

fn as_text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

#[expect(clippy::ref_option, reason = "so serde hands it on")]
fn as_some_text<S: Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().serialize(serializer)
}

/// A report that was held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct HeldReport {
    /// Its scope: `order`, `assessment` or `test`.
    pub(crate) scope: String,
    /// Its name.
    pub(crate) name: Option<String>,
    /// Its URL.
    pub(crate) url: Option<String>,
}

impl From<&ScopedReport> for HeldReport {
    fn from(report: &ScopedReport) -> Self {
        let scope = match report.scope {
            Scope::Order => "order",
            Scope::Assessment => "assessment",
            Scope::Test => "test",
        };
        let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string);
        Self {
            scope: scope.to_owned(),
            name: text(&report.link.name),
            url: text(&report.link.url),
        }
    }
}

impl OrderEntry {
    pub(crate) fn new(sources: &Sources, order: &Order, delivery: &Delivery) -> Self {
        Self {
            company_id: order.company_id.to_string(),
            order_id: order.order_id.to_string(),
            outcome: delivery.outcome,
            http_status: delivery.http_status,
            attempts: delivery.attempts,
            latency_ms: delivery.latency.map(milliseconds),
            rows: order.rows.iter().map(|row| sources.place(*row)).collect(),
            possible_duplicate_reports: delivery.possible_duplicate_reports,
            held_reports: delivery.held_reports.iter().map(HeldReport::from).collect(),
            message: delivery.message.clone(),
            requests: delivery.history.iter().map(RequestEntry::from).collect(),
        }
    }
}

impl OrderEntry {
    /// Returns whether the order was not delivered.
    pub(crate) fn is_left_over(&self) -> bool {
        !matches!(
            self.outcome,
            Outcome::Valid | Outcome::Accepted | Outcome::Unchanged
        )
    }

    /// Returns the locations of its rows by file and sheet: `a.csv:2-4,7; b.xlsx [March]:9`.
    pub(crate) fn places(&self) -> String {
        let sources = self
            .rows
            .chunk_by(|one, next| one.source() == next.source());
        let of_source = |rows: &[RowPlace]| {
            let (path, sheet) = rows.first().map_or(("", None), RowPlace::source);
            let runs = rows.chunk_by(|one, next| one.row.checked_add(1) == Some(next.row));
            let runs: Vec<String> = runs.filter_map(run).collect();
            format!("{}:{}", groups::source(path, sheet), runs.join(","))
        };
        sources.map(of_source).collect::<Vec<_>>().join("; ")
    }
}

/// Formats consecutive rows as a range.
fn run(rows: &[RowPlace]) -> Option<String> {
    match rows {
        [] => None,
        [one] => Some(one.row.to_string()),
        [first, .., last] => Some(format!("{}-{}", first.row, last.row)),
    }
}

impl RowPlace {
    /// Returns the file and sheet.
    pub(crate) fn source(&self) -> (&str, Option<&str>) {
        (&self.path, self.sheet.as_deref())
    }
}

impl From<&Attempt> for RequestEntry {
    fn from(attempt: &Attempt) -> Self {
        Self {
            sent_at: attempt.sent_at,
            latency_ms: milliseconds(attempt.latency),
            http_status: attempt.http_status,
            message: attempt.message.clone(),
        }
    }
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
