//! The configuration file: its shape, where it is looked for, what is wrong with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Environment;
use super::settings::{OF_PROFILES, SETTINGS, Settings};
use crate::cli::SourceArgs;
use crate::config::source::Origin;
use crate::error::Error;

/// The name of the file, in the working directory or the user's configuration directory.
const NAME: &str = "scoreload.toml";

/// What the file may hold. Every part may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// Settings that are given by no flag and no variable. Once loaded they are those in force: the profile's, then
    /// those of `[defaults]`.
    #[serde(default)]
    pub(crate) defaults: Settings,
    /// Sets of settings, chosen by `--profile`, that go before `[defaults]`.
    #[serde(default)]
    profiles: BTreeMap<String, Settings>,
    /// Headers and the columns that they mean.
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, String>,
    /// Words and the statuses that they mean.
    #[serde(default)]
    pub(crate) statuses: BTreeMap<String, String>,
    /// What stands for "no value", in place of the built-in list.
    pub(crate) missing: Option<Vec<String>>,
    /// Headers that are ignored without a word.
    #[serde(default)]
    pub(crate) ignore: Vec<String>,
    /// Columns of wide sheets, each a test.
    #[serde(default)]
    pub(crate) wide: Vec<Wide>,
    /// Where all of this is from.
    #[serde(skip)]
    pub(crate) origin: Origin,
}

/// One test of a wide sheet: a constant id, and where its fields stand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wide {
    pub(crate) test_id: String,
    pub(crate) score: String,
    pub(crate) status: Option<Part>,
    pub(crate) attempt: Option<Part>,
    pub(crate) updated_at: Option<Part>,
    pub(crate) description: Option<Part>,
    pub(crate) report_url: Option<Part>,
    pub(crate) assessment_id: Option<Part>,
}

/// Where a field of a wide test stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "a header is expected, or a constant such as { const = \"Complete\" }"
)]
pub(crate) enum Part {
    /// Under this header.
    Header(String),
    /// In no column: it is the same for every row.
    Constant {
        /// The value.
        #[serde(rename = "const")]
        constant: Constant,
    },
}

/// The value of a field that stands in no column.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a text or a whole number is expected")]
pub(crate) enum Constant {
    /// A text.
    Text(String),
    /// A number, for the attempt.
    Number(u32),
}

impl Constant {
    /// Returns the value as the text of a cell.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

impl ConfigFile {
    /// Returns the profile that was chosen, if one was.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.origin.profile.as_ref().map(|(name, _)| name.as_str())
    }

    /// Makes one that holds a profile alone, which is chosen.
    #[cfg(test)]
    pub(crate) fn with_profile(name: &str, text: &str) -> Self {
        let table: toml::Table = text.parse().unwrap();
        Self {
            defaults: table.clone().try_into().unwrap(),
            origin: Origin {
                profile: Some((name.to_owned(), table)),
                ..Origin::default()
            },
            ..Self::default()
        }
    }
}

/// Reads the file that is named, or the one that is found; an empty one where there is none.
///
/// # Errors
/// When it cannot be read, holds something that it may not hold, or lacks the profile that is named.
pub(crate) fn load(args: &SourceArgs, environment: Environment<'_>) -> Result<ConfigFile, Error> {
    let found = || {
        candidates(environment)
            .into_iter()
            .find(|path| path.is_file())
    };
    let profile = args.profile.as_deref().map(str::trim);
    let profile = profile.filter(|name| !name.is_empty());
    let Some(path) = args.config.clone().or_else(found) else {
        return match profile {
            None => Ok(ConfigFile::default()),
            Some(name) => Err(unknown_profile(name, None, &ConfigFile::default())),
        };
    };
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let message = format!(
            "the configuration {} cannot be read: {error}",
            path.display()
        );
        Error::usage(message, "check the path, and that you may read the file")
    })?;
    let wrong = |(message, help): (String, String)| {
        Error::usage(
            format!("in the configuration {}: {message}", path.display()),
            help,
        )
    };
    let mut file = parse(&text).map_err(wrong)?;
    if let Some(name) = profile.filter(|name| !file.profiles.contains_key(*name)) {
        return Err(unknown_profile(name, Some(&path), &file));
    }
    let whole = toml::from_str(&text).unwrap_or_default();
    file.origin = Origin::of(&whole, profile);
    let settings = file.origin.settings(environment);
    file.defaults = settings.map_err(|error| wrong(what_is_wrong(&error, "")))?;
    file.origin.path = Some(path);
    Ok(file)
}

