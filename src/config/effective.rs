//! Every setting in force, with its value and where that is from, as `scoreload config` shows it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::Environment;
use super::credentials::{self, Configured};
use super::file::{ConfigFile, Part, Wide};
use super::settings::{SETTINGS, Setting};
use crate::error::Error;
use crate::ledger::location::users_path;
use crate::system::postgres::address::redact_password;

/// A setting in force.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InForce {
    /// Its name in the file.
    pub(crate) setting: String,
    /// Its value; `None` where it is not set.
    pub(crate) value: Option<String>,
    /// Where that is from.
    pub(crate) source: Source,
}

/// Where the value of a setting is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A flag.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// A profile of the file.
    Profile(String),
    /// The file.
    File(PathBuf),
    /// Nothing says otherwise.
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

impl From<&credentials::From> for Source {
    fn from(from: &credentials::From) -> Self {
        match from {
            credentials::From::Variable(name) => Self::Variable((*name).to_owned()),
            credentials::From::Profile(name, key) => Self::Profile(format!("{name}, {key}")),
        }
    }
}

/// Returns every setting in force; `matches` is the command line as it was typed.
///
/// # Errors
/// When half of the credentials is missing.
pub(crate) fn all(
    matches: &ArgMatches,
    command: &clap::Command,
    file: &ConfigFile,
    environment: Environment<'_>,
) -> Result<Vec<InForce>, Error> {
    let configured = Configured::find(file, environment)?;
    let looked_up = |setting: &'static Setting| Looking {
        matches,
        command,
        file,
        setting,
    };
    let mut all: Vec<InForce> = SETTINGS
        .iter()
        .map(|setting| looked_up(setting).in_force())
        .collect();
    for found in &mut all {
        found.value = found.value.as_deref().map(redact_password);
        if found.source == Source::Default {
            found.value = match found.setting.as_str() {
                // With credentials the target must be named.
                "target" => configured.is_none().then(|| "sandbox".to_owned()),
                "ledger" => users_path(environment).map(|path| path.display().to_string()),
                _ => found.value.take(),
            };
        }
    }
    all.extend(of_profile(file, configured.as_ref()));
    all.extend(words(matches, file));
    Ok(all)
}

/// A setting that is looked for.
struct Looking<'a> {
    matches: &'a ArgMatches,
    command: &'a clap::Command,
    file: &'a ConfigFile,
    setting: &'a Setting,
}

impl Looking<'_> {
    fn in_force(&self) -> InForce {
        let name = self.setting.name;
        let typed = self.typed();
        let default = || {
            let value = Some(self.setting.default).filter(|value| !value.is_empty());
            (value.map(str::to_owned), Source::Default)
        };
        let (value, source) = typed.or_else(|| self.written()).unwrap_or_else(default);
        InForce {
            setting: name.to_owned(),
            value,
            source,
        }
    }

    /// Returns what a flag or a variable says.
    fn typed(&self) -> Option<(Option<String>, Source)> {
        let name = self.setting.name;
        let mut args = self.command.get_arguments();
        let arg = args.find(|arg| arg.get_id() == name)?;
        let source = match self.matches.value_source(name)? {
            ValueSource::CommandLine => Source::Flag(format!("--{}", arg.get_long()?)),
            ValueSource::EnvVariable => {
                Source::Variable(arg.get_env()?.to_string_lossy().into_owned())
            }
            _ => return None,
        };
        let value = match self.matches.try_get_one::<bool>(name) {
            Ok(is_on) => is_on.copied().unwrap_or_default().to_string(),
            Err(_) => raw(self.matches, name).join(", "),
        };
        Some((Some(value), source))
    }

    /// Returns what the file says.
    fn written(&self) -> Option<(Option<String>, Source)> {
        let name = self.setting.name;
        let origin = &self.file.origin;
        if let Some((profile, table)) = &origin.profile
            && let Some(value) = table.get(name)
        {
            return Some((Some(shown(value)), Source::Profile(profile.clone())));
        }
        let value = origin.defaults.get(name)?;
        Some((Some(shown(value)), of_file(self.file)))
    }
}

