//! The report of a run, which accounts for every row, order and diagnostic.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Serialize, Serializer};

use crate::delivery::{Delivery, Outcome};
use crate::diagnostics::diagnostic::Diagnostic;
use crate::orders::{Batch, SheetSummary};
use crate::report::order::Sources;
pub(crate) use crate::report::order::{HeldReport, OrderEntry, RequestEntry};
use crate::schema::columns::Field;

/// The name and version of the report's schema. It changes whenever a property changes its name or meaning.
pub(crate) const SCHEMA: &str = "scoreload/report/1";

/// The report of a run.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Report {
    /// The name and version of this schema.
    pub(crate) schema: &'static str,
    /// The id of the run.
    pub(crate) run: String,
    /// The command: `import`, `apply`, `plan` or `validate`.
    pub(crate) mode: Mode,
    /// The version of Scoreload.
    pub(crate) tool_version: &'static str,
    /// The target of the updates; null if nothing was to be sent.
    pub(crate) target: Option<String>,
    /// What a reader must know first, such as that nothing left this machine.
    pub(crate) notice: Option<String>,
    /// The runs whose corrected rejects were imported; null if there are none.
    pub(crate) corrects: Option<Vec<String>>,
    /// Why delivery stopped early; null if it completed.
    pub(crate) stopped: Option<String>,
    /// Commands that finish the job, ready to paste into a shell, each with a comment on what to check first. Empty if
    /// nothing is left to deliver.
    pub(crate) next: Vec<String>,
    /// Whether the inputs came from an inbox, which moves them.
    #[serde(skip)]
    pub(crate) is_from_inbox: bool,
    /// Start of the run, RFC 3339.
    #[schemars(with = "String")]
    pub(crate) started_at: Timestamp,
    /// End of the run, RFC 3339.
    #[schemars(with = "String")]
    pub(crate) finished_at: Timestamp,
    /// The exit code of the process.
    pub(crate) exit_code: u8,
    /// The sheets that were read, in order.
    pub(crate) inputs: Vec<Input>,
    /// Counts of rows and orders.
    pub(crate) totals: Totals,
    /// Counts of requests.
    pub(crate) requests: Requests,
    /// The rate limit, such as `3/s,180/m`; null if nothing was to be sent.
    pub(crate) rate: Option<String>,
    /// Durations.
    pub(crate) timing: Timing,
    /// All orders, by first appearance.
    pub(crate) orders: Vec<OrderEntry>,
    /// All diagnostics, by location.
    #[serde(serialize_with = "as_diagnostics")]
    #[schemars(with = "Vec<ReportedDiagnostic<'_>>")]
    pub(crate) diagnostics: Arc<Vec<Diagnostic>>,
}

/// The kind of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Validate, deliver, report.
    Import,
    /// Deliver a plan.
    Apply,
    /// Validate, and report what an import would send.
    Plan,
    /// Validate only.
    Validate,
}

impl Mode {
    /// Returns whether updates are sent.
    pub(crate) const fn delivers(self) -> bool {
        matches!(self, Self::Import | Self::Apply)
    }

    /// Returns the name of the mode.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Apply => "apply",
            Self::Plan => "plan",
            Self::Validate => "validate",
        }
    }
}

/// A sheet that was read.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Input {
    /// The file, as named on the command line.
    pub(crate) path: String,
    /// The sheet, for workbooks.
    pub(crate) sheet: Option<String>,
    /// The SHA-256 of the whole file, in hexadecimal.
    pub(crate) sha256: String,
    /// The number of data rows.
    pub(crate) rows: usize,
}

/// Counts of rows and orders. `rows` is the sum of the orders' rows and `rows_invalid`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Totals {
    /// Data rows.
    pub(crate) rows: usize,
    /// Rows without an order, because an id is missing or unreadable, or the header of their sheet is wrong.
    pub(crate) rows_invalid: usize,
    /// Rows that were skipped and reported: repeated headers and footers.
    pub(crate) rows_skipped: usize,
    /// Orders; the sum of the counts below.
    pub(crate) orders: usize,
    /// Orders that are valid and were only checked.
    pub(crate) valid: usize,
    /// Orders that the server accepted.
    pub(crate) accepted: usize,
    /// Orders without changes.
    pub(crate) unchanged: usize,
    /// Orders held back because of errors in their rows.
    pub(crate) invalid: usize,
    /// Orders that the server rejected permanently.
    pub(crate) rejected: usize,
    /// Orders that were certainly not applied.
    pub(crate) failed: usize,
    /// Orders that may or may not have been applied.
    pub(crate) unknown: usize,
    /// Orders that were not sent.
    pub(crate) not_sent: usize,
}

