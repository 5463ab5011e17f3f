//! `--max-change`: how much the number of orders may differ from that of the last import.

use std::fmt;
use std::str::FromStr;

/// The greatest difference of the number of orders, in percent of the earlier number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxChange(u32);

/// A text that is not a whole percentage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid percentage `{0}`: write a whole number such as `50%`")]
pub struct MaxChangeError(String);

impl MaxChange {
    /// Returns whether the number differs too much from the earlier one, in either direction.
    pub(crate) fn is_exceeded(self, now: usize, before: usize) -> bool {
        let hundredfold = (now.abs_diff(before) as u128) * 100;
        hundredfold > u128::from(self.0) * (before as u128)
    }
}

impl fmt::Display for MaxChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl FromStr for MaxChange {
    type Err = MaxChangeError;

    fn from_str(text: &str) -> Result<Self, MaxChangeError> {
        let trimmed = text.trim();
        let digits = trimmed.strip_suffix('%').unwrap_or(trimmed).trim_end();
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_number.then(|| digits.parse().ok()).flatten();
        number
            .map(Self)
            .ok_or_else(|| MaxChangeError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_applies_in_both_directions() {
        let half: MaxChange = "50%".parse().unwrap();
        let table = [
            (100, 100, false),
            (50, 100, false),
            (49, 100, true),
            (150, 100, false),
            (151, 100, true),
            (0, 1, true),
            (0, 0, false),
            (1, 0, true),
        ];
        for (now, before, is_exceeded) in table {
            assert_eq!(half.is_exceeded(now, before), is_exceeded, "{now} {before}");
        }
        assert!(!"0".parse::<MaxChange>().unwrap().is_exceeded(7, 7));
        assert!(
            "300 %"
                .parse::<MaxChange>()
                .is_ok_and(|most| !most.is_exceeded(4, 1))
        );
    }

    #[test]
    fn only_whole_percentages_are_accepted() {
        for text in ["", "%", "half", "-5%", "+5", "12.5%", "99999999999%"] {
            assert!(text.parse::<MaxChange>().is_err(), "{text}");
        }
    }
}
