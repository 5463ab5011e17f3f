//! A configuration file to begin with: every setting as a comment, in the words of its flag.

use clap::CommandFactory;

use super::settings::{SETTINGS, Setting};
use crate::cli::Cli;

const HEAD: &str = "\
# The settings of Scoreload. Flags go before SCORELOAD_* variables, variables before the profile that --profile names,
# the profile before [defaults]. `scoreload config` shows what is in force.

# What counts as blank, in place of the built-in list, and headers that are ignored without a word:
# missing = [\"-\", \"N/A\", \"absent\"]
# ignore = [\"Candidate\"]

[defaults]
";

const TAIL: &str = "
# Headers and the columns that they mean; `scoreload columns FILE` shows how each header is understood:
[columns]
# \"Candidate result\" = \"test_score\"

# Words and the statuses that they mean:
[statuses]
# Graded = \"Complete\"

# A column of a wide sheet, with a row per person and a column per test; repeat it for each:
# [[wide]]
# test_id = \"NUM-01\"
# score = \"Numerical (%)\"
# status = { const = \"Complete\" }

# Settings that go before [defaults] where --profile names them: any of the above, and these.
# [profiles.nightly]
# target = \"production\"
# confirm = false                    # nobody is asked before anything goes to production
# client_id = \"…\"
# client_secret_file = \"/etc/scoreload/client-secret\"    # for its owner alone: chmod 600
# client_secret_command = [\"pass\", \"show\", \"paylocity\"]  # or what prints it
";

/// Returns the file's text.
pub(crate) fn text() -> String {
    let mut cli = Cli::command();
    cli.build();
    let flags = cli.find_subcommand("import").into_iter();
    let flags: Vec<&clap::Arg> = flags.flat_map(clap::Command::get_arguments).collect();
    let mut text = HEAD.to_owned();
    for setting in &SETTINGS {
        let flag = flags.iter().find(|flag| flag.get_id() == setting.name);
        let help = flag.and_then(|flag| flag.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        let Setting { name, example, .. } = setting;
        text.extend(["# ", &help, "\n# ", name, " = ", example, "\n\n"]);
    }
    text.truncate(text.trim_end().len());
    text + "\n" + TAIL
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file;

    /// Takes the comment sign from every line that sets something.
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
    fn the_file_is_a_configuration_as_it_is_and_with_every_setting_taken() {
        assert!(file::parse(&text()).is_ok());
        let taken = uncommented();
        let parsed =
            file::parse(&taken).unwrap_or_else(|(message, _)| panic!("{message}\n{taken}"));
        for setting in &SETTINGS {
            assert!(
                taken.contains(&format!("\n{} = ", setting.name)),
                "{}",
                setting.name
            );
        }
        assert_eq!(parsed.wide.len(), 1);
        assert!(!parsed.columns.is_empty() && !parsed.statuses.is_empty());
    }
}
