//! The configuration file: its shape, where it is looked for, and its values as defaults of the command line.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Range;
use std::path::PathBuf;

use clap::Arg;
use serde::Deserialize;

use super::environment::Environment;
use super::error::ConfigError;
use super::file_error::{FileError, FileProblem};
use super::keys::PROFILE_KEYS;
use super::profile::{Profile, ProfileKeys};
use super::settings::{RawTable, SettingValue, Settings};
use super::source::Source;
use super::wide::WideTest;
use crate::cli::{self, Cli, SourceArgs};

/// The name of the file, in the working directory or the user's configuration directory.
const NAME: &str = "scoreload.toml";

/// The configuration file, or an empty one if there is none.
#[derive(Debug, Default)]
pub struct ConfigFile {
    /// The path of the file, if there is one.
    pub(crate) path: Option<PathBuf>,
    /// The name of the selected profile.
    selected: Option<String>,
    defaults: Settings,
    profiles: BTreeMap<String, Profile>,
    /// Headers and their columns.
    pub(crate) columns: BTreeMap<String, String>,
    /// Words and their statuses.
    pub(crate) statuses: BTreeMap<String, String>,
    /// Replaces the built-in list of placeholders.
    pub(crate) missing: Option<Vec<String>>,
    /// Headers that are ignored without a warning.
    pub(crate) ignore: Vec<String>,
    /// Tests of wide sheets.
    pub(crate) wide: Vec<WideTest>,
}

/// The tables and keys of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    defaults: RawTable,
    #[serde(default)]
    profiles: BTreeMap<String, RawTable>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    statuses: BTreeMap<String, String>,
    missing: Option<Vec<String>>,
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    wide: Vec<WideTest>,
}

impl ConfigFile {
    /// Parses the command line again, with the values of this file as defaults.
    ///
    /// # Errors
    /// Fails if the arguments are not those that `cli` was parsed from.
    pub(crate) fn complete(
        &self,
        cli: Cli,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Cli, ConfigError> {
        if self.defaults.is_empty() && self.profiles.is_empty() {
            return Ok(cli);
        }
        let parsed = cli::parse_with(&|key| self.arguments(key), arguments);
        parsed.map_err(ConfigError::CommandLine)
    }

    /// Returns the definition of the command line with the values of this file as defaults.
    pub(super) fn command(&self) -> clap::Command {
        cli::command_with(&|key| self.arguments(key))
    }

    fn arguments(&self, key: &str) -> Option<Vec<String>> {
        let (value, _) = self.setting(key)?;
        Some(value.arguments.clone())
    }

    /// Returns the value of a setting and its source: the selected profile, or `[defaults]`.
    pub(super) fn setting(&self, key: &str) -> Option<(&SettingValue, Source)> {
        let in_profile = || {
            let (name, profile) = self.selected_profile()?;
            let value = profile.settings.get(key)?;
            Some((value, Source::Profile(name.to_owned())))
        };
        let in_defaults = || Some((self.defaults.get(key)?, self.source()));
        in_profile().or_else(in_defaults)
    }

    /// Returns the file itself as a source.
    pub(super) fn source(&self) -> Source {
        Source::File(self.path.clone().unwrap_or_default())
    }

    /// Returns the name of the selected profile.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.selected.as_deref()
    }

    /// Returns the keys of the selected profile that are not settings, with its name.
    pub(super) fn profile_keys(&self) -> Option<(&str, &ProfileKeys)> {
        let (name, profile) = self.selected_profile()?;
        Some((name, &profile.keys))
    }

    fn selected_profile(&self) -> Option<(&str, &Profile)> {
        let name = self.selected.as_deref()?;
        Some((name, self.profiles.get(name)?))
    }

    /// Makes a file with a single profile, which is selected.
    #[cfg(test)]
    pub(crate) fn with_profile(name: &str, text: &str) -> Self {
        let file = parse(&format!("[profiles.{name}]\n{text}"));
        Self {
            selected: Some(name.to_owned()),
            ..file.unwrap()
        }
    }
}

