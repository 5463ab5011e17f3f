//! `scoreload history`: lists earlier runs, the orders of one run, or the deliveries of one order.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::error::CommandLineError;
use crate::cli::{Format, HistoryArgs};
use crate::delivery::Outcome;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::entry::{Delivery, Run};
use crate::ledger::{Ledger, Location, Lock};
use crate::pipeline::open_ledger::open_ledger;
use crate::ui::progress::duration_text;
use crate::ui::summary::count;
use crate::ui::text::safe;
use crate::ui::{self, Screen, summary};

/// The number of latest runs that are listed.
const MOST_RUNS: usize = 100;

pub(crate) fn run(args: &HistoryArgs, screen: Screen) -> Result<ExitCode, Error> {
    let ledger = open_ledger(&args.ledger)?;
    let how = (args.format, screen);
    match (&args.run, &args.order) {
        (None, None) => {
            let runs = ledger.runs(MOST_RUNS).map_err(Error::Ledger)?;
            print(how, &ledger, &runs, "there are no runs yet")
        }
        (None, Some(order)) => {
            let deliveries = ledger.deliveries_of_order(order, None);
            let nothing = format!("the ledger has no order `{order}`");
            print(how, &ledger, &deliveries.map_err(Error::Ledger)?, &nothing)
        }
        (Some(id), order) => {
            if ledger.run(id).map_err(Error::Ledger)?.is_none() {
                let run = id.clone();
                return Err(CommandLineError::UnknownRun { run }.into());
            }
            let mut deliveries = ledger.deliveries_of_run(id).map_err(Error::Ledger)?;
            deliveries.retain(|delivery| {
                order
                    .as_deref()
                    .is_none_or(|order| delivery.order_id == order)
            });
            let nothing = match order {
                Some(order) => format!("this run sent nothing of order `{order}`"),
                None => "this run sent nothing".to_owned(),
            };
            print(how, &ledger, &deliveries, &nothing)
        }
    }
}

/// An entry of the ledger that can be printed.
trait Entry {
    /// Returns the run and the target of an entry without an end.
    fn open(&self) -> Option<(&str, &str)>;
    fn json(&self, is_running: bool) -> Value;
    fn line(&self, is_running: bool) -> String;
}

/// Prints the entries, or a note if there are none.
fn print(
    (format, screen): (Format, Screen),
    ledger: &Ledger,
    entries: &[impl Entry],
    nothing: &str,
) -> Result<ExitCode, Error> {
    if entries.is_empty() {
        screen.note(|mut out| summary::write_line(&mut out, "history", nothing));
    }
    let mut running = RunningRuns {
        ledger,
        by_target: HashMap::new(),
        in_database: None,
    };
    ui::answer(|out| {
        entries.iter().try_for_each(|entry| {
            let is_running = entry
                .open()
                .is_some_and(|(run, target)| running.is(run, target));
            match format {
                Format::Json => ui::write_json_line(out, &entry.json(is_running)),
                Format::Human => writeln!(out, "{}", safe(&entry.line(is_running))),
            }
        })
    })?;
    Ok(ExitCode::Success)
}

/// Finds out which runs are running: they hold the lock of a ledger file, or are registered in its database.
struct RunningRuns<'a> {
    ledger: &'a Ledger,
    by_target: HashMap<String, Option<String>>,
    /// The running runs of a database, once it was queried.
    in_database: Option<Vec<String>>,
}

impl RunningRuns<'_> {
    fn is(&mut self, run: &str, target: &str) -> bool {
        match self.ledger.location() {
            Location::Memory => false,
            Location::File(path) => {
                let holder = || Lock::holder(path, target).map(|holder| holder.run);
                let of_target = self.by_target.entry(target.to_owned());
                of_target.or_insert_with(holder).as_deref() == Some(run)
            }
            Location::Database(_) => self.in_database().iter().any(|running| running == run),
        }
    }

    fn in_database(&mut self) -> &[String] {
        let ledger = self.ledger;
        self.in_database.get_or_insert_with(|| {
            // If the database cannot be queried, no run counts as running.
            let others = ledger.others().unwrap_or_default();
            others.into_iter().map(|other| other.holder.run).collect()
        })
    }
}

