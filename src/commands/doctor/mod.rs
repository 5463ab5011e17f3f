//! `scoreload doctor`: checks that everything is ready to deliver. It requests a token and sends no updates.

mod files;
mod server;

use std::io::IsTerminal;

use jiff::Timestamp;
use serde_json::json;

use crate::cli::{Format, ImportArgs};
use crate::config::credentials::ConfiguredCredentials;
use crate::config::environment::variable;
use crate::config::file::ConfigFile;
use crate::config::{self, Consent, Delivery, Purpose, Target};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::pipeline::run_id::new_run_id;
use crate::rate_limit::rate::Rate;
use crate::ui;
use crate::ui::checks::{self, CheckLine};

/// A check and its result.
#[derive(Debug)]
struct Check {
    name: &'static str,
    status: Status,
    message: String,
    /// What to do, if the result is a warning or a failure.
    help: Option<String>,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Ok,
    Warn,
    /// An import would exit with this code.
    Fail(ExitCode),
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail(_) => "fail",
        }
    }
}

impl Check {
    fn told(&self) -> CheckLine<'_> {
        CheckLine {
            name: self.name,
            status: self.status.word(),
            message: &self.message,
            help: self.help.as_deref(),
        }
    }

    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Ok,
            message: message.into(),
            help: None,
        }
    }

    fn warn(name: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            status: Status::Warn,
            help: Some(help.into()),
            ..Self::ok(name, message)
        }
    }

    fn fail(
        (name, exit): (&'static str, ExitCode),
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            status: Status::Fail(exit),
            ..Self::warn(name, message, help)
        }
    }

    /// Returns a failed check from the error that would end an import.
    fn of_error(name: &'static str, error: &Error) -> Self {
        Self::fail((name, error.into()), error.to_string(), error.help())
    }
}

pub(crate) fn run(args: &ImportArgs, config: Result<ConfigFile, Error>) -> Result<ExitCode, Error> {
    let checks = match config {
        Ok(config) => run_checks(args, &config)?,
        Err(error) => vec![Check::of_error("settings", &error)],
    };
    ui::answer(|out| match args.result.format {
        Format::Human => checks::write(out, checks.iter().map(Check::told)),
        Format::Json => checks.iter().try_for_each(|check| {
            let line = json!({
                "check": check.name,
                "status": check.status.word(),
                "message": check.message,
                "help": check.help,
            });
            ui::write_json_line(out, &line)
        }),
    })?;
    let failed = checks.iter().find_map(|check| match check.status {
        Status::Fail(exit) => Some(exit),
        Status::Ok | Status::Warn => None,
    });
    Ok(failed.unwrap_or(ExitCode::Success))
}

/// Runs all checks, in the order of an import.
fn run_checks(args: &ImportArgs, config: &ConfigFile) -> Result<Vec<Check>, Error> {
    let now = Timestamp::now();
    if let Err(error) = config::input_options(&args.input, config, now) {
        return Ok(vec![Check::of_error("settings", &error.into())]);
    }
    let how = (Purpose::Deliver, std::io::stdin().is_terminal());
    let setup = match config::delivery(&args.delivery, config, &variable, how) {
        Ok(setup) => setup,
        Err(error) => return Ok(vec![Check::of_error("settings", &error.into())]),
    };
    let mut checks = vec![settings(config), target(&setup)];
    checks.extend(credentials(config)?);
    checks.push(files::ledger(&setup, &new_run_id(now)));
    checks.extend(files::files(args, config));
    checks.push(pace(&setup));
    checks.extend(server::check(&setup)?);
    Ok(checks)
}

fn settings(config: &ConfigFile) -> Check {
    let words = match (&config.path, config.profile()) {
        (None, _) => "no configuration file; flags, variables and defaults".to_owned(),
        (Some(path), None) => path.display().to_string(),
        (Some(path), Some(profile)) => format!("{}, profile {profile}", path.display()),
    };
    Check::ok("settings", words)
}

fn target(setup: &Delivery) -> Check {
    let name = setup.target.name();
    match (&setup.target, setup.consent) {
        (Target::BuiltInSandbox, _) if setup.is_trial => Check::ok(
            "target",
            "no target and no credentials: an import would go to the built-in sandbox, and nothing leaves this machine",
        ),
        (Target::BuiltInSandbox, _) => Check::ok(
            "target",
            "the built-in sandbox: nothing leaves this machine",
        ),
        (Target::Server { .. }, Consent::Ask) => Check::warn(
            "target",
            format!("{name}; an import asks for confirmation"),
            "an unattended job needs --yes, or `confirm = false` in its profile",
        ),
        (Target::Server { .. }, Consent::Given) => Check::ok("target", name),
    }
}

/// Reports where the credentials come from. Resolving the settings has already read them.
fn credentials(config: &ConfigFile) -> Result<Option<Check>, Error> {
    let configured = ConfiguredCredentials::find(config, &variable)?;
    Ok(configured.map(|configured| {
        let (id, secret) = (configured.client_id_source(), configured.secret_source());
        Check::ok(
            "credentials",
            format!("the id from {id}, the secret from {secret}"),
        )
    }))
}

fn pace(setup: &Delivery) -> Check {
    let rate = &setup.policy.rate;
    let allowed = Rate::default();
    // More requests than each of the API's windows allows.
    let is_faster =
        rate.min_time(181) < allowed.min_time(181) || rate.min_time(4) < allowed.min_time(4);
    if setup.target.is_paylocity() && is_faster {
        return Check::warn(
            "pace",
            format!("--rate {rate} exceeds the API's limit, {allowed}"),
            "remove --rate, unless Paylocity has agreed to a higher rate",
        );
    }
    files::pace(setup, rate)
}
