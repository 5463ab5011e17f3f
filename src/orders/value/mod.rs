//! The rules for one cell: the text for the update, or a diagnostic.
//!
//! [`mod@read`] dispatches by the kind of the column; [`id`] and [`timestamp`] have rules of their own. [`Rules`] are
//! the settings of the user.

mod finding;
mod id;
mod limit;
mod read;
mod rules;
mod timestamp;

pub(crate) use self::finding::Finding;
pub(crate) use self::id::company_id_finding;
pub(crate) use self::read::read;
pub use self::rules::{Rules, placeholders};
