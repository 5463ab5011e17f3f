//! The only module that depends on the platform: processes, clocks, memory, files and their permissions.
//!
//! Each file has a portable implementation. Where a promise needs more than the standard library offers, a Unix or Linux
//! implementation replaces it; `--cfg scoreload_portable` compiles the portable one everywhere.

pub(crate) mod atomic_file;
pub(crate) mod clock;
pub(crate) mod command;
pub(crate) mod memory;
pub(crate) mod permissions;
pub(crate) mod process;
