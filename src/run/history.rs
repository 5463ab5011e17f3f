//! `scoreload history`: earlier runs, one run's orders, or one order over time.

use super::open_ledger;
use crate::cli::{Format, HistoryArgs};
use crate::config::file::ConfigFile;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::entry::{Delivery, Run};
use crate::ui;
use crate::ui::text::safe;

/// The runs that are told, the latest ones.
const MOST_RUNS: usize = 100;

pub(super) fn run(args: &HistoryArgs, config: &ConfigFile) -> Result<ExitCode, Error> {
    let ledger = open_ledger(args.ledger.as_deref(), config)?;
    match (&args.run, &args.order) {
        (None, None) => tell(args.format, &ledger.runs(MOST_RUNS).map_err(Error::Ledger)?),
        (None, Some(order)) => tell(
            args.format,
            &ledger
                .deliveries_of_order(order, None)
                .map_err(Error::Ledger)?,
        ),
        (Some(id), order) => {
            if ledger.run(id).map_err(Error::Ledger)?.is_none() {
                let help = "`scoreload history` lists the runs of the ledger";
                return Err(Error::usage(
                    format!("the ledger knows no run `{id}`"),
                    help,
                ));
            }
            let mut deliveries = ledger.deliveries_of_run(id).map_err(Error::Ledger)?;
            deliveries.retain(|delivery| {
                order
                    .as_deref()
                    .is_none_or(|order| delivery.order_id == order)
            });
            tell(args.format, &deliveries)
        }
    }
}

/// An entry of the ledger as it is told.
trait Told {
    fn json(&self) -> serde_json::Value;
    fn line(&self) -> String;
}

fn tell(format: Format, entries: &[impl Told]) -> Result<ExitCode, Error> {
    ui::answer(|out| {
        entries.iter().try_for_each(|entry| match format {
            Format::Json => ui::write_json_line(out, &entry.json()),
            Format::Human => writeln!(out, "{}", safe(&entry.line())),
        })
    })?;
    Ok(ExitCode::Success)
}

impl Told for Run {
    fn json(&self) -> serde_json::Value {
        let totals = self
            .end
            .as_ref()
            .and_then(|end| serde_json::from_str::<serde_json::Value>(&end.totals).ok());
        serde_json::json!({
            "run": self.record.id,
            "mode": self.record.mode,
            "plan": self.record.plan,
            "target": self.record.target,
            "started_at": self.record.started_at,
            "finished_at": self.end.as_ref().map(|end| end.finished_at),
            "exit_code": self.end.as_ref().map(|end| end.exit_code),
            "totals": totals,
        })
    }

    fn line(&self) -> String {
        let end = match &self.end {
            Some(end) => format!("exit {:<3}", end.exit_code),
            None => "cut off ".to_owned(),
        };
        format!("{}  {end}  {}", self.record.id, self.record.target)
    }
}

impl Told for Delivery {
    fn json(&self) -> serde_json::Value {
        let settled = self.settled.as_ref();
        serde_json::json!({
            "run": self.run,
            "target": self.target,
            "company_id": self.company_id,
            "order_id": self.order_id,
            "body": self.body,
            "intended_at": self.intended_at,
            "settled_at": settled.map(|settled| settled.at),
            "outcome": settled.map(|settled| settled.outcome.as_str()),
            "http_status": settled.and_then(|settled| settled.http_status),
            "attempts": settled.map(|settled| settled.attempts),
            "message": settled.and_then(|settled| settled.message.as_deref()),
        })
    }

    fn line(&self) -> String {
        let outcome = self
            .settled
            .as_ref()
            .map_or("cut off", |settled| settled.outcome.as_str());
        let status = self
            .settled
            .as_ref()
            .and_then(|settled| settled.http_status);
        let status = status.map_or_else(String::new, |status| format!("  {status}"));
        let words = self
            .settled
            .as_ref()
            .and_then(|settled| settled.message.as_deref());
        let words = words.map_or_else(String::new, |words| format!("  {words}"));
        format!(
            "{}  {outcome:<9}  {}  {}{status}{words}",
            self.run, self.company_id, self.order_id
        )
    }
}
