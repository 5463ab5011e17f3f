//! `scoreload ledger prune`: deletes the history of old runs and keeps the state of all orders.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use super::lock_targets;
use crate::cli::error::CommandLineError;
use crate::cli::{Format, PruneArgs};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::pipeline::open_ledger::open_ledger;
use crate::ui::{self, Screen, summary};

pub(crate) fn run(args: &PruneArgs, screen: Screen) -> Result<ExitCode, Error> {
    let Ok(before) = Timestamp::now().checked_sub(args.older_than) else {
        return Err(CommandLineError::AgeTooGreat.into());
    };
    let ledger = open_ledger(&args.ledger)?;
    let runs = ledger.runs(usize::MAX).map_err(Error::Ledger)?;
    let targets: BTreeSet<String> = runs.into_iter().map(|run| run.record.target).collect();
    let _locks = lock_targets(&ledger, &targets)?;
    let pruned = ledger.prune(before).map_err(Error::Ledger)?;
    if args.format == Format::Json {
        let result = json!({"runs": pruned.runs, "deliveries": pruned.deliveries});
        ui::answer(|out| ui::write_json_line(out, &result))?;
        return Ok(ExitCode::Success);
    }
    let count = |number: u64, one, many| {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        summary::count(number, one, many)
    };
    let words = format!(
        "{} and {} from before {}",
        count(pruned.runs, "run", "runs"),
        count(pruned.deliveries, "settled delivery", "settled deliveries"),
        before.strftime("%Y-%m-%d")
    );
    screen.note(|mut out| summary::write_line(&mut out, "pruned", &words));
    Ok(ExitCode::Success)
}
