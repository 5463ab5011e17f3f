//! How much of a run may fail and how long it may last, as it is written: `5`, `10%`; `45s`, `1h30m`.

use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;

/// What ends a run before all is sent. What is left out never does.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Limits {
    /// The most orders that may be rejected, failed or unknown.
    pub(crate) failures: Option<MaxFailures>,
    /// The longest time from the start of the run to its last request.
    pub(crate) duration: Option<MaxDuration>,
}

/// The most orders of a run that may be rejected, failed or unknown.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) enum MaxFailures {
    /// So many.
    Count(usize),
    /// So many in a hundred of the orders to send.
    Share(f64),
}

impl MaxFailures {
    /// Returns how many of so many orders may fail.
    ///
    /// A share is taken of all orders to send, not of those done so far. Unless nothing may fail at all it lets one
    /// order fail: in a small run a single one is a large share, and says nothing of the others.
    pub(crate) fn of(self, orders: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Share(percent) if percent <= 0.0 => 0,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a part of a number of orders"
            )]
            Self::Share(percent) => ((orders as f64 * percent / 100.0 + 1e-9) as usize).max(1),
        }
    }
}

/// Why a text is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LimitError {
    /// It is no number of orders and no share of them.
    #[error(
        "`{0}` is no limit: write a number of orders such as `5`, or a share of them such as `10%`"
    )]
    Failures(String),
    /// It is no time.
    #[error(
        "`{0}` is no time: write hours, minutes and seconds such as `2h`, `90m`, `45s` or `1h30m`"
    )]
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

/// A limit as the configuration file has it.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a number of orders is expected, or a share such as \"10%\""
)]
enum Written {
    Number(usize),
    Text(String),
}

impl TryFrom<Written> for MaxFailures {
    type Error = LimitError;

    fn try_from(written: Written) -> Result<Self, LimitError> {
        match written {
            Written::Number(count) => Ok(Self::Count(count)),
            Written::Text(text) => text.parse(),
        }
    }
}

/// The longest time from the start of a run to its last request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
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

impl TryFrom<String> for MaxDuration {
    type Error = LimitError;

    fn try_from(text: String) -> Result<Self, LimitError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_of_orders_or_a_share_of_all_of_them() {
        let most = |text: &str, orders| text.parse::<MaxFailures>().unwrap().of(orders);
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
            assert_eq!(most(text, orders), expected, "{text} of {orders}");
        }
        for text in ["", "x", "-1", "1.5", "101%", "-1%", "%", "NaN%"] {
            assert!(text.parse::<MaxFailures>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_has_units() {
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
