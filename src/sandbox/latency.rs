//! The latency of requests and responses, written as `20ms..80ms`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use fastrand::Rng;

/// The range of the total latency of a request and its response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latency {
    /// The minimum.
    pub(crate) least: Duration,
    /// The maximum, at least the minimum.
    pub(crate) most: Duration,
}

/// A text that is not a latency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid latency `{text}`: expected a time such as `50ms` or a range such as `20ms..80ms` (units ms, s)"
)]
pub struct LatencyError {
    /// The text.
    pub(crate) text: String,
}

/// The latency of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Journey {
    /// From the client to the server.
    pub(crate) inbound: Duration,
    /// From the server to the client.
    pub(crate) outbound: Duration,
}

impl Latency {
    /// Draws the latency of one request, and how much of it is on the way in.
    ///
    /// The part above the minimum is split at random, so that requests sent at a steady rate arrive unevenly, as over a
    /// real network. The minimum is the length of the route: the same each time, and in both directions.
    pub(crate) fn draw(&self, rng: &mut Rng) -> Journey {
        let (road, range) = (self.least / 2, self.most.saturating_sub(self.least));
        let delay = range.mul_f64(rng.f64());
        let inbound = delay.mul_f64(rng.f64());
        Journey {
            inbound: road + inbound,
            outbound: road + delay.saturating_sub(inbound),
        }
    }
}

impl FromStr for Latency {
    type Err = LatencyError;

    fn from_str(text: &str) -> Result<Self, LatencyError> {
        let range = match text.split_once("..") {
            Some((least, most)) => duration(least).zip(duration(most)),
            None => duration(text).map(|always| (always, always)),
        };
        match range {
            Some((least, most)) if least <= most => Ok(Self { least, most }),
            _ => Err(LatencyError {
                text: text.to_owned(),
            }),
        }
    }
}

/// The maximum latency; with a longer one the sandbox would only seem to hang.
const LONGEST: Duration = Duration::from_hours(1);

fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let count: u64 = text[..unit].parse().ok()?;
    let duration = match &text[unit..] {
        "ms" => Duration::from_millis(count),
        "s" => Duration::from_secs(count),
        _ => return None,
    };
    (duration <= LONGEST).then_some(duration)
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        written(self.least, f)?;
        if self.least < self.most {
            f.write_str("..")?;
            written(self.most, f)?;
        }
        Ok(())
    }
}

fn written(duration: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match duration.as_millis() {
        millis if millis > 0 && millis % 1000 == 0 => write!(f, "{}s", millis / 1000),
        millis => write!(f, "{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_round_trip_as_text() {
        for text in ["20ms..80ms", "50ms", "0ms", "1s..2s", "0ms..1s", "1500ms"] {
            assert_eq!(text.parse::<Latency>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn invalid_latencies_are_explained() {
        for text in [
            "",
            "5",
            "ms",
            "-1ms",
            "1.5s",
            "80ms..20ms",
            "1ms..",
            "2h",
            "3601s",
            "99999999999999999999s",
        ] {
            let error = text.parse::<Latency>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("invalid latency `{text}`: ")));
        }
    }

    #[test]
    fn both_ways_together_stay_within_the_range() {
        let latency: Latency = "20ms..80ms".parse().unwrap();
        let mut rng = Rng::with_seed(1);
        for _ in 0..100 {
            let journey = latency.draw(&mut rng);
            let total = journey.inbound + journey.outbound;
            assert!(latency.least <= total && total <= latency.most);
        }
    }

    #[test]
    fn a_fixed_latency_is_split_evenly() {
        let latency: Latency = "300ms".parse().unwrap();
        let journey = latency.draw(&mut Rng::with_seed(1));
        let half = Duration::from_millis(150);
        assert_eq!((journey.inbound, journey.outbound), (half, half));
    }

    #[test]
    fn no_latency_takes_no_time() {
        let journey = Latency::default().draw(&mut Rng::with_seed(1));
        assert_eq!(journey.inbound + journey.outbound, Duration::ZERO);
    }
}
