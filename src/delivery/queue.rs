//! The order in which updates are taken: first all in input order, then those that another importer was sending.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The indices of the updates that are left.
#[derive(Debug)]
pub(super) struct Queue(Mutex<State>);

#[derive(Debug)]
struct State {
    fresh: Range<usize>,
    deferred: VecDeque<usize>,
}

/// An update taken from the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) index: usize,
    /// It was deferred before, and only deferred updates are left.
    pub(super) was_deferred: bool,
}

impl Queue {
    pub(super) fn new(count: usize) -> Self {
        Self(Mutex::new(State {
            fresh: 0..count,
            deferred: VecDeque::new(),
        }))
    }

    /// Takes the next update.
    pub(super) fn take(&self) -> Option<Item> {
        let mut state = self.lock();
        if let Some(index) = state.fresh.next() {
            return Some(Item {
                index,
                was_deferred: false,
            });
        }
        let index = state.deferred.pop_front()?;
        Some(Item {
            index,
            was_deferred: true,
        })
    }

    /// Puts an update behind all others.
    pub(super) fn defer(&self, index: usize) {
        self.lock().deferred.push_back(index);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deferred_updates_come_last() {
        let queue = Queue::new(3);
        let item = |index, was_deferred| {
            Some(Item {
                index,
                was_deferred,
            })
        };
        assert_eq!(queue.take(), item(0, false));
        queue.defer(0);
        assert_eq!(queue.take(), item(1, false));
        assert_eq!(queue.take(), item(2, false));
        assert_eq!(queue.take(), item(0, true));
        assert_eq!(queue.take(), None);
    }
}
