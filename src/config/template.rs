//! The configuration file that `scoreload config --init` writes: every setting as a comment, with the help of its flag.

use crate::cli;

const HEAD: &str = "\
# The settings of Scoreload. A flag overrides a SCORELOAD_* variable, a variable overrides the profile selected by
# --profile, and the profile overrides [defaults]. `scoreload config` shows the effective values and their sources.

# Placeholders that count as blank, instead of the built-in list, and headers that are ignored without a warning:
# missing = [\"-\", \"N/A\", \"absent\"]
# ignore = [\"Candidate\"]

[defaults]
";

const TAIL: &str = "
# Headers and their columns; `scoreload columns FILE` shows how each header is read:
[columns]
# \"Candidate result\" = \"test_score\"

# CommandLine and their statuses:
[statuses]
# Graded = \"Complete\"

# A test of a wide sheet, which has a row per person and a column per test; repeat the table for each test:
# [[wide]]
# test_id = \"NUM-01\"
# score = \"Numerical (%)\"
# status = { const = \"Complete\" }

# A profile, selected by --profile, can have all settings of [defaults] and these keys.
# [profiles.nightly]
# target = \"production\"
# confirm = false                    # deliver to production without confirmation
# client_id = \"…\"
# client_secret_file = \"/etc/scoreload/client-secret\"    # readable by its owner alone: chmod 600
# client_secret_command = [\"pass\", \"show\", \"paylocity\"]  # or a command that prints it
";

/// Examples of settings that have neither a default nor a list of possible values.
const EXAMPLES: [(&str, &str); 13] = [
    ("company_id", "\"B6001\""),
    ("sheet", "[\"Results\"]"),
    ("delimiter", "\";\""),
    ("default_attempt", "1"),
    ("target", "\"demo\""),
    ("ca_cert", "\"/etc/ssl/company-ca.pem\""),
    ("max_failures", "\"10%\""),
    ("max_duration", "\"2h\""),
    ("max_change", "\"50%\""),
    ("ledger", "\"/var/lib/scoreload/ledger.db\""),
    ("metrics", "\"/var/lib/node_exporter/scoreload.prom\""),
    (
        "notify_command",
        "[\"/usr/local/bin/notify\", \"--from\", \"scoreload\"]",
    ),
    ("log_file", "\"/var/log/scoreload.log\""),
];

/// Returns the text of the file.
pub(crate) fn text() -> String {
    let mut text = HEAD.to_owned();
    for setting in cli::settings() {
        let help = setting.get_help().map(ToString::to_string);
        let (help, key) = (help.unwrap_or_default(), setting.get_id().as_str());
        text.extend(["# ", &help, "\n# ", key, " = ", &example(&setting), "\n\n"]);
    }
    text.truncate(text.trim_end().len());
    text + "\n" + TAIL
}

/// Returns a value for a setting in TOML: an example, its default, or the first possible value.
fn example(setting: &clap::Arg) -> String {
    let mut examples = EXAMPLES.iter();
    let example = examples.find(|(key, _)| setting.get_id() == *key);
    if let Some((_, value)) = example {
        return (*value).to_owned();
    }
    let default = setting.get_default_values().first();
    let default = default.map(|value| value.to_string_lossy().into_owned());
    let choices = setting.get_possible_values();
    let first = choices.first().map(|value| value.get_name().to_owned());
    match default.or(first).unwrap_or_default() {
        value if value == "true" || value == "false" || value.parse::<f64>().is_ok() => value,
        value => format!("\"{value}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file;

    /// Uncomments every line that sets something.
    fn uncommented() -> String {
        let is_setting = |line: &str| {
            let name = line.split(" = ").next().unwrap_or_default();
            line.contains(" = ")
                && !name.trim_matches('"').contains("  ")
                && name.split(' ').count() < 3
                || line.starts_with('[')
        };
        text()
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if is_setting(rest) => rest.to_owned(),
                _ => line.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn the_template_is_valid_as_it_is_and_with_every_setting_uncommented() {
        assert!(file::parse(&text()).is_ok());
        let taken = uncommented();
        let parsed = file::parse(&taken).unwrap_or_else(|error| panic!("{error:?}\n{taken}"));
        for setting in cli::settings() {
            let key = setting.get_id();
            assert!(taken.contains(&format!("\n{key} = ")), "{key}");
            assert_ne!(example(&setting), "\"\"", "{key}");
        }
        assert_eq!(parsed.wide.len(), 1);
        assert!(!parsed.columns.is_empty() && !parsed.statuses.is_empty());
    }
}
