//! The template as CSV.

use super::columns::columns;
use crate::schema::columns::Column;

/// Returns the template as CSV: the header alone.
pub(crate) fn csv() -> String {
    let names: Vec<&str> = columns().into_iter().map(Column::name).collect();
    names.join(",") + "\n"
}
