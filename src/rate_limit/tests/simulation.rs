//! Whether the rate is kept and used on any network. [`super::super::latency`] was chosen by these figures.

use super::*;

/// Delivers on a network, checks every window, and returns how much of the rate was used.
async fn usage(network: Network, count: usize, seed: u64) -> f64 {
    let limiter = limiter("3/s,180/m");
    let arrivals = network.run(limiter, 8, count, seed).await.arrivals;
    for (limit, seconds) in [(3, 1), (180, 60)] {
        let max = max_within(&arrivals, Duration::from_secs(seconds));
        assert!(max <= limit, "{max} in {seconds} s: {network:?}, {seed}");
    }
    let possible = Rate::default().min_time(count);
    let taken = arrivals[count - 1].saturating_sub(arrivals[0]);
    possible.as_secs_f64() / taken.as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn no_window_is_exceeded_and_the_rate_is_used() {
    let cases = [
        ((5, 50), 90, 0.965),
        ((5, 50), 600, 0.97),
        ((20, 200), 90, 0.88),
        ((20, 200), 600, 0.89),
        ((300, 300), 90, 0.98),
        ((300, 300), 600, 0.99),
        ((5, 5), 90, 0.99),
        ((5, 5), 600, 0.99),
    ];
    for (seed, ((min, max), count, goal)) in (0..).zip(cases) {
        for split in [Split::Request, Split::Response, Split::Random] {
            let network = Network::between(min, max, split);
            let usage = usage(network, count, seed).await;
            assert!(usage >= goal, "{network:?}, {count}: {usage}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn new_connections_and_lost_requests_exceed_no_window() {
    for (seed, (min, max)) in (0..).zip([(5, 50), (20, 200), (300, 300)]) {
        for split in [Split::Request, Split::Response, Split::Random] {
            let network = Network::between(min, max, split);
            let connecting = Network {
                connect: 60,
                ..network
            };
            usage(connecting, 90, seed).await;
            let losing = Network {
                lost_per_thousand: 50,
                timeout: 700,
                ..network
            };
            usage(losing, 90, seed).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_429_latency_gives_no_credit_for_a_while() {
    for seed in 0..4 {
        let network = Network {
            enforced: Some(Rate::default().0[0]),
            ..Network::between(300, 300, Split::Adversarial)
        };
        let observed = network.run(limiter("3/s,180/m"), 8, 300, seed).await;
        assert!((1..=3).contains(&observed.refused), "{}", observed.refused);
    }
}