/// Reads the file that is named or found, or returns an empty one if there is none.
///
/// # Errors
/// Fails if the file cannot be read or is invalid, or if it lacks the profile that is named.
pub(crate) fn load(
    args: &SourceArgs,
    environment: Environment<'_>,
) -> Result<ConfigFile, ConfigError> {
    let found = || {
        let mut candidates = candidates(environment).into_iter();
        candidates.find(|path| path.is_file())
    };
    let profile = args.profile.as_deref().map(str::trim);
    let profile = profile.filter(|name| !name.is_empty());
    let mut file = match args.config.clone().or_else(found) {
        Some(path) => read(path)?,
        None => ConfigFile::default(),
    };
    if let Some(name) = profile.filter(|name| !file.profiles.contains_key(*name)) {
        return Err(ConfigError::UnknownProfile {
            name: name.to_owned(),
            known: file.profiles.into_keys().collect(),
            path: file.path,
        });
    }
    file.selected = profile.map(str::to_owned);
    Ok(file)
}

fn read(path: PathBuf) -> Result<ConfigFile, ConfigError> {
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(ConfigError::ReadFile { path, source }),
    };
    match parse(&text) {
        Ok(file) => Ok(ConfigFile {
            path: Some(path),
            ..file
        }),
        Err(error) => Err(ConfigError::InvalidFile { path, error }),
    }
}

