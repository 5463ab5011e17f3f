//! Progress of a run: bars on a terminal, plain lines elsewhere, or nothing.

mod delivery;
mod reading;

use std::io::{IsTerminal, Write};
use std::time::Duration;

pub(crate) use self::delivery::DeliveryProgress;
pub(crate) use self::reading::ReadingProgress;
use crate::cli::ProgressStyle;

/// The interval of plain progress lines.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);
/// The interval of redrawing a bar: often enough for a countdown, without flicker.
pub(crate) const INTERVAL: Duration = Duration::from_millis(500);

/// How progress is shown in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// A moving bar.
    Bar,
    /// A line every [`PLAIN_INTERVAL`].
    Plain,
    /// Nothing.
    None,
}

impl Style {
    /// Selects the style. If the stream cannot be redrawn, even `--progress bar` falls back to plain lines.
    pub(crate) fn select(asked: ProgressStyle, can_redraw: bool, is_quiet: bool) -> Self {
        match asked {
            ProgressStyle::None => Self::None,
            _ if is_quiet => Self::None,
            ProgressStyle::Bar | ProgressStyle::Auto if can_redraw => Self::Bar,
            _ => Self::Plain,
        }
    }
}

/// Returns whether stderr is a terminal that can redraw lines.
pub(crate) fn can_redraw() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    std::io::stderr().is_terminal() && !is_dumb
}

/// Formats a duration in its two largest units.
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
    // A closed stream is not an error.
    let _ = writeln!(anstream::stderr(), "{words}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units() {
        let text = |seconds| duration_text(Duration::from_secs(seconds));
        assert_eq!(
            [text(0), text(59), text(61), text(3600), text(7_325)],
            ["0 s", "59 s", "1 min 1 s", "1 h 0 min", "2 h 2 min"]
        );
    }

    #[test]
    fn the_style_depends_on_the_flag_and_the_stream() {
        let select = |asked| {
            [
                Style::select(asked, true, false),
                Style::select(asked, false, false),
                Style::select(asked, true, true),
            ]
        };
        assert_eq!(
            select(ProgressStyle::Auto),
            [Style::Bar, Style::Plain, Style::None]
        );
        assert_eq!(
            select(ProgressStyle::Plain),
            [Style::Plain, Style::Plain, Style::None]
        );
        assert_eq!(
            select(ProgressStyle::Bar),
            [Style::Bar, Style::Plain, Style::None]
        );
        assert_eq!(select(ProgressStyle::None), [Style::None; 3]);
    }
}
