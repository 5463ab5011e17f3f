//! Rejected rows: which rows they are ([`remarks`]), and a file per format.

pub(crate) mod csv;
pub(crate) mod remarks;
pub(crate) mod table;
pub(crate) mod xlsx;
