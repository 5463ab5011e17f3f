//! Client credentials, in a type that cannot be printed or serialized.

use std::fmt;

/// A secret text. `Debug` hides it, and it implements neither `Display` nor `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, to be sent or compared only.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// Client credentials for the token call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The client id.
    pub client_id: String,
    /// The client secret.
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
    fn debug_output_hides_the_secret() {
        assert_hidden(&format!("{:?}", credentials()));
        assert_hidden(&format!("{:#?}", credentials()));
    }

    #[test]
    fn a_panic_message_hides_the_secret() {
        let panicked = std::panic::catch_unwind(|| panic!("{:?}", credentials()));
        let message = panicked.unwrap_err().downcast::<String>().unwrap();
        assert_hidden(&message);
    }

    #[test]
    fn a_secret_implements_neither_display_nor_serialize() {
        /// Implemented once for every type, and a second time for types with the trait in question: for these the
        /// constant is ambiguous, and the test does not compile.
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
