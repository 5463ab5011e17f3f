//! What was typed, and what the environment says, resolved and checked once into what a run needs.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use url::Url;

use crate::cli::{ImportArgs, InputArgs};
use crate::columns::{COLUMNS, Names};
use crate::deliver::Policy;
use crate::deliver::client::{Credentials, Endpoint, Secret, is_loopback};
use crate::error::Error;
use crate::order::Rules;
use crate::order::status::StatusWords;
use crate::order::value::company_id_finding;
use crate::problem::WarningPolicy;

/// Paylocity's production environment (API.md, "The calls").
const PRODUCTION: &str = "https://dc1prodgwext.paylocity.com";
/// Paylocity's demo environment (API.md, "The calls").
const DEMO: &str = "https://dc1demogwext.paylocity.com";

const CLIENT_ID: &str = "SCORELOAD_CLIENT_ID";
const CLIENT_SECRET: &str = "SCORELOAD_CLIENT_SECRET";

/// Where updates go.
#[derive(Debug)]
pub enum Target {
    /// The API inside this process: nothing leaves the machine.
    BuiltInSandbox,
    /// A server.
    Server {
        /// How it is called on screens and in reports.
        name: String,
        /// What the API's paths are added to.
        base: Url,
        /// What its token is asked for with; `None` only where nothing is to be sent.
        credentials: Option<Credentials>,
    },
}

/// Whether a person must agree before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Nobody needs to be asked.
    Given,
    /// The person at the terminal is asked.
    Ask,
}

/// What an import needs, beside its inputs.
#[derive(Debug)]
pub struct Delivery {
    /// Where updates go.
    pub target: Target,
    /// How fast, how many at once, how often again.
    pub policy: Policy,
    /// Whether somebody must agree first.
    pub consent: Consent,
}

/// How the words of the inputs are understood.
#[derive(Debug)]
pub struct Reading {
    /// The names that columns may have.
    pub names: Names,
    /// The meaning of cells.
    pub rules: Rules,
}

/// Reads an environment variable; a blank one counts as none.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Resolves how inputs are understood.
///
/// # Errors
/// When a setting names a column, status, zone or company that does not exist.
pub fn reading(args: &InputArgs, now: Timestamp) -> Result<Reading, Error> {
    let mut names = Names::default();
    for map in &args.maps {
        let (header, column) = pair(map, "--map", "'HEADER=COLUMN'")?;
        let field = Names::default().find(column).ok_or_else(|| {
            let all: Vec<&str> = COLUMNS.iter().map(|spec| spec.name).collect();
            Error::usage(
                format!("--map names the column `{column}`, which does not exist"),
                format!("the columns are {}", all.join(", ")),
            )
        })?;
        names.add(header, field);
    }
    let mut statuses = StatusWords::default();
    for status in &args.statuses {
        let (word, name) = pair(status, "--status", "'WORD=STATUS'")?;
        if !statuses.add(word, name) {
            let help = "use a status of the API, such as Complete or InProgress (see `scoreload import --help`)";
            return Err(Error::usage(
                format!("--status names `{name}`, which is no status"),
                help,
            ));
        }
    }
    let rules = Rules {
        company_id: company_id(args.company_id.as_deref())?,
        default_attempt: args.default_attempt,
        zone: zone(&args.timezone)?,
        date_order: args.date_order,
        statuses,
        now,
        warnings: if args.deny_warnings {
            WarningPolicy::Deny
        } else {
            WarningPolicy::Allow
        },
    };
    Ok(Reading { names, rules })
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

fn company_id(text: Option<&str>) -> Result<Option<crate::order::model::Text>, Error> {
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
    TimeZone::get(name).map_err(|_| {
        let help = "use a name of the IANA database, such as America/New_York or UTC";
        Error::usage(format!("there is no time zone `{name}`"), help)
    })
}

/// Resolves where and how to deliver.
///
/// # Errors
/// When the target cannot be told, is no URL, lacks credentials, or is production and nobody can be asked.
pub fn delivery(
    args: &ImportArgs,
    environment: Environment<'_>,
    is_terminal: bool,
) -> Result<Delivery, Error> {
    let policy = Policy {
        rate: args.rate.clone(),
        concurrency: args.concurrency,
        retries: args.retries,
    };
    let target = target(args, environment)?;
    let is_production = matches!(&target, Target::Server { base, .. } if base.host_str() == host_of(PRODUCTION).as_deref());
    let consent = match (is_production && !args.yes && !args.dry_run, is_terminal) {
        (false, _) => Consent::Given,
        (true, true) => Consent::Ask,
        (true, false) => {
            let help = "pass --yes if that is meant";
            return Err(Error::usage(
                "delivering to production needs a yes, and there is no terminal to ask on",
                help,
            ));
        }
    };
    Ok(Delivery {
        target,
        policy,
        consent,
    })
}

fn host_of(base: &str) -> Option<String> {
    Url::parse(base).ok()?.host_str().map(str::to_owned)
}

fn target(args: &ImportArgs, environment: Environment<'_>) -> Result<Target, Error> {
    let credentials = credentials(environment)?;
    let name = match args
        .target
        .as_deref()
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        Some(name) => name,
        None if credentials.is_none() || args.dry_run => return Ok(Target::BuiltInSandbox),
        None => {
            let help = "pass --target demo, --target production or --target URL; --target sandbox tries it on this machine";
            return Err(Error::usage("there are credentials and no target", help));
        }
    };
    let base = match name {
        "sandbox" => return Ok(Target::BuiltInSandbox),
        "demo" => base(DEMO)?,
        "production" => base(PRODUCTION)?,
        url => base(url)?,
    };
    if credentials.is_none() && !args.dry_run {
        let help = format!(
            "set {CLIENT_ID} and {CLIENT_SECRET}; without a target the import is tried on this machine"
        );
        return Err(Error::usage(
            format!("the target `{name}` needs credentials"),
            help,
        ));
    }
    Ok(Target::Server {
        name: name.to_owned(),
        base,
        credentials,
    })
}

