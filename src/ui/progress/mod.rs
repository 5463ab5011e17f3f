//! How far a run is: bars on a terminal, plain lines elsewhere, or nothing.

mod delivery;
mod reading;

use std::io::{IsTerminal, Write};
use std::time::Duration;

pub(crate) use self::delivery::DeliveryProgress;
pub(crate) use self::reading::ReadingProgress;
use crate::cli::ProgressStyle;

/// How often a plain line tells how far the run is.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);
/// How often a bar is drawn anew: often enough for a countdown, and too seldom to flicker.
pub(crate) const INTERVAL: Duration = Duration::from_millis(500);

/// How progress is shown in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Bars that move.
    Bar,
    /// A line now and then.
    Plain,
    /// Nothing.
    None,
}

impl Style {
    /// Settles the style: what was asked for, on such a stream. Where no bar can move there are lines, also instead of
    /// one that was asked for.
    pub(crate) fn settle(asked: ProgressStyle, can_move: bool, is_quiet: bool) -> Self {
        match asked {
            ProgressStyle::None => Self::None,
            _ if is_quiet => Self::None,
            ProgressStyle::Bar | ProgressStyle::Auto if can_move => Self::Bar,
            _ => Self::Plain,
        }
    }
}

/// Tells whether standard error can show something that moves: a terminal, and not one that only prints.
pub(crate) fn can_move() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    std::io::stderr().is_terminal() && !is_dumb
}

/// Returns a duration in the two largest units that a person needs.
pub(crate) fn duration_text(duration: Duration) -> String {
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
        assert_eq!(
            settle(ProgressStyle::Bar),
            [Style::Bar, Style::Plain, Style::None]
        );
        assert_eq!(settle(ProgressStyle::None), [Style::None; 3]);
    }
}
