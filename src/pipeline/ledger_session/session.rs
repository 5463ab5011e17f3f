//! The open ledger of a run, and the run's entry in it.

use super::lock::{LockWait, lock};
use crate::config::{Delivery as Settings, Purpose};
use crate::delivery::{Delivery, Journal, Outcome};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::entry::{LastSent, OrderKey, Run as LedgerRun, RunEnd, RunRecord, Settlement};
use crate::ledger::lock::Holder;
use crate::ledger::{Importer, Ledger, Lock};
use crate::orders::Order;
use crate::paylocity::model::Text;
use crate::pipeline::reports::inputs_json;
use crate::pipeline::results::Results;
use crate::report::model::{Mode, Run, Totals};

/// The ledger's mode of an import whose inputs are rows that an earlier run rejected: a part of that run's work, not an
/// export of its own.
const CORRECTION: &str = "correction";

/// The ledger of a run, locked until this value is dropped.
pub(crate) struct LedgerSession {
    ledger: Ledger,
    target: String,
    _lock: Option<Lock>,
}

impl LedgerSession {
    /// Opens the ledger. An import locks it; a plan only reads.
    pub(crate) fn open(
        settings: &Settings,
        run: &str,
        purpose: Purpose,
        wait: LockWait,
    ) -> Result<Self, Error> {
        let target = settings.target.key().to_owned();
        let ledger = Ledger::open(&settings.ledger)?;
        let lock = match purpose {
            Purpose::Plan => None,
            Purpose::Deliver => lock(&settings.ledger, &target, run, wait)?,
        };
        let holder = Holder::this_process(run, jiff::Timestamp::now());
        ledger.join(Importer::of(holder, settings.timeout()));
        Ok(Self {
            ledger,
            target,
            _lock: lock,
        })
    }

    /// Returns the ledger.
    pub(super) const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the key of an order.
    pub(super) fn key(&self, order: &Order) -> OrderKey {
        OrderKey::new(&self.target, &order.company_id, &order.order_id)
    }

    /// Returns the stored state of each order, in the given order.
    pub(crate) fn known(&self, ids: Vec<(Text, Text)>) -> Result<Vec<Option<String>>, Error> {
        Ok(self.ledger.known(&self.target, ids)?)
    }

    /// Returns the last update that was sent of each order, in the given order.
    pub(crate) fn last_sent(&self, ids: Vec<(Text, Text)>) -> Result<Vec<Option<LastSent>>, Error> {
        Ok(self.ledger.last_sent(&self.target, ids)?)
    }

    /// Returns the runs that applied a plan.
    pub(crate) fn runs_of_plan(&self, plan: &str) -> Result<Vec<LedgerRun>, Error> {
        Ok(self.ledger.runs_of_plan(plan)?)
    }

    /// Returns the latest runs that delivered to the same target, latest first.
    pub(crate) fn runs(&self, limit: usize) -> Result<Vec<LedgerRun>, Error> {
        let mut runs = self.ledger.runs(limit)?;
        runs.retain(|run| run.record.target == self.target);
        Ok(runs)
    }

    /// Begins the run in the ledger. `plan` is the id of the plan that it applies.
    pub(crate) fn begin(
        &self,
        run: &Run,
        results: &Results,
        plan: Option<&str>,
    ) -> Result<Journal, Error> {
        let mode = match run.corrects {
            Some(_) if run.mode == Mode::Import => CORRECTION,
            _ => run.mode.words(),
        };
        self.ledger.begin(RunRecord {
            id: run.id.clone(),
            mode: mode.to_owned(),
            plan: plan.map(str::to_owned),
            target: self.target.clone(),
            started_at: run.started_at,
            inputs: inputs_json(&results.batch),
        })?;
        self.record_held_orders(&run.id, results);
        Ok(Journal {
            ledger: self.ledger.clone(),
            run: run.id.clone(),
            target: self.target.clone(),
        })
    }

    /// Records the orders that wait for `resolve`, so that this run's id resolves them too.
    fn record_held_orders(&self, run: &str, results: &Results) {
        let orders = results.batch.orders.iter().zip(&results.deliveries);
        for (order, delivery) in orders.filter(|(_, delivery)| delivery.outcome == Outcome::Unknown)
        {
            self.ledger
                .settle(settlement(run, self.key(order), delivery, None));
        }
    }

    /// Ends the run in the ledger.
    pub(crate) fn finish(&self, run: &str, totals: &Totals, exit: ExitCode) -> Result<(), Error> {
        let end = RunEnd {
            finished_at: jiff::Timestamp::now(),
            exit_code: exit.number(),
            // Numbers always serialize.
            totals: serde_json::to_string(totals).unwrap_or_default(),
        };
        Ok(self.ledger.finish(run, end)?)
    }
}

/// Returns the ledger's entry of a delivery that this run did not send.
pub(super) fn settlement(
    run: &str,
    order: OrderKey,
    delivery: &Delivery,
    known: Option<String>,
) -> Settlement {
    Settlement {
        run: run.to_owned(),
        order,
        outcome: delivery.outcome.words().to_owned(),
        http_status: delivery.http_status,
        attempts: delivery.attempts,
        message: delivery.message.clone(),
        known,
        at: jiff::Timestamp::now(),
    }
}