fn unknown_profile(name: &str, path: Option<&Path>, file: &ConfigFile) -> Error {
    let all: Vec<&str> = file.profiles.keys().map(String::as_str).collect();
    let help = match (path, all.as_slice()) {
        (None, _) => {
            "there is no configuration file; `scoreload config --init` makes one".to_owned()
        }
        (Some(path), []) => format!("{} has no [profiles.NAME]", path.display()),
        (Some(path), all) => format!("those of {} are {}", path.display(), all.join(", ")),
    };
    Error::usage(format!("there is no profile `{name}`"), help)
}

/// Returns where the file is looked for, the first one first.
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

/// Reads the text of a file; an error is what is wrong, and the way out.
///
/// # Errors
/// When it is no TOML, or holds something that it may not hold.
pub(crate) fn parse(text: &str) -> Result<ConfigFile, (String, String)> {
    let file: ConfigFile = toml::from_str(text).map_err(|error| what_is_wrong(&error, text))?;
    match file.defaults.of_a_profile() {
        None => Ok(file),
        Some(name) => {
            let all = OF_PROFILES.join(", ");
            let help = format!("move it into a profile, [profiles.NAME], as {all}");
            Err((format!("`{name}` stands in [defaults]"), help))
        }
    }
}

/// Says what is wrong with a file, and where; and the way out.
fn what_is_wrong(error: &toml::de::Error, text: &str) -> (String, String) {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map(|before| before.matches('\n').count() + 1);
    let place = line.map_or_else(String::new, |line| format!("line {line}: "));
    let whole = error.message();
    let (message, help) = match suggestion(whole) {
        // All the names that there are say less than the one that was meant.
        Some(help) => (whole.split(", expected").next().unwrap_or(whole), help),
        None => (whole, "see README, \"The configuration file\"".to_owned()),
    };
    (format!("{place}{}", in_plain_words(message)), help)
}

/// Says what is expected in the words of people.
fn in_plain_words(message: &str) -> String {
    const EXPECTED: [(&str, &str); 7] = [
        ("a nonzero usize", "a whole number of 1 or more"),
        ("u32", "a whole number of 0 or more"),
        ("f64", "a number"),
        ("a boolean", "true or false"),
        ("a string", "a text"),
        ("a sequence", "a list"),
        ("a map", "a table"),
    ];
    let plain = EXPECTED.iter().find_map(|(machine, plain)| {
        let before = message.strip_suffix(machine)?;
        before
            .ends_with(", expected ")
            .then(|| format!("{before}{plain}"))
    });
    plain.unwrap_or_else(|| message.to_owned())
}

/// What stands in no table.
const OF_THE_TOP: [&str; 2] = ["missing", "ignore"];

