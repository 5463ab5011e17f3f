//! The pace under paused time, against networks and servers of every kind.

mod network;
mod simulation;

use super::*;
use crate::delivery::shutdown::End;
use crate::rate_limit::store::Places;
use network::{Network, Spent, most_within};

/// A pace that shares its budget with nobody.
fn alone(rate: &str) -> Pace {
    let (events, _) = mpsc::unbounded_channel();
    Pace::new(&rate.parse().unwrap(), Budget::at(&Places::Memory), &events)
}

/// When so many requests of so many workers arrive that are answered at once.
async fn arrivals(pace: Pace, workers: usize, count: usize) -> Vec<Duration> {
    let network = Network::steady(Duration::ZERO);
    network.arrivals(pace, workers, count, 1).await
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_everybody_back_and_slows_the_pace_after_it() {
    let pace = alone("3/s");
    let first = pace.throttle(Duration::from_secs(5));
    assert_eq!(pace.throttle(Duration::from_secs(2)), first);
    let arrivals = arrivals(pace, 4, 40).await;
    let gap = |index: usize| arrivals[index].as_millis() - arrivals[index - 1].as_millis();
    assert_eq!(arrivals[0], Duration::from_secs(5));
    let slowed = gap(3);
    assert_eq!(slowed, 1502, "by one step, and by one alone: {arrivals:?}");
    let recovered = gap(39);
    assert_eq!(recovered, 1002, "after a quiet while: {arrivals:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait() {
    let pace = alone("1/h");
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
async fn a_permit_that_is_not_used_is_free_at_once() {
    let (pace, stop) = (alone("1/h"), Stop::default());
    let begun = Instant::now();
    drop(pace.permit(&stop).await.unwrap());
    let mut used = pace.permit(&stop).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    used.leave().await;
    drop(used);
    pace.permit(&stop).await.unwrap();
    assert!(begun.elapsed() > Duration::from_secs(3600));
}

#[tokio::test(start_paused = true)]
async fn turns_come_in_the_order_in_which_they_are_asked_for() {
    let (pace, stop) = (Arc::new(alone("2/s")), Stop::default());
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..9 {
        let (pace, stop, order) = (Arc::clone(&pace), stop.clone(), Arc::clone(&order));
        tasks.spawn(async move {
            let mut permit = pace.permit(&stop).await.unwrap();
            permit.leave().await;
            order.lock().unwrap().push(index);
            permit.answered();
        });
        tokio::task::yield_now().await;
    }
    tasks.join_all().await;
    assert_eq!(*order.lock().unwrap(), (0..9).collect::<Vec<_>>());
}

/// Tells whether a request has its turn as soon as everything is known that was told before.
async fn has_its_turn(pace: &Pace) -> bool {
    let stop = Stop::default();
    let (permit, ()) = tokio::join!(pace.permit(&stop), async {
        pace.flush().await;
        stop.request(End::Interrupted);
    });
    permit.is_some()
}

#[tokio::test]
async fn two_paces_on_one_file_share_places_and_pauses() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = directory.path().join("ledger.db");
    let places = Places::of("https://a.example/", "me", [ledger].into_iter());
    let (events, mut told) = mpsc::unbounded_channel();
    let rate = "3/h".parse().unwrap();
    let pace = || Pace::new(&rate, Budget::at(&places), &events);
    let (first, second) = (pace(), pace());
    let stop = Stop::default();
    first.permit(&stop).await.unwrap().answered();
    second.permit(&stop).await.unwrap().answered();
    let third = first.permit(&stop).await.unwrap();
    assert!(!has_its_turn(&second).await, "all three are taken");
    drop(third);
    first.flush().await;
    second.permit(&stop).await.unwrap().answered();
    assert!(!has_its_turn(&first).await);
    let _ = first.throttle(Duration::from_secs(3600));
    first.flush().await;
    assert_eq!(second.pauses.left(), None, "it has not looked yet");
    second.flush().await;
    assert!(second.pauses.left() > Some(Duration::from_secs(3590)));
    let event = told.try_recv();
    assert!(matches!(event, Ok(Event::Paused(_))), "{event:?}");
    assert!(told.try_recv().is_err(), "the first knew it");
}

#[tokio::test(start_paused = true)]
async fn without_a_rate_nothing_waits() {
    let arrivals = arrivals(alone("unlimited"), 4, 1000).await;
    assert_eq!(arrivals.last(), Some(&Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_also_without_a_rate() {
    let pace = alone("unlimited");
    assert!(pace.permit_at_once().is_some());
    let _ = pace.throttle(Duration::from_secs(5));
    assert!(pace.permit_at_once().is_none());
    let arrivals = arrivals(pace, 4, 40).await;
    assert_eq!(arrivals, [Duration::from_secs(5); 40]);
}

#[tokio::test(start_paused = true)]
async fn a_high_rate_is_kept_and_reached() {
    let network = Network::between(
        Duration::from_millis(1),
        Duration::from_millis(9),
        Spent::Split,
    );
    let arrivals = network.arrivals(alone("2000/s"), 64, 6000, 3).await;
    assert!(most_within(&arrivals, Duration::from_secs(1)) <= 2000);
    let last = *arrivals.last().unwrap();
    assert!(last < Duration::from_millis(2200), "{last:?}");
}
