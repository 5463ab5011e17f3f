//! The pace: never more requests in any sliding window than the rate allows, as the server sees it.
//!
//! What counts is when requests reach the server, and the network may delay one and not the next. A request has
//! certainly arrived once it is answered; so its place in each window is given to another only a whole window after
//! the answer. However the delays vary, no window can then hold more requests than its limit.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::rate::{Limit, Rate};
use super::stop::Stop;

/// Added to each window, for clocks that do not run alike.
const MARGIN: Duration = Duration::from_millis(10);
/// By how much longer each step keeps the windows closed, after the server found us too fast.
const STEP: f64 = 1.5;
/// The slowest pace is a good tenth of the rate: somebody else is using the rest.
const MOST_STEPS: u32 = 5;
/// After so long without a 429 the pace recovers by a step.
const QUIET: Duration = Duration::from_secs(10);
/// No pause is longer, whatever a server asks: a day is as good as never.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Hands out the permission to send.
#[derive(Debug)]
pub struct Pace {
    limits: Vec<(Limit, Arc<Semaphore>)>,
    throttle: Arc<Mutex<Throttle>>,
}

/// What the server has said about our pace.
#[derive(Debug, Default)]
struct Throttle {
    /// Nobody sends before.
    paused_until: Option<Instant>,
    /// By how many steps the pace was slowed, the last time that it was.
    steps: u32,
    slowed_at: Option<Instant>,
}

/// The permission to send one request.
#[derive(Debug)]
pub struct Permit {
    held: Vec<(Limit, OwnedSemaphorePermit)>,
    throttle: Arc<Mutex<Throttle>>,
}

impl Pace {
    /// Makes the pace of a rate.
    #[must_use]
    pub fn new(rate: &Rate) -> Self {
        let limits = rate
            .0
            .iter()
            .map(|limit| (*limit, Arc::new(Semaphore::new(limit.count as usize))));
        Self {
            limits: limits.collect(),
            throttle: Arc::default(),
        }
    }

    /// Waits for the permission to send; `None` when a stop was requested first.
    pub async fn permit(&self, stop: &Stop) -> Option<Permit> {
        let mut held = Vec::with_capacity(self.limits.len());
        for (limit, places) in &self.limits {
            let place = tokio::select! {
                place = Arc::clone(places).acquire_owned() => place.ok()?,
                () = stop.requested() => return None,
            };
            held.push((*limit, place));
        }
        self.unpaused(stop).await?;
        Some(Permit {
            held,
            throttle: Arc::clone(&self.throttle),
        })
    }

    /// Waits until nobody is asked to pause; `None` when a stop was requested first.
    pub async fn unpaused(&self, stop: &Stop) -> Option<()> {
        while let Some(wait) = self.pause_left() {
            stop.sleep(wait).await;
            if stop.is_requested() {
                return None;
            }
        }
        (!stop.is_requested()).then_some(())
    }

    /// Keeps everybody from sending for so long, as the server asks.
    pub fn pause(&self, wait: Duration) {
        self.lock().pause(wait);
    }