/// Returns what an unknown key was most likely meant to be: serde names it first, then those that it knows.
fn suggestion(message: &str) -> Option<String> {
    let mut names = message
        .strip_prefix("unknown field ")?
        .split('`')
        .skip(1)
        .step_by(2);
    let unknown = names.next()?;
    if unknown == "client_secret" {
        let help = "a secret does not stand in the file: client_secret_file names where it is, client_secret_command what prints it";
        return Some(help.to_owned());
    }
    if SETTINGS.iter().any(|setting| setting.name == unknown) {
        let help = format!("`{unknown}` stands in [defaults], or in a profile, [profiles.NAME]");
        return Some(help);
    }
    if OF_THE_TOP.contains(&unknown) {
        let help = format!("`{unknown}` stands at the top of the file, before the first [table]");
        return Some(help);
    }
    let distance = |name: &&str| strsim::osa_distance(name, unknown);
    let nearest = names
        .min_by_key(distance)
        .filter(|name| distance(name) <= 3)?;
    Some(format!("did you mean `{nearest}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::limits::MaxFailures;
    use crate::input::values::timestamp::DateOrder;

    fn wrong(text: &str) -> (String, String) {
        parse(text).unwrap_err()
    }

    #[test]
    fn every_part_is_read() {
        let text = r#"
            missing = ["absent"]
            ignore = ["Recruiter"]
            [defaults]
            company_id = "B6001"
            date_order = "dmy"
            rate = "1/s"
            timeout = 2.5
            concurrency = 3
            max_failures = 5
            max_duration = "1h30m"
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
        "#;
        let file = parse(text).unwrap();
        assert_eq!(file.missing.as_deref(), Some(&["absent".to_owned()][..]));
        assert_eq!(file.defaults.date_order, Some(DateOrder::Dmy));
        assert_eq!(file.defaults.rate, Some("1/s".parse().unwrap()));
        assert_eq!(file.defaults.max_failures, Some(MaxFailures::Count(5)));
        assert_eq!(file.defaults.max_duration, "90m".parse().ok());
        assert!(
            matches!(&file.wide[0].updated_at, Some(Part::Header(header)) if header == "Taken on")
        );
        assert!(
            matches!(&file.wide[0].attempt, Some(Part::Constant { constant }) if constant.text() == "2")
        );
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line_and_a_suggestion() {
        let (message, help) = wrong("ignore = []\n[defaults]\ntimezon = \"UTC\"\n");
        assert!(
            message.starts_with("line 3: unknown field `timezon`"),
            "{message}"
        );
        assert_eq!(help, "did you mean `timezone`?");
        let (_, help) = wrong("[[wide]]\ntest_id = \"A\"\nscore = \"B\"\nstate = \"C\"\n");
        assert_eq!(help, "did you mean `status`?");
        let (_, help) = wrong("frobnicate = 1\n");
        assert_eq!(help, "see README, \"The configuration file\"");
        let (message, help) = wrong("concurrency = 4\n");
        assert_eq!(message, "line 1: unknown field `concurrency`");
        assert_eq!(
            help,
            "`concurrency` stands in [defaults], or in a profile, [profiles.NAME]"
        );
        let (message, help) = wrong("[defaults]\nmissing = []\n");
        assert_eq!(message, "line 2: unknown field `missing`");
        assert_eq!(
            help,
            "`missing` stands at the top of the file, before the first [table]"
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named() {
        let (message, _) = wrong("[[wide]]\ntest_id = \"A\"\nscore = \"B\"\nstatus = 5\n");
        assert!(message.contains("a header is expected"), "{message}");
        let (message, _) = wrong("[defaults]\nmax_failures = \"many\"\n");
        assert!(message.contains("`many` is no limit"), "{message}");
        let (message, _) = wrong("[defaults]\nrate = \"3\"\n");
        assert!(message.contains("`3` is no rate"), "{message}");
        let table = [
            (
                "concurrency = 0",
                "0`, expected a whole number of 1 or more",
            ),
            ("retries = -1", "-1`, expected a whole number of 0 or more"),
            ("timeout = \"x\"", "string \"x\", expected a number"),
            ("wait = 1", "`1`, expected true or false"),
            ("company_id = 1", "`1`, expected a text"),
            ("sheet = \"A\"", "string \"A\", expected a list"),
        ];
        for (setting, expected) in table {
            let (message, _) = wrong(&format!("[defaults]\n{setting}\n"));
            assert!(message.ends_with(expected), "{message}");
        }
        let (message, _) = wrong("defaults = 1\n");
        assert!(message.ends_with("`1`, expected a table"), "{message}");
    }
}