/// Counts of requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Requests {
    /// Updates sent, including retries.
    pub(crate) sent: u64,
    /// Retries.
    pub(crate) retried: u64,
    /// Requests answered with 429.
    pub(crate) throttled: u64,
    /// Token requests.
    pub(crate) token: u64,
}

/// Durations in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Timing {
    /// Reading and validating the inputs.
    pub(crate) read_s: f64,
    /// Delivering.
    pub(crate) deliver_s: f64,
    /// The part of the delivery spent waiting for the rate limit.
    pub(crate) waited_for_rate_s: f64,
}

/// A finding about the data.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Diagnostic")]
pub(crate) struct ReportedDiagnostic<'a> {
    /// `error` or `warning`.
    pub(crate) severity: &'static str,
    /// The stable name of the kind of finding.
    pub(crate) code: &'static str,
    /// The message.
    pub(crate) message: &'a str,
    /// The remedy.
    pub(crate) help: &'a str,
    /// The file, as named on the command line.
    pub(crate) path: &'a str,
    /// The sheet, for workbooks.
    pub(crate) sheet: Option<&'a str>,
    /// The row number as the user sees it.
    pub(crate) row: Option<u32>,
    /// The header of the column, as in the file.
    pub(crate) column: Option<&'a str>,
    /// The canonical name of the column.
    pub(crate) field: Option<String>,
    /// The name of the cell, such as `B17`.
    pub(crate) cell: Option<String>,
    /// The value of the cell.
    pub(crate) value: Option<&'a str>,
}

impl<'a> From<&'a Diagnostic> for ReportedDiagnostic<'a> {
    fn from(problem: &'a Diagnostic) -> Self {
        let Diagnostic {
            code,
            severity,
            message,
            help,
            place,
            header,
            field,
            value,
        } = problem;
        Self {
            severity: severity.words(),
            code: code.name(),
            message,
            help,
            path: &place.source.path,
            sheet: place.source.sheet.as_deref(),
            row: place.row,
            column: header.as_deref(),
            field: field.map(Field::name),
            cell: place.cell_name(),
            value: value.as_deref(),
        }
    }
}

fn as_diagnostics<S: Serializer>(
    problems: &[Diagnostic],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(problems.iter().map(ReportedDiagnostic::from))
}

/// The facts about a finished run, besides its batch.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// The id of the run.
    pub(crate) id: String,
    /// The kind of run.
    pub(crate) mode: Mode,
    /// The target of the updates.
    pub(crate) target: Option<String>,
    /// What a reader must know first.
    pub(crate) notice: Option<String>,
    /// The runs whose corrected rejects are among the inputs.
    pub(crate) corrects: Option<Vec<String>>,
    /// Why delivery stopped early.
    pub(crate) stopped: Option<String>,
    /// The commands that finish the job.
    pub(crate) next: Vec<String>,
    /// Whether the inputs came from an inbox, which moves them.
    pub(crate) is_from_inbox: bool,
    /// Start of the run.
    pub(crate) started_at: Timestamp,
    /// Counts of requests.
    pub(crate) requests: Requests,
    /// The rate limit.
    pub(crate) rate: Option<String>,
    /// Durations.
    pub(crate) timing: Timing,
}

impl Report {
    /// Creates the report of a run. `deliveries` belong to the batch's orders, in the same order.
    pub(crate) fn new(run: Run, batch: &Batch, deliveries: &[Delivery], exit_code: u8) -> Self {
        let orders = batch.orders.iter().zip(deliveries);
        let sources = Sources::of(batch);
        Self {
            schema: SCHEMA,
            run: run.id,
            mode: run.mode,
            tool_version: env!("CARGO_PKG_VERSION"),
            target: run.target,
            notice: run.notice,
            corrects: run.corrects,
            stopped: run.stopped,
            next: run.next,
            is_from_inbox: run.is_from_inbox,
            started_at: run.started_at,
            finished_at: Timestamp::now(),
            exit_code,
            inputs: Input::all(batch),
            totals: Totals::of(batch, deliveries),
            requests: run.requests,
            rate: run.rate,
            timing: run.timing,
            orders: orders
                .map(|(order, delivery)| OrderEntry::new(&sources, order, delivery))
                .collect(),
            diagnostics: Arc::clone(&batch.problems),
        }
    }

