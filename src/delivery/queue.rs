//! Which update is next: the fresh ones in their order, then those that another importer was sending when their turn
//! came.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// What is left to do, by the updates' indices.
#[derive(Debug)]
pub(crate) struct Queue(Mutex<State>);

#[derive(Debug)]
struct State {
    fresh: std::ops::Range<usize>,
    put_back: VecDeque<usize>,
}

/// An update that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) index: usize,
    /// Whether it was put back before and no fresh one is left: then it is worth a wait.
    pub(crate) is_waited_for: bool,
}

impl Queue {
    pub(crate) fn new(count: usize) -> Self {
        Self(Mutex::new(State {
            fresh: 0..count,
            put_back: VecDeque::new(),
        }))
    }

    /// Takes the next one.
    pub(crate) fn take(&self) -> Option<Turn> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = state.fresh.next().map(|index| (index, false));
        let (index, is_waited_for) = fresh.or_else(|| Some((state.put_back.pop_front()?, true)))?;
        Some(Turn {
            index,
            is_waited_for,
        })
    }

    /// Puts one back, behind all others.
    pub(crate) fn put_back(&self, index: usize) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.put_back.push_back(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_back_comes_after_everything_fresh() {
        let queue = Queue::new(3);
        let turn = |index, is_waited_for| {
            Some(Turn {
                index,
                is_waited_for,
            })
        };
        assert_eq!(queue.take(), turn(0, false));
        queue.put_back(0);
        assert_eq!(queue.take(), turn(1, false));
        assert_eq!(queue.take(), turn(2, false));
        assert_eq!(queue.take(), turn(0, true));
        assert_eq!(queue.take(), None);
    }
}
