//! What a profile may hold besides settings: who is asked, and the credentials.

use std::path::PathBuf;

use serde::Deserialize as _;
use toml::Value;

use super::file_error::FileProblem;
use super::settings::Settings;
use crate::system::command::CommandLine;

/// A set of settings that `--profile` selects.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    /// The settings, which override `[defaults]`.
    pub(super) settings: Settings,
    /// The keys that only a profile may have.
    pub(super) keys: ProfileKeys,
}

/// The keys that only a profile may have.
#[derive(Debug, Default)]
pub(crate) struct ProfileKeys {
    /// Whether to ask for confirmation before delivering to production.
    pub(crate) confirm: Option<bool>,
    /// The id of the API client.
    pub(crate) client_id: Option<String>,
    /// The file that holds the client secret.
    pub(crate) client_secret_file: Option<PathBuf>,
    /// The command that prints the client secret.
    pub(crate) client_secret_command: Option<CommandLine>,
}

impl ProfileKeys {
    /// Sets one of the keys.
    ///
    /// # Errors
    /// Returns the error in the value.
    pub(super) fn set(&mut self, key: &str, value: &Value) -> Result<(), FileProblem> {
        let invalid = |expected: &str| FileProblem::InvalidValue {
            key: key.to_owned(),
            value: value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
            reason: format!("expected {expected}"),
        };
        let text = || value.as_str().ok_or_else(|| invalid("a string"));
        match key {
            "confirm" => {
                let confirm = value.as_bool().ok_or_else(|| invalid("true or false"))?;
                self.confirm = Some(confirm);
            }
            "client_id" => self.client_id = Some(text()?.to_owned()),
            "client_secret_file" => self.client_secret_file = Some(PathBuf::from(text()?)),
            _ => {
                let command = CommandLine::deserialize(value.clone());
                let command = command
                    .map_err(|_| invalid("a program and its arguments, as a list of strings"))?;
                self.client_secret_command = Some(command);
            }
        }
        Ok(())
    }
}