/// Returns the paths where the file is looked for, in order.
fn candidates(environment: Environment<'_>) -> Vec<PathBuf> {
    let own = environment("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = || environment("HOME").map(|home| PathBuf::from(home).join(".config"));
    let directory = own
        .or_else(home)
        .map(|directory| directory.join("scoreload").join(NAME));
    [Some(PathBuf::from(NAME)), directory]
        .into_iter()
        .flatten()
        .collect()
}

/// Parses the text of a file.
///
/// # Errors
/// Fails if it is not TOML, or has an unknown key or an invalid value.
pub(crate) fn parse(text: &str) -> Result<ConfigFile, FileError> {
    let settings = cli::settings();
    let at = |problem, span: Option<Range<usize>>| FileError {
        line: span
            .and_then(|span| text.get(..span.start))
            .map(|before| before.matches('\n').count() + 1),
        problem,
    };
    let raw: RawFile = toml::from_str(text).map_err(|error| {
        let problem = FileProblem::from_serde(error.message(), &settings);
        at(problem, error.span())
    })?;
    let misplaced = raw
        .defaults
        .keys()
        .find(|key| is_profile_key(key.get_ref()));
    if let Some(key) = misplaced {
        let problem = FileProblem::ProfileKey {
            key: key.get_ref().clone(),
        };
        return Err(at(problem, Some(key.span())));
    }
    let defaults = Settings::from_table(&raw.defaults, &settings);
    let profiles = raw.profiles.into_iter();
    let profiles = profiles.map(|(name, table)| Ok((name, profile(table, &settings)?)));
    let located = |(problem, span)| at(problem, Some(span));
    Ok(ConfigFile {
        path: None,
        selected: None,
        defaults: defaults.map_err(located)?,
        profiles: profiles.collect::<Result<_, _>>().map_err(located)?,
        columns: raw.columns,
        statuses: raw.statuses,
        missing: raw.missing,
        ignore: raw.ignore,
        wide: raw.wide,
    })
}

fn is_profile_key(key: &str) -> bool {
    PROFILE_KEYS.contains(&key)
}

fn profile(table: RawTable, settings: &[Arg]) -> Result<Profile, (FileProblem, Range<usize>)> {
    let (own, table): (RawTable, RawTable) = table
        .into_iter()
        .partition(|(key, _)| is_profile_key(key.get_ref()));
    let mut keys = ProfileKeys::default();
    for (key, value) in &own {
        let set = keys.set(key.get_ref(), value);
        set.map_err(|problem| (problem, key.span()))?;
    }
    Ok(Profile {
        settings: Settings::from_table(&table, settings)?,
        keys,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::wide::FieldSource;

    /// Returns the line, message and help of the error of an invalid file.
    fn error(text: &str) -> (Option<usize>, String, String) {
        let FileError { line, problem } = parse(text).unwrap_err();
        (line, problem.to_string(), problem.help())
    }

    #[test]
    fn every_part_is_read() {
        let text = r#"
            missing = ["absent"]
            ignore = ["Recruiter"]
            [defaults]
            date_order = "dmy"
            concurrency = 3
            [columns]
            "Candidate result" = "test_score"
            [statuses]
            Graded = "Complete"
            [[wide]]
            test_id = "NUM-01"
            score = "Numerical (%)"
            status = { const = "Complete" }
            attempt = { const = 2 }
            updated_at = "Taken on"
            [profiles.nightly]
            concurrency = 1
            confirm = false
        "#;
        let mut file = parse(text).unwrap();
        assert_eq!(file.missing.as_deref(), Some(&["absent".to_owned()][..]));
        assert_eq!(file.arguments("date_order").unwrap(), ["dmy"]);
        assert_eq!(file.arguments("concurrency").unwrap(), ["3"]);
        let wide = &file.wide[0];
        assert!(
            matches!(&wide.updated_at, Some(FieldSource::Header(header)) if header == "Taken on")
        );
        assert!(
            matches!(&wide.attempt, Some(FieldSource::Constant { constant }) if constant.text() == "2")
        );
        file.selected = Some("nightly".to_owned());
        assert_eq!(file.arguments("concurrency").unwrap(), ["1"]);
        assert_eq!(file.profile_keys().unwrap().1.confirm, Some(false));
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line_and_a_suggestion() {
        let table = [
            (
                "ignore = []\n[defaults]\ntimezon = \"UTC\"\n",
                3,
                "unknown key `timezon`",
                "did you mean `timezone`?",
            ),
            (
                "[[wide]]\ntest_id = \"A\"\nscore = \"B\"\nstate = \"C\"\n",
                4,
                "unknown key `state`",
                "did you mean `status`?",
            ),
            (
                "frobnicate = 1\n",
                1,
                "unknown key `frobnicate`",
                "run `scoreload config --init -o -` to print an example of every setting",
            ),
            (
                "concurrency = 4\n",
                1,
                "`concurrency` is not allowed here",
                "move `concurrency` into [defaults], or into a profile, [profiles.NAME]",
            ),
            (
                "[defaults]\nmissing = []\n",
                2,
                "`missing` is not allowed in a table",
                "move `missing` to the top of the file, before the first [table]",
            ),
            (
                "[defaults]\nclient_id = \"me\"\n",
                2,
                "`client_id` is not allowed in [defaults]",
                "move it into a profile, [profiles.NAME], which may have confirm, client_id, client_secret_file, client_secret_command",
            ),
            (
                "[profiles.a]\nclient_secret = \"me\"\n",
                2,
                "the configuration file must not contain a client secret",
                "use client_secret_file or client_secret_command instead",
            ),
        ];
        for (text, line, message, help) in table {
            let expected = (Some(line), message.to_owned(), help.to_owned());
            assert_eq!(error(text), expected, "{text}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error() {
        let wide = "[[wide]]\ntest_id = \"A\"\nscore = \"B\"\nstatus = 5\n";
        assert!(error(wide).1.contains("expected a header, or a constant"));
        let (line, message, _) = error("[defaults]\nwait = 1\n");
        let expected = "invalid value `1` for `wait`: expected true or false";
        assert_eq!((line, &*message), (Some(2), expected));
        let (_, message, _) = error("defaults = 1\n");
        assert!(message.ends_with("`1`, expected a table"), "{message}");
        let (line, message, _) = error("[profiles.a]\nconfirm = \"no\"\n");
        let expected = "invalid value `no` for `confirm`: expected true or false";
        assert_eq!((line, &*message), (Some(2), expected));
    }
}