impl Entry for Run {
    fn open(&self) -> Option<(&str, &str)> {
        self.end
            .is_none()
            .then_some((&self.record.id, &self.record.target))
    }

    fn json(&self, is_running: bool) -> Value {
        json!({
            "run": self.record.id,
            "mode": self.record.mode,
            "plan": self.record.plan,
            "target": self.record.target,
            "started_at": self.record.started_at,
            "finished_at": self.end.as_ref().map(|end| end.finished_at),
            "is_running": is_running,
            "exit_code": self.end.as_ref().map(|end| end.exit_code),
            "totals": self.totals(),
        })
    }

    /// Returns the run's id, mode, exit code, duration, target and orders.
    fn line(&self, is_running: bool) -> String {
        let record = &self.record;
        let (state, until) = match &self.end {
            Some(end) => (format!("exit {}", end.exit_code), Some(end.finished_at)),
            None if is_running => ("running".to_owned(), Some(Timestamp::now())),
            None => ("cut off".to_owned(), None),
        };
        let took = until.and_then(|until| until.duration_since(record.started_at).try_into().ok());
        let took = took.map_or_else(String::new, duration_text);
        let line = format!(
            "{}  {:<6}  {state:<8}  {took:>12}  {}{}",
            record.id,
            record.mode,
            record.target,
            self.orders()
        );
        line.trim_end().to_owned()
    }
}

impl Run {
    fn totals(&self) -> Option<Value> {
        let totals = &self.end.as_ref()?.totals;
        serde_json::from_str(totals).ok()
    }

    /// Returns the number of orders by outcome.
    fn orders(&self) -> String {
        let Some(totals) = self.totals() else {
            return String::new();
        };
        let number = |name: &str| totals[name].as_u64().and_then(|n| usize::try_from(n).ok());
        let of = |outcome: Outcome| {
            let number = number(&outcome.words().replace(' ', "_")).filter(|number| *number > 0)?;
            Some(format!("{number} {}", outcome.words()))
        };
        let outcomes: Vec<String> = Outcome::ALL.into_iter().filter_map(of).collect();
        let orders = count(number("orders").unwrap_or_default(), "order", "orders");
        match outcomes.len() {
            0 => format!("  {orders}"),
            _ => format!("  {orders}: {}", outcomes.join(", ")),
        }
    }
}

impl Entry for Delivery {
    fn open(&self) -> Option<(&str, &str)> {
        self.settled.is_none().then_some((&self.run, &self.target))
    }

    fn json(&self, is_running: bool) -> Value {
        let settled = self.settled.as_ref();
        json!({
            "run": self.run,
            "target": self.target,
            "company_id": self.company_id,
            "order_id": self.order_id,
            "body": self.body,
            "intended_at": self.intended_at,
            "settled_at": settled.map(|settled| settled.at),
            "is_running": is_running,
            "outcome": settled.map(|settled| settled.outcome.as_str()),
            "http_status": settled.and_then(|settled| settled.http_status),
            "attempts": settled.map(|settled| settled.attempts),
            "message": settled.and_then(|settled| settled.message.as_deref()),
        })
    }

    fn line(&self, is_running: bool) -> String {
        let settled = self.settled.as_ref();
        let outcome = match settled {
            Some(settled) => settled.outcome.as_str(),
            None if is_running => "under way",
            None => "cut off",
        };
        let status = settled.and_then(|settled| settled.http_status);
        let status = status.map_or_else(String::new, |status| format!("  {status}"));
        let words = settled.and_then(|settled| settled.message.as_deref());
        let words = words.map_or_else(String::new, |words| format!("  {words}"));
        format!(
            "{}  {outcome:<9}  {}  {}{status}{words}",
            self.run, self.company_id, self.order_id
        )
    }
}
