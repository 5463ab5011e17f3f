//! What was typed, what the environment says and what the configuration file holds, resolved and checked once into
//! what a run needs. Flags go before variables, variables before the profile, the profile before the rest of the file,
//! the file before what is built in.

pub(crate) mod credentials;
pub(crate) mod effective;
pub(crate) mod environment;
pub(crate) mod error;
pub mod file;
mod input_options;
mod ledgers;
pub(crate) mod settings;
pub(crate) mod source;
mod target;
pub(crate) mod template;

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

pub(crate) use self::ledgers::{Ledgers, authorities};
pub(crate) use self::target::{PlainHttp, Target, base};
use crate::cli::DeliveryArgs;
pub use crate::config::input_options::{Reading, reading};
use crate::delivery::Policy;
use crate::delivery::limits::Limits;
use crate::error::Error;
use crate::ledger::Location;
use crate::paylocity::client::Endpoint;
use crate::paylocity::credentials::Credentials;
use crate::plan::MaxChange;
use crate::rate_limit::rate::Rate;
use crate::rate_limit::store::Places;
use crate::tls::Authorities;
use credentials::Configured;
use file::ConfigFile;
use ledgers::{budget, place};
use settings::Settings;

/// Reads an environment variable; a blank one counts as none.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Whether a person must agree before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Nobody needs to be asked.
    Given,
    /// The person at the terminal is asked.
    Ask,
}

/// Whether a run delivers, or only says what it would deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Updates are sent: it needs credentials, a ledger and somebody's consent.
    Deliver,
    /// Nothing leaves the machine, and no ledger is made.
    Plan,
}

/// What happens to the good orders when others have an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartialDelivery {
    /// They are sent.
    Allowed,
    /// Nothing is sent.
    Refused,
}

/// Where and how an import delivers.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// Where updates go.
    pub(crate) target: Target,
    /// How fast, how many at once, how often again.
    pub(crate) policy: Policy,
    /// Whether somebody must agree first.
    pub(crate) consent: Consent,
    /// What happens to the good orders when others have an error.
    pub(crate) partial: PartialDelivery,
    /// Where it is remembered what was sent.
    pub(crate) ledger: Location,
    /// How far the number of orders to change may be from that of the last import.
    pub(crate) max_change: Option<MaxChange>,
    /// Whether to wait for an import that holds the ledger.
    pub(crate) is_waiting: bool,
    /// Whether it is only tried: no target is named, or the server is to change nothing.
    pub(crate) is_trial: bool,
    timeout: Duration,
    /// Who is trusted beside those whom the machine trusts.
    authorities: Authorities,
    /// The file of the authorities that are trusted beside those of the machine, if one is named.
    pub(crate) ca_cert: Option<PathBuf>,
    /// Whether the server only pretends.
    pub(crate) test_mode: bool,
}

/// Updates in flight at once: enough to use the API's rate with answers that take over two seconds.
const CONCURRENCY: usize = 8;
/// How often an update is sent again: waits of up to 8 s in all, longer than a server's restart.
const RETRIES: u32 = 5;
/// How long an answer may take: as long as gateways commonly wait themselves.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Resolves where and how to deliver.
///
/// # Errors
/// When the target cannot be told, is no URL, lacks credentials, or is production and nobody can be asked.
pub(crate) fn delivery(
    args: &DeliveryArgs,
    file: &ConfigFile,
    environment: Environment<'_>,
    (purpose, is_terminal): (Purpose, bool),
) -> Result<Delivery, Error> {
    let defaults = &file.defaults;
    let name = args.target.as_deref().or(defaults.target.as_deref());
    let configured = Configured::find(file, environment)?;
    let plain = PlainHttp::of(args.insecure_http || defaults.insecure_http.unwrap_or_default());
    let target = Target::resolve(name, purpose, configured.as_ref(), plain)?;
    let ca_cert = args.ca_cert.clone().or_else(|| defaults.ca_cert.clone());
    let authorities = authorities(ca_cert.as_deref(), file)?;
    let ledgers = Ledgers {
        authorities: &authorities,
        environment,
    };
    let named_ledger = args.ledger.as_deref().or(defaults.ledger.as_deref());
    let rate = args.rate.clone().or_else(|| defaults.rate.clone());
    let budget = match &rate {
        Some(rate) if rate.is_unlimited() => Places::Memory,
        _ => budget(&target, named_ledger, ledgers)?,
    };
    let policy = policy(args, defaults, rate.unwrap_or_default(), budget);
    let whole = args.all_or_nothing || defaults.all_or_nothing.unwrap_or_default();
    let test_mode = args.test_mode || defaults.test_mode.unwrap_or_default();
    Ok(Delivery {
        // Where nothing is changed there is nothing to remember.
        ledger: if test_mode {
            Location::Memory
        } else {
            place(named_ledger, &target, purpose, ledgers)?
        },
        consent: match purpose {
            Purpose::Deliver if defaults.confirm == Some(false) => Consent::Given,
            Purpose::Deliver => consent(args, &target, is_terminal)?,
            Purpose::Plan => Consent::Given,
        },
        target,
        policy,
        partial: if whole {
            PartialDelivery::Refused
        } else {
            PartialDelivery::Allowed
        },
        max_change: args.max_change.or(defaults.max_change),
        is_waiting: args.wait || defaults.wait.unwrap_or_default(),
        is_trial: test_mode || name.is_none_or(|name| name.trim().is_empty()),
        timeout: timeout(args, file)?,
        authorities,
        ca_cert,
        test_mode,
    })
}

