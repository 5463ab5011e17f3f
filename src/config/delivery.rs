//! Where and how updates are delivered.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::credentials::ConfiguredCredentials;
use super::environment::Environment;
use super::error::ConfigError;
use super::file::ConfigFile;
use super::ledger_location::{LedgerContext, authorities, ledger_location, rate_state_location};
use super::purpose::Purpose;
use super::target::{PlainHttp, Target};
use crate::cli::DeliveryArgs;
use crate::delivery::Policy;
use crate::delivery::limits::Limits;
use crate::ledger::Location;
use crate::paylocity::client::Endpoint;
use crate::paylocity::credentials::Credentials;
use crate::plan::MaxChange;
use crate::rate_limit::StateLocation;
use crate::tls::Authorities;

/// Whether a person must confirm the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// No confirmation is needed.
    Given,
    /// Ask on the terminal.
    Ask,
}

/// Whether valid orders are sent if some rows have errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartialDelivery {
    /// Valid orders are sent.
    Allowed,
    /// Nothing is sent (`--all-or-nothing`).
    Refused,
}

/// Where and how an import delivers.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// The server.
    pub(crate) target: Target,
    /// Rate, concurrency and retries.
    pub(crate) policy: Policy,
    /// Whether a person must confirm first.
    pub(crate) consent: Consent,
    /// Whether valid orders are sent if some rows have errors.
    pub(crate) partial: PartialDelivery,
    /// Where accepted updates are recorded.
    pub(crate) ledger: Location,
    /// How much the number of orders may differ from the last import.
    pub(crate) max_change: Option<MaxChange>,
    /// Whether to wait for an import that holds the ledger.
    pub(crate) is_waiting: bool,
    /// Whether this is a trial: no target is named, or the server stores nothing.
    pub(crate) is_trial: bool,
    authorities: Authorities,
    /// The file of additional certificate authorities, if one is named.
    pub(crate) ca_cert: Option<PathBuf>,
    /// Whether updates are sent with `testMode: true`.
    pub(crate) test_mode: bool,
}

/// Resolves where and how to deliver.
///
/// # Errors
/// Fails if the target is ambiguous or invalid, lacks credentials, or is production and nobody can be asked.
pub(crate) fn delivery(
    args: &DeliveryArgs,
    file: &ConfigFile,
    environment: Environment<'_>,
    (purpose, is_terminal): (Purpose, bool),
) -> Result<Delivery, ConfigError> {
    let configured = ConfiguredCredentials::find(file, environment)?;
    let plain_http = PlainHttp::from_flag(args.insecure_http);
    let name = args.target.as_deref();
    let target = Target::resolve(name, purpose, configured.as_ref(), plain_http)?;
    let authorities = authorities(args.ca_cert.as_deref())?;
    let ledgers = LedgerContext {
        authorities: &authorities,
        environment,
    };
    let rate_state = if args.rate.is_unlimited() {
        StateLocation::Memory
    } else {
        rate_state_location(&target, args.ledger.as_deref(), ledgers)?
    };
    Ok(Delivery {
        // An update in test mode changes nothing on the server, so there is nothing to record.
        ledger: if args.test_mode {
            Location::Memory
        } else {
            ledger_location(args.ledger.as_deref(), &target, purpose, ledgers)?
        },
        consent: match purpose {
            Purpose::Deliver if !asks(file) => Consent::Given,
            Purpose::Deliver => consent(args, &target, is_terminal)?,
            Purpose::Plan => Consent::Given,
        },
        target,
        policy: policy(args, rate_state),
        partial: if args.all_or_nothing {
            PartialDelivery::Refused
        } else {
            PartialDelivery::Allowed
        },
        max_change: args.max_change,
        is_waiting: args.wait,
        is_trial: args.test_mode || name.is_none_or(|name| name.trim().is_empty()),
        authorities,
        ca_cert: args.ca_cert.clone(),
        test_mode: args.test_mode,
    })
}

/// Returns whether the profile asks for confirmation before delivering to production.
fn asks(file: &ConfigFile) -> bool {
    let keys = file.profile_keys();
    keys.and_then(|(_, keys)| keys.confirm).unwrap_or(true)
}

/// Returns how updates are delivered.
fn policy(args: &DeliveryArgs, rate_state: StateLocation) -> Policy {
    Policy {
        rate: args.rate.clone(),
        rate_state,
        timeout: args.timeout,
        concurrency: args.concurrency,
        retries: args.retries,
        on_ambiguous: args.on_ambiguous.unwrap_or_default(),
        resend: args.resend,
        exactly: false,
        limits: Limits {
            failures: args.max_failures,
            duration: args.max_duration,
        },
    }
}

fn consent(
    args: &DeliveryArgs,
    target: &Target,
    is_terminal: bool,
) -> Result<Consent, ConfigError> {
    if !target.is_production() || args.yes {
        return Ok(Consent::Given);
    }
    if is_terminal {
        return Ok(Consent::Ask);
    }
    Err(ConfigError::ConfirmationRequired)
}

impl Delivery {
    /// Returns the notices at the top of a report.
    pub(crate) fn notice(&self) -> Option<String> {
        let notices = [self.test_notice(), self.exposure_notice()];
        let notices: Vec<&str> = notices.into_iter().flatten().collect();
        (!notices.is_empty()).then(|| notices.join("; "))
    }

    /// Returns a notice if nothing real is changed.
    pub(crate) fn test_notice(&self) -> Option<&'static str> {
        let test_mode = self
            .test_mode
            .then_some("test mode: the server validated the updates without storing them");
        self.target.notice().or(test_mode)
    }

    /// Returns a notice if the updates are sent unencrypted over a network.
    pub(crate) fn exposure_notice(&self) -> Option<&'static str> {
        self.target
            .is_exposed()
            .then_some("plain HTTP: credentials and scores are exposed to the network")
    }

    /// Returns the longest time to wait for a response.
    pub(crate) const fn timeout(&self) -> Duration {
        self.policy.timeout
    }

    /// Makes the endpoint of a server.
    pub(crate) fn endpoint(&self, base: Url, credentials: Credentials) -> Endpoint {
        Endpoint {
            base,
            credentials,
            authorities: self.authorities.clone(),
            test_mode: self.test_mode,
        }
    }
}
