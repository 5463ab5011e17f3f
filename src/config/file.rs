//! The configuration file: its shape, where it is looked for, what is wrong with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Environment;
use crate::deliver::limits::{MaxDuration, MaxFailures};
use crate::deliver::rate::Rate;
use crate::error::Error;
use crate::input::timestamp::DateOrder;
use crate::ledger::OnAmbiguous;
use crate::plan::MaxChange;

/// The name of the file, in the working directory or the user's configuration directory.
const NAME: &str = "scoreload.toml";

/// What the file may hold. Every part may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// Settings that are not given by flag or environment.
    #[serde(default)]
    pub defaults: Defaults,
    /// Headers and the columns that they mean.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Words and the statuses that they mean.
    #[serde(default)]
    pub statuses: BTreeMap<String, String>,
    /// What stands for "no value", in place of the built-in list.
    pub missing: Option<Vec<String>>,
    /// Headers that are ignored without a word.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Columns of wide sheets, each a test.
    #[serde(default)]
    pub wide: Vec<Wide>,
}

/// Settings that are not given by flag or environment; each is named as its flag.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described at its flag")]
pub struct Defaults {
    pub company_id: Option<String>,
    pub timezone: Option<String>,
    pub date_order: Option<DateOrder>,
    pub default_attempt: Option<u32>,
    pub deny_warnings: Option<bool>,
    pub target: Option<String>,
    pub all_or_nothing: Option<bool>,
    pub rate: Option<Rate>,
    pub concurrency: Option<std::num::NonZeroUsize>,
    pub retries: Option<u32>,
    pub ledger: Option<String>,
    pub on_ambiguous: Option<OnAmbiguous>,
    pub max_change: Option<MaxChange>,
    /// In seconds.
    pub timeout: Option<f64>,
    pub test_mode: Option<bool>,
    pub max_failures: Option<MaxFailures>,
    pub max_duration: Option<MaxDuration>,
}

/// One test of a wide sheet: a constant id, and where its fields stand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is the field of a test of that name")]
pub struct Wide {
    pub test_id: String,
    pub score: String,
    pub status: Option<Part>,
    pub attempt: Option<Part>,
    pub updated_at: Option<Part>,
    pub description: Option<Part>,
    pub report_url: Option<Part>,
    pub assessment_id: Option<Part>,
}

/// Where a field of a wide test stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "a header is expected, or a constant such as { const = \"Complete\" }"
)]
pub enum Part {
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
pub enum Constant {
    /// A text.
    Text(String),
    /// A number, for the attempt.
    Number(u32),
}

impl Constant {
    /// Returns the value as the text of a cell.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// Reads the file that is named, or the one that is found; an empty one where there is none.
///
/// # Errors
/// When it cannot be read, or holds something that it may not hold.
pub fn load(named: Option<&Path>, environment: Environment<'_>) -> Result<ConfigFile, Error> {
    let found = || {
        candidates(environment)
            .into_iter()
            .find(|path| path.is_file())
    };
    let Some(path) = named.map(Path::to_owned).or_else(found) else {
        return Ok(ConfigFile::default());
    };
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let message = format!(
            "the configuration {} cannot be read: {error}",
            path.display()
        );
        Error::usage(message, "check the path, and that you may read the file")
    })?;
    parse(&text).map_err(|(message, help)| {
        Error::usage(
            format!("in the configuration {}: {message}", path.display()),
            help,
        )
    })
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
pub fn parse(text: &str) -> Result<ConfigFile, (String, String)> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let line = error
            .span()
            .map(|span| text[..span.start].matches('\n').count() + 1);
        let place = line.map_or_else(String::new, |line| format!("line {line}: "));
        let help = suggestion(error.message())
            .unwrap_or_else(|| "see README, \"The configuration file\"".to_owned());
        (format!("{place}{}", error.message()), help)
    })
}

/// Returns what an unknown key was most likely meant to be: serde names it first, then those that it knows.
fn suggestion(message: &str) -> Option<String> {
    let mut names = message
        .strip_prefix("unknown field ")?
        .split('`')
        .skip(1)
        .step_by(2);
    let unknown = names.next()?;
    let distance = |name: &&str| strsim::osa_distance(name, unknown);
    let nearest = names
        .min_by_key(distance)
        .filter(|name| distance(name) <= 3)?;
    Some(format!("did you mean `{nearest}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named() {
        let (message, _) = wrong("[[wide]]\ntest_id = \"A\"\nscore = \"B\"\nstatus = 5\n");
        assert!(message.contains("a header is expected"), "{message}");
        let (message, _) = wrong("[defaults]\nmax_failures = \"many\"\n");
        assert!(message.contains("`many` is no limit"), "{message}");
        let (message, _) = wrong("[defaults]\nrate = \"3\"\n");
        assert!(message.contains("`3` is no rate"), "{message}");
    }
}
