//! The result of reading a cell: a text, a finding, or both.

use std::borrow::Cow;

use crate::diagnostics::diagnostic::Code;
use crate::input::values::timestamp::DateOrder;

/// The result of reading a cell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Value<'c> {
    /// The text for the update; `None` leaves the field out.
    pub(crate) text: Option<Cow<'c, str>>,
    /// The error or warning of the cell.
    pub(crate) finding: Option<Box<Finding>>,
    /// Whether the cell has a placeholder such as `N/A`.
    pub(crate) placeholder: bool,
    /// The date order that the cell proves for its column.
    pub(crate) date_order: Option<DateOrder>,
}

/// A diagnostic without a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The kind of finding.
    pub(crate) code: Code,
    /// The message.
    pub(crate) message: String,
    /// The remedy.
    pub(crate) help: Cow<'static, str>,
}

impl Finding {
    pub(crate) fn new(
        code: Code,
        message: impl Into<String>,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            help: help.into(),
        }
    }
}

impl From<Finding> for Value<'_> {
    fn from(finding: Finding) -> Self {
        Self {
            finding: Some(finding.into()),
            ..Self::default()
        }
    }
}

impl<'c> From<Cow<'c, str>> for Value<'c> {
    fn from(text: Cow<'c, str>) -> Self {
        Self {
            text: Some(text),
            ..Self::default()
        }
    }
}
