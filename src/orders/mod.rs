//! Rows to orders: each row is checked alone, the rows are grouped, and each order is checked as a whole.
//!
//! - [`mod@gather`]: reads the inputs into a [`batch`]; [`bad_header`] checks the rows of a sheet whose header is invalid
//! - [`row`]: checks the rows of a chunk by the rules of [`value`] and adds them to a [`row_store`]
//! - [`grouping`]: finds the rows of each order, merges them into its [`content`] and applies [`validate`]
//! - [`build`]: the update of an order from its content

mod bad_header;
mod batch;
mod build;
mod column_map;
mod content;
mod gather;
mod grouping;
mod order;
mod report_link;
mod row;
mod row_store;
mod validate;
pub mod value;

pub use self::batch::{Batch, SheetSummary};
pub use self::gather::gather;
#[cfg(any(test, fuzzing))]
pub(crate) use self::gather::gather_bytes;
pub use self::order::{Order, RowAt};
pub use self::value::Rules;
