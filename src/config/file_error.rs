//! Errors in the configuration file.

use std::fmt;

use clap::Arg;

use super::keys::{PROFILE_KEYS, TOP_LEVEL_KEYS};

/// A problem in the configuration file.
#[derive(Debug, PartialEq, Eq)]
pub struct FileError {
    /// The line, counted from 1, if it is known.
    pub(crate) line: Option<usize>,
    /// The problem.
    pub(crate) problem: FileProblem,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        self.problem.fmt(f)
    }
}

/// The error in the configuration file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileProblem {
    /// It is not TOML, or a value has the wrong type.
    #[error("{message}")]
    Invalid {
        /// The message of the TOML parser.
        message: String,
    },
    /// A table has a key that it cannot have.
    #[error("unknown key `{key}`")]
    UnknownKey {
        /// The key.
        key: String,
        /// The key that was probably meant.
        suggestion: Option<String>,
    },
    /// A setting is outside of `[defaults]` and profiles.
    #[error("`{key}` is not allowed here")]
    SettingOutsideTable {
        /// The key.
        key: String,
    },
    /// A key of the top level is inside a table.
    #[error("`{key}` is not allowed in a table")]
    TopLevelKey {
        /// The key.
        key: String,
    },
    /// A key of profiles is in `[defaults]`.
    #[error("`{key}` is not allowed in [defaults]")]
    ProfileKey {
        /// The key.
        key: String,
    },
    /// The file holds a secret.
    #[error("the configuration file must not contain a client secret")]
    Secret,
    /// The parser of a setting refuses its value.
    #[error("invalid value `{value}` for `{key}`: {reason}")]
    InvalidValue {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// The expected form, or the parser's own message.
        reason: String,
    },
}

/// The largest edit distance between an unknown key and a suggestion.
const MAX_DISTANCE: usize = 3;

impl FileProblem {
    /// Classifies an unknown key of `[defaults]` or of a profile.
    pub(super) fn unknown_setting(key: &str, settings: &[Arg]) -> Self {
        if key == "client_secret" {
            return Self::Secret;
        }
        if TOP_LEVEL_KEYS.contains(&key) {
            return Self::TopLevelKey {
                key: key.to_owned(),
            };
        }
        let known = settings.iter().map(|arg| arg.get_id().as_str());
        Self::unknown_key(key, known.chain(PROFILE_KEYS))
    }

    /// Classifies a message of serde about a key that the top level, or a `[[wide]]` table, cannot have.
    pub(super) fn from_serde(message: &str, settings: &[Arg]) -> Self {
        let Some(names) = message.strip_prefix("unknown field ") else {
            let message = in_plain_words(message);
            return Self::Invalid { message };
        };
        // serde names the unknown field first, then those that it knows.
        let mut names = names.split('`').skip(1).step_by(2);
        let key = names.next().unwrap_or_default();
        match settings.iter().any(|arg| arg.get_id() == key) {
            true => Self::SettingOutsideTable {
                key: key.to_owned(),
            },
            false if TOP_LEVEL_KEYS.contains(&key) => Self::TopLevelKey {
                key: key.to_owned(),
            },
            false => Self::unknown_key(key, names),
        }
    }

    fn unknown_key<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let distance = |name: &&str| strsim::osa_distance(name, key);
        let nearest = known.min_by_key(distance);
        let nearest = nearest.filter(|name| distance(name) <= MAX_DISTANCE);
        Self::UnknownKey {
            key: key.to_owned(),
            suggestion: nearest.map(str::to_owned),
        }
    }

    /// Returns the way out.
    pub(crate) fn help(&self) -> String {
        match self {
            Self::UnknownKey {
                suggestion: Some(key),
                ..
            } => format!("did you mean `{key}`?"),
            Self::SettingOutsideTable { key } => {
                format!("move `{key}` into [defaults], or into a profile, [profiles.NAME]")
            }
            Self::TopLevelKey { key } => {
                format!("move `{key}` to the top of the file, before the first [table]")
            }
            Self::ProfileKey { .. } => {
                let all = PROFILE_KEYS.join(", ");
                format!("move it into a profile, [profiles.NAME], which may have {all}")
            }
            Self::Secret => "use client_secret_file or client_secret_command instead".to_owned(),
            Self::Invalid { .. } | Self::InvalidValue { .. } | Self::UnknownKey { .. } => {
                "run `scoreload config --init -o -` to print an example of every setting".to_owned()
            }
        }
    }
}

/// Replaces the names of Rust types in a message of the TOML parser.
fn in_plain_words(message: &str) -> String {
    const TYPES: [(&str, &str); 5] = [
        ("u32", "a whole number of 0 or more"),
        ("a boolean", "true or false"),
        ("a sequence", "a list"),
        ("a map", "a table"),
        ("struct ConfigFile", "a table"),
    ];
    let plain = TYPES.iter().find_map(|(name, plain)| {
        let before = message.strip_suffix(name)?;
        let is_type = before.ends_with(", expected ");
        is_type.then(|| format!("{before}{plain}"))
    });
    plain.unwrap_or_else(|| message.to_owned())
}
