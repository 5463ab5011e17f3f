//! The live page of a running import: the report page, and the changes since a browser last asked.

use serde::Serialize;
use serde_json::Value;

use super::bodies::Bodies;
use super::data::{Changes, Data};
use super::island::Island;
use super::summary::Tile;
use super::{Page, SCRIPT, STYLE, policy};
use crate::delivery::{Delivery, Outcome};
use crate::orders::Batch;
use crate::report::headline::{count, grouped};
use crate::report::model::{HeldReport, Report, RequestEntry, Requests};
use crate::report::order::milliseconds;

/// The script that polls for changes; see `crate::web`.
const FOLLOWING: &str = include_str!("live.js");

/// The page of a run from the start of delivery to the finished report.
#[derive(Debug)]
pub(crate) struct LivePage {
    report: Report,
    bodies: Value,
    /// By order: the version of the page in which it last changed.
    changed: Vec<u64>,
    version: u64,
    is_finished: bool,
}

/// The changes of a page.
#[derive(Serialize)]
struct Update<'a> {
    summary: &'a str,
    run: &'a str,
    is_finished: bool,
    #[serde(flatten)]
    changes: Changes<'a>,
}

impl LivePage {
    /// Creates the page of a run that has not delivered anything yet.
    pub(crate) fn new(report: Report, batch: &Batch) -> Self {
        Self {
            changed: vec![0; report.orders.len()],
            // Lists of texts can always be written as JSON.
            bodies: serde_json::to_value(Bodies(batch)).unwrap_or_default(),
            report,
            version: 0,
            is_finished: false,
        }
    }

    /// Records the outcome of an order, by its index.
    pub(crate) fn settle(&mut self, order: usize, delivery: &Delivery) {
        let (Some(entry), Some(changed)) = (
            self.report.orders.get_mut(order),
            self.changed.get_mut(order),
        ) else {
            return;
        };
        let totals = &mut self.report.totals;
        *totals.count_mut(entry.outcome) -= 1;
        *totals.count_mut(delivery.outcome) += 1;
        entry.outcome = delivery.outcome;
        entry.http_status = delivery.http_status;
        entry.attempts = delivery.attempts;
        entry.latency_ms = delivery.latency.map(milliseconds);
        entry.possible_duplicate_reports = delivery.possible_duplicate_reports;
        entry.held_reports = delivery.held_reports.iter().map(HeldReport::from).collect();
        entry.message.clone_from(&delivery.message);
        entry.requests = delivery.history.iter().map(RequestEntry::from).collect();
        self.version += 1;
        *changed = self.version;
    }

    /// Records the requests and the delivery time until now.
    pub(crate) fn count(&mut self, requests: Requests, deliver_s: f64) {
        self.report.requests = requests;
        self.report.timing.deliver_s = deliver_s;
        self.version += 1;
    }

    /// Replaces the page by the finished report.
    pub(crate) fn finish(&mut self, report: Report) {
        self.version += 1;
        self.changed = vec![self.version; report.orders.len()];
        self.report = report;
        self.is_finished = true;
    }

    /// Returns the version, which increases with every change.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Returns whether this is the finished report.
    pub(crate) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Returns the content security policy: this page's own style, script and event stream only.
    pub(crate) fn policy() -> String {
        let own = policy(STYLE, &[SCRIPT, FOLLOWING].concat());
        format!("{own}; connect-src 'self'; frame-ancestors 'none'")
    }

    /// Returns the page in its current state.
    pub(crate) fn page(&self) -> String {
        let mut data = Data::with_bodies(&self.report, &self.bodies);
        data.version = Some(self.version);
        let script = [SCRIPT, FOLLOWING].concat();
        self.drawn(&Island(&data), &script)
    }

    /// Returns the changes since a version, as JSON.
    pub(crate) fn update_since(&self, version: u64) -> String {
        let page = self.drawn(&"", "");
        let orders = self.report.orders.iter().enumerate();
        let changed = orders.filter(|(index, _)| self.changed[*index] > version);
        let update = Update {
            summary: part(&page, "<section id=\"summary\"", "<section id=\"orders\""),
            run: part(&page, "<section id=\"run\"", "</main>"),
            is_finished: self.is_finished,
            changes: Changes::of(changed, self.report.started_at),
        };
        // Texts and numbers can always be written as JSON.
        serde_json::to_string(&update).unwrap_or_default()
    }

    fn drawn(&self, data: &dyn std::fmt::Display, script: &str) -> String {
        let mut page = Page::of(&self.report, data);
        page.policy = policy(STYLE, script) + "; connect-src 'self'";
        page.script = script;
        if !self.is_finished {
            self.say_it_goes_on(&mut page);
        }
        // SheetWriter to memory cannot fail.
        askama::Template::render(&page).unwrap_or_default()
    }

    fn say_it_goes_on(&self, page: &mut Page<'_>) {
        let totals = &self.report.totals;
        let left = totals.count(Outcome::NotSent);
        page.sentence = format!("Delivering: {} pending.", count(left, "order", "orders"));
        let lost = totals.left_over() - left;
        page.is_good = lost == 0;
        // An order that is still pending is not a failure.
        for tile in page
            .tiles
            .iter_mut()
            .filter(|tile| tile.name == "Not delivered")
        {
            *tile = Tile {
                name: "Pending",
                number: grouped(left),
                note: match lost {
                    0 => String::new(),
                    lost => format!("{} failed", grouped(lost)),
                },
                look: "plain",
                link: None,
            };
        }
        page.advice = vec![
            "Nothing yet: the import is running. This page updates itself and becomes the finished report.".to_owned(),
        ];
    }
}

/// Returns a part of the page; the data contain no `<`.
fn part<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let begin = page.find(from).unwrap_or_default();
    let rest = &page[begin..];
    &rest[..rest.find(to).unwrap_or_default()]
}
