//! How far a run is: bars on a terminal, plain lines elsewhere, or nothing.

use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle as BarStyle};

use crate::cli::ProgressStyle;
use crate::deliver::Outcome;
use crate::deliver::rate::Rate;

/// How often a plain line tells how far the run is.
pub const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// How progress is shown in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Bars that move.
    Bar,
    /// A line now and then.
    Plain,
    /// Nothing.
    None,
}

impl Style {
    /// Settles the style: what was asked for, on such a stream.
    #[must_use]
    pub fn settle(asked: ProgressStyle, is_terminal: bool, is_quiet: bool) -> Self {
        match asked {
            ProgressStyle::None => Self::None,
            _ if is_quiet => Self::None,
            ProgressStyle::Bar => Self::Bar,
            ProgressStyle::Auto if is_terminal => Self::Bar,
            ProgressStyle::Plain | ProgressStyle::Auto => Self::Plain,
        }
    }
}

/// Progress of reading: rows, as they come.
#[derive(Debug)]
pub struct ReadingProgress {
    bar: Option<ProgressBar>,
    plain: Option<Mutex<PlainRows>>,
}

#[derive(Debug)]
struct PlainRows {
    rows: usize,
    told: Instant,
}

impl ReadingProgress {
    /// Begins to show it.
    #[must_use]
    pub fn begin(style: Style) -> Self {
        let bar = (style == Style::Bar).then(|| {
            let bar = ProgressBar::new_spinner()
                .with_style(bar_style("{spinner} reading  {human_pos} rows  {per_sec}"));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        let plain = (style == Style::Plain).then(|| {
            Mutex::new(PlainRows {
                rows: 0,
                told: Instant::now(),
            })
        });
        Self { bar, plain }
    }

    /// Adds rows that were read.
    pub fn add(&self, rows: usize) {
        if let Some(bar) = &self.bar {
            bar.inc(rows as u64);
        }
        let Some(plain) = &self.plain else { return };
        let mut plain = plain
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        plain.rows += rows;
        if plain.told.elapsed() >= PLAIN_INTERVAL {
            plain.told = Instant::now();
            line(&format!("reading: {} rows", plain.rows));
        }
    }

    /// Takes the bar away.
    pub fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Progress of delivering: orders, and what became of them.
#[derive(Debug)]
pub struct DeliveryProgress {
    style: Style,
    bar: ProgressBar,
    rate: Rate,
    begun: Instant,
    total: usize,
    done: usize,
    accepted: usize,
    retried: u64,
    /// Until when the server asked everybody to wait.
    paused_until: Option<Instant>,
}

impl DeliveryProgress {
    /// Begins to show it.
    #[must_use]
    pub fn begin(style: Style, total: usize, rate: &Rate) -> Self {
        let bar = if style == Style::Bar {
            ProgressBar::new(total as u64)
        } else {
            ProgressBar::hidden()
        };
        let bar = bar.with_style(bar_style(
            "delivering [{bar:24}] {pos}/{len} orders  {wide_msg}",
        ));
        bar.enable_steady_tick(Duration::from_millis(200));
        let begun = Instant::now();
        let progress = Self {
            style,
            bar,
            rate: rate.clone(),
            begun,
            total,
            done: 0,
            accepted: 0,
            retried: 0,
            paused_until: None,
        };
        progress.show();
        progress
    }

    /// Counts an order that has come to its end.
    pub fn finished(&mut self, outcome: Outcome) {
        self.done += 1;
        self.accepted += usize::from(outcome == Outcome::Accepted);
        self.show();
    }

    /// Counts an update that is sent again.
    pub fn retried(&mut self) {
        self.retried += 1;
        self.show();
    }

    /// Notes that the server asked everybody to wait.
    pub fn throttled(&mut self, until: Instant) {
        self.paused_until = Some(until);
        self.show();
    }

    /// Tells how far it is, where that is told by lines.
    pub fn tick(&self) {
        if self.style == Style::Plain {
            line(&format!(
                "delivering: {}/{} orders  {}",
                self.done,
                self.total,
                self.message()
            ));
        }
    }

    /// Says that it stops as soon as the answers under way are there.
    pub fn stopping(&self) {
        let words =
            "stopping: no new requests, waiting for those in flight (again to stop at once)";
        match self.style {
            Style::Bar => self.bar.println(words),
            _ => line(words),
        }
    }

    /// Takes the bar away.
    pub fn end(self) {
        self.bar.finish_and_clear();
    }

    fn show(&self) {
        self.bar.set_position(self.done as u64);
        self.bar.set_message(self.message());
    }

    fn message(&self) -> String {
        let mut parts = vec![format!("{} accepted", self.accepted)];
        if self.done > self.accepted {
            parts.push(format!("{} not", self.done - self.accepted));
        }
        if self.retried > 0 {
            parts.push(format!("{} retried", self.retried));
        }
        let elapsed = self.begun.elapsed();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let per_second = self.done as f64 / elapsed.as_secs_f64().max(0.001);
        parts.push(format!("{per_second:.1}/s"));
        let pause = self
            .paused_until
            .and_then(|until| until.checked_duration_since(Instant::now()));
        if let Some(pause) = pause.filter(|pause| !pause.is_zero()) {
            parts.push(format!("the server asked to wait {}", duration_text(pause)));
        }
        parts.push(format!("{} left", duration_text(self.time_left(elapsed))));
        parts.join("  ")
    }

    /// Returns the time left: what the rate allows, or what the run has shown so far if that is more.
    fn time_left(&self, elapsed: Duration) -> Duration {
        let left = self.total - self.done;
        let by_rate = self.rate.least_time(left + 1);
        let shown = u32::try_from(self.done)
            .ok()
            .and_then(|done| elapsed.checked_div(done));
        let by_experience = shown
            .unwrap_or_default()
            .saturating_mul(u32::try_from(left).unwrap_or(u32::MAX));
        by_rate.max(by_experience)
    }
}

/// Returns a duration in the two largest units that a person needs.
#[must_use]
pub fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a duration is not negative"
    )]
    let seconds = seconds as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

fn bar_style(template: &str) -> BarStyle {
    // The templates are constants of this file; a wrong one would only show another bar.
    BarStyle::with_template(template)
        .unwrap_or_else(|_| BarStyle::default_bar())
        .progress_chars("=> ")
}

fn line(words: &str) {
    // Progress that nobody reads is no reason to stop.
    let _ = writeln!(anstream::stderr(), "{words}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_two_units() {
        let text = |seconds| duration_text(Duration::from_secs(seconds));
        assert_eq!(
            [text(0), text(59), text(61), text(3600), text(7_325)],
            ["0 s", "59 s", "1 min 1 s", "1 h 0 min", "2 h 2 min"]
        );
    }

    #[test]
    fn the_style_follows_what_was_asked_and_where() {
        let settle = |asked| {
            [
                Style::settle(asked, true, false),
                Style::settle(asked, false, false),
                Style::settle(asked, true, true),
            ]
        };
        assert_eq!(
            settle(ProgressStyle::Auto),
            [Style::Bar, Style::Plain, Style::None]
        );
        assert_eq!(
            settle(ProgressStyle::Plain),
            [Style::Plain, Style::Plain, Style::None]
        );
        assert_eq!(settle(ProgressStyle::None), [Style::None; 3]);
    }
}
