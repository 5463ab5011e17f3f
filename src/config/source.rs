//! Where the settings of a file are from: its `[defaults]`, and the profile that goes before them.

use std::path::PathBuf;

use super::Environment;
use super::settings::{SWITCHES, Settings, variable};

/// Where the settings of a file are from.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    /// The file, if there is one.
    pub(crate) path: Option<PathBuf>,
    /// The profile that was chosen, and what stands in it.
    pub(crate) profile: Option<(String, toml::Table)>,
    /// What stands in `[defaults]`.
    pub(crate) defaults: toml::Table,
}

impl Origin {
    /// Takes the parts that count from the whole of a file.
    pub(crate) fn of(whole: &toml::Table, profile: Option<&str>) -> Self {
        let table = |value: Option<&toml::Value>| {
            let table = value.and_then(toml::Value::as_table);
            table.cloned().unwrap_or_default()
        };
        let of_profile = |name: &str| {
            let profiles = whole.get("profiles").and_then(toml::Value::as_table);
            (
                name.to_owned(),
                table(profiles.and_then(|profiles| profiles.get(name))),
            )
        };
        Self {
            path: None,
            profile: profile.map(of_profile),
            defaults: table(whole.get("defaults")),
        }
    }

    /// Returns the settings that count where no flag and no variable says otherwise.
    ///
    /// # Errors
    /// None where each of its parts is as it should be.
    pub(crate) fn settings(
        &self,
        environment: Environment<'_>,
    ) -> Result<Settings, toml::de::Error> {
        let mut both = self.defaults.clone();
        both.extend(self.profile.iter().flat_map(|(_, table)| table.clone()));
        // A variable may say that a switch is off, which a flag that is not there says too.
        both.retain(|name, _| !SWITCHES.contains(&name) || environment(&variable(name)).is_none());
        toml::Value::Table(both).try_into()
    }
}
