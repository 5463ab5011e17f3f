//! How the words of the inputs are understood: columns, statuses, placeholders, wide tests.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::file::{ConfigFile, Part, Wide};
use crate::cli::InputArgs;
use crate::diagnostics::diagnostic::WarningPolicy;
use crate::error::Error;
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
use crate::schema::header_names::Names;

/// How the words of the inputs are understood.
#[derive(Debug)]
pub struct Reading {
    /// The names that columns may have.
    pub(crate) names: Names,
    /// Columns of wide sheets, each a test.
    pub(crate) wide: Vec<WideTable>,
    /// The meaning of cells.
    pub(crate) rules: Rules,
    /// The sheets that are read; where none is named, those with an order-id header.
    pub(crate) sheets: Vec<String>,
    /// What stands between columns, where it is said.
    pub(crate) delimiter: Option<Delimiter>,
    /// How bytes stand for characters, where it is said.
    pub(crate) encoding: Option<Encoding>,
    /// Names of columns as they were typed, to find those that no sheet has.
    pub(crate) maps: Vec<String>,
}

/// Resolves how inputs are understood.
///
/// # Errors
/// When a setting names a column, status, zone or company that does not exist.
pub fn reading(args: &InputArgs, file: &ConfigFile, now: Timestamp) -> Result<Reading, Error> {
    let defaults = &file.defaults;
    let company = args
        .company_id
        .as_deref()
        .or(defaults.company_id.as_deref());
    let timezone = args.timezone.as_deref().or(defaults.timezone.as_deref());
    let denied = args.deny_warnings || defaults.deny_warnings.unwrap_or_default();
    let rules = Rules {
        company_id: company_id(company)?,
        default_attempt: args.default_attempt.or(defaults.default_attempt),
        zone: zone(
            timezone
                .filter(|name| !name.trim().is_empty())
                .unwrap_or("UTC"),
        )?,
        date_order: args.date_order.or(defaults.date_order),
        statuses: statuses(args, file)?,
        placeholders: file.missing.clone().unwrap_or_else(value::placeholders),
        now,
        warnings: if denied {
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
    Ok(Reading {
        names: names(args, file)?,
        wide,
        rules,
        sheets: match (args.sheets.as_slice(), &defaults.sheet) {
            ([], Some(sheets)) => sheets.clone(),
            (sheets, _) => sheets.to_vec(),
        },
        delimiter: args.delimiter.or(defaults.delimiter),
        encoding: args.encoding.or(defaults.encoding),
        maps: args.maps.clone(),
    })
}

fn names(args: &InputArgs, file: &ConfigFile) -> Result<Names, Error> {
    let mut names = Names::default();
    let mut add = |header: &str, column: &str, setting: &str| {
        let field = Names::default().find(column).ok_or_else(|| {
            let all: Vec<&str> = COLUMNS.iter().map(|spec| spec.name).collect();
            let message = format!("{setting} names the column `{column}`, which does not exist");
            Error::usage(message, format!("the columns are {}", all.join(", ")))
        })?;
        names.add(header, field);
        Ok::<(), Error>(())
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

fn statuses(args: &InputArgs, file: &ConfigFile) -> Result<StatusWords, Error> {
    let mut statuses = StatusWords::default();
    let mut add = |word: &str, name: &str, setting: &str| {
        if statuses.add(word, name) {
            return Ok(());
        }
        let message = format!("{setting} names `{name}`, which is no status");
        let help = "use a status of the API, such as Complete or InProgress";
        Err(Error::usage(message, help))
    };
    for (word, name) in &file.statuses {
        add(word, name, "[statuses]")?;
    }
    for status in &args.statuses {
        let (word, name) = pair(status, "--status", "'WORD=STATUS'")?;
        add(word, name, "--status")?;
    }
    Ok(statuses)
}

/// Splits a pair at its last `=`.
fn pair<'a>(text: &'a str, flag: &str, shape: &str) -> Result<(&'a str, &'a str), Error> {
    let split = text
        .rsplit_once('=')
        .map(|(name, value)| (name.trim(), value.trim()));
    split
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or_else(|| {
            Error::usage(
                format!("{flag} `{text}` has no two sides"),
                format!("write {flag} {shape}"),
            )
        })
}

fn company_id(text: Option<&str>) -> Result<Option<Text>, Error> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match company_id_finding(text) {
        Some(finding) => Err(Error::usage(
            format!("--company-id: {}", finding.message),
            finding.help,
        )),
        None => Ok(Some(text.into())),
    }
}

fn zone(name: &str) -> Result<TimeZone, Error> {
    // Nobody's database need be looked through for the usual one.
    if name.eq_ignore_ascii_case("UTC") {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| {
        let help = "use a name of the IANA database, such as America/New_York or UTC";
        Error::usage(format!("there is no time zone `{name}`"), help)
    })
}

/// Turns a `[[wide]]` table into the fields of its test; its constants are checked as cells are.
fn wide_table(wide: &Wide, rules: &Rules) -> Result<WideTable, Error> {
    let checked = |column: Column, text: &str| {
        let cell = Cell::text(text);
        let value = value::read(column, &cell, rules);
        match (value.text, value.finding) {
            (Some(text), None) => Ok(text.to_string()),
            (_, finding) => {
                let what = finding
                    .map_or_else(|| "there is no value".to_owned(), |finding| finding.message);
                let message = format!("the [[wide]] table of test `{}`: {what}", wide.test_id);
                Err(Error::usage(
                    message,
                    "write the constant as it would stand in a cell",
                ))
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
        Part::Header(header) => Ok((column, Source::Header(header.clone()))),
        Part::Constant { constant } => {
            Ok((column, Source::Constant(checked(column, &constant.text())?)))
        }
    });
    Ok(WideTable {
        test_id: checked(Column::TestId, &wide.test_id)?,
        score: wide.score.clone(),
        others: others.collect::<Result<_, Error>>()?,
    })
}
