//! The faults that the sandbox injects, written as `drop-after=2%,500=1%`.
//!
//! How each fault appears to a client is in `response`.

use std::fmt;
use std::str::FromStr;

use fastrand::Rng;

/// A way in which an update fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection ends without a response; nothing was applied.
    DropBefore,
    /// The connection ends without a response; the update was applied.
    DropAfter,
    /// 429 although the rate was kept.
    Throttled,
    /// 500; nothing was applied.
    Failed,
    /// 500; the update was applied.
    FailedAfter,
    /// 502 with a gateway's HTML page; nothing was applied.
    BadGateway,
    /// 503; nothing was applied.
    Unavailable,
    /// 504 with a gateway's HTML page; nothing was applied.
    GatewayTimeout,
    /// 401, and the token is revoked.
    TokenExpired,
    /// 403; nothing was applied.
    Forbidden,
    /// The update was applied, and the response comes after 30 seconds.
    Slow,
}

/// All faults with their names in settings and log.
const NAMES: [(&str, Fault); 11] = [
    ("drop-before", Fault::DropBefore),
    ("drop-after", Fault::DropAfter),
    ("429", Fault::Throttled),
    ("500", Fault::Failed),
    ("500-after", Fault::FailedAfter),
    ("502", Fault::BadGateway),
    ("503", Fault::Unavailable),
    ("504", Fault::GatewayTimeout),
    ("401", Fault::TokenExpired),
    ("403", Fault::Forbidden),
    ("slow", Fault::Slow),
];

impl Fault {
    /// Returns its name in settings and log.
    pub(crate) fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, fault)| *fault == self)
            .map_or("", |(name, _)| name)
    }

    fn named(wanted: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, fault)| *fault)
    }
}

/// The faults to inject, each with its percentage of the updates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults(Vec<(Fault, f64)>);

/// A text that is not a list of faults.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultsError {
    /// A part is not of the form `name=percent%`.
    #[error("invalid fault `{text}`: expected `name=percent%`, such as `drop-after=2%`")]
    Form {
        /// The part.
        text: String,
    },
    /// An unknown fault.
    #[error("unknown fault `{name}`: expected one of {}", names())]
    Unknown {
        /// The name.
        name: String,
    },
    /// A share that is not a number from 0 to 100.
    #[error("invalid share `{percent}`: expected a percentage from 0% to 100%")]
    Share {
        /// The share.
        percent: String,
    },
    /// A fault that is listed twice.
    #[error("fault `{name}` is listed twice")]
    Twice {
        /// The name of the fault.
        name: &'static str,
    },
    /// Shares that add up to more than 100 %.
    #[error("the shares of `{text}` add up to more than 100%: an update has at most one fault")]
    TooMany {
        /// The list.
        text: String,
    },
}

fn names() -> String {
    NAMES.map(|(name, _)| name).join(", ")
}

impl Faults {
    /// Draws the fault of one update. Always draws once, so that a seed gives the same sequence of faults.
    pub(crate) fn draw(&self, rng: &mut Rng) -> Option<Fault> {
        let mut roll = rng.f64() * 100.0;
        for (fault, percent) in &self.0 {
            if roll < *percent {
                return Some(*fault);
            }
            roll -= percent;
        }
        None
    }
}

impl FromStr for Faults {
    type Err = FaultsError;

    fn from_str(text: &str) -> Result<Self, FaultsError> {
        let mut faults = Self::default();
        if matches!(text.trim(), "" | "none") {
            return Ok(faults);
        }
        for part in text.split(',') {
            let (fault, percent) = share(part.trim())?;
            if faults.0.iter().any(|(earlier, _)| *earlier == fault) {
                return Err(FaultsError::Twice { name: fault.name() });
            }
            faults.0.push((fault, percent));
        }
        let total: f64 = faults.0.iter().map(|(_, percent)| percent).sum();
        // Decimal shares that add up to 100 may not do so exactly in binary.
        if total > 100.0 + 1e-9 {
            return Err(FaultsError::TooMany {
                text: text.to_owned(),
            });
        }
        Ok(faults)
    }
}

fn share(text: &str) -> Result<(Fault, f64), FaultsError> {
    let (name, percent) = text.split_once('=').ok_or_else(|| FaultsError::Form {
        text: text.to_owned(),
    })?;
    let (name, percent) = (name.trim(), percent.trim());
    let fault = Fault::named(name).ok_or_else(|| FaultsError::Unknown {
        name: name.to_owned(),
    })?;
    percent
        .strip_suffix('%')
        .and_then(|number| number.parse().ok())
        .filter(|number| (0.0..=100.0).contains(number))
        .map(|number| (fault, number))
        .ok_or_else(|| FaultsError::Share {
            percent: percent.to_owned(),
        })
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (index, (fault, percent)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{}={percent}%", fault.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_lists_round_trip_as_text() {
        for text in ["drop-after=2%,500=1%,429=5%", "slow=0.5%", "none"] {
            assert_eq!(text.parse::<Faults>().unwrap().to_string(), text);
        }
        assert_eq!("".parse::<Faults>().unwrap(), Faults::default());
    }

    #[test]
    fn every_fault_is_known_by_its_name() {
        for (name, fault) in NAMES {
            assert_eq!(Fault::named(name), Some(fault));
            assert_eq!(fault.name(), name);
        }
    }

    #[test]
    fn invalid_fault_lists_are_explained() {
        for (text, message) in [
            ("drop-after", "invalid fault `drop-after`: "),
            ("500=1%,", "invalid fault ``: "),
            (
                "501=1%",
                "unknown fault `501`: expected one of drop-before, ",
            ),
            ("500=1", "invalid share `1`: "),
            ("500=101%", "invalid share `101%`: "),
            ("500=-1%", "invalid share `-1%`: "),
            ("500=NaN%", "invalid share `NaN%`: "),
            ("500=1%,500=2%", "fault `500` is listed twice"),
            (
                "500=60%,slow=41%",
                "the shares of `500=60%,slow=41%` add up",
            ),
        ] {
            let error = text.parse::<Faults>().unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn shares_of_a_hundred_leave_no_update_whole() {
        let faults: Faults = "500=33.3%,502=33.3%,504=33.4%".parse().unwrap();
        let mut rng = Rng::with_seed(3);
        assert!((0..1000).all(|_| faults.draw(&mut rng).is_some()));
    }

    #[test]
    fn faults_are_about_as_frequent_as_asked() {
        let faults: Faults = "500=10%,slow=0%".parse().unwrap();
        let mut rng = Rng::with_seed(7);
        let drawn = (0..1000).filter_map(|_| faults.draw(&mut rng));
        assert!((60..140).contains(&drawn.filter(|fault| *fault == Fault::Failed).count()));
    }
}
