//! Work on parts that come one after the other, done on all cores.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::iter::{ParallelBridge, ParallelIterator};

/// Works on parts as they come, on all cores, and returns what became of them in their order.
///
/// A part is taken by whichever core is free, so that making parts and working on them go on at the same time.
///
/// # Errors
/// The first that a part gave; what comes after such a part may be left undone.
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
    fn what_became_of_parts_stands_in_their_order() {
        let squares: Result<Vec<usize>, ()> = in_order(0..1000, |part| Ok(part * part));
        let expected: Vec<usize> = (0..1000).map(|part| part * part).collect();
        assert_eq!(squares, Ok(expected));
    }

    #[test]
    fn the_first_error_in_that_order_is_told() {
        let odd = |part: usize| if part % 7 == 6 { Err(part) } else { Ok(part) };
        for _ in 0..100 {
            assert_eq!(in_order(0..1000, odd), Err(6));
        }
    }
}
