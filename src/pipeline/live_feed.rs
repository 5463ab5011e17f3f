//! What the page of a run hears of the delivery: now and then, in one go, without the delivery waiting for it.

use std::time::Instant;

use crate::delivery::{Delivery, Outcome};
use crate::report::Requests;
use crate::web::Feed;

/// What became of orders since the page was told last.
#[derive(Debug)]
pub(crate) struct Following {
    feed: Feed,
    began: Instant,
    /// By update: the place of its order.
    places: Vec<usize>,
    news: Vec<(usize, Delivery)>,
}

impl Following {
    /// Begins with orders of which those that are not sent yet are the updates.
    pub(crate) fn new(feed: Feed, deliveries: &[Delivery]) -> Self {
        let all = deliveries.iter().enumerate();
        let unsent = all.filter(|(_, delivery)| delivery.outcome == Outcome::NotSent);
        Self {
            feed,
            began: Instant::now(),
            places: unsent.map(|(place, _)| place).collect(),
            news: Vec::new(),
        }
    }

    /// Notes what became of an update.
    pub(crate) fn note(&mut self, update: usize, delivery: &Delivery) {
        let place = self.places.get(update).copied();
        self.news
            .extend(place.map(|place| (place, delivery.clone())));
    }

    /// Tells the page what was noted.
    pub(crate) fn tell(&mut self, requests: &Requests) {
        let news = std::mem::take(&mut self.news);
        self.feed.tell(news, requests.clone(), self.began.elapsed());
    }
}
