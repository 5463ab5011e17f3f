//! The settings of `apply`. Those that decide the bodies come from the plan; the rest is as for an import.

use std::io::IsTerminal;

use crate::cli::{ApplyArgs, DeliveryArgs};
use crate::config::environment::variable;
use crate::config::file::ConfigFile;
use crate::config::{self, Delivery, Purpose};
use crate::error::Error;
use crate::ledger::OnAmbiguous;
use crate::plan::PlanTarget;
use crate::plan::error::PlanError;

/// Resolves the settings of a delivery.
///
/// # Errors
/// A setting differs from the plan's, or the target cannot be delivered to.
pub(crate) fn resolve(
    args: &ApplyArgs,
    config: &ConfigFile,
    target: &PlanTarget,
) -> Result<Delivery, Error> {
    let how = (Purpose::Deliver, std::io::stdin().is_terminal());
    let mut setup = config::delivery(&as_planned(&args.delivery, target)?, config, &variable, how)?;
    setup.policy.exactly = true;
    if setup.target.key() != target.base {
        return Err(differs("target", &target.name, setup.target.name()));
    }
    if setup.test_mode != target.test_mode {
        return Err(differs(
            "test mode",
            on(target.test_mode),
            on(setup.test_mode),
        ));
    }
    Ok(setup)
}

/// Completes the flags from the plan.
fn as_planned(args: &DeliveryArgs, target: &PlanTarget) -> Result<DeliveryArgs, Error> {
    let policy = args.on_ambiguous.unwrap_or(target.on_ambiguous);
    if policy != target.on_ambiguous {
        let (planned, asked) = (name_of(target.on_ambiguous), name_of(policy));
        return Err(differs("--on-ambiguous", planned, asked));
    }
    if args.resend && !target.resend {
        return Err(differs("--resend", on(false), on(true)));
    }
    let named = args.target.clone().filter(|name| !name.trim().is_empty());
    Ok(DeliveryArgs {
        target: named.or_else(|| Some(target.name.clone())),
        on_ambiguous: Some(target.on_ambiguous),
        resend: target.resend,
        test_mode: args.test_mode || target.test_mode,
        ..args.clone()
    })
}

fn differs(option: &'static str, planned: &str, requested: &str) -> Error {
    PlanError::OptionDiffers {
        option,
        planned: planned.to_owned(),
        requested: requested.to_owned(),
    }
    .into()
}

const fn name_of(policy: OnAmbiguous) -> &'static str {
    match policy {
        OnAmbiguous::Resend => "resend",
        OnAmbiguous::Hold => "hold",
    }
}

const fn on(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}
