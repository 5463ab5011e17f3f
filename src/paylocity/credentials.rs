//! What a token is asked for with, kept so that it cannot show itself.

use std::fmt;

/// A text that never shows itself: it cannot be printed, nor written as data.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Gives the text out, to be sent or compared and nothing else.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// What the token is asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials {
            client_id: "me".into(),
            client_secret: Secret::new("wh1sper"),
        }
    }

    fn assert_hidden(shown: &str) {
        let is_hidden = shown.contains("[hidden]") && !shown.contains("wh1sper");
        assert!(is_hidden, "{shown}");
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_hidden(&format!("{:?}", credentials()));
        assert_hidden(&format!("{:#?}", credentials()));
    }

    #[test]
    fn a_panic_over_a_secret_does_not_show_it() {
        let panicked = std::panic::catch_unwind(|| panic!("{:?}", credentials()));
        let message = panicked.unwrap_err().downcast::<String>().unwrap();
        assert_hidden(&message);
    }

    #[test]
    fn a_secret_can_neither_be_displayed_nor_serialized() {
        /// Holds in one way for every type, and in a second one for a type that can: which is meant is unclear then,
        /// and this does not compile.
        trait Cannot<Way> {
            const TRUE: () = ();
        }
        struct Display;
        struct Serialize;
        impl<T> Cannot<()> for T {}
        impl<T: fmt::Display> Cannot<Display> for T {}
        impl<T: serde::Serialize> Cannot<Serialize> for T {}
        let () = <Secret as Cannot<_>>::TRUE;
    }
}
