//! Where the value of a setting comes from.

use std::fmt;
use std::path::PathBuf;

/// Where the value of a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A flag, with its dashes.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// A profile of the configuration file.
    Profile(String),
    /// The configuration file.
    File(PathBuf),
    /// The built-in default.
    Default,
}

impl Source {
    /// Returns the kind of the source, and its name.
    pub(crate) fn parts(&self) -> (&'static str, Option<String>) {
        match self {
            Self::Flag(name) => ("flag", Some(name.clone())),
            Self::Variable(name) => ("variable", Some(name.clone())),
            Self::Profile(name) => ("profile", Some(name.clone())),
            Self::File(path) => ("file", Some(path.display().to_string())),
            Self::Default => ("default", None),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (kind, Some(name)) => write!(f, "{kind} {name}"),
            (kind, None) => f.write_str(kind),
        }
    }
}
