//! Progress of a delivery: orders done and left, their outcomes, and what the run waits for.

use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{PLAIN_INTERVAL, Style, duration_text, line};
use crate::delivery::Outcome;
use crate::rate_limit::rate::Rate;

/// Waits for the rate limit are shown after this time; shorter ones would flicker.
const MIN_SHOWN_WAIT: Duration = Duration::from_millis(400);
/// How long the wait for another import is shown after it was reported.
const OTHER_IMPORT_SHOWN: Duration = Duration::from_secs(2);
/// The width of a terminal that does not report its own.
const DEFAULT_WIDTH: usize = 80;
/// The cells of the bar.
const CELLS: usize = 24;
/// The cells of the bar on a narrow terminal.
const NARROW_CELLS: usize = 12;
/// Terminals below this width are narrow.
const NARROW_WIDTH: usize = 100;
/// The most lines of the bar.
const MAX_LINES: usize = 2;

/// Progress of a delivery: orders and their outcomes.
#[derive(Debug)]
pub(crate) struct DeliveryProgress {
    style: Style,
    bar: ProgressBar,
    rate: Rate,
    started_at: Instant,
    printed_at: Instant,
    total: usize,
    done: usize,
    accepted: usize,
    unchanged: usize,
    retried: u64,
    /// When only orders of other imports were left, for the last time.
    other_import_at: Option<Instant>,
    /// Since when a request waits for the rate limit.
    waiting_since: Option<Instant>,
    /// Until when the server asked to wait.
    paused_until: Option<Instant>,
}

impl DeliveryProgress {
    /// Starts to show progress.
    pub(crate) fn begin(style: Style, total: usize, rate: &Rate) -> Self {
        let now = Instant::now();
        let progress = Self {
            style,
            bar: bar(style),
            rate: rate.clone(),
            started_at: now,
            printed_at: now,
            total,
            done: 0,
            accepted: 0,
            unchanged: 0,
            retried: 0,
            other_import_at: None,
            waiting_since: None,
            paused_until: None,
        };
        progress.show();
        progress
    }

    /// Counts a finished order.
    pub(crate) fn finished(&mut self, outcome: Outcome) {
        self.done += 1;
        self.accepted += usize::from(outcome == Outcome::Accepted);
        self.unchanged += usize::from(outcome == Outcome::Unchanged);
        self.show();
    }

    /// Notes that only orders that another import is sending are left.
    pub(crate) fn elsewhere(&mut self) {
        self.other_import_at = Some(Instant::now());
        self.show();
    }

    /// Counts a retry.
    pub(crate) fn retried(&mut self) {
        self.retried += 1;
    }

    /// Sets since when a request waits for the rate limit; `None` if none does.
    pub(crate) fn paced(&mut self, since: Option<Instant>) {
        self.waiting_since = since;
    }

    /// Notes that the server asked to wait.
    pub(crate) fn throttled(&mut self, until: Instant) {
        self.paused_until = Some(until);
        self.show();
    }

    /// Redraws the bar, or prints a line if the last one is [`PLAIN_INTERVAL`] old.
    pub(crate) fn tick(&mut self) {
        self.show();
        if self.style == Style::Plain && self.printed_at.elapsed() >= PLAIN_INTERVAL {
            self.printed_at = Instant::now();
            let (done, total) = (self.done, self.total);
            let parts = self.parts(self.printed_at).join("  ");
            line(&format!("delivering: {done}/{total} orders  {parts}"));
        }
    }

    /// Prints that the run stops when the requests in flight have ended.
    pub(crate) fn stopping(&mut self) {
        // The echo of Ctrl-C moved the cursor, so the bar continues on a new line.
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
        line("stopping: no new requests, waiting for those in flight (again to stop at once)");
        self.bar = bar(self.style);
        self.show();
    }

    /// Removes the bar.
    pub(crate) fn end(self) {
        self.bar.finish_and_clear();
    }

    fn show(&self) {
        if self.style == Style::Bar {
            let width = Term::stderr().size_checked();
            let width = width.map_or(DEFAULT_WIDTH, |(_, columns)| columns.into());
            self.bar.set_message(self.text(width, Instant::now()));
        }
    }

    /// Returns the bar in lines that fit the width. The least important parts are dropped first.
    fn text(&self, width: usize, now: Instant) -> String {
        let cells = if width < NARROW_WIDTH {
            NARROW_CELLS
        } else {
            CELLS
        };
        let (done, total) = (self.done, self.total);
        let mut lines = vec![format!(
            "delivering {} {done}/{total} orders",
            self.drawn(cells)
        )];
        for part in self.parts(now) {
            let line = lines.last().map_or(0, String::len);
            if line + part.len() + 2 >= width {
                lines.push(" ".repeat("delivering".len() - 1));
            }
            if let Some(line) = lines.last_mut() {
                line.extend(["  ", &part]);
            }
        }
        lines.truncate(MAX_LINES);
        lines.join("\n")
    }

