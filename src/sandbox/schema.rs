//! The properties that the body of an update may have, derived from the table of columns.
//!
//! The tests of [`super::check`] state the documented lengths and types again, apart from the table.

use std::sync::LazyLock;

use crate::paylocity::status::{ASSESSMENT_STATUSES, TEST_STATUSES};
use crate::schema::columns::{COLUMNS, Column, ColumnSpec, Kind, Limit, Scope};

/// One property of an object.
#[derive(Debug)]
pub(crate) struct Property {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its type.
    pub(crate) shape: Shape,
    /// Whether an object without it is refused.
    pub(crate) is_required: bool,
}

/// The type of a value.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A string with the documented limit.
    Text(Limit),
    /// A string that is one of these words.
    Word(&'static [&'static str]),
    /// A whole number of 0 or more.
    Count,
    /// An object with these properties.
    Object(Vec<Property>),
    /// A list of objects with these properties.
    List(Vec<Property>),
}

/// The properties of the body.
pub(crate) static BODY: LazyLock<Vec<Property>> = LazyLock::new(|| {
    let mut body = Vec::new();
    for (column, spec) in Column::ALL.iter().zip(&COLUMNS) {
        // The company and the order are identified by the URL.
        if !(column.is_key() && column.scope() == Scope::Order) {
            insert(&mut body, spec.path, *column);
        }
    }
    body
});

/// Inserts the property at a path and the objects and lists that contain it.
fn insert(properties: &mut Vec<Property>, path: &'static str, column: Column) {
    // A test is identified by its id and attempt.
    let is_required = column.is_key() && column.scope() == Scope::Test;
    let Some((head, rest)) = path.split_once('.') else {
        properties.push(Property {
            name: path,
            shape: shape(column.spec()),
            is_required,
        });
        return;
    };
    let (name, is_list) = match head.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (head, false),
    };
    let found = properties.iter().position(|property| property.name == name);
    let index = found.unwrap_or_else(|| {
        let shape = if is_list {
            Shape::List(Vec::new())
        } else {
            Shape::Object(Vec::new())
        };
        properties.push(Property {
            name,
            shape,
            is_required: false,
        });
        properties.len() - 1
    });
    let property = &mut properties[index];
    if let Shape::Object(inner) | Shape::List(inner) = &mut property.shape {
        insert(inner, rest, column);
        property.is_required = !is_list && inner.iter().any(|inner| inner.is_required);
    }
}

fn shape(spec: &ColumnSpec) -> Shape {
    match spec.kind {
        Kind::Attempt => Shape::Count,
        Kind::AssessmentStatus => Shape::Word(&ASSESSMENT_STATUSES),
        Kind::TestStatus => Shape::Word(&TEST_STATUSES),
        Kind::Id | Kind::Score | Kind::FreeText | Kind::Url | Kind::Timestamp => {
            Shape::Text(spec.limit)
        }
    }
}