    /// Returns whether every row is accounted for.
    pub(crate) fn closes(&self) -> bool {
        let of_inputs: usize = self.inputs.iter().map(|input| input.rows).sum();
        let of_orders = self.orders.iter().map(|order| order.rows.len());
        self.totals.rows == of_inputs && self.totals.close_with(of_orders)
    }

    /// Returns the published JSON Schema of the report.
    pub(crate) fn schema() -> serde_json::Value {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let mut schema = settings.into_generator().into_root_schema_for::<Self>();
        schema.insert("$id".to_owned(), SCHEMA.into());
        schema.insert("title".to_owned(), "Scoreload report".into());
        schema.to_value()
    }
}

impl Input {
    /// Returns the sheets of a batch.
    pub(crate) fn all(batch: &Batch) -> Vec<Self> {
        let input = |sheet: &SheetSummary| Self {
            path: sheet.source.path.clone(),
            sheet: sheet.source.sheet.clone(),
            sha256: sheet.sha256.to_string(),
            rows: sheet.rows,
        };
        batch.sheets.iter().map(input).collect()
    }
}

impl Totals {
    /// Counts the rows and orders of a batch.
    pub(crate) fn of(batch: &Batch, deliveries: &[Delivery]) -> Self {
        let count = |outcome| {
            deliveries
                .iter()
                .filter(|delivery| delivery.outcome == outcome)
                .count()
        };
        Self {
            rows: batch.sheets.iter().map(|sheet| sheet.rows).sum(),
            rows_invalid: batch.orderless.len()
                + batch.sheets.iter().map(|sheet| sheet.unread).sum::<usize>(),
            rows_skipped: batch.sheets.iter().map(|sheet| sheet.skipped).sum(),
            orders: batch.orders.len(),
            valid: count(Outcome::Valid),
            accepted: count(Outcome::Accepted),
            unchanged: count(Outcome::Unchanged),
            invalid: count(Outcome::Invalid),
            rejected: count(Outcome::Rejected),
            failed: count(Outcome::Failed),
            unknown: count(Outcome::Unknown),
            not_sent: count(Outcome::NotSent),
        }
    }

    /// Returns the number of orders with an outcome.
    pub(crate) fn count(&self, outcome: Outcome) -> usize {
        match outcome {
            Outcome::Valid => self.valid,
            Outcome::Accepted => self.accepted,
            Outcome::Unchanged => self.unchanged,
            Outcome::Invalid => self.invalid,
            Outcome::Rejected => self.rejected,
            Outcome::Failed => self.failed,
            Outcome::Unknown => self.unknown,
            Outcome::NotSent => self.not_sent,
        }
    }

    /// Returns the counter of an outcome.
    pub(crate) fn count_mut(&mut self, outcome: Outcome) -> &mut usize {
        match outcome {
            Outcome::Valid => &mut self.valid,
            Outcome::Accepted => &mut self.accepted,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Invalid => &mut self.invalid,
            Outcome::Rejected => &mut self.rejected,
            Outcome::Failed => &mut self.failed,
            Outcome::Unknown => &mut self.unknown,
            Outcome::NotSent => &mut self.not_sent,
        }
    }

    /// Returns the number of orders that were not delivered.
    pub(crate) fn left_over(&self) -> usize {
        self.invalid + self.rejected + self.failed + self.unknown + self.not_sent
    }

    /// Returns whether a run accounts for every row of its batch, for runs without a report.
    pub(crate) fn close(batch: &Batch, deliveries: &[Delivery]) -> bool {
        let of_orders = batch.orders.iter().map(|order| order.rows.len());
        Self::of(batch, deliveries).close_with(of_orders)
    }

    /// Returns whether the totals match orders with these numbers of rows.
    fn close_with(&self, rows_of_orders: impl ExactSizeIterator<Item = usize>) -> bool {
        let outcomes = Outcome::ALL.into_iter().map(|outcome| self.count(outcome));
        self.orders == rows_of_orders.len()
            && self.orders == outcomes.sum::<usize>()
            && self.rows == rows_of_orders.sum::<usize>() + self.rows_invalid
    }
}

#[cfg(test)]
pub(crate) mod tests;
