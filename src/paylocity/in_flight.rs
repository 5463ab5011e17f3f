//! The requests that are under way: one that began alone had none of ours to wait for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the requests that are under way.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<AtomicUsize>);

/// A request under way, until it is dropped.
pub(crate) struct Passage {
    all: UnderWay,
    began_alone: bool,
}

impl UnderWay {
    pub(crate) fn begin(&self) -> Passage {
        Passage {
            began_alone: self.0.fetch_add(1, Ordering::SeqCst) == 0,
            all: self.clone(),
        }
    }
}

impl Passage {
    /// Tells whether no other was under way when it began.
    pub(crate) const fn began_alone(&self) -> bool {
        self.began_alone
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.all.0.fetch_sub(1, Ordering::SeqCst);
    }
}
