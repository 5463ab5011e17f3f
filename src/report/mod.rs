//! The report of a run: its content ([`model`]) and a file per format.

pub(crate) mod csv;
pub(crate) mod file;
pub(crate) mod groups;
pub(crate) mod headline;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod model;
pub(crate) mod order;
pub(crate) mod xlsx;
