//! Panics of the libraries that read workbooks, which end the reading of a file and nothing else.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::input::workbook::error::Flaw;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls a library that may panic on a damaged file; nothing is said of the panic on the screen.
pub(crate) fn guarded<T>(read: impl FnOnce() -> Result<T, Flaw>) -> Result<T, Flaw> {
    quieten();
    let before = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(before);
    result.unwrap_or_else(|_| Err(Flaw::cut_short()))
}

/// Keeps the messages of guarded panics from the screen; those of others stay as they are.
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            if !GUARDED.get() {
                tell(panicked);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_library_is_a_flaw_of_the_file() {
        let nothing: Vec<u8> = Vec::new();
        let read = guarded(|| Ok(nothing[std::hint::black_box(1)]));
        assert_eq!(read, Err(Flaw::cut_short()));
        assert_eq!(guarded(|| Ok(1)), Ok(1));
    }
}