    /// Keeps everybody from sending for so long, and slows the pace down: the server found us too fast.
    /// Returns until when.
    #[must_use]
    pub fn throttle(&self, wait: Duration) -> Instant {
        let mut throttle = self.lock();
        throttle.slow_down();
        throttle.pause(wait)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause_left(&self) -> Option<Duration> {
        let left = self
            .lock()
            .paused_until?
            .saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}

impl Throttle {
    fn pause(&mut self, wait: Duration) -> Instant {
        let now = Instant::now();
        let until = (now + wait.min(LONGEST_PAUSE)).max(self.paused_until.unwrap_or(now));
        self.paused_until = Some(until);
        until
    }

    /// Slows the pace by a step. Several 429s in the same pause are one finding.
    fn slow_down(&mut self) {
        let now = Instant::now();
        if self.paused_until.is_none_or(|until| until <= now) {
            self.steps = (self.steps_now(now) + 1).min(MOST_STEPS);
            self.slowed_at = Some(now);
        }
    }

    /// Returns by how many steps the pace is slowed now: one less for each quiet while.
    fn steps_now(&self, now: Instant) -> u32 {
        let quiet = self
            .slowed_at
            .map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let recovered = u32::try_from(quiet.as_secs() / QUIET.as_secs()).unwrap_or(u32::MAX);
        self.steps.saturating_sub(recovered)
    }

    /// Returns how long a window is kept closed now.
    fn stretched(&self, window: Duration) -> Duration {
        (0..self.steps_now(Instant::now())).fold(window, |window, _| window.mul_f64(STEP))
    }
}

impl Permit {
    /// Says that the request was answered, or given up: its places are free again a window from now.
    pub fn answered(self) {
        for (limit, place) in self.held {
            let window = self
                .throttle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .stretched(limit.window);
            tokio::spawn(async move {
                tokio::time::sleep(window + MARGIN).await;
                drop(place);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;
    use crate::deliver::stop::End;

    /// Sends `count` requests from `workers` workers; the n-th takes the n-th delay to arrive, and as long again to
    /// be answered. Returns when each arrived.
    async fn arrivals(
        pace: Pace,
        workers: usize,
        count: usize,
        delays: Vec<Duration>,
    ) -> Vec<Duration> {
        let begun = Instant::now();
        let pace = Arc::new(pace);
        let next = Arc::new(Mutex::new(0..count));
        let delays = Arc::new(delays);
        let mut tasks = JoinSet::new();
        for _ in 0..workers {
            let (pace, next, delays) = (Arc::clone(&pace), Arc::clone(&next), Arc::clone(&delays));
            tasks.spawn(async move {
                let mut seen = Vec::new();
                while let Some(index) = { next.lock().unwrap().next() } {
                    let permit = pace.permit(&Stop::default()).await.unwrap();
                    tokio::time::sleep(delays[index % delays.len()]).await;
                    seen.push(begun.elapsed());
                    tokio::time::sleep(delays[index % delays.len()]).await;
                    permit.answered();
                }
                seen
            });
        }
        let mut all = tasks.join_all().await.concat();
        all.sort();
        all
    }

    /// The most arrivals in any window of that length.
    fn most_within(arrivals: &[Duration], window: Duration) -> usize {
        let inside = |start: &Duration| {
            arrivals
                .iter()
                .filter(|at| *at >= start && **at < *start + window)
                .count()
        };
        arrivals.iter().map(inside).max().unwrap_or(0)
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_holds_more_than_its_limit_however_the_delays_vary() {
        let mut random = fastrand::Rng::with_seed(11);
        let delays = (0..97)
            .map(|_| Duration::from_millis(random.u64(1..400)))
            .collect();
        let pace = Pace::new(&"3/s,20/10s".parse().unwrap());
        let arrivals = arrivals(pace, 8, 200, delays).await;
        assert_eq!(most_within(&arrivals, Duration::from_secs(1)), 3);
        assert_eq!(most_within(&arrivals, Duration::from_secs(10)), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn with_quick_answers_the_rate_is_used_to_the_full() {
        let pace = Pace::new(&"3/s,180/m".parse().unwrap());
        let arrivals = arrivals(pace, 8, 60, vec![Duration::from_millis(20)]).await;
        assert!(
            *arrivals.last().unwrap() < Duration::from_millis(20_100),
            "{arrivals:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everybody_back_and_slows_the_pace_after_it() {
        let pace = Pace::new(&"3/s".parse().unwrap());
        let first = pace.throttle(Duration::from_secs(5));
        assert_eq!(pace.throttle(Duration::from_secs(2)), first);
        let arrivals = arrivals(pace, 4, 40, vec![Duration::ZERO]).await;
        let gap = |index: usize| arrivals[index].as_millis() - arrivals[index - 1].as_millis();
        assert_eq!(arrivals[0], Duration::from_secs(5));
        assert_eq!(
            gap(3),
            1510,
            "slowed by one step, and by one alone: {arrivals:?}"
        );
        assert_eq!(gap(39), 1010, "recovered after a quiet while: {arrivals:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_wait() {
        let pace = Pace::new(&"1/h".parse().unwrap());
        let stop = Stop::default();
        let first = pace.permit(&stop).await;
        assert!(first.is_some());
        let asker = stop.clone();
        let (second, ()) = tokio::join!(pace.permit(&stop), async {
            asker.request(End::Interrupted);
        });
        assert!(second.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_nothing_waits() {
        let arrivals = arrivals(Pace::new(&Rate::unlimited()), 4, 1000, vec![Duration::ZERO]).await;
        assert_eq!(arrivals.last(), Some(&Duration::ZERO));
    }
}
