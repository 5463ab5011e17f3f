//! Catches panics of the libraries that read workbooks, so that they end one file and not the run.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::input::workbook::error::WorkbookError;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls a library that may panic on a damaged file. The panic is not printed.
pub(crate) fn catch_panic<T>(
    read: impl FnOnce() -> Result<T, WorkbookError>,
) -> Result<T, WorkbookError> {
    install_silent_hook();
    let before = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(before);
    result.unwrap_or_else(|_| Err(WorkbookError::cut_short()))
}

/// Installs a panic hook that is silent while [`catch_panic`] runs on the thread.
fn install_silent_hook() {
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
    fn a_library_panic_becomes_an_error() {
        let nothing: Vec<u8> = Vec::new();
        let read = catch_panic(|| Ok(nothing[std::hint::black_box(1)]));
        assert_eq!(read, Err(WorkbookError::cut_short()));
        assert_eq!(catch_panic(|| Ok(1)), Ok(1));
    }
}
