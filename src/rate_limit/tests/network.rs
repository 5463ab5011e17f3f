//! A network with a server, in paused time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::rate_limit::limiter::RateLimiter;
use crate::rate_limit::rate::Limit;

/// How the latency is split into the way to the server and the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// All on the way to the server.
    Request,
    /// All on the way back.
    Response,
    /// At random; in halves if the latency is constant.
    Random,
    /// At random even if the latency is constant, which no real network does.
    Adversarial,
}

/// How long requests and answers are under way. All times are whole milliseconds, like tokio's timer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    pub(super) min: u64,
    pub(super) max: u64,
    pub(super) split: Split,
    /// Additional time of a request that needs a new connection.
    pub(super) connect: u64,
    /// How many requests of a thousand are not answered.
    pub(super) lost_per_thousand: u32,
    /// After which time lost requests are given up.
    pub(super) timeout: u64,
    /// A limit that the server enforces.
    pub(super) enforced: Option<Limit>,
}

/// What the server saw.
#[derive(Debug, Default)]
pub(super) struct Observed {
    /// When each accepted request arrived, earliest first.
    pub(super) arrivals: Vec<Duration>,
    pub(super) refused: usize,
}

impl Network {
    pub(super) const fn between(min: u64, max: u64, split: Split) -> Self {
        Self {
            min,
            max,
            split,
            connect: 0,
            lost_per_thousand: 0,
            timeout: 0,
            enforced: None,
        }
    }

    /// A network with a constant latency on the way back.
    pub(super) fn steady(latency: Duration) -> Self {
        let millis = u64::try_from(latency.as_millis()).unwrap();
        Self::between(millis, millis, Split::Response)
    }

    /// Draws the times of both ways.
    fn draw(&self, random: &mut Rng) -> (u64, u64) {
        let latency = random.u64(self.min..=self.max);
        let request = match self.split {
            Split::Request => latency,
            Split::Response => 0,
            Split::Random if self.min == self.max => latency / 2,
            Split::Random | Split::Adversarial => random.u64(0..=latency),
        };
        (request, latency - request)
    }

    /// Sends `count` requests, repeating refused ones.
    pub(super) async fn run(
        self,
        limiter: RateLimiter,
        workers: usize,
        count: usize,
        seed: u64,
    ) -> Observed {
        let simulation = Arc::new(Simulation {
            network: self,
            limiter,
            begun: Instant::now(),
            state: Mutex::new(State {
                left: count,
                idle_connections: 0,
                random: Rng::with_seed(seed),
                observed: Observed::default(),
            }),
        });
        let mut tasks = JoinSet::new();
        for _ in 0..workers {
            let simulation = Arc::clone(&simulation);
            tasks.spawn(async move { while simulation.send().await {} });
        }
        tasks.join_all().await;
        let mut state = simulation.state.lock().unwrap();
        std::mem::take(&mut state.observed)
    }
}

struct Simulation {
    network: Network,
    limiter: RateLimiter,
    begun: Instant,
    state: Mutex<State>,
}

struct State {
    left: usize,
    idle_connections: usize,
    random: Rng,
    observed: Observed,
}

impl Simulation {
    /// Sends a request until it is accepted. Returns `false` if none is left.
    async fn send(&self) -> bool {
        {
            let mut state = self.state.lock().unwrap();
            let Some(left) = state.left.checked_sub(1) else {
                return false;
            };
            state.left = left;
        }
        while !self.attempt().await {
            self.limiter.slow_down(Duration::from_millis(500));
        }
        true
    }

    /// Sends a request, and returns whether it was accepted.
    async fn attempt(&self) -> bool {
        let mut permit = self.limiter.acquire().await.unwrap();
        permit.departure().await;
        let (request, response, is_lost) = self.depart();
        sleep(Duration::from_millis(request)).await;
        let is_accepted = self.arrive();
        if is_lost {
            sleep(Duration::from_millis(self.network.timeout)).await;
        } else {
            sleep(Duration::from_millis(response)).await;
            self.state.lock().unwrap().idle_connections += 1;
            permit.answered();
        }
        is_accepted
    }

    fn depart(&self) -> (u64, u64, bool) {
        let mut state = self.state.lock().unwrap();
        let (mut request, response) = self.network.draw(&mut state.random);
        match state.idle_connections.checked_sub(1) {
            Some(idle) => state.idle_connections = idle,
            None => request += self.network.connect,
        }
        let is_lost = state.random.u32(..1000) < self.network.lost_per_thousand;
        (request, response, is_lost)
    }

    /// Counts a request, and returns whether the server accepts it.
    fn arrive(&self) -> bool {
        let (now, mut state) = (self.begun.elapsed(), self.state.lock().unwrap());
        let arrivals = &mut state.observed.arrivals;
        let is_refused = self.network.enforced.is_some_and(|limit| {
            let start = (now + Duration::from_nanos(1)).saturating_sub(limit.window);
            let within = arrivals.len() - arrivals.partition_point(|at| *at < start);
            within >= limit.count as usize
        });
        if is_refused {
            state.observed.refused += 1;
        } else {
            arrivals.push(now);
        }
        !is_refused
    }
}

/// Returns the maximum number of arrivals in any window of that length.
pub(super) fn max_within(arrivals: &[Duration], window: Duration) -> usize {
    let within = |(index, start): (usize, &Duration)| {
        arrivals[index..].partition_point(|at| *at < *start + window)
    };
    arrivals.iter().enumerate().map(within).max().unwrap_or(0)
}
