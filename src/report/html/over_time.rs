//! The chart of requests over time, compared with the rate limit.

use crate::rate_limit::rate::{Limit, Rate};
use crate::report::headline::{count, grouped};
use crate::report::model::{Report, RequestEntry};

/// Possible widths of a bar in seconds.
const WIDTHS: [u32; 15] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400,
];
/// More bars would be too thin to read.
const MAX_BARS: i64 = 60;
/// Fewer bars would be too wide to read.
const MIN_BARS: usize = 12;

/// A drawing 100 units high and one unit wide per bar.
pub(crate) struct OverTime {
    pub(crate) width: usize,
    pub(crate) bars: Vec<Bar>,
    /// The height of the rate limit's line, from the top.
    pub(crate) pace: Option<f64>,
    /// The label of the end of the time axis.
    pub(crate) length: String,
    /// The chart as text.
    pub(crate) words: String,
}

/// The requests of an interval: successful ones at the bottom, the rest on top.
pub(crate) struct Bar {
    pub(crate) x: f64,
    pub(crate) through: f64,
    pub(crate) other: f64,
}

impl Bar {
    /// Returns the top of the lower part, from the top of the drawing.
    pub(crate) fn through_y(&self) -> f64 {
        100.0 - self.through
    }

    /// Returns the top of the upper part, from the top of the drawing.
    pub(crate) fn other_y(&self) -> f64 {
        100.0 - self.through - self.other
    }
}

/// Successful and unsuccessful requests of an interval.
#[derive(Clone, Copy, Default)]
struct Stretch {
    through: u32,
    other: u32,
}

impl OverTime {
    /// Draws the requests of a report. Returns `None` without requests.
    pub(crate) fn of(report: &Report) -> Option<Self> {
        let requests = || report.orders.iter().flat_map(|order| &order.requests);
        let at = |request: &RequestEntry| request.sent_at.as_millisecond();
        let (first, last) = (requests().map(at).min()?, requests().map(at).max()?);
        let fits = |width: &u32| (last - first) / (i64::from(*width) * 1000) < MAX_BARS;
        let seconds = WIDTHS.into_iter().find(fits).unwrap_or(86_400);
        let place = |time: i64| {
            usize::try_from((time - first) / (i64::from(seconds) * 1000)).unwrap_or_default()
        };
        let mut stretches = vec![Stretch::default(); place(last) + 1];
        for request in requests() {
            let stretch = &mut stretches[place(at(request))];
            match request.http_status {
                Some(200..300) => stretch.through += 1,
                _ => stretch.other += 1,
            }
        }
        let rate = report.rate.as_deref().and_then(|rate| rate.parse().ok());
        let allowed = rate.and_then(|rate| allowed(&rate, seconds));
        Some(draw(&stretches, seconds, allowed))
    }
}

/// Returns how many requests the rate allows in an interval.
fn allowed(rate: &Rate, seconds: u32) -> Option<f64> {
    let of = |limit: &Limit| {
        let windows = (f64::from(seconds) / limit.window.as_secs_f64()).max(1.0);
        f64::from(limit.count) * windows
    };
    rate.0.iter().map(of).min_by(f64::total_cmp)
}

fn draw(stretches: &[Stretch], seconds: u32, allowed: Option<f64>) -> OverTime {
    let most = stretches
        .iter()
        .map(|stretch| stretch.through + stretch.other)
        .max();
    let most = f64::from(most.unwrap_or_default());
    let top = allowed.map_or(most, |allowed| allowed.max(most)) * 1.15;
    let scaled = |number: u32| 100.0 * f64::from(number) / top;
    let bar = |(x, stretch): (u32, &Stretch)| Bar {
        x: f64::from(x) + 0.1,
        through: scaled(stretch.through),
        other: scaled(stretch.other),
    };
    let a_second = |number: f64| format!("{:.1}", number / f64::from(seconds));
    let width = stretches.len().max(MIN_BARS);
    OverTime {
        width,
        bars: (0..).zip(stretches).map(bar).collect(),
        pace: allowed.map(|allowed| 100.0 - 100.0 * allowed / top),
        length: span(i64::from(seconds) * i64::try_from(width).unwrap_or_default()),
        words: words(stretches, seconds, &a_second(most), allowed.map(a_second)),
    }
}

fn words(stretches: &[Stretch], seconds: u32, most: &str, allowed: Option<String>) -> String {
    let sum = |of: fn(&Stretch) -> u32| stretches.iter().map(of).sum::<u32>() as usize;
    let (through, other) = (sum(|stretch| stretch.through), sum(|stretch| stretch.other));
    let allowed = allowed.map_or_else(String::new, |allowed| format!(", {allowed} allowed"));
    let failed = match other {
        0 => String::new(),
        other => format!("; {} failed", grouped(other)),
    };
    let stretch = if seconds == 1 {
        "second".to_owned()
    } else {
        span(seconds.into())
    };
    format!(
        "{}, one bar per {stretch}: at most {most} a second{allowed}{failed}",
        count(through + other, "request", "requests"),
    )
}

/// Formats a duration in at most two units.
fn span(seconds: i64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_limit_is_drawn() {
        let allowed = |rate: &str, seconds| allowed(&rate.parse().unwrap(), seconds);
        assert_eq!(allowed("3/s,180/m", 1), Some(3.0));
        assert_eq!(allowed("3/s,180/m", 60), Some(180.0));
        assert_eq!(allowed("5/s,60/m", 1), Some(5.0));
        assert_eq!(allowed("5/s,60/m", 120), Some(120.0));
        assert_eq!(allowed("unlimited", 1), None);
    }

    #[test]
    fn the_chart_has_a_text_version() {
        let stretches = [
            Stretch {
                through: 3,
                other: 0,
            },
            Stretch {
                through: 1,
                other: 1,
            },
        ];
        let drawn = draw(&stretches, 1, Some(3.0));
        assert_eq!(
            drawn.words,
            "5 requests, one bar per second: at most 3.0 a second, 3.0 allowed; 1 failed"
        );
        assert!((drawn.bars[0].through_y() - drawn.pace.unwrap()).abs() < 1e-9);
        assert_eq!(
            [0, 59, 60, 61, 3600, 3661].map(span),
            ["0 s", "59 s", "1 min", "1 min 1 s", "1 h", "1 h 1 min"]
        );
    }
}
