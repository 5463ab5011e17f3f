//! The report as one self-contained page that opens from disk: no network and no framework.
//!
//! The template and the modules here render the summary, which is readable without script. The script renders the
//! orders and the diagnostics from one data object (`data::Data`), embedded as JSON. Data reaches the page escaped by
//! the template, as that JSON, or as the text of an element, never as markup.

mod bodies;
mod data;
mod island;
mod latency;
mod live;
mod over_time;
mod summary;

use std::fmt::Display;
use std::io::{self, Write};

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use self::data::Data;
use self::island::Island;
use self::latency::Latencies;
pub(crate) use self::live::LivePage;
use self::over_time::OverTime;
use self::summary::{Fact, GroupLine, Share, Tile};
use super::headline::{Headline, State};
use crate::orders::Batch;
use crate::report::model::Report;
use crate::text::safe;

const STYLE: &str = concat!(include_str!("page.css"), include_str!("tables.css"));
const SCRIPT: &str = concat!(
    include_str!("page.js"),
    include_str!("orders.js"),
    include_str!("detail.js"),
    include_str!("problems.js"),
    include_str!("start.js")
);

#[derive(Template)]
#[template(path = "page.html", config = "src/report/html/askama.toml")]
struct Page<'a> {
    policy: String,
    style: &'a str,
    script: &'a str,
    title: String,
    kind: String,
    is_good: bool,
    is_delivery: bool,
    sentence: String,
    notice: Option<String>,
    advice: Vec<String>,
    next: Vec<String>,
    tiles: Vec<Tile>,
    shares: Vec<Share>,
    shares_in_words: String,
    over_time: Option<OverTime>,
    latencies: Option<Latencies>,
    facts: Vec<Fact>,
    inputs: Vec<Fact>,
    groups: Vec<GroupLine>,
    data: &'a dyn Display,
}

/// Writes the page.
pub(crate) fn write(report: &Report, batch: &Batch, out: &mut dyn Write) -> io::Result<()> {
    let data = Data::of(report, batch);
    Page::of(report, &Island(&data)).write_into(&mut Sink(out))?;
    out.write_all(b"\n")
}

/// A stream, as one that has a size.
struct Sink<'a>(&'a mut dyn Write);

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<'a> Page<'a> {
    fn of(report: &Report, data: &'a dyn Display) -> Self {
        let shown = |text: &String| safe(text).into_owned();
        let Headline {
            state,
            sentence,
            advice,
        } = Headline::of(report);
        let shares = summary::shares(&report.totals);
        Self {
            policy: policy(STYLE, SCRIPT),
            style: STYLE,
            script: SCRIPT,
            title: format!("Scoreload {} {}", report.mode.words(), safe(&report.run)),
            kind: summary::subject(report),
            is_good: state == State::Good,
            is_delivery: report.mode.delivers(),
            sentence,
            notice: report.notice.as_ref().map(shown),
            advice,
            next: report.next.iter().map(shown).collect(),
            tiles: summary::tiles(report),
            shares_in_words: summary::in_words(&shares),
            shares,
            over_time: OverTime::of(report),
            latencies: Latencies::of(report),
            facts: summary::facts(report),
            inputs: summary::inputs(report),
            groups: summary::groups(report),
            data,
        }
    }
}

/// Returns what the browser may run and apply: this style and this script, and nothing that is loaded.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    )
}

#[cfg(test)]
mod tests;
