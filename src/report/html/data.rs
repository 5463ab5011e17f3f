//! The data object that the page's script renders, compact enough for many orders.
//!
//! Orders and diagnostics are arrays in the order of their fields here; repeated texts are indexes into `texts`, files
//! and sheets indexes into `sources`. Only the page's script reads it; it is not a published format.

use indexmap::IndexSet;
use jiff::Timestamp;
use serde::Serialize;

use super::bodies::{Bodies, EACH};
use crate::delivery::Outcome;
use crate::diagnostics::diagnostic::Diagnostic as Finding;
use crate::orders::Batch;
use crate::paylocity::model::Text;
use crate::report::model::{OrderEntry, Report, RequestEntry};

/// The data object.
#[derive(Serialize)]
pub(crate) struct Data<'a, B> {
    /// `import`, `plan` or `validate`.
    kind: &'static str,
    /// Start of the run in milliseconds since 1970.
    began: i64,
    /// The names of the outcomes.
    outcomes: [&'static str; 8],
    sources: Vec<Source<'a>>,
    texts: Vec<&'a str>,
    orders: Vec<Order<'a>>,
    problems: Vec<Diagnostic<'a>>,
    /// Number of bodies per compressed chunk.
    bodies_each: usize,
    bodies: B,
    /// The version of a live page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u64>,
}

/// Changed orders of a live page, by index. Their texts follow those that the page already has; their rows are left out
/// because they never change.
#[derive(Serialize)]
pub(crate) struct Changes<'a> {
    texts: Vec<&'a str>,
    orders: Vec<(usize, Order<'a>)>,
}

impl<'a> Changes<'a> {
    /// Collects the changes of a run that started at this time.
    pub(crate) fn of(
        changed: impl Iterator<Item = (usize, &'a OrderEntry)>,
        began: Timestamp,
    ) -> Self {
        let mut names = Names::default();
        let orders = changed.map(|(index, entry)| {
            let mut order = names.order(entry, began);
            order.6.clear();
            (index, order)
        });
        Self {
            orders: orders.collect(),
            texts: names.texts.into_iter().collect(),
        }
    }
}

#[derive(Serialize)]
struct Source<'a> {
    path: &'a str,
    sheet: Option<&'a str>,
}

#[derive(Serialize)]
struct Order<'a>(
    &'a str,         // company
    &'a str,         // order
    usize,           // outcome
    Option<u16>,     // HTTP status
    u32,             // attempts
    Option<f64>,     // latency in milliseconds
    Vec<Vec<usize>>, // rows: a source and rows in it, as often as the source changes
    Vec<Request>,    // requests
    Option<usize>,   // message
    bool,            // whether the server may hold reports twice
    Vec<Held<'a>>,   // reports that were kept back
);

/// Sent at (milliseconds since the start of the run); latency; HTTP status; message.
#[derive(Serialize)]
struct Request(i64, f64, Option<u16>, Option<usize>);

/// Scope, name, URL.
#[derive(Serialize)]
struct Held<'a>(&'a str, Option<&'a str>, Option<&'a str>);

#[derive(Serialize)]
struct Diagnostic<'a>(
    bool,            // whether it is an error
    usize,           // code
    &'a str,         // message
    usize,           // help
    usize,           // source
    Option<u32>,     // row
    Option<usize>,   // header of the column
    Option<Text>,    // cell
    Option<&'a str>, // value
);

impl<'a> Data<'a, Bodies<'a>> {
    /// Creates the data object of a report.
    pub(crate) fn of(report: &'a Report, batch: &'a Batch) -> Self {
        Self::with_bodies(report, Bodies(batch))
    }
}

impl<'a, B> Data<'a, B> {
    /// Creates the data object of a report with the bodies of its orders.
    pub(crate) fn with_bodies(report: &'a Report, bodies: B) -> Self {
        let mut names = Names::default();
        let orders = report.orders.iter();
        let orders = orders
            .map(|order| names.order(order, report.started_at))
            .collect();
        let problems = report.diagnostics.iter();
        let problems = problems.map(|found| names.problem(found)).collect();
        let source = |(path, sheet)| Source { path, sheet };
        Self {
            kind: report.mode.words(),
            began: report.started_at.as_millisecond(),
            outcomes: Outcome::ALL.map(Outcome::words),
            sources: names.sources.into_iter().map(source).collect(),
            texts: names.texts.into_iter().collect(),
            orders,
            problems,
            bodies_each: EACH,
            bodies,
            version: None,
        }
    }
}

/// Interned texts and sources.
#[derive(Default)]
struct Names<'a> {
    texts: IndexSet<&'a str>,
    sources: IndexSet<(&'a str, Option<&'a str>)>,
}

impl<'a> Names<'a> {
    fn text(&mut self, text: &'a str) -> usize {
        self.texts.insert_full(text).0
    }

    fn order(&mut self, order: &'a OrderEntry, began: Timestamp) -> Order<'a> {
        let outcome = Outcome::ALL
            .iter()
            .position(|outcome| *outcome == order.outcome);
        let parts = order
            .rows
            .chunk_by(|one, next| one.source() == next.source());
        let rows = parts.filter_map(|part| {
            let source = self.sources.insert_full(part.first()?.source()).0;
            let rows = part.iter().map(|row| row.row as usize);
            Some([source].into_iter().chain(rows).collect())
        });
        let rows = rows.collect();
        let held = order.held_reports.iter();
        let held = held.map(|held| Held(&held.scope, held.name.as_deref(), held.url.as_deref()));
        let requests = order.requests.iter();
        Order(
            &order.company_id,
            &order.order_id,
            outcome.unwrap_or_default(),
            order.http_status,
            order.attempts,
            order.latency_ms,
            rows,
            requests
                .map(|request| self.request(request, began))
                .collect(),
            order.message.as_deref().map(|message| self.text(message)),
            order.possible_duplicate_reports,
            held.collect(),
        )
    }

    fn request(&mut self, request: &'a RequestEntry, began: Timestamp) -> Request {
        Request(
            request.sent_at.as_millisecond() - began.as_millisecond(),
            request.latency_ms,
            request.http_status,
            request.message.as_deref().map(|message| self.text(message)),
        )
    }

    fn problem(&mut self, found: &'a Finding) -> Diagnostic<'a> {
        let source = &found.place.source;
        Diagnostic(
            found.is_error(),
            self.text(found.code.name()),
            &found.message,
            self.text(&found.help),
            self.sources
                .insert_full((&source.path, source.sheet.as_deref()))
                .0,
            found.place.row,
            found.header.as_deref().map(|column| self.text(column)),
            found.place.cell_name().map(Text::from),
            found.value.as_deref(),
        )
    }
}