    fn drawn(&self, cells: usize) -> String {
        let full = cells * self.done / self.total.max(1);
        let tip = if full < cells { ">" } else { "" };
        format!("[{:<cells$}]", ["=".repeat(full).as_str(), tip].concat())
    }

    /// Returns the parts of the message, the most important first.
    fn parts(&self, now: Instant) -> Vec<String> {
        let elapsed = now.saturating_duration_since(self.started_at);
        let pause = self
            .paused_until
            .map(|until| until.saturating_duration_since(now))
            .filter(|pause| !pause.is_zero());
        let is_waiting = self
            .waiting_since
            .is_some_and(|since| now.saturating_duration_since(since) >= MIN_SHOWN_WAIT);
        let undelivered = self.done - self.accepted - self.unchanged;
        let is_at_other_import = self
            .other_import_at
            .is_some_and(|at| now.saturating_duration_since(at) < OTHER_IMPORT_SHOWN);
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let per_second = self.done as f64 / elapsed.as_secs_f64().max(0.001);
        // The burst at the start would look like more than the rate limit.
        let per_second = self
            .rate
            .per_second()
            .map_or(per_second, |most| per_second.min(most));
        let parts = [
            Some(format!("{} left", duration_text(self.time_left(elapsed)))),
            Some(format!("{} accepted", self.accepted)),
            (self.unchanged > 0).then(|| format!("{} unchanged", self.unchanged)),
            (undelivered > 0).then(|| format!("{undelivered} not delivered")),
            (self.retried > 0).then(|| format!("{} retried", self.retried)),
            Some(format!("{per_second:.1}/s")),
            match pause {
                Some(pause) => Some(format!("the server asked to wait {}", duration_text(pause))),
                None if is_at_other_import => Some("waiting for another import".to_owned()),
                None => is_waiting.then(|| format!("waiting for the rate limit ({})", self.rate)),
            },
        ];
        parts.into_iter().flatten().collect()
    }

    /// Estimates the time left from the rate limit or the average speed, whichever gives more.
    fn time_left(&self, elapsed: Duration) -> Duration {
        let left = self.total - self.done;
        if left == 0 {
            return Duration::ZERO;
        }
        let by_rate = self.rate.min_time(left + 1);
        let shown = u32::try_from(self.done)
            .ok()
            .and_then(|done| elapsed.checked_div(done));
        let by_speed = shown
            .unwrap_or_default()
            .saturating_mul(u32::try_from(left).unwrap_or(u32::MAX));
        by_rate.max(by_speed)
    }
}

fn bar(style: Style) -> ProgressBar {
    let bar = match style {
        Style::Bar => ProgressBar::new_spinner(),
        Style::Plain | Style::None => ProgressBar::hidden(),
    };
    // The template is constant and valid; the fallback is never used.
    let template = ProgressStyle::with_template("{msg}");
    bar.with_style(template.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> DeliveryProgress {
        let mut progress = DeliveryProgress::begin(Style::None, 60, &Rate::default());
        (0..20).for_each(|_| progress.finished(Outcome::Accepted));
        progress.finished(Outcome::Rejected);
        progress.retried();
        progress.paced(Some(progress.started_at));
        progress
    }

    #[test]
    fn the_bar_has_one_line_on_a_wide_terminal_and_two_on_a_narrow_one() {
        let progress = progress();
        let now = progress.started_at + Duration::from_secs(7);
        assert_eq!(
            progress.text(120, now),
            "delivering [========>               ] 21/60 orders  13 s left  20 accepted  1 not delivered  1 retried  3.0/s\
            \n           waiting for the rate limit (3/s,180/m)"
        );
        assert_eq!(
            progress.text(80, now),
            "delivering [====>       ] 21/60 orders  13 s left  20 accepted  1 not delivered\
            \n           1 retried  3.0/s  waiting for the rate limit (3/s,180/m)"
        );
        assert!(
            progress
                .text(160, now)
                .ends_with("3.0/s  waiting for the rate limit (3/s,180/m)")
        );
    }

    #[test]
    fn no_line_is_as_wide_as_the_terminal() {
        let progress = progress();
        let now = progress.started_at + Duration::from_secs(7);
        for width in 45..200 {
            let text = progress.text(width, now);
            assert!(
                text.lines().all(|line| line.len() < width),
                "{width}: {text}"
            );
        }
    }

    #[test]
    fn a_pause_counts_down_and_a_finished_run_has_no_time_left() {
        let mut progress = progress();
        let now = progress.started_at + Duration::from_secs(7);
        progress.throttled(now + Duration::from_secs(9));
        assert!(
            progress
                .text(160, now)
                .ends_with("the server asked to wait 9 s")
        );
        let later = now + Duration::from_secs(9);
        assert!(
            progress
                .text(160, later)
                .ends_with("waiting for the rate limit (3/s,180/m)")
        );
        (21..60).for_each(|_| progress.finished(Outcome::Accepted));
        assert!(progress.text(160, later).contains("  0 s left"));
    }
}
