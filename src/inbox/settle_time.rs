//! The settle time of an inbox.

use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

/// How long a file must be unchanged to count as complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SettleTime(pub(crate) Duration);

impl Default for SettleTime {
    /// Longer than a transfer usually stalls.
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

impl FromStr for SettleTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let seconds = text.parse().ok().map(Duration::from_secs);
        let written = || {
            let duration: SignedDuration = text.parse().ok()?;
            Duration::try_from(duration).ok()
        };
        seconds.or_else(written).map(Self).ok_or_else(|| {
            format!(
                "`{text}` is no time: write a number with its unit, such as `30s`, `2m` or `0s`"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settle_time_is_parsed_with_its_unit() {
        for (text, seconds) in [
            ("30s", 30),
            ("2m", 120),
            ("0s", 0),
            (" 5 ", 5),
            ("1h30m", 5400),
        ] {
            assert_eq!(
                text.parse(),
                Ok(SettleTime(Duration::from_secs(seconds))),
                "{text}"
            );
        }
        for text in ["", "-1s", "soon", "1.5.2s"] {
            assert!(text.parse::<SettleTime>().is_err(), "{text}");
        }
    }
}
