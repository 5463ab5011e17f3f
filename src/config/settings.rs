//! The settings that a configuration file may hold, each named as its flag; and the table of all of them.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ColorChoice, ValueEnum};
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::cli::{LogFormat, ProgressStyle};
use crate::delivery::limits::{MaxDuration, MaxFailures};
use crate::inbox::SettleTime;
use crate::input::csv::delimiter::Delimiter;
use crate::input::csv::encoding::Encoding;
use crate::input::values::timestamp::DateOrder;
use crate::ledger::OnAmbiguous;
use crate::plan::MaxChange;
use crate::rate_limit::rate::Rate;
use crate::system::command::CommandLine;

/// Settings that are given by no flag and no variable.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Settings {
    pub(crate) company_id: Option<String>,
    pub(crate) sheet: Option<Vec<String>>,
    #[serde(default, deserialize_with = "written")]
    pub(crate) delimiter: Option<Delimiter>,
    #[serde(default, deserialize_with = "chosen")]
    pub(crate) encoding: Option<Encoding>,
    pub(crate) timezone: Option<String>,
    pub(crate) date_order: Option<DateOrder>,
    pub(crate) default_attempt: Option<u32>,
    pub(crate) deny_warnings: Option<bool>,
    #[serde(default, deserialize_with = "written")]
    pub(crate) settle: Option<SettleTime>,
    pub(crate) fail_if_empty: Option<bool>,
    pub(crate) target: Option<String>,
    pub(crate) ca_cert: Option<PathBuf>,
    pub(crate) insecure_http: Option<bool>,
    pub(crate) all_or_nothing: Option<bool>,
    pub(crate) rate: Option<Rate>,
    pub(crate) concurrency: Option<NonZeroUsize>,
    pub(crate) retries: Option<u32>,
    /// In seconds.
    pub(crate) timeout: Option<f64>,
    pub(crate) max_failures: Option<MaxFailures>,
    pub(crate) max_duration: Option<MaxDuration>,
    pub(crate) max_change: Option<MaxChange>,
    pub(crate) ledger: Option<String>,
    pub(crate) on_ambiguous: Option<OnAmbiguous>,
    pub(crate) wait: Option<bool>,
    pub(crate) test_mode: Option<bool>,
    pub(crate) no_report: Option<bool>,
    pub(crate) metrics: Option<PathBuf>,
    pub(crate) notify_command: Option<CommandLine>,
    #[serde(default, deserialize_with = "chosen")]
    pub(crate) progress: Option<ProgressStyle>,
    #[serde(default, deserialize_with = "chosen")]
    pub(crate) color: Option<ColorChoice>,
    #[serde(default, deserialize_with = "chosen")]
    pub(crate) log_format: Option<LogFormat>,
    pub(crate) log_file: Option<PathBuf>,
    /// Whether somebody must agree before anything goes to production; only in a profile.
    pub(crate) confirm: Option<bool>,
    /// Only in a profile.
    pub(crate) client_id: Option<String>,
    /// Only in a profile.
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Only in a profile.
    pub(crate) client_secret_command: Option<CommandLine>,
}

/// Settings that only a profile may hold.
pub(crate) const OF_PROFILES: [&str; 4] = [
    "confirm",
    "client_id",
    "client_secret_file",
    "client_secret_command",
];

/// Settings whose flags are there or not: that one is off, a variable alone can say.
pub(crate) const SWITCHES: [&str; 7] = [
    "deny_warnings",
    "fail_if_empty",
    "insecure_http",
    "all_or_nothing",
    "wait",
    "test_mode",
    "no_report",
];

/// A setting that a configuration file may hold.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its name in the file; its flag has `-` for `_`.
    pub(crate) name: &'static str,
    /// What counts where nothing says otherwise; empty where that is nothing.
    pub(crate) default: &'static str,
    /// How it may be written in the file.
    pub(crate) example: &'static str,
}