/// Reads the URL of a target.
///
/// # Errors
/// When it is none, would send the credentials in the clear, or holds more than a place.
pub fn base(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        let help = "use sandbox, demo, production, or a URL that begins with https://";
        return Err(Error::usage(format!("`{text}` is no target"), help));
    };
    if url.scheme() == "http" && !is_loopback(&url) {
        let help = "use https://; plain http is for servers on this machine";
        return Err(Error::usage(
            format!("`{text}` would send the credentials in the clear"),
            help,
        ));
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        let help =
            "leave out user, password, query and fragment; credentials come from the environment";
        return Err(Error::usage(
            "the target's URL holds more than a place",
            help,
        ));
    }
    Ok(url)
}

fn credentials(environment: Environment<'_>) -> Result<Option<Credentials>, Error> {
    let lone = |set: &str, missing: &str| {
        Error::usage(
            format!("{set} is set and {missing} is not"),
            "set both, or neither to try the built-in sandbox",
        )
    };
    match (environment(CLIENT_ID), environment(CLIENT_SECRET)) {
        (None, None) => Ok(None),
        (Some(client_id), Some(secret)) => Ok(Some(Credentials {
            client_id,
            client_secret: Secret::new(secret),
        })),
        (Some(_), None) => Err(lone(CLIENT_ID, CLIENT_SECRET)),
        (None, Some(_)) => Err(lone(CLIENT_SECRET, CLIENT_ID)),
    }
}

/// Returns the only credentials that `scoreload sandbox` takes; `None` when it takes any.
///
/// # Errors
/// When one half of them is missing.
pub fn sandbox_credentials(environment: Environment<'_>) -> Result<Option<Credentials>, Error> {
    credentials(environment)
}

impl Target {
    /// Returns how the target is called on screens and in reports.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::BuiltInSandbox => "sandbox",
            Self::Server { name, .. } => name,
        }
    }

    /// Returns what a reader must know first.
    #[must_use]
    pub fn notice(&self) -> Option<&'static str> {
        match self {
            Self::BuiltInSandbox => {
                Some("the target is the built-in sandbox: nothing left this machine")
            }
            Self::Server { .. } => None,
        }
    }
}

