//! Progress of reading inputs.

use std::fmt::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{HumanFloatCount, ProgressBar, ProgressState, ProgressStyle};

use super::{PLAIN_INTERVAL, Style, line};

/// Progress of reading and checking. The total is unknown, because the number of rows is known only at the end.
#[derive(Debug)]
pub(crate) struct ReadingProgress {
    bar: Option<ProgressBar>,
    plain: Option<Mutex<PlainRows>>,
}

#[derive(Debug)]
struct PlainRows {
    rows: usize,
    printed_at: Instant,
}

impl ReadingProgress {
    /// Starts to show progress.
    pub(crate) fn begin(style: Style) -> Self {
        let plain = || PlainRows {
            rows: 0,
            printed_at: Instant::now(),
        };
        Self {
            bar: (style == Style::Bar).then(spinner),
            plain: (style == Style::Plain).then(|| Mutex::new(plain())),
        }
    }

    /// Adds rows that were read.
    pub(crate) fn add(&self, rows: usize) {
        if let Some(bar) = &self.bar {
            bar.inc(rows as u64);
        }
        let Some(plain) = &self.plain else { return };
        let mut plain = plain
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        plain.rows += rows;
        if plain.printed_at.elapsed() >= PLAIN_INTERVAL {
            plain.printed_at = Instant::now();
            line(&format!("reading and checking: {} rows", plain.rows));
        }
    }

    /// Removes the bar.
    pub(crate) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn spinner() -> ProgressBar {
    // A closed stream is not an error.
    let rate = |state: &ProgressState, out: &mut dyn Write| {
        let _ = write!(out, "{}/s", HumanFloatCount(state.per_sec().round()));
    };
    // The template is constant and valid; the fallback is never used.
    let style =
        ProgressStyle::with_template("{spinner} reading and checking  {human_pos} rows  {rate}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .with_key("rate", rate);
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
