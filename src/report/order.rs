//! The report's account of an order: what became of it, the rows that it was made of, the requests that it took.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::groups;
use crate::delivery::{Delivery, Exchange, Outcome};
use crate::diagnostics::diagnostic::Source;
use crate::input::SheetHead;
use crate::ledger::ScopedReport;
use crate::orders::{Batch, Order, RowAt};
use crate::paylocity::model::Text;
use crate::schema::columns::Scope;

/// One order.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OrderEntry {
    /// The company.
    pub(crate) company_id: String,
    /// The order.
    pub(crate) order_id: String,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// The HTTP status of the last answer.
    pub(crate) http_status: Option<u16>,
    /// How many requests it took.
    pub(crate) attempts: u32,
    /// How long the last answer took, in milliseconds.
    pub(crate) latency_ms: Option<f64>,
    /// The rows that it was made of.
    pub(crate) rows: Vec<RowPlace>,
    /// Whether its reports may stand twice with the server.
    pub(crate) possible_duplicate_reports: bool,
    /// Reports that were held back because it is not known whether they were taken.
    pub(crate) held_reports: Vec<HeldReport>,
    /// What the server said, or why the order was held back.
    pub(crate) message: Option<String>,
    /// The requests that it took, in their order.
    pub(crate) requests: Vec<RequestEntry>,
}

/// One request and what came back.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RequestEntry {
    /// When it left, RFC 3339.
    #[schemars(with = "String")]
    pub(crate) sent_at: Timestamp,
    /// How long the answer took, in milliseconds.
    pub(crate) latency_ms: f64,
    /// The HTTP status of the answer.
    pub(crate) http_status: Option<u16>,
    /// What the server said, or what went wrong.
    pub(crate) message: Option<String>,
}

/// Where a row stands.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RowPlace {
    /// The file, as it was named.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub(crate) path: Arc<str>,
    /// The sheet, for workbooks.
    #[serde(serialize_with = "as_some_text")]
    #[schemars(with = "Option<String>")]
    pub(crate) sheet: Option<Arc<str>>,
    /// The row's number as the user sees it.
    pub(crate) row: u32,
}

/// The files and sheets of a batch, each a text that all its rows share.
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
    /// What it is about: `order`, `assessment` or `test`.
    pub(crate) scope: String,
    /// What it is called.
    pub(crate) name: Option<String>,
    /// Where it is.
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
            requests: delivery.exchanges.iter().map(RequestEntry::from).collect(),
        }
    }
}

impl OrderEntry {
    /// Tells whether the order did not get through.
    pub(crate) fn is_left_over(&self) -> bool {
        !matches!(
            self.outcome,
            Outcome::Valid | Outcome::Accepted | Outcome::Unchanged
        )
    }

    /// Returns where its rows stand, by file and sheet: `a.csv:2-4,7; b.xlsx [March]:9`.
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

/// Returns rows that follow each other as one text.
fn run(rows: &[RowPlace]) -> Option<String> {
    match rows {
        [] => None,
        [one] => Some(one.row.to_string()),
        [first, .., last] => Some(format!("{}-{}", first.row, last.row)),
    }
}

impl RowPlace {
    /// Returns its file and sheet.
    pub(crate) fn source(&self) -> (&str, Option<&str>) {
        (&self.path, self.sheet.as_deref())
    }
}

impl From<&Exchange> for RequestEntry {
    fn from(exchange: &Exchange) -> Self {
        Self {
            sent_at: exchange.sent_at,
            latency_ms: milliseconds(exchange.latency),
            http_status: exchange.http_status,
            message: exchange.message.clone(),
        }
    }
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
