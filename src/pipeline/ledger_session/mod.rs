//! What an import knows of earlier runs: the ledger, opened and locked before anything is read.

mod pending_resend;

use std::sync::Arc;

use rayon::prelude::*;

use super::reports::inputs_json;
use crate::config::{Delivery as Settings, Purpose};
use crate::delivery::{Delivery, Journal, KEPT_BACK, Outcome, Update, Wanted};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::entry::{LastSent, OrderKey, Run as LedgerRun, RunEnd, RunRecord, Settlement};
use crate::ledger::lock::{Holder, LockAttempt};
use crate::ledger::{Change, Importer, Ledger, Location, Lock, OrderState, Planned, Remembered};
use crate::orders::{Batch, Order};
use crate::paylocity::model::{OrderUpdate, Text};
use crate::report::{Mode, Run, Totals};
use crate::ui::{Screen, summary};

/// What the ledger calls an import of rows that an earlier run had rejected: a part of that run's job, and no export.
pub(crate) const CORRECTION: &str = "correction";

/// The orders of which the ledger is asked at once: more would fill the memory with their texts.
const LOOKED_AT_ONCE: usize = 4096;

/// What to do where another import holds the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    /// To give up at once: the command knows no waiting.
    Never,
    /// To give up at once: nobody has asked to wait.
    None,
    /// To wait until it has ended, and to say so.
    Waits(Screen),
}

impl Patience {
    /// Returns the patience that was asked for.
    pub(crate) fn of(is_waiting: bool, screen: Screen) -> Self {
        if is_waiting {
            Self::Waits(screen)
        } else {
            Self::None
        }
    }
}

/// An order beside what the ledger knows of it.
pub(crate) struct Looked {
    /// Its place in the batch.
    pub(crate) index: usize,
    /// What the ledger remembers of it.
    pub(crate) remembered: Remembered,
    /// What is to be sent.
    pub(crate) planned: Planned,
    /// What the ledger keeps of it, as it stands there; `None` where it keeps nothing.
    pub(crate) text: Option<String>,
}

/// The ledger of an import. The lock is held until it is dropped.
pub(crate) struct Memory {
    journal: Journal,
    target: String,
    _lock: Option<Lock>,
}

impl Memory {
    /// Opens the ledger; an import takes its lock, a plan only looks.
    pub(crate) fn open(
        settings: &Settings,
        run: &Run,
        purpose: Purpose,
        patience: Patience,
    ) -> Result<Self, Error> {
        let target = settings.target.key().to_owned();
        let ledger = Ledger::open(&settings.ledger).map_err(Error::Ledger)?;
        let lock = match purpose {
            Purpose::Plan => None,
            Purpose::Deliver => lock(&settings.ledger, &target, &run.id, patience)?,
        };
        let holder = Holder::this_process(&run.id, jiff::Timestamp::now());
        ledger.join(Importer::of(holder, settings.timeout()));
        Ok(Self {
            journal: Journal {
                ledger,
                run: run.id.clone(),
                target: target.clone(),
            },
            target,
            _lock: lock,
        })
    }

    /// Plans the orders that are not held back: those with something to send, in their order. The others come to
    /// their end here, in `deliveries`.
    pub(crate) fn updates(
        &self,
        batch: &Arc<Batch>,
        settings: &Settings,
        deliveries: &mut [Delivery],
    ) -> Result<Vec<Update>, Error> {
        let mut updates = Vec::new();
        self.each(
            batch,
            settings,
            |looked| looked,
            |looked| {
                let index = looked.index;
                if looked.planned.is_open() {
                    let (company_id, order_id) = id_of(&batch.orders[index]);
                    updates.push(Update {
                        company_id,
                        order_id,
                        wanted: Wanted::Order(Arc::clone(batch), index),
                        remembered: looked.remembered,
                    });
                } else {
                    deliveries[index] = settled(looked.planned);
                }
                Ok(())
            },
        )?;
        Ok(updates)
    }

