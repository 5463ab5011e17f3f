//! Effective settings, as `scoreload config` shows them.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};

use super::credential_source::CredentialSource;
use super::credentials::ConfiguredCredentials;
use super::environment::Environment;
use super::error::ConfigError;
use super::file::ConfigFile;
use super::source::Source;
use super::wide::{FieldSource, WideTest};
use crate::cli;
use crate::ledger::location::users_path;
use crate::storage::postgres::redact::redact_password;

/// A setting with its effective value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EffectiveSetting {
    /// Its key in the configuration file.
    pub(crate) setting: String,
    /// Its value, or `None` if it is not set.
    pub(crate) value: Option<String>,
    /// Where the value comes from.
    pub(crate) source: Source,
}

/// Returns every setting of a `config` command with its value and source.
///
/// # Errors
/// Fails if the command line is invalid, or half of the credentials is missing.
pub(crate) fn all(
    arguments: impl IntoIterator<Item = OsString>,
    file: &ConfigFile,
    environment: Environment<'_>,
) -> Result<Vec<EffectiveSetting>, ConfigError> {
    let configured = ConfiguredCredentials::find(file, environment)?;
    let matches = file
        .command()
        .try_get_matches_from(arguments)
        .map_err(ConfigError::CommandLine)?;
    let matches = matches
        .subcommand()
        .map_or(&matches, |(_, matches)| matches);
    let settings = cli::settings();
    let mut all: Vec<EffectiveSetting> = settings
        .iter()
        .map(|setting| effective(setting, matches, file))
        .collect();
    for found in &mut all {
        found.value = found.value.as_deref().map(redact_password);
        if found.source == Source::Default {
            found.value = match found.setting.as_str() {
                // With credentials, the target must be named.
                "target" => configured.is_none().then(|| "sandbox".to_owned()),
                "ledger" => users_path(environment).map(|path| path.display().to_string()),
                _ => found.value.take(),
            };
        }
    }
    all.extend(profile_keys(file, configured.as_ref()));
    all.extend(words(matches, file));
    Ok(all)
}

fn effective(setting: &Arg, matches: &ArgMatches, file: &ConfigFile) -> EffectiveSetting {
    let key = setting.get_id().as_str();
    let typed = || {
        let values = raw(matches, key).join(", ");
        let is_on = matches.try_get_one::<bool>(key).ok().flatten();
        Some(is_on.map_or(values, ToString::to_string)).filter(|text| !text.is_empty())
    };
    let (value, source) = match (matches.value_source(key), file.setting(key)) {
        (Some(ValueSource::CommandLine), _) => {
            let flag = setting.get_long().unwrap_or(key);
            (typed(), Source::Flag(format!("--{flag}")))
        }
        (Some(ValueSource::EnvVariable), _) => {
            let variable = setting.get_env().unwrap_or_default();
            (
                typed(),
                Source::Variable(variable.to_string_lossy().into_owned()),
            )
        }
        (_, Some((value, source))) => (Some(value.text.clone()), source),
        (_, None) => (typed(), Source::Default),
    };
    EffectiveSetting {
        setting: key.to_owned(),
        value,
        source,
    }
}

fn raw(matches: &ArgMatches, key: &str) -> Vec<String> {
    let values = matches.try_get_raw(key).ok().flatten();
    let texts = values.into_iter().flatten();
    texts
        .map(|text| text.to_string_lossy().into_owned())
        .collect()
}

/// Returns the keys that only a profile may have; of the credentials, only whether they are set.
fn profile_keys(
    file: &ConfigFile,
    configured: Option<&ConfiguredCredentials>,
) -> [EffectiveSetting; 3] {
    let is_set = configured.map(|_| "set".to_owned());
    let of = |setting: &str, from: Option<&CredentialSource>| EffectiveSetting {
        setting: setting.to_owned(),
        value: is_set.clone(),
        source: from.map_or(Source::Default, Source::from),
    };
    let confirm = match file.profile_keys().map(|(name, keys)| (name, keys.confirm)) {
        Some((profile, Some(asks))) => (asks, Source::Profile(profile.to_owned())),
        _ => (true, Source::Default),
    };
    [
        EffectiveSetting {
            setting: "confirm".to_owned(),
            value: Some(confirm.0.to_string()),
            source: confirm.1,
        },
        of(
            "client_id",
            configured.map(ConfiguredCredentials::client_id_source),
        ),
        of(
            "client_secret",
            configured.map(ConfiguredCredentials::secret_source),
        ),
    ]
}

/// Returns the mappings of headers and words, and the `[[wide]]` tables.
fn words(matches: &ArgMatches, file: &ConfigFile) -> Vec<EffectiveSetting> {
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
    let listed = listed.map(|(name, words)| (name.to_owned(), words.join(", "), file.source()));
    let wide = file.wide.iter();
    let wide = wide.map(|wide| {
        let name = format!("wide.{}", wide.test_id);
        (name, parts_of(wide), file.source())
    });
    let all = columns
        .into_iter()
        .chain(statuses)
        .chain(listed)
        .chain(wide);
    all.map(|(setting, value, source)| EffectiveSetting {
        setting,
        value: Some(value),
        source,
    })
    .collect()
}

/// Returns the pairs of a table of the file, and of the flag that overrides it.
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
        .map(|(name, value)| (format!("{table}.{name}"), value.clone(), file.source()))
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

/// Describes the fields of a wide test.
fn parts_of(wide: &WideTest) -> String {
    let others = [
        ("status", &wide.status),
        ("attempt", &wide.attempt),
        ("updated_at", &wide.updated_at),
        ("description", &wide.description),
        ("report_url", &wide.report_url),
        ("assessment_id", &wide.assessment_id),
    ];
    let other = |(name, part): (&str, &Option<FieldSource>)| match part.as_ref()? {
        FieldSource::Header(header) => Some(format!("{name} from `{header}`")),
        FieldSource::Constant { constant } => Some(format!("{name} = {}", constant.text())),
    };
    let score = format!("score from `{}`", wide.score);
    let others = others.into_iter().filter_map(other);
    std::iter::once(score)
        .chain(others)
        .collect::<Vec<_>>()
        .join(", ")
}
