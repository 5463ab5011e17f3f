//! The only place that knows the platform: processes, clocks, memory, atomic files, permissions.

pub(crate) mod atomic_file;
pub(crate) mod command;
pub(crate) mod core_dumps;
pub(crate) mod postgres;
pub(crate) mod private_files;
pub(crate) mod process;
pub(crate) mod wall_time;
