//! Ordered parallel processing of an iterator.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::iter::{ParallelBridge, ParallelIterator};

/// Applies `work` to the items of an iterator on all cores and returns the results in order, or the first error.
///
/// Any free core takes the next item, so that items are produced and processed at the same time. Items after an error may
/// not be processed.
pub(crate) fn in_order<P: Send, R: Send, E: Send>(
    parts: impl Iterator<Item = P> + Send,
    work: impl Fn(P) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let failed = AtomicBool::new(false);
    let work = |(index, part)| {
        let done = work(part);
        if done.is_err() {
            failed.store(true, Ordering::Relaxed);
        }
        (index, done)
    };
    let mut done: Vec<(usize, Result<R, E>)> = parts
        .take_while(|_| !failed.load(Ordering::Relaxed))
        .enumerate()
        .par_bridge()
        .map(work)
        .collect();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, done)| done).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let squares: Result<Vec<usize>, ()> = in_order(0..1000, |part| Ok(part * part));
        let expected: Vec<usize> = (0..1000).map(|part| part * part).collect();
        assert_eq!(squares, Ok(expected));
    }

    #[test]
    fn the_first_error_is_returned() {
        let odd = |part: usize| if part % 7 == 6 { Err(part) } else { Ok(part) };
        for _ in 0..100 {
            assert_eq!(in_order(0..1000, odd), Err(6));
        }
    }
}
