//! How inputs are read: columns, statuses, placeholders, wide tests.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::ConfigError;
use super::file::ConfigFile;
use super::wide::{FieldSource, WideTest};
use crate::cli::InputArgs;
use crate::diagnostics::diagnostic::WarningPolicy;
use crate::input::Cell;
use crate::input::csv::delimiter::Delimiter;
use crate::input::csv::encoding::Encoding;
use crate::input::wide::{Source, WideTable};
use crate::orders::Rules;
use crate::orders::value;
use crate::orders::value::company_id_finding;
use crate::paylocity::model::Text;
use crate::paylocity::status::StatusWords;
use crate::schema::columns::{COLUMNS, Column};
use crate::schema::header_names::HeaderNames;

/// How inputs are read.
#[derive(Debug)]
pub(crate) struct InputOptions {
    /// The known headers.
    pub(crate) names: HeaderNames,
    /// Tests of wide sheets.
    pub(crate) wide: Vec<WideTable>,
    /// How cells are read.
    pub(crate) rules: Rules,
    /// The sheets to read; if empty, those with an order-id header.
    pub(crate) sheets: Vec<String>,
    /// The delimiter of CSV files, unless it is detected.
    pub(crate) delimiter: Option<Delimiter>,
    /// The encoding of CSV files, unless it is detected.
    pub(crate) encoding: Option<Encoding>,
    /// The values of `--map`, to find those that no sheet uses.
    pub(crate) maps: Vec<String>,
}

/// Resolves how inputs are read.
///
/// # Errors
/// Fails if a setting names an unknown column, status or time zone, or an invalid company id.
pub(crate) fn input_options(
    args: &InputArgs,
    file: &ConfigFile,
    now: Timestamp,
) -> Result<InputOptions, ConfigError> {
    let rules = Rules {
        company_id: company_id(args.company_id.as_deref())?,
        default_attempt: args.default_attempt,
        zone: zone(args.timezone.trim())?,
        date_order: args.date_order,
        statuses: statuses(args, file)?,
        placeholders: file.missing.clone().unwrap_or_else(value::placeholders),
        now,
        warnings: if args.deny_warnings {
            WarningPolicy::Deny
        } else {
            WarningPolicy::Allow
        },
    };
    let wide = file
        .wide
        .iter()
        .map(|wide| wide_table(wide, &rules))
        .collect::<Result<_, _>>()?;
    Ok(InputOptions {
        names: names(args, file)?,
        wide,
        rules,
        sheets: args.sheets.clone(),
        delimiter: args.delimiter,
        encoding: args.encoding,
        maps: args.maps.clone(),
    })
}

fn names(args: &InputArgs, file: &ConfigFile) -> Result<HeaderNames, ConfigError> {
    let mut names = HeaderNames::default();
    let mut add = |header: &str, column: &str, setting: &str| {
        let field = HeaderNames::default().find(column);
        let field = field.ok_or_else(|| ConfigError::UnknownColumn {
            setting: setting.to_owned(),
            column: column.to_owned(),
            known: COLUMNS.iter().map(|column| column.name).collect(),
        })?;
        names.add(header, field);
        Ok::<(), ConfigError>(())
    };
    for (header, column) in &file.columns {
        add(header, column, "[columns]")?;
    }
    for map in &args.maps {
        let (header, column) = pair(map, "--map", "'HEADER=COLUMN'")?;
        add(header, column, "--map")?;
    }
    for header in &file.ignore {
        names.ignore(header);
    }
    Ok(names)
}

fn statuses(args: &InputArgs, file: &ConfigFile) -> Result<StatusWords, ConfigError> {
    let mut statuses = StatusWords::default();
    let mut add = |word: &str, status: &str, setting: &str| {
        let is_known = statuses.add(word, status);
        is_known
            .then_some(())
            .ok_or_else(|| ConfigError::UnknownStatus {
                setting: setting.to_owned(),
                status: status.to_owned(),
            })
    };
    for (word, status) in &file.statuses {
        add(word, status, "[statuses]")?;
    }
    for pair_text in &args.statuses {
        let (word, status) = pair(pair_text, "--status", "'WORD=STATUS'")?;
        add(word, status, "--status")?;
    }
    Ok(statuses)
}

/// Splits a pair at its last `=`.
fn pair<'a>(
    text: &'a str,
    flag: &'static str,
    form: &'static str,
) -> Result<(&'a str, &'a str), ConfigError> {
    let split = text.rsplit_once('=');
    let split = split.map(|(name, value)| (name.trim(), value.trim()));
    split
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or_else(|| ConfigError::InvalidPair {
            flag,
            text: text.to_owned(),
            form,
        })
}

fn company_id(text: Option<&str>) -> Result<Option<Text>, ConfigError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match company_id_finding(text) {
        Some(finding) => Err(ConfigError::InvalidCompanyId {
            message: finding.message,
            help: finding.help,
        }),
        None => Ok(Some(text.into())),
    }
}

fn zone(name: &str) -> Result<TimeZone, ConfigError> {
    // The usual zone needs no lookup in the time zone database. A blank variable means the default.
    if name.is_empty() || name.eq_ignore_ascii_case("UTC") {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| ConfigError::UnknownTimeZone {
        name: name.to_owned(),
    })
}

/// Converts a `[[wide]]` table. Its constants are checked like cells.
fn wide_table(wide: &WideTest, rules: &Rules) -> Result<WideTable, ConfigError> {
    let checked = |column: Column, text: &str| {
        let cell = Cell::text(text);
        let value = value::read(column, &cell, rules);
        match (value.text, value.finding) {
            (Some(text), None) => Ok(text.to_string()),
            (_, finding) => {
                let message = finding.map(|finding| finding.message);
                Err(ConfigError::InvalidWideConstant {
                    test_id: wide.test_id.clone(),
                    message: message.unwrap_or_else(|| "the value is blank".to_owned()),
                })
            }
        }
    };
    let parts = [
        (Column::AssessmentId, &wide.assessment_id),
        (Column::TestScoreDescription, &wide.description),
        (Column::Attempt, &wide.attempt),
        (Column::TestReportUrl, &wide.report_url),
        (Column::TestStatus, &wide.status),
        (Column::TestStatusUpdatedAt, &wide.updated_at),
    ];
    let given = parts
        .into_iter()
        .filter_map(|(column, part)| Some((column, part.as_ref()?)));
    let others = given.map(|(column, part)| match part {
        FieldSource::Header(header) => Ok((column, Source::Header(header.clone()))),
        FieldSource::Constant { constant } => {
            Ok((column, Source::Constant(checked(column, &constant.text())?)))
        }
    });
    Ok(WideTable {
        test_id: checked(Column::TestId, &wide.test_id)?,
        score: wide.score.clone(),
        others: others.collect::<Result<_, ConfigError>>()?,
    })
}
