//! The rate limiter under paused time, against networks and servers of every kind, and its stores.

mod network;
mod simulation;
mod stores;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::event::Event;
use super::limiter::RateLimiter;
use super::location::StateLocation;
use super::rate::Rate;
use network::{Network, Split, max_within};

/// A limiter whose state is in memory.
fn limiter(rate: &str) -> RateLimiter {
    RateLimiter::new(&rate.parse().unwrap(), &StateLocation::Memory, |_| {})
}

/// When requests of several workers arrive that are answered at once.
async fn arrivals(limiter: RateLimiter, workers: usize, count: usize) -> Vec<Duration> {
    let network = Network::steady(Duration::ZERO);
    network.run(limiter, workers, count, 1).await.arrivals
}

#[tokio::test(start_paused = true)]
async fn a_429_pauses_everybody_and_slows_down_for_a_while() {
    let limiter = limiter("3/s");
    let first = limiter.slow_down(Duration::from_secs(5));
    assert_eq!(limiter.slow_down(Duration::from_secs(2)), first);
    let arrivals = arrivals(limiter, 4, 40).await;
    let gap = |index: usize| arrivals[index].as_millis() - arrivals[index - 1].as_millis();
    assert_eq!(arrivals[0], Duration::from_secs(5));
    assert_eq!(gap(3), 1502, "slowed down by one step: {arrivals:?}");
    assert_eq!(gap(39), 1002, "recovered: {arrivals:?}");
}

#[tokio::test(start_paused = true)]
async fn giving_up_while_waiting_takes_no_place() {
    let limiter = limiter("1/h");
    let first = limiter.acquire().await;
    let waiting = tokio::time::timeout(Duration::from_secs(60), limiter.acquire());
    assert!(waiting.await.is_err());
    drop(first);
    assert!(limiter.acquire().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_unused_permit_is_free_at_once() {
    let limiter = limiter("1/h");
    let begun = Instant::now();
    drop(limiter.acquire().await.unwrap());
    let mut used = limiter.acquire().await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    used.departure().await;
    drop(used);
    limiter.acquire().await.unwrap();
    assert!(begun.elapsed() > Duration::from_secs(3600));
}

#[tokio::test(start_paused = true)]
async fn permits_are_granted_in_the_order_of_requests() {
    let limiter = Arc::new(limiter("2/s"));
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..9 {
        let (limiter, order) = (Arc::clone(&limiter), Arc::clone(&order));
        tasks.spawn(async move {
            let mut permit = limiter.acquire().await.unwrap();
            permit.departure().await;
            order.lock().unwrap().push(index);
            permit.answered();
        });
        tokio::task::yield_now().await;
    }
    tasks.join_all().await;
    assert_eq!(*order.lock().unwrap(), (0..9).collect::<Vec<_>>());
}

/// Returns whether a request gets a permit once all earlier commands are processed.
async fn is_permitted(limiter: &RateLimiter) -> bool {
    tokio::select! {
        biased;
        permit = limiter.acquire() => permit.is_some(),
        () = limiter.flush() => false,
    }
}

#[tokio::test]
async fn two_limiters_on_one_file_share_places_and_pauses() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = directory.path().join("ledger.db");
    let location = StateLocation::files("https://a.example/", "me", [ledger].into_iter());
    let (events, mut received) = mpsc::unbounded_channel();
    let rate = "3/h".parse().unwrap();
    let new = || {
        let events = events.clone();
        RateLimiter::new(&rate, &location, move |event| events.send(event).unwrap())
    };
    let (first, second) = (new(), new());
    first.acquire().await.unwrap().answered();
    second.acquire().await.unwrap().answered();
    let third = first.acquire().await.unwrap();
    assert!(!is_permitted(&second).await, "all three places are taken");
    drop(third);
    first.flush().await;
    second.acquire().await.unwrap().answered();
    assert!(!is_permitted(&first).await);
    first.slow_down(Duration::from_secs(3600));
    first.flush().await;
    assert_eq!(second.pause_left(), None, "it has not read the state yet");
    second.flush().await;
    assert!(second.pause_left() > Some(Duration::from_secs(3590)));
    let event = received.try_recv();
    assert!(matches!(event, Ok(Event::Paused(_))), "{event:?}");
    assert!(received.try_recv().is_err(), "the first limiter knew it");
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_nothing_waits() {
    let arrivals = arrivals(limiter("unlimited"), 4, 1000).await;
    assert_eq!(arrivals.last(), Some(&Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_pause_also_holds_without_a_limit() {
    let limiter = limiter("unlimited");
    assert!(limiter.try_acquire().is_some());
    limiter.slow_down(Duration::from_secs(5));
    assert!(limiter.try_acquire().is_none());
    let arrivals = arrivals(limiter, 4, 40).await;
    assert_eq!(arrivals, [Duration::from_secs(5); 40]);
}

#[tokio::test(start_paused = true)]
async fn a_high_rate_is_kept_and_used() {
    let network = Network::between(1, 9, Split::Random);
    let arrivals = network.run(limiter("2000/s"), 64, 6000, 3).await.arrivals;
    assert!(max_within(&arrivals, Duration::from_secs(1)) <= 2000);
    let last = *arrivals.last().unwrap();
    assert!(last < Duration::from_millis(2200), "{last:?}");
}
