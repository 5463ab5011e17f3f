//! How far a delivery is: how much is done and left, what became of it, and what it waits for.

use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{PLAIN_INTERVAL, Style, duration_text, line};
use crate::delivery::Outcome;
use crate::rate_limit::rate::Rate;

/// A wait for the pace is told once it has lasted so long: shorter ones would flicker.
const WORTH_TELLING: Duration = Duration::from_millis(400);
/// For so long it is told that what is left is another importer's, unless that is noted again.
const ELSEWHERE: Duration = Duration::from_secs(2);
/// The line is held below the width of such a terminal where it does not say its own.
const USUAL_WIDTH: usize = 80;
/// The cells of the bar, and those that it has on a narrow terminal.
const CELLS: usize = 24;
const FEW_CELLS: usize = 12;
const NARROW: usize = 100;
/// How many lines there are at most.
const MOST_LINES: usize = 2;

/// Progress of delivering: orders, and what became of them.
#[derive(Debug)]
pub(crate) struct DeliveryProgress {
    style: Style,
    bar: ProgressBar,
    rate: Rate,
    begun: Instant,
    told: Instant,
    total: usize,
    done: usize,
    accepted: usize,
    unchanged: usize,
    retried: u64,
    /// When it was last told that other importers are sending what is left.
    elsewhere_at: Option<Instant>,
    /// Since when a request waits for the pace.
    waiting_since: Option<Instant>,
    /// Until when the server asked everybody to wait.
    paused_until: Option<Instant>,
}

impl DeliveryProgress {
    /// Begins to show it.
    pub(crate) fn begin(style: Style, total: usize, rate: &Rate) -> Self {
        let now = Instant::now();
        let progress = Self {
            style,
            bar: bar(style),
            rate: rate.clone(),
            begun: now,
            told: now,
            total,
            done: 0,
            accepted: 0,
            unchanged: 0,
            retried: 0,
            elsewhere_at: None,
            waiting_since: None,
            paused_until: None,
        };
        progress.show();
        progress
    }

    /// Counts an order that has come to its end.
    pub(crate) fn finished(&mut self, outcome: Outcome) {
        self.done += 1;
        self.accepted += usize::from(outcome == Outcome::Accepted);
        self.unchanged += usize::from(outcome == Outcome::Unchanged);
        self.show();
    }

    /// Notes that nothing is left but what other importers are sending.
    pub(crate) fn elsewhere(&mut self) {
        self.elsewhere_at = Some(Instant::now());
        self.show();
    }

    /// Counts an update that is sent again.
    pub(crate) fn retried(&mut self) {
        self.retried += 1;
    }

    /// Notes since when a request waits for the pace, or that none does.
    pub(crate) fn paced(&mut self, since: Option<Instant>) {
        self.waiting_since = since;
    }

    /// Notes that the server asked everybody to wait.
    pub(crate) fn throttled(&mut self, until: Instant) {
        self.paused_until = Some(until);
        self.show();
    }

    /// Draws the bar anew, or tells by a line how far it is when the last one was long ago.
    pub(crate) fn tick(&mut self) {
        self.show();
        if self.style == Style::Plain && self.told.elapsed() >= PLAIN_INTERVAL {
            self.told = Instant::now();
            let (done, total) = (self.done, self.total);
            let parts = self.parts(self.told).join("  ");
            line(&format!("delivering: {done}/{total} orders  {parts}"));
        }
    }

    /// Says that it stops as soon as the answers under way are there.
    pub(crate) fn stopping(&mut self) {
        // The key's own echo has moved the cursor: the bar cannot be drawn over any more, and goes on below.
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
        line("stopping: no new requests, waiting for those in flight (again to stop at once)");
        self.bar = bar(self.style);
        self.show();
    }

    /// Takes the bar away.
    pub(crate) fn end(self) {
        self.bar.finish_and_clear();
    }

    fn show(&self) {
        if self.style == Style::Bar {
            let width = Term::stderr().size_checked();
            let width = width.map_or(USUAL_WIDTH, |(_, columns)| columns.into());
            self.bar.set_message(self.text(width, Instant::now()));
        }
    }

    /// Returns the bar in the lines that a terminal of this width holds; what has no place there is left out, the least
    /// important first.
    fn text(&self, width: usize, now: Instant) -> String {
        let cells = if width < NARROW { FEW_CELLS } else { CELLS };
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
        lines.truncate(MOST_LINES);
        lines.join("\n")
    }

