//! `scoreload ledger verify`: compares files with the delivered values, order by order.

use std::collections::BTreeSet;
use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::error::CommandLineError;
use crate::cli::{Format, LedgerArgs, VerifyArgs};
use crate::config::environment::variable;
use crate::config::file::ConfigFile;
use crate::config::{self, Purpose};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::entry::LastSent;
use crate::ledger::{AuditResult, Location, ValueChange, changes};
use crate::orders::{Batch, Order};
use crate::paylocity::model::Text;
use crate::pipeline::gather::gather;
use crate::pipeline::ledger_session::planning::PlannedOrder;
use crate::pipeline::ledger_session::{LedgerSession, LockWait};
use crate::pipeline::open_ledger::open_ledger;
use crate::pipeline::run_id::new_run_id;
use crate::ui;
use crate::ui::text::safe;
use crate::ui::{Screen, diagnostics, summary};

/// The number of latest runs whose targets are listed.
const MOST_RUNS: usize = 100;

/// The result for one order.
struct Finding {
    company_id: Text,
    order_id: Text,
    verdict: AuditResult,
    /// The values that the server did not accept.
    values: Vec<ValueChange>,
    /// The run that last sent the order.
    sent_by: Option<LastSent>,
    /// The number of errors in the order's rows. An order with errors has no update to compare.
    errors: usize,
}

pub(crate) fn run(
    args: &VerifyArgs,
    config: &ConfigFile,
    screen: Screen,
) -> Result<ExitCode, Error> {
    let now = Timestamp::now();
    let reading = config::input_options(&args.input, config, now)?;
    let how = (Purpose::Plan, false);
    let setup = config::delivery(&args.delivery, config, &variable, how)?;
    if setup.ledger == Location::Memory {
        return Err(unknown_target(args)?);
    }
    let ledger = LedgerSession::open(&setup, &new_run_id(now), Purpose::Plan, LockWait::Never)?;
    let batch = gather(&args.input.inputs, &reading, false, screen);
    screen.tell(|mut out| diagnostics::write(&mut out, &batch.problems));
    if batch.is_unusable() {
        return Ok(ExitCode::NoInput);
    }
    let findings = findings(&batch, &ledger, &setup)?;
    let is_told = |finding: &&Finding| {
        let is_wrong = finding.verdict != AuditResult::Delivered || finding.errors > 0;
        is_wrong || args.format == Format::Json || !screen.is_quiet
    };
    ui::answer(|out| {
        findings
            .iter()
            .filter(is_told)
            .try_for_each(|finding| write(out, finding, args.format))?;
        match args.format {
            Format::Json => ui::write_json_line(out, &sum(&findings)),
            Format::Human => Ok(()),
        }
    })?;
    screen.note(|mut out| summary::write_line(&mut out, "verified", &sum_in_words(&findings)));
    let is_all_delivered = findings
        .iter()
        .all(|finding| finding.verdict == AuditResult::Delivered);
    if is_all_delivered && batch.errors() == 0 {
        Ok(ExitCode::Success)
    } else {
        Ok(ExitCode::Incomplete)
    }
}

/// Returns the error that no target is named, with the targets of the ledger.
fn unknown_target(args: &VerifyArgs) -> Result<Error, Error> {
    let ledger = LedgerArgs {
        ledger: args.delivery.ledger.clone(),
        ca_cert: args.delivery.ca_cert.clone(),
        source: args.input.source.clone(),
    };
    let ledger = open_ledger(&ledger)?;
    let runs = ledger.runs(MOST_RUNS).map_err(Error::Ledger)?;
    let targets: BTreeSet<String> = runs.into_iter().map(|run| run.record.target).collect();
    let known = targets.into_iter().collect();
    Ok(CommandLineError::NoLedgerTarget { known }.into())
}

fn findings(
    batch: &Batch,
    ledger: &LedgerSession,
    setup: &config::Delivery,
) -> Result<Vec<Finding>, Error> {
    let ids = |order: &Order| (order.company_id.clone(), order.order_id.clone());
    let sent = ledger.last_sent(batch.orders.iter().map(ids).collect())?;
    let mut findings: Vec<Finding> = batch
        .orders
        .iter()
        .zip(sent)
        .map(|(order, sent_by)| Finding {
            company_id: order.company_id.clone(),
            order_id: order.order_id.clone(),
            verdict: AuditResult::NotDelivered,
            values: Vec::new(),
            sent_by,
            errors: order.errors,
        })
        .collect();
    let compare = |order: PlannedOrder| {
        let wanted = batch.body(&batch.orders[order.index]);
        let known = order.remembered.known(&wanted);
        let verdict = AuditResult::of(&wanted, &known);
        (order.index, verdict, changes(&wanted, &known))
    };
    ledger.plan_each(batch, setup, compare, |(index, verdict, values)| {
        findings[index].verdict = verdict;
        findings[index].values = values;
        Ok(())
    })?;
    Ok(findings)
}

fn write(out: &mut dyn Write, finding: &Finding, format: Format) -> io::Result<()> {
    match format {
        Format::Json => ui::write_json_line(out, &finding.json()),
        Format::Human => writeln!(out, "{}", safe(&finding.line())),
    }
}

impl Finding {
    fn json(&self) -> Value {
        json!({
            "company_id": self.company_id,
            "order_id": self.order_id,
            "verdict": self.verdict,
            "errors": self.errors,
            "changes": self.values,
            "run": self.sent_by.as_ref().map(|sent| &sent.run),
        })
    }

    fn line(&self) -> String {
        let verdict = self.verdict.words();
        let run = self.sent_by.as_ref();
        let run = run.map_or_else(String::new, |sent| format!("  {}", sent.run));
        let mut line = format!("{verdict:<13}  {}  {}{run}", self.company_id, self.order_id);
        if self.errors > 0 {
            let errors = summary::count(self.errors, "error", "errors");
            line.extend(["  held back: ", &errors, " in its rows"]);
        }
        if matches!(self.verdict, AuditResult::Differs | AuditResult::InDoubt) {
            line.push_str(&self.difference());
        }
        line
    }

    /// Returns the first value that differs, and the number of further ones.
    fn difference(&self) -> String {
        let Some(first) = self.values.first() else {
            return "  its report links".to_owned();
        };
        let test = first.test_id.as_deref().or(first.assessment_id.as_deref());
        let of = test.map_or_else(String::new, |id| format!(" of `{id}`"));
        let before = match &first.before {
            Some(before) => format!("`{before}` was delivered"),
            None => "it was not acknowledged".to_owned(),
        };
        let more = match self.values.len() - 1 {
            0 => String::new(),
            more => format!("; {more} more"),
        };
        format!("  {}{of} is `{}`, {before}{more}", first.field, first.after)
    }
}

fn count(findings: &[Finding], verdict: AuditResult) -> usize {
    let of = findings.iter().filter(|finding| finding.verdict == verdict);
    of.count()
}

fn sum(findings: &[Finding]) -> Value {
    let counts = AuditResult::ALL.map(|verdict| {
        let name = verdict.words().replace(' ', "_");
        (name, Value::from(count(findings, verdict)))
    });
    json!({"orders": findings.len(), "verdicts": serde_json::Map::from_iter(counts)})
}

fn sum_in_words(findings: &[Finding]) -> String {
    let orders = summary::count(findings.len(), "order", "orders");
    let counts = AuditResult::ALL.map(|verdict| {
        let number = count(findings, verdict);
        (number > 0).then(|| format!("{number} {}", verdict.words()))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    format!("{orders}: {}", counts.join(", "))
}
