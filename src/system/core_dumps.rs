//! Core dumps.

use rlimit::Resource;

/// Disables core dumps of this process: its memory has scores and secrets.
pub(crate) fn disable() {
    // Without such a limit there is nothing to disable.
    if let Ok((_, hard)) = Resource::CORE.get() {
        let _ = Resource::CORE.set(0, hard);
    }
}