    fn drawn(&self, cells: usize) -> String {
        let full = cells * self.done / self.total.max(1);
        let tip = if full < cells { ">" } else { "" };
        format!("[{:<cells$}]", ["=".repeat(full).as_str(), tip].concat())
    }

    /// What there is to say, the most important first.
    fn parts(&self, now: Instant) -> Vec<String> {
        let elapsed = now.saturating_duration_since(self.begun);
        let pause = self
            .paused_until
            .map(|until| until.saturating_duration_since(now))
            .filter(|pause| !pause.is_zero());
        let is_pacing = self
            .waiting_since
            .is_some_and(|since| now.saturating_duration_since(since) >= WORTH_TELLING);
        let not = self.done - self.accepted - self.unchanged;
        let is_elsewhere = self
            .elsewhere_at
            .is_some_and(|at| now.saturating_duration_since(at) < ELSEWHERE);
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let per_second = self.done as f64 / elapsed.as_secs_f64().max(0.001);
        // A full window at the very beginning would look like more than the pace.
        let per_second = self
            .rate
            .per_second()
            .map_or(per_second, |most| per_second.min(most));
        let parts = [
            Some(format!("{} left", duration_text(self.time_left(elapsed)))),
            Some(format!("{} accepted", self.accepted)),
            (self.unchanged > 0).then(|| format!("{} unchanged", self.unchanged)),
            (not > 0).then(|| format!("{not} not")),
            (self.retried > 0).then(|| format!("{} retried", self.retried)),
            Some(format!("{per_second:.1}/s")),
            match pause {
                Some(pause) => Some(format!("the server asked to wait {}", duration_text(pause))),
                None if is_elsewhere => Some("waiting for another import".to_owned()),
                None => is_pacing.then(|| format!("waiting for the pace ({})", self.rate)),
            },
        ];
        parts.into_iter().flatten().collect()
    }

    /// Returns the time left: what the rate allows, or what the run has shown so far if that is more.
    fn time_left(&self, elapsed: Duration) -> Duration {
        let left = self.total - self.done;
        if left == 0 {
            return Duration::ZERO;
        }
        let by_rate = self.rate.min_time(left + 1);
        let shown = u32::try_from(self.done)
            .ok()
            .and_then(|done| elapsed.checked_div(done));
        let by_experience = shown
            .unwrap_or_default()
            .saturating_mul(u32::try_from(left).unwrap_or(u32::MAX));
        by_rate.max(by_experience)
    }
}

fn bar(style: Style) -> ProgressBar {
    let bar = match style {
        Style::Bar => ProgressBar::new_spinner(),
        Style::Plain | Style::None => ProgressBar::hidden(),
    };
    // The template is a constant; a wrong one would only show another bar.
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
        progress.paced(Some(progress.begun));
        progress
    }

    #[test]
    fn a_wide_terminal_has_it_all_in_a_line_and_a_narrow_one_in_two() {
        let progress = progress();
        let now = progress.begun + Duration::from_secs(7);
        assert_eq!(
            progress.text(120, now),
            "delivering [========>               ] 21/60 orders  13 s left  20 accepted  1 not  1 retried  3.0/s\
            \n           waiting for the pace (3/s,180/m)"
        );
        assert_eq!(
            progress.text(80, now),
            "delivering [====>       ] 21/60 orders  13 s left  20 accepted  1 not\
            \n           1 retried  3.0/s  waiting for the pace (3/s,180/m)"
        );
        assert!(
            progress
                .text(160, now)
                .ends_with("3.0/s  waiting for the pace (3/s,180/m)")
        );
    }

    #[test]
    fn no_line_is_as_wide_as_the_terminal() {
        let progress = progress();
        let now = progress.begun + Duration::from_secs(7);
        for width in 45..200 {
            let text = progress.text(width, now);
            assert!(
                text.lines().all(|line| line.len() < width),
                "{width}: {text}"
            );
        }
    }

    #[test]
    fn a_pause_counts_down_and_what_is_done_has_no_time_left() {
        let mut progress = progress();
        let now = progress.begun + Duration::from_secs(7);
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
                .ends_with("waiting for the pace (3/s,180/m)")
        );
        (21..60).for_each(|_| progress.finished(Outcome::Accepted));
        assert!(progress.text(160, later).contains("  0 s left"));
    }
}