/// Every setting of `[defaults]`, in the order in which they are told.
#[rustfmt::skip]
pub(crate) const SETTINGS: [Setting; 32] = [
    setting("company_id", "", "\"B6001\""),
    setting("sheet", "", "[\"Results\"]"),
    setting("delimiter", "", "\";\""),
    setting("encoding", "", "\"windows-1252\""),
    setting("timezone", "UTC", "\"America/New_York\""),
    setting("date_order", "", "\"mdy\""),
    setting("default_attempt", "", "1"),
    setting("deny_warnings", "false", "true"),
    setting("settle", "30s", "\"2m\""),
    setting("fail_if_empty", "false", "true"),
    setting("target", "", "\"demo\""),
    setting("ca_cert", "", "\"/etc/ssl/company-ca.pem\""),
    setting("insecure_http", "false", "true"),
    setting("all_or_nothing", "false", "true"),
    setting("rate", "3/s,180/m", "\"2/s,100/m\""),
    setting("concurrency", "8", "4"),
    setting("retries", "5", "8"),
    setting("timeout", "30", "60"),
    setting("max_failures", "", "\"10%\""),
    setting("max_duration", "", "\"2h\""),
    setting("max_change", "", "\"50%\""),
    setting("ledger", "", "\"/var/lib/scoreload/ledger.db\""),
    setting("on_ambiguous", "resend", "\"hold\""),
    setting("wait", "false", "true"),
    setting("test_mode", "false", "true"),
    setting("no_report", "false", "true"),
    setting("metrics", "", "\"/var/lib/node_exporter/scoreload.prom\""),
    setting("notify_command", "", "[\"/usr/local/bin/tell-us\", \"--from\", \"scoreload\"]"),
    setting("progress", "auto", "\"plain\""),
    setting("color", "auto", "\"never\""),
    setting("log_format", "text", "\"json\""),
    setting("log_file", "", "\"/var/log/scoreload.log\""),
];

const fn setting(name: &'static str, default: &'static str, example: &'static str) -> Setting {
    Setting {
        name,
        default,
        example,
    }
}

/// Returns the variable of a setting.
pub(crate) fn variable(name: &str) -> String {
    format!("SCORELOAD_{}", name.to_ascii_uppercase())
}

impl Settings {
    /// Returns a setting that only a profile may hold, if there is one.
    pub(crate) fn of_a_profile(&self) -> Option<&'static str> {
        let there = [
            self.confirm.is_some(),
            self.client_id.is_some(),
            self.client_secret_file.is_some(),
            self.client_secret_command.is_some(),
        ];
        let mut named = OF_PROFILES.into_iter().zip(there);
        named.find_map(|(name, is_there)| is_there.then_some(name))
    }
}

/// Reads one of a list of words, as the flag takes it.
fn chosen<'de, D: Deserializer<'de>, T: ValueEnum>(input: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(input)?;
    let known = T::value_variants().iter().find(|value| {
        let word = value.to_possible_value();
        word.is_some_and(|word| word.matches(&text, true))
    });
    let words = || {
        let all = T::value_variants().iter();
        let names = all.filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()));
        names.collect::<Vec<_>>().join(", ")
    };
    known
        .cloned()
        .map(Some)
        .ok_or_else(|| D::Error::custom(format!("`{text}` is none of {}", words())))
}

/// Reads a text as the flag takes it.
fn written<'de, D: Deserializer<'de>, T: std::str::FromStr>(input: D) -> Result<Option<T>, D::Error>
where
    T::Err: std::fmt::Display,
{
    let text = String::deserialize(input)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that the file may hold, as the error about another one lists them.
    fn names() -> Vec<String> {
        let error = toml::from_str::<Settings>("frobnicate = 1").unwrap_err();
        let names = error.message().split('`').skip(3).step_by(2);
        names.map(str::to_owned).collect()
    }

    #[test]
    fn the_table_names_every_setting_of_the_file() {
        let table = SETTINGS.iter().map(|setting| setting.name);
        assert_eq!(names(), table.chain(OF_PROFILES).collect::<Vec<_>>());
    }

    #[test]
    fn every_example_is_a_value_of_its_setting() {
        for setting in &SETTINGS {
            let text = format!("{} = {}", setting.name, setting.example);
            assert!(toml::from_str::<Settings>(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn every_setting_has_a_flag_and_a_variable_of_its_name() {
        use clap::CommandFactory;
        let mut cli = crate::cli::Cli::command();
        cli.build();
        let import = cli.find_subcommand("import").unwrap();
        for setting in &SETTINGS {
            let name = setting.name;
            let mut args = import.get_arguments();
            let arg = args.find(|arg| arg.get_id() == name).expect(name);
            assert_eq!(arg.get_long().unwrap(), name.replace('_', "-"));
            let expected = variable(name);
            assert_eq!(
                arg.get_env().and_then(|name| name.to_str()),
                Some(&*expected)
            );
        }
    }

    #[test]
    fn words_are_those_of_the_flags() {
        let settings: Settings =
            toml::from_str("progress = \"plain\"\nencoding = \"UTF8\"\ndelimiter = \"tab\"")
                .unwrap();
        assert_eq!(settings.progress, Some(ProgressStyle::Plain));
        assert_eq!(settings.encoding, Some(Encoding::Utf8));
        assert_eq!(settings.delimiter, "\t".parse().ok());
        let error = toml::from_str::<Settings>("color = \"pink\"").unwrap_err();
        assert!(
            error
                .message()
                .contains("`pink` is none of auto, always, never"),
            "{error}"
        );
    }
}
