//! The page of a run that goes on: the same page, and what has changed in it since a browser last heard of it.

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
use crate::report::{HeldReport, Report, RequestEntry, Requests, milliseconds};

/// Follows the run; see `crate::web`.
const FOLLOWING: &str = include_str!("live.js");

/// The page of a run, from the moment at which it begins to deliver until it is the finished report.
#[derive(Debug)]
pub(crate) struct LivePage {
    report: Report,
    bodies: Value,
    /// By order: the version of the page in which it changed last.
    changed: Vec<u64>,
    version: u64,
    is_finished: bool,
}

/// What has changed in the page.
#[derive(Serialize)]
struct Update<'a> {
    summary: &'a str,
    run: &'a str,
    is_finished: bool,
    #[serde(flatten)]
    changes: Changes<'a>,
}

impl LivePage {
    /// Makes the page of a run of which nothing was delivered yet.
    pub(crate) fn new(report: Report, batch: &Batch) -> Self {
        Self {
            changed: vec![0; report.orders.len()],
            // Texts in lists always have a form in JSON.
            bodies: serde_json::to_value(Bodies(batch)).unwrap_or_default(),
            report,
            version: 0,
            is_finished: false,
        }
    }

    /// Takes what became of an order, by its place.
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
        entry.requests = delivery.exchanges.iter().map(RequestEntry::from).collect();
        self.version += 1;
        *changed = self.version;
    }

    /// Takes how many requests there were so far, and for how long updates are sent.
    pub(crate) fn count(&mut self, requests: Requests, deliver_s: f64) {
        self.report.requests = requests;
        self.report.timing.deliver_s = deliver_s;
        self.version += 1;
    }

    /// Becomes the finished report.
    pub(crate) fn finish(&mut self, report: Report) {
        self.version += 1;
        self.changed = vec![self.version; report.orders.len()];
        self.report = report;
        self.is_finished = true;
    }

    /// Returns the version, which grows with every change.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Tells whether it is the finished report.
    pub(crate) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Returns what the browser may run, apply and ask for: the events of this page alone.
    pub(crate) fn policy() -> String {
        let own = policy(STYLE, &[SCRIPT, FOLLOWING].concat());
        format!("{own}; connect-src 'self'; frame-ancestors 'none'")
    }

    /// Returns the page as it is now.
    pub(crate) fn page(&self) -> String {
        let mut data = Data::with_bodies(&self.report, &self.bodies);
        data.version = Some(self.version);
        let script = [SCRIPT, FOLLOWING].concat();
        self.drawn(&Island(&data), &script)
    }

    /// Returns what has changed after a version, as JSON.
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
        // Texts and numbers always have a form in JSON.
        serde_json::to_string(&update).unwrap_or_default()
    }

    fn drawn(&self, data: &dyn std::fmt::Display, script: &str) -> String {
        let mut page = Page::of(&self.report, data);
        page.policy = policy(STYLE, script) + "; connect-src 'self'";
        page.script = script;
        if !self.is_finished {
            self.say_it_goes_on(&mut page);
        }
        // Writing into memory does not fail.
        askama::Template::render(&page).unwrap_or_default()
    }

    fn say_it_goes_on(&self, page: &mut Page<'_>) {
        let totals = &self.report.totals;
        let left = totals.count(Outcome::NotSent);
        page.sentence = format!(
            "Delivering: {} still to go.",
            count(left, "order", "orders")
        );
        let lost = totals.left_over() - left;
        page.is_good = lost == 0;
        // What has its turn yet to come is no failure.
        for tile in page
            .tiles
            .iter_mut()
            .filter(|tile| tile.name == "Not delivered")
        {
            *tile = Tile {
                name: "Still to go",
                number: grouped(left),
                note: match lost {
                    0 => String::new(),
                    lost => format!("{} did not get through", grouped(lost)),
                },
                look: "plain",
                link: None,
            };
        }
        page.advice = vec![
            "Nothing yet: the import goes on, and this page follows it until it is the finished report.".to_owned(),
        ];
    }
}

/// Returns a part of the page; nothing of the data holds a `<`.
fn part<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let begin = page.find(from).unwrap_or_default();
    let rest = &page[begin..];
    &rest[..rest.find(to).unwrap_or_default()]
}