    /// Looks into the ledger for each order that is not held back, and turns what follows for it by `turn`: on all
    /// cores, as each look is a comparison of bodies. `take` is handed each of them, in their order.
    ///
    /// # Errors
    /// Those of the ledger, and those of `take`.
    pub(crate) fn each<T: Send>(
        &self,
        batch: &Batch,
        settings: &Settings,
        turn: impl Fn(Looked) -> T + Sync,
        mut take: impl FnMut(T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let good: Vec<usize> = (0..batch.orders.len())
            .filter(|index| batch.orders[*index].errors == 0)
            .collect();
        let look = |(index, text): (usize, Option<String>)| {
            let order = &batch.orders[index];
            let remembered = match &text {
                None => Remembered::Nothing,
                Some(_) => remembered(text.as_deref(), &batch.body(order), &order.order_id)?,
            };
            Ok(turn(Looked {
                index,
                planned: planned(&remembered, || batch.body(order), settings),
                remembered,
                text,
            }))
        };
        let id = |index: &usize| id_of(&batch.orders[*index]);
        let known = |part: Option<&[usize]>| {
            part.map(|part| self.known(part.iter().map(id).collect()))
                .transpose()
        };
        // While one part is looked through, the ledger is asked for the next.
        let mut parts = good.chunks(LOOKED_AT_ONCE);
        let mut part = parts.next();
        let mut texts = known(part)?;
        while let (Some(indices), Some(of_part)) = (part, texts) {
            let next = parts.next();
            let looked = || {
                let orders = indices.par_iter().copied().zip(of_part);
                orders.map(look).collect::<Result<Vec<T>, Error>>()
            };
            let (of_next, looked) = rayon::join(|| known(next), looked);
            looked?.into_iter().try_for_each(&mut take)?;
            (part, texts) = (next, of_next?);
        }
        Ok(())
    }

    /// Returns what the ledger keeps of each of some orders, in their order.
    pub(crate) fn known(&self, ids: Vec<(Text, Text)>) -> Result<Vec<Option<String>>, Error> {
        let ledger = &self.journal.ledger;
        ledger.known(&self.target, ids).map_err(Error::Ledger)
    }

    /// Returns which update of each of some orders left last, in their order.
    pub(crate) fn last_sent(&self, ids: Vec<(Text, Text)>) -> Result<Vec<Option<LastSent>>, Error> {
        let ledger = &self.journal.ledger;
        ledger.last_sent(&self.target, ids).map_err(Error::Ledger)
    }

    /// Returns the runs that have applied a plan.
    pub(crate) fn runs_of_plan(&self, plan: &str) -> Result<Vec<LedgerRun>, Error> {
        let ledger = &self.journal.ledger;
        ledger.runs_of_plan(plan).map_err(Error::Ledger)
    }

    /// Returns the latest runs that delivered to the same target, the last one first.
    pub(crate) fn runs(&self, limit: usize) -> Result<Vec<LedgerRun>, Error> {
        let mut runs = self.journal.ledger.runs(limit).map_err(Error::Ledger)?;
        runs.retain(|run| run.record.target == self.target);
        Ok(runs)
    }

    /// Begins the run in the ledger; `plan` is the id of the plan that it applies.
    pub(crate) fn begin(
        &self,
        run: &Run,
        batch: &Batch,
        deliveries: &[Delivery],
        plan: Option<&str>,
    ) -> Result<Journal, Error> {
        let record = RunRecord {
            id: run.id.clone(),
            mode: match run.corrects {
                Some(_) if run.mode == Mode::Import => CORRECTION.to_owned(),
                _ => run.mode.words().to_owned(),
            },
            plan: plan.map(str::to_owned),
            target: self.target.clone(),
            started_at: run.started_at,
            inputs: inputs_json(batch),
        };
        self.journal.ledger.begin(record).map_err(Error::Ledger)?;
        // Orders that are held back can be settled by this run's name too.
        let held = batch
            .orders
            .iter()
            .zip(deliveries)
            .filter(|(_, delivery)| delivery.outcome == Outcome::Unknown);
        for (order, delivery) in held {
            self.journal.ledger.settle(Settlement {
                run: run.id.clone(),
                order: OrderKey::new(&self.target, &order.company_id, &order.order_id),
                outcome: delivery.outcome.words().to_owned(),
                http_status: None,
                attempts: 0,
                message: delivery.message.clone(),
                known: None,
                at: jiff::Timestamp::now(),
            });
        }
        Ok(self.journal.clone())
    }

    /// Ends the run in the ledger.
    pub(crate) fn finish(&self, totals: &Totals, exit: ExitCode) -> Result<(), Error> {
        let end = RunEnd {
            finished_at: jiff::Timestamp::now(),
            exit_code: exit.number(),
            // Numbers always have a form in JSON.
            totals: serde_json::to_string(totals).unwrap_or_default(),
        };
        self.journal
            .ledger
            .finish(&self.journal.run, end)
            .map_err(Error::Ledger)
    }
}

/// Takes the lock of a ledger's file and a target; a ledger in memory needs none, and in a database orders are leased.
pub(crate) fn lock(
    place: &Location,
    target: &str,
    run: &str,
    patience: Patience,
) -> Result<Option<Lock>, Error> {
    let Location::File(path) = place else {
        return Ok(None);
    };
    let holder = Holder::this_process(run, jiff::Timestamp::now());
    let held = match Lock::try_take(path, target, &holder).map_err(Error::Ledger)? {
        LockAttempt::Taken(lock) => return Ok(Some(lock)),
        LockAttempt::Held(holder) => Error::LedgerHeld {
            holder,
            can_wait: !matches!(patience, Patience::Never),
        },
    };
    let Patience::Waits(screen) = patience else {
        return Err(held);
    };
    screen.note(|mut out| summary::write_line(&mut out, "waiting", &held.to_string()));
    let lock = Lock::wait_for(path, target, &holder);
    lock.map(Some).map_err(Error::Ledger)
}

/// Returns the error that names who else is at work in a ledger.
pub(crate) fn held(ledger: &Ledger) -> Result<Error, Error> {
    let others = ledger.others().map_err(Error::Ledger)?;
    let holder = others.into_iter().next().map(|other| other.holder);
    Ok(Error::LedgerHeld {
        holder,
        can_wait: false,
    })
}

/// Reads what the ledger keeps of an order.
pub(crate) fn read_known(text: &str, order_id: &str) -> Result<OrderState, Error> {
    OrderState::from_json(text).map_err(|words| unreadable(order_id, &words))
}

/// Reads what the ledger keeps of an order beside what is wanted of it.
pub(crate) fn remembered(
    text: Option<&str>,
    wanted: &OrderUpdate,
    order_id: &str,
) -> Result<Remembered, Error> {
    Remembered::read(text, wanted).map_err(|words| unreadable(order_id, &words))
}

fn unreadable(order_id: &str, words: &str) -> Error {
    Error::DamagedEntry {
        order_id: order_id.to_owned(),
        reason: words.to_owned(),
    }
}

/// Plans what is to be sent of an order.
pub(crate) fn planned(
    remembered: &Remembered,
    wanted: impl FnOnce() -> OrderUpdate,
    settings: &Settings,
) -> Planned {
    let policy = &settings.policy;
    remembered.plan(wanted, policy.on_ambiguous, policy.resend)
}

fn id_of(order: &Order) -> (Text, Text) {
    (order.company_id.clone(), order.order_id.clone())
}

/// The end of an order that costs no request.
pub(crate) fn settled(planned: Planned) -> Delivery {
    let (outcome, message) = match planned.change {
        Change::Held => (Outcome::Unknown, Some(KEPT_BACK.to_owned())),
        _ => (Outcome::Unchanged, None),
    };
    Delivery {
        outcome,
        message,
        held_reports: planned.held_reports,
        ..Delivery::not_sent()
    }
}
