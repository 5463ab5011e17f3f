//! Strict sliding windows: decides whether an update keeps the rate.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::rate_limit::rate::{Limit, Rate};

/// The recently admitted updates, one window per limit of the rate.
#[derive(Debug)]
pub(crate) struct Windows(Vec<Window>);

#[derive(Debug)]
struct Window {
    limit: Limit,
    admitted: VecDeque<Instant>,
}

impl Windows {
    /// Creates empty windows for a rate.
    pub(crate) fn new(rate: &Rate) -> Self {
        let open = |limit: &Limit| Window {
            limit: *limit,
            admitted: VecDeque::new(),
        };
        Self(rate.0.iter().map(open).collect())
    }

    /// Admits an update that arrives `now`, or returns how much too early it is.
    ///
    /// A refused update does not count: otherwise a client that keeps repeating itself would never be admitted again,
    /// and pausing and retrying, as the vendor advises, would not help.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        let waits = self.0.iter_mut().map(|window| window.wait(now));
        let wait = waits.max().unwrap_or_default();
        if wait > Duration::ZERO {
            return Err(wait);
        }
        for window in &mut self.0 {
            window.admitted.push_back(now);
        }
        Ok(())
    }
}

impl Window {
    fn wait(&mut self, now: Instant) -> Duration {
        let length = self.limit.window;
        let age = |first: &Instant| now.saturating_duration_since(*first);
        // The window is half open: an update exactly as old as the window is long has left it.
        while self
            .admitted
            .front()
            .is_some_and(|first| age(first) >= length)
        {
            self.admitted.pop_front();
        }
        let full = self.admitted.len() >= self.limit.count as usize;
        match self.admitted.front() {
            Some(first) if full => length.saturating_sub(age(first)),
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn windows(rate: &str) -> Windows {
        Windows::new(&rate.parse().unwrap())
    }

    #[test]
    fn a_fourth_request_is_admitted_exactly_a_second_after_the_first() {
        let start = Instant::now();
        let mut windows = windows("3/s");
        for at in [0, 400, 800] {
            assert_eq!(windows.admit(start + ms(at)), Ok(()));
        }
        assert_eq!(windows.admit(start + ms(999)), Err(ms(1)));
        assert_eq!(windows.admit(start + ms(1000)), Ok(()));
        assert_eq!(windows.admit(start + ms(1000)), Err(ms(400)));
    }

    #[test]
    fn the_longest_wait_of_all_limits_applies() {
        let start = Instant::now();
        let mut windows = windows("1/s,2/m");
        assert_eq!(windows.admit(start), Ok(()));
        assert_eq!(windows.admit(start + ms(500)), Err(ms(500)));
        assert_eq!(windows.admit(start + ms(1000)), Ok(()));
        assert_eq!(windows.admit(start + ms(1500)), Err(ms(58_500)));
    }

    #[test]
    fn no_limit_admits_everything() {
        let mut windows = windows("unlimited");
        let now = Instant::now();
        assert!((0..1000).all(|_| windows.admit(now).is_ok()));
    }

    #[test]
    fn exactly_the_requests_over_the_limit_are_refused() {
        let start = Instant::now();
        let (mut windows, mut rng) = (windows("3/s,20/10s"), fastrand::Rng::with_seed(5));
        let (mut at, mut admitted) = (0, Vec::new());
        for _ in 0..2000 {
            at += rng.u64(0..400);
            let within = |length: u64| admitted.iter().filter(|t| at - **t < length).count();
            let fits = within(1000) < 3 && within(10_000) < 20;
            assert_eq!(windows.admit(start + ms(at)).is_ok(), fits);
            if fits {
                admitted.push(at);
            }
        }
    }
}
