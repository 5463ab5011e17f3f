//! Rates, written as `3/s,180/m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The longest window. Completed requests must be kept for this long.
const MAX_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// At most `count` requests in any `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    /// Requests per window, at least 1.
    pub(crate) count: u32,
    /// The length of the sliding window, at most a day.
    pub(crate) window: Duration,
}

/// A list of limits that all apply at once. An empty list is `unlimited`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate(pub(crate) Vec<Limit>);

/// A text that is not a valid rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid rate `{text}`: expected a list such as `3/s,180/m` (units s, m, h; at most a day) or `unlimited`"
)]
pub struct RateError {
    /// The invalid part.
    pub(crate) text: String,
}

impl Rate {
    /// Returns the rate without a limit.
    pub(crate) const fn unlimited() -> Self {
        Self(Vec::new())
    }

    pub(crate) const fn is_unlimited(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the allowed requests per second on average; `None` if unlimited.
    pub(crate) fn per_second(&self) -> Option<f64> {
        let of = |limit: &Limit| f64::from(limit.count) / limit.window.as_secs_f64();
        self.0.iter().map(of).min_by(f64::total_cmp)
    }

    /// Returns the minimum time for a number of requests, without latency.
    pub(crate) fn min_time(&self, requests: usize) -> Duration {
        let of = |limit: &Limit| match requests.checked_sub(1) {
            Some(before) => {
                limit.window * u32::try_from(before / limit.count as usize).unwrap_or(u32::MAX)
            }
            None => Duration::ZERO,
        };
        self.0.iter().map(of).max().unwrap_or_default()
    }
}

impl Default for Rate {
    /// Returns the API's [documented rate](crate::paylocity): 3 requests a second and 180 a minute.
    fn default() -> Self {
        let limit = |count, seconds| Limit {
            count,
            window: Duration::from_secs(seconds),
        };
        Self(vec![limit(3, 1), limit(180, 60)])
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        if text.trim() == "unlimited" {
            return Ok(Self::unlimited());
        }
        text.split(',')
            .map(|part| parse_limit(part.trim()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn parse_limit(text: &str) -> Result<Limit, RateError> {
    let parsed = text.split_once('/').and_then(|(count, window)| {
        let digits = window.find(|c: char| !c.is_ascii_digit())?;
        let times: u64 = if digits == 0 {
            1
        } else {
            window[..digits].parse().ok()?
        };
        let unit: u64 = match &window[digits..] {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            _ => return None,
        };
        let window = Duration::from_secs(times.checked_mul(unit)?);
        Some(Limit {
            count: count.parse().ok()?,
            window,
        })
    });
    match parsed {
        Some(limit) if limit.count > 0 && is_valid_window(limit.window) => Ok(limit),
        _ => Err(RateError {
            text: text.to_owned(),
        }),
    }
}

fn is_valid_window(window: Duration) -> bool {
    window > Duration::ZERO && window <= MAX_WINDOW
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unlimited() {
            return f.write_str("unlimited");
        }
        for (index, limit) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let (times, unit) = match limit.window.as_secs() {
                seconds if seconds % 3600 == 0 => (seconds / 3600, "h"),
                seconds if seconds % 60 == 0 => (seconds / 60, "m"),
                seconds => (seconds, "s"),
            };
            let times = if times == 1 {
                String::new()
            } else {
                times.to_string()
            };
            write!(f, "{comma}{}/{times}{unit}", limit.count)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_displayed_as_it_was_written() {
        for text in ["3/s,180/m", "1/s", "40000/h", "5/10s", "1/24h", "unlimited"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn invalid_rates_are_refused() {
        for text in [
            "",
            "3",
            "0/s",
            "3/0s",
            "3/d",
            "-1/s",
            "3/s,",
            "x/s",
            "3/25h",
            "3/99999999999999999999s",
        ] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_narrowest_limit_decides_the_minimum_time() {
        let rate = Rate::default();
        assert_eq!(rate.to_string(), "3/s,180/m");
        assert_eq!(rate.min_time(0), Duration::ZERO);
        assert_eq!(rate.min_time(3), Duration::ZERO);
        assert_eq!(rate.min_time(4), Duration::from_secs(1));
        assert_eq!(rate.min_time(60), Duration::from_secs(19));
        assert_eq!(rate.min_time(181), Duration::from_secs(60));
        let slowest: Rate = "1/24h".parse().unwrap();
        assert!(slowest.min_time(usize::MAX) > Duration::from_secs(1 << 48));
    }
}