/// Returns how updates are delivered.
fn policy(args: &DeliveryArgs, defaults: &Settings, rate: Rate, budget: Places) -> Policy {
    let concurrency = args.concurrency.or(defaults.concurrency.map(usize::from));
    let on_ambiguous = args.on_ambiguous.or(defaults.on_ambiguous);
    Policy {
        rate,
        budget,
        concurrency: concurrency.unwrap_or(CONCURRENCY),
        retries: args.retries.or(defaults.retries).unwrap_or(RETRIES),
        on_ambiguous: on_ambiguous.unwrap_or_default(),
        resend: args.resend,
        exactly: false,
        limits: Limits {
            failures: args.max_failures.or(defaults.max_failures),
            duration: args.max_duration.or(defaults.max_duration),
        },
    }
}

fn timeout(args: &DeliveryArgs, file: &ConfigFile) -> Result<Duration, Error> {
    let Some(seconds) = file.defaults.timeout.filter(|_| args.timeout.is_none()) else {
        return Ok(args.timeout.unwrap_or(TIMEOUT));
    };
    let duration = Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| {
        Error::usage(
            format!("timeout = {seconds} in the configuration is no time"),
            "give a number of seconds above 0",
        )
    })
}

fn consent(args: &DeliveryArgs, target: &Target, is_terminal: bool) -> Result<Consent, Error> {
    if !target.is_production() || args.yes {
        return Ok(Consent::Given);
    }
    if is_terminal {
        return Ok(Consent::Ask);
    }
    let message = "delivering to production needs a yes, and there is no terminal to ask on";
    let help = "pass --yes if that is meant, or say `confirm = false` in a profile";
    Err(Error::usage(message, help))
}

impl Delivery {
    /// Returns what a reader of reports must know first.
    pub(crate) fn notice(&self) -> Option<String> {
        let notices = [self.pretence(), self.exposure()];
        let notices: Vec<&str> = notices.into_iter().flatten().collect();
        (!notices.is_empty()).then(|| notices.join("; "))
    }

    /// Says that nothing is changed anywhere, where that is so.
    pub(crate) fn pretence(&self) -> Option<&'static str> {
        let pretended = self
            .test_mode
            .then_some("test mode: the server only pretended, nothing was changed there");
        self.target.notice().or(pretended)
    }

    /// Says that others can read what is sent, where that is so.
    pub(crate) fn exposure(&self) -> Option<&'static str> {
        self.target
            .is_exposed()
            .then_some("plain http: the credentials and the scores can be read on the way")
    }

    /// Returns how long an answer is waited for at most.
    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Makes the endpoint of a server.
    pub(crate) fn endpoint(&self, base: Url, credentials: Credentials) -> Endpoint {
        Endpoint {
            base,
            credentials,
            authorities: self.authorities.clone(),
            timeout: self.timeout,
            test_mode: self.test_mode,
        }
    }
}

#[cfg(test)]
mod tests;
