//! Whether the rate is kept and used, whatever the network does: the figures by which the margin was chosen.

use super::*;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Delivers on a network, checks every window, and returns how much of the rate was used.
async fn used(network: Network, count: usize, seed: u64) -> f64 {
    let arrivals = network.arrivals(alone("3/s,180/m"), 8, count, seed).await;
    for (limit, window) in [(3, 1), (180, 60)] {
        let most = most_within(&arrivals, Duration::from_secs(window));
        assert!(
            most <= limit,
            "{most} in {window} s: {network:?}, seed {seed}"
        );
    }
    let allowed = Rate::default().least_time(count);
    let taken = arrivals[count - 1].saturating_sub(arrivals[0]);
    allowed.as_secs_f64() / taken.as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn no_window_is_broken_wherever_the_time_is_spent_and_the_rate_is_used() {
    let ranges = [
        ((5, 50), 90, 0.965),
        ((5, 50), 600, 0.97),
        ((20, 200), 90, 0.88),
        ((20, 200), 600, 0.89),
        ((300, 300), 90, 0.98),
        ((300, 300), 600, 0.99),
        ((5, 5), 90, 0.99),
        ((5, 5), 600, 0.99),
    ];
    for (index, ((least, most), count, goal)) in (0..).zip(ranges) {
        for spent in [Spent::Before, Spent::After, Spent::Split] {
            let network = Network::between(ms(least), ms(most), spent);
            let used = used(network, count, index).await;
            assert!(used >= goal, "{network:?}, {count}: {used}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_window_is_broken_by_new_connections_and_requests_that_are_given_up() {
    for (index, (least, most)) in (0..).zip([(5, 50), (20, 200), (300, 300)]) {
        for spent in [Spent::Before, Spent::After, Spent::Split] {
            let network = Network::between(ms(least), ms(most), spent);
            used(network.connecting(ms(60)), 90, index).await;
            used(network.losing(50, ms(700)), 90, index).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_finds_us_too_fast_is_not_trusted_again_for_a_while() {
    let limit = Rate::default().0[0];
    for seed in 0..4 {
        let network = Network::between(ms(300), ms(300), Spent::Torn).strict(limit);
        let ran = network.run(alone("3/s,180/m"), 8, 300, seed).await;
        assert!((1..=3).contains(&ran.refused), "{}", ran.refused);
    }
}
