//! Reading and writing the texts of an update by column, whatever the nesting of the wire model.

use crate::paylocity::model::Text;

/// Reads and writes one text of `T`.
#[derive(Debug)]
pub(crate) struct Accessor<T> {
    /// Returns the text, if there is one.
    pub(crate) get: fn(&T) -> Option<&Text>,
    /// Returns the place of the text; creates the object that contains it.
    pub(crate) place: fn(&mut T) -> &mut Option<Text>,
}

/// Builds the accessor of a property, or of a property of an optional object: `text!(score.value)`.
macro_rules! text {
    ($property:ident) => {
        Accessor {
            get: |it| it.$property.as_ref(),
            place: |it| &mut it.$property,
        }
    };
    ($object:ident.$property:ident) => {
        Accessor {
            get: |it| it.$object.as_ref()?.$property.as_ref(),
            place: |it| &mut it.$object.get_or_insert_default().$property,
        }
    };
}
pub(super) use text;
