//! Values of cells: times, percentages, numbers.

pub(crate) mod cell;
pub(crate) mod percent;
pub(crate) mod timestamp;