fn raw(matches: &ArgMatches, name: &str) -> Vec<String> {
    let values = matches.try_get_raw(name).ok().flatten();
    let texts = values.into_iter().flatten();
    texts
        .map(|text| text.to_string_lossy().into_owned())
        .collect()
}

fn of_file(file: &ConfigFile) -> Source {
    Source::File(file.origin.path.clone().unwrap_or_default())
}

fn shown(value: &toml::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns what only a profile says, and whether the credentials are set.
fn of_profile(file: &ConfigFile, configured: Option<&Configured>) -> [InForce; 3] {
    let is_set = configured.map(|_| "set".to_owned());
    let of = |setting: &str, from: Option<&credentials::From>| InForce {
        setting: setting.to_owned(),
        value: is_set.clone(),
        source: from.map_or(Source::Default, Source::from),
    };
    let confirm = match (file.defaults.confirm, file.profile()) {
        (Some(asks), Some(profile)) => (asks, Source::Profile(profile.to_owned())),
        _ => (true, Source::Default),
    };
    [
        InForce {
            setting: "confirm".to_owned(),
            value: Some(confirm.0.to_string()),
            source: confirm.1,
        },
        of("client_id", configured.map(Configured::client_id_from)),
        of("client_secret", configured.map(Configured::secret_from)),
    ]
}

/// Returns how the words of the inputs are understood.
fn words(matches: &ArgMatches, file: &ConfigFile) -> Vec<InForce> {
    let columns = pairs(matches, ("maps", "--map"), ("columns", &file.columns), file);
    let statuses = pairs(
        matches,
        ("statuses", "--status"),
        ("statuses", &file.statuses),
        file,
    );
    let listed = [
        ("missing", file.missing.as_deref().unwrap_or_default()),
        ("ignore", &file.ignore),
    ];
    let listed = listed.into_iter().filter(|(_, words)| !words.is_empty());
    let listed = listed.map(|(name, words)| (name.to_owned(), words.join(", "), of_file(file)));
    let wide = file.wide.iter();
    let wide = wide.map(|wide| {
        let name = format!("wide.{}", wide.test_id);
        (name, parts_of(wide), of_file(file))
    });
    let all = columns
        .into_iter()
        .chain(statuses)
        .chain(listed)
        .chain(wide);
    all.map(|(setting, value, source)| InForce {
        setting,
        value: Some(value),
        source,
    })
    .collect()
}

/// Returns the pairs of a table of the file and of the flag that goes before it.
fn pairs(
    matches: &ArgMatches,
    (id, flag): (&str, &str),
    (table, written): (&str, &BTreeMap<String, String>),
    file: &ConfigFile,
) -> Vec<(String, String, Source)> {
    let typed = raw(matches, id);
    let split = |pair: &String| {
        let (name, value) = pair.rsplit_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    let typed: Vec<(String, String)> = typed.iter().filter_map(split).collect();
    let is_typed = |name: &str| typed.iter().any(|(known, _)| known == name);
    let written = written.iter().filter(|(name, _)| !is_typed(name));
    let mut all: Vec<(String, String, Source)> = written
        .map(|(name, value)| (format!("{table}.{name}"), value.clone(), of_file(file)))
        .collect();
    let typed = typed.into_iter();
    all.extend(typed.map(|(name, value)| {
        (
            format!("{table}.{name}"),
            value,
            Source::Flag(flag.to_owned()),
        )
    }));
    all
}

/// Says where the fields of a wide test stand.
fn parts_of(wide: &Wide) -> String {
    let others = [
        ("status", &wide.status),
        ("attempt", &wide.attempt),
        ("updated_at", &wide.updated_at),
        ("description", &wide.description),
        ("report_url", &wide.report_url),
        ("assessment_id", &wide.assessment_id),
    ];
    let other = |(name, part): (&str, &Option<Part>)| match part.as_ref()? {
        Part::Header(header) => Some(format!("{name} from `{header}`")),
        Part::Constant { constant } => Some(format!("{name} = {}", constant.text())),
    };
    let score = format!("score from `{}`", wide.score);
    let others = others.into_iter().filter_map(other);
    std::iter::once(score)
        .chain(others)
        .collect::<Vec<_>>()
        .join(", ")
}
