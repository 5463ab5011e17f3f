//! The latency histogram of the page.

use crate::report::headline::{count, grouped};
use crate::report::model::Report;

/// Upper bounds of the columns in milliseconds; the last one is unbounded.
const EDGES: [(f64, &str); 21] = [
    (5.0, "5 ms"),
    (10.0, "10 ms"),
    (15.0, "15 ms"),
    (20.0, "20 ms"),
    (30.0, "30 ms"),
    (40.0, "40 ms"),
    (50.0, "50 ms"),
    (70.0, "70 ms"),
    (100.0, "100 ms"),
    (150.0, "150 ms"),
    (200.0, "200 ms"),
    (300.0, "300 ms"),
    (500.0, "500 ms"),
    (700.0, "700 ms"),
    (1000.0, "1 s"),
    (2000.0, "2 s"),
    (3000.0, "3 s"),
    (5000.0, "5 s"),
    (10_000.0, "10 s"),
    (30_000.0, "30 s"),
    (f64::INFINITY, "more"),
];

/// A drawing 100 units high and one unit wide per column.
pub(crate) struct Latencies {
    pub(crate) columns: Vec<Column>,
    /// The histogram as text.
    pub(crate) words: String,
}

/// Responses up to a latency.
pub(crate) struct Column {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) height: f64,
    pub(crate) number: String,
    pub(crate) label: &'static str,
}

impl Latencies {
    /// Draws the responses of a report. Returns `None` without responses.
    pub(crate) fn of(report: &Report) -> Option<Self> {
        let requests = report.orders.iter().flat_map(|order| &order.requests);
        let answered = requests.filter(|request| request.http_status.is_some());
        let mut times: Vec<f64> = answered.map(|request| request.latency_ms).collect();
        times.sort_by(f64::total_cmp);
        let longest = *times.last()?;
        let words = format!(
            "{}: median {}, 95th percentile {}, maximum {}",
            count(times.len(), "answer", "answers"),
            time(quantile(&times, 50)),
            time(quantile(&times, 95)),
            time(longest)
        );
        Some(Self {
            columns: columns(&times),
            words,
        })
    }
}

/// Returns the columns from the first to the last that is not empty.
#[expect(clippy::cast_precision_loss, reason = "heights of a drawing")]
fn columns(times: &[f64]) -> Vec<Column> {
    let mut from = 0;
    let numbers = EDGES.map(|(edge, label)| {
        let to = times.partition_point(|time| *time <= edge);
        let number = to - from;
        from = to;
        (number, label)
    });
    let is_filled = |(number, _): &(usize, &str)| *number > 0;
    let first = numbers.iter().position(is_filled).unwrap_or_default();
    let last = numbers.iter().rposition(is_filled).unwrap_or_default();
    let most = numbers
        .iter()
        .map(|(number, _)| *number)
        .max()
        .unwrap_or_default();
    let column = |(x, (number, label)): (u32, &(usize, &'static str))| {
        let height = 88.0 * *number as f64 / most.max(1) as f64;
        Column {
            x: f64::from(x) + 0.1,
            y: 100.0 - height,
            height,
            number: grouped(*number),
            label,
        }
    };
    (0..).zip(&numbers[first..=last]).map(column).collect()
}

/// Returns the latency that this percentage of responses did not exceed. `times` is sorted and not empty.
fn quantile(times: &[f64], percent: usize) -> f64 {
    let index = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(index).copied().unwrap_or_default()
}

fn time(milliseconds: f64) -> String {
    if milliseconds < 1000.0 {
        format!("{milliseconds:.0} ms")
    } else {
        format!("{:.1} s", milliseconds / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_counted_by_latency() {
        let drawn = columns(&[15.0, 20.0, 21.0, 30.0, 50.0]);
        let numbers: Vec<_> = drawn
            .iter()
            .map(|column| (column.label, column.number.as_str()))
            .collect();
        assert_eq!(
            numbers,
            [
                ("15 ms", "1"),
                ("20 ms", "1"),
                ("30 ms", "2"),
                ("40 ms", "0"),
                ("50 ms", "1")
            ]
        );
    }

    #[test]
    fn median_and_tail_are_reported() {
        let times: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(
            (
                quantile(&times, 50),
                quantile(&times, 95),
                quantile(&[7.0], 50)
            ),
            (50.0, 95.0, 7.0)
        );
        assert_eq!(
            (time(999.4), time(1500.0)),
            ("999 ms".into(), "1.5 s".into())
        );
    }
}
