//! Where a part of the credentials is set.

use std::fmt;

use super::source::Source;

/// Where a part of the credentials is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// An environment variable.
    Variable(&'static str),
    /// A profile and its key.
    Profile(String, &'static str),
}

impl From<&CredentialSource> for Source {
    fn from(source: &CredentialSource) -> Self {
        match source {
            CredentialSource::Variable(name) => Self::Variable((*name).to_owned()),
            CredentialSource::Profile(name, key) => Self::Profile(format!("{name}, {key}")),
        }
    }
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Profile(profile, key) => write!(f, "profile {profile}, {key}"),
        }
    }
}