/// Makes the endpoint of a server.
#[must_use]
pub fn endpoint(base: Url, credentials: Credentials, args: &ImportArgs) -> Endpoint {
    Endpoint {
        base,
        credentials,
        timeout: args.timeout,
        test_mode: args.test_mode,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn import(flags: &[&str]) -> ImportArgs {
        let line = ["scoreload", "import", "a.csv"].iter().chain(flags);
        match Cli::try_parse_from(line).unwrap().command {
            Command::Import(args) => args,
            other => panic!("{other:?}"),
        }
    }

    fn resolved(
        flags: &[&str],
        variables: &[(&str, &str)],
        is_terminal: bool,
    ) -> Result<String, String> {
        let environment = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        match delivery(&import(flags), &environment, is_terminal) {
            Ok(Delivery {
                target, consent, ..
            }) => Ok(format!("{} {consent:?}", target.name())),
            Err(error) => Err(error.to_string()),
        }
    }

    const BOTH: &[(&str, &str)] = &[(CLIENT_ID, "id"), (CLIENT_SECRET, "secret")];

    #[test]
    fn a_target_is_told_from_flags_and_credentials() {
        type Case<'a> = (
            &'a [&'a str],
            &'a [(&'a str, &'a str)],
            bool,
            Result<&'a str, &'a str>,
        );
        #[rustfmt::skip]
        let table: &[Case<'_>] = &[
            (&[], &[], false, Ok("sandbox Given")),
            (&[], BOTH, false, Err("there are credentials and no target")),
            (&["--dry-run"], BOTH, false, Ok("sandbox Given")),
            (&["--target", "sandbox"], BOTH, false, Ok("sandbox Given")),
            (&["--target", "demo"], BOTH, false, Ok("demo Given")),
            (&["--target", "demo"], &[], false, Err("the target `demo` needs credentials")),
            (&["--target", "demo", "--dry-run"], &[], false, Ok("demo Given")),
            (&["--target", "demo"], &BOTH[..1], false, Err("SCORELOAD_CLIENT_ID is set and SCORELOAD_CLIENT_SECRET is not")),
            (&["--target", "production"], BOTH, true, Ok("production Ask")),
            (&["--target", "production", "--yes"], BOTH, false, Ok("production Given")),
            (&["--target", "production"], BOTH, false, Err("delivering to production needs a yes, and there is no terminal to ask on")),
            (&["--target", PRODUCTION], BOTH, true, Ok("https://dc1prodgwext.paylocity.com Ask")),
            (&["--target", "http://127.0.0.1:8085"], BOTH, false, Ok("http://127.0.0.1:8085 Given")),
            (&["--target", "http://gateway.example"], BOTH, false, Err("`http://gateway.example` would send the credentials in the clear")),
            (&["--target", "gateway"], BOTH, false, Err("`gateway` is no target")),
            (&["--target", "https://u:p@x.example"], BOTH, false, Err("the target's URL holds more than a place")),
        ];
        for (flags, variables, is_terminal, expected) in table {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(
                resolved(flags, variables, *is_terminal),
                expected,
                "{flags:?}"
            );
        }
    }

    #[test]
    fn settings_that_name_nothing_are_refused() {
        let message = |flags: &[&str]| {
            reading(&import(flags).input, Timestamp::UNIX_EPOCH)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            message(&["--map", "Result=tset_score"]),
            "--map names the column `tset_score`, which does not exist"
        );
        assert_eq!(
            message(&["--map", "Result"]),
            "--map `Result` has no two sides"
        );
        assert_eq!(
            message(&["--status", "Graded=Marked"]),
            "--status names `Marked`, which is no status"
        );
        assert_eq!(
            message(&["--timezone", "Mars/Base"]),
            "there is no time zone `Mars/Base`"
        );
        assert!(message(&["--company-id", "B600123456"]).starts_with("--company-id: "));
    }

    #[test]
    fn a_map_is_split_at_its_last_sign() {
        let names = reading(
            &import(&["--map", "a=b=test_score"]).input,
            Timestamp::UNIX_EPOCH,
        )
        .unwrap()
        .names;
        assert_eq!(
            names
                .find("A=B")
                .map(crate::columns::Field::name)
                .as_deref(),
            Some("test_score")
        );
    }
}
