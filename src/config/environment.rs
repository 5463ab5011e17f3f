//! Environment variables.

/// Returns the value of an environment variable, or `None` if it is unset or blank.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Returns an environment variable without surrounding blanks; a blank variable counts as unset.
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?.trim().to_owned();
    (!value.is_empty()).then_some(value)
}
