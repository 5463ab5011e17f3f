//! The longest text of each column.

use super::finding::{Finding, Value};
use crate::diagnostics::diagnostic::Code;
use crate::schema::columns::Column;

/// Whether a text has more than `limit` characters; a text with fewer bytes need not be counted.
pub(crate) fn is_longer(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().count() > limit
}

/// Checks the limit of a column; the company id has its own check.
pub(crate) fn within_limit(column: Column, value: Value<'_>) -> Value<'_> {
    let (Some(limit), Some(text), None) = (column.spec().limit.max(), &value.text, &value.finding)
    else {
        return value;
    };
    if !is_longer(text, limit) || column == Column::CompanyId {
        return value;
    }
    let length = text.chars().count();
    let message = format!(
        "{} has {length} characters, and the API takes at most {limit}",
        column.name()
    );
    Finding::new(
        Code::ValueTooLong,
        message,
        format!("shorten the text by {}", length - limit),
    )
    .into()
}
