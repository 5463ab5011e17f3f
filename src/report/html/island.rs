//! JSON embedded in a page, safe from being parsed as markup.

use std::fmt;
use std::io;
use std::str;

use serde::Serialize;

/// Displays a value as JSON for a `<script>` element that is not executed.
///
/// `<` is escaped, so no text can close the element or open a comment.
pub(crate) struct Island<'a, T>(pub(crate) &'a T);

impl<T: Serialize> fmt::Display for Island<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        serde_json::to_writer(Escaping(f), self.0).map_err(|_| fmt::Error)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl io::Write for Escaping<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The serializer writes whole characters.
        let text = str::from_utf8(bytes).map_err(io::Error::other)?;
        for (index, part) in text.split('<').enumerate() {
            if index > 0 {
                self.0.write_str("\\u003c").map_err(io::Error::other)?;
            }
            self.0.write_str(part).map_err(io::Error::other)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_the_text_the_island_reads_back_and_holds_no_markup(texts: Vec<String>) {
            let island = Island(&texts).to_string();
            prop_assert!(!island.contains('<'));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&island).unwrap(), texts);
        }
    }

    #[test]
    fn embedded_json_cannot_end_its_element() {
        let island = Island(&"</script><!--<script>--!>").to_string();
        assert_eq!(island, r#""\u003c/script>\u003c!--\u003cscript>--!>""#);
    }
}
