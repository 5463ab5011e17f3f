//! Limits that end a run early: `--max-failures` (`5`, `10%`) and `--max-duration` (`45s`, `1h30m`).

use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

/// Limits that end a run early.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Limits {
    pub(crate) failures: Option<MaxFailures>,
    pub(crate) duration: Option<MaxDuration>,
}

/// The maximum number of orders that may be rejected, failed or unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum MaxFailures {
    Count(usize),
    /// A percentage of the orders to send.
    Share(f64),
}

impl MaxFailures {
    /// Returns the limit for a number of orders to send.
    ///
    /// A percentage above zero allows at least one failure: in a small run a single order is a large share, and does
    /// not indicate a problem with the rest.
    pub(crate) fn count_of(self, orders: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Share(percent) if percent <= 0.0 => 0,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "the result is at most the number of orders"
            )]
            Self::Share(percent) => ((orders as f64 * percent / 100.0 + 1e-9) as usize).max(1),
        }
    }
}

/// A text that is not a valid limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LimitError {
    #[error(
        "invalid limit `{0}`: expected a number of orders such as `5`, or a percentage such as `10%`"
    )]
    Failures(String),
    #[error("invalid duration `{0}`: expected a duration such as `2h`, `90m`, `45s` or `1h30m`")]
    Duration(String),
}

impl FromStr for MaxFailures {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let share = |percent: &str| {
            let percent = percent.trim().parse().ok()?;
            (0.0..=100.0)
                .contains(&percent)
                .then_some(Self::Share(percent))
        };
        let parsed = match text.trim().strip_suffix('%') {
            Some(percent) => share(percent),
            None => text.trim().parse().ok().map(Self::Count),
        };
        parsed.ok_or_else(|| LimitError::Failures(text.to_owned()))
    }
}

/// The maximum time from the start of a run to its last request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MaxDuration(pub(crate) Duration);

impl FromStr for MaxDuration {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let parsed = text.trim().parse().ok();
        parsed
            .filter(SignedDuration::is_positive)
            .and_then(|duration| Duration::try_from(duration).ok())
            .map(Self)
            .ok_or_else(|| LimitError::Duration(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_limit_is_a_number_or_a_percentage() {
        let count = |text: &str, orders| text.parse::<MaxFailures>().unwrap().count_of(orders);
        let table = [
            ("5", 1000, 5),
            ("0", 1000, 0),
            ("10%", 1000, 100),
            ("2.5%", 1000, 25),
            ("29%", 100, 29),
            ("10%", 5, 1),
            ("0%", 1000, 0),
            ("100%", 7, 7),
        ];
        for (text, orders, expected) in table {
            assert_eq!(count(text, orders), expected, "{text} of {orders}");
        }
        for text in ["", "x", "-1", "1.5", "101%", "-1%", "%", "NaN%"] {
            assert!(text.parse::<MaxFailures>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_has_units() {
        let seconds = |text: &str| {
            text.parse::<MaxDuration>()
                .ok()
                .map(|time| time.0.as_secs())
        };
        let table = [
            ("2h", Some(7200)),
            ("90m", Some(5400)),
            ("45s", Some(45)),
            ("1h30m", Some(5400)),
            ("0s", None),
            ("90", None),
            ("-5m", None),
            ("5m ago", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
