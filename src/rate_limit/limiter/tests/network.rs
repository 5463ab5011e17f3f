//! A network and a server behind it, in paused time: how long each request is under way, and when it is counted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::delivery::shutdown::Stop;
use crate::rate_limit::limiter::Pace;
use crate::rate_limit::rate::Limit;

/// Where the time between a request and its answer is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spent {
    /// Before the server counts the request.
    Before,
    /// After it has counted it.
    After,
    /// Before and after, at random; half and half where all of it is the same each time.
    Split,
    /// Before and after, at random, also where all of it is the same: no network does that.
    Torn,
}

/// How long requests and answers are under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    least: Duration,
    most: Duration,
    spent: Spent,
    /// How much longer a request is on its way in that needs a new connection.
    connecting: Duration,
    /// How many requests of a thousand are given up after that time.
    lost: (u32, Duration),
    /// What the server refuses to exceed.
    strict: Option<Limit>,
}

impl Network {
    pub(crate) const fn between(least: Duration, most: Duration, spent: Spent) -> Self {
        Self {
            least,
            most,
            spent,
            connecting: Duration::ZERO,
            lost: (0, Duration::ZERO),
            strict: None,
        }
    }

    /// One on which every request takes as long as every other.
    pub(crate) const fn steady(time: Duration) -> Self {
        Self::between(time, time, Spent::After)
    }

    pub(crate) const fn connecting(self, connecting: Duration) -> Self {
        Self { connecting, ..self }
    }

    pub(crate) const fn losing(self, of_thousand: u32, patience: Duration) -> Self {
        let lost = (of_thousand, patience);
        Self { lost, ..self }
    }

    pub(crate) const fn strict(self, limit: Limit) -> Self {
        Self {
            strict: Some(limit),
            ..self
        }
    }

    /// Draws how long a request is under way until it is counted, and then until it is answered.
    fn draw(&self, random: &mut Rng) -> (Duration, Duration) {
        // In whole milliseconds, as the clock of these tests is.
        let whole = |time: Duration| {
            let rest = u64::from(time.subsec_nanos() % 1_000_000);
            time.saturating_sub(Duration::from_nanos(rest))
        };
        let range = self.most.saturating_sub(self.least);
        let time = whole(self.least + range.mul_f64(random.f64()));
        let before = match self.spent {
            Spent::Before => time,
            Spent::After => Duration::ZERO,
            Spent::Split if self.least == self.most => whole(time / 2),
            Spent::Split | Spent::Torn => whole(time.mul_f64(random.f64())),
        };
        (before, time.saturating_sub(before))
    }

    /// Sends `count` requests from `workers` workers, each again until it is not refused.
    pub(crate) async fn run(self, pace: Pace, workers: usize, count: usize, seed: u64) -> Ran {
        let lane = Arc::new(Lane {
            network: self,
            pace,
            begun: Instant::now(),
            state: Mutex::new(State {
                left: count,
                idle: 0,
                random: Rng::with_seed(seed),
                ran: Ran::default(),
            }),
        });
        let mut tasks = JoinSet::new();
        for _ in 0..workers {
            let lane = Arc::clone(&lane);
            tasks.spawn(async move { while lane.send().await {} });
        }
        tasks.join_all().await;
        let mut state = lane.state.lock().unwrap();
        std::mem::take(&mut state.ran)
    }

    /// Sends requests, and returns when each is counted.
    pub(crate) async fn arrivals(
        self,
        pace: Pace,
        workers: usize,
        count: usize,
        seed: u64,
    ) -> Vec<Duration> {
        self.run(pace, workers, count, seed).await.counted
    }
}

/// What a server saw.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// When each request was counted, the earliest first.
    pub(crate) counted: Vec<Duration>,
    /// How many were refused.
    pub(crate) refused: usize,
}

/// What the workers share.
struct Lane {
    network: Network,
    pace: Pace,
    begun: Instant,
    state: Mutex<State>,
}

struct State {
    left: usize,
    /// Connections that wait for a request.
    idle: usize,
    random: Rng,
    ran: Ran,
}

impl Lane {
    /// Sends a request until it is not refused; `false` when none is left.
    async fn send(&self) -> bool {
        {
            let mut state = self.state.lock().unwrap();
            let Some(left) = state.left.checked_sub(1) else {
                return false;
            };
            state.left = left;
        }
        while self.is_refused().await {
            let _ = self.pace.throttle(Duration::from_millis(500));
        }
        true
    }

    async fn is_refused(&self) -> bool {
        let mut permit = self.pace.permit(&Stop::default()).await.unwrap();
        permit.leave().await;
        let (before, after, is_lost) = self.depart();
        sleep(before).await;
        let is_refused = self.arrive();
        sleep(if is_lost { self.network.lost.1 } else { after }).await;
        if is_lost {
            permit.ended();
        } else {
            self.state.lock().unwrap().idle += 1;
            permit.answered();
        }
        is_refused
    }

    fn depart(&self) -> (Duration, Duration, bool) {
        let mut state = self.state.lock().unwrap();
        let (mut before, after) = self.network.draw(&mut state.random);
        match state.idle.checked_sub(1) {
            Some(idle) => state.idle = idle,
            None => before += self.network.connecting,
        }
        let is_lost = state.random.u32(..1000) < self.network.lost.0;
        (before, after, is_lost)
    }

    /// Counts a request, if the server takes it.
    fn arrive(&self) -> bool {
        let (now, mut state) = (self.begun.elapsed(), self.state.lock().unwrap());
        let counted = &mut state.ran.counted;
        if self.network.strict.is_some_and(|limit| {
            let start = (now + Duration::from_nanos(1)).saturating_sub(limit.window);
            counted.len() - counted.partition_point(|at| *at < start) >= limit.count as usize
        }) {
            state.ran.refused += 1;
            return true;
        }
        counted.push(now);
        false
    }
}

/// The most arrivals in any window of that length; all are in order.
pub(crate) fn most_within(arrivals: &[Duration], window: Duration) -> usize {
    let within = |(index, start): (usize, &Duration)| {
        arrivals[index..].partition_point(|at| *at < *start + window)
    };
    arrivals.iter().enumerate().map(within).max().unwrap_or(0)
}
