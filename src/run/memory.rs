//! What an import knows of earlier runs: the ledger, opened and locked before anything is read.

use super::reports::inputs_json;
use crate::config::Delivery as Settings;
use crate::deliver::{Delivery, Journal, KEPT_BACK, Outcome, Update};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::entry::{RunEnd, RunRecord, Settlement};
use crate::ledger::lock::{Attempt, Holder};
use crate::ledger::{Change, Known, Ledger, Lock, Place, Planned, plan};
use crate::order::{Batch, body};
use crate::report::{Run, Totals};
use crate::ui::{Screen, summary};

/// What to do where another import holds the ledger.
#[derive(Debug, Clone, Copy)]
pub(super) enum Patience {
    /// To give up at once.
    None,
    /// To wait until it has ended, and to say so.
    Waits(Screen),
}

impl Patience {
    /// Returns the patience that was asked for.
    pub(super) fn of(is_waiting: bool, screen: Screen) -> Self {
        if is_waiting {
            Self::Waits(screen)
        } else {
            Self::None
        }
    }
}

/// The ledger of an import. The lock is held until it is dropped.
pub(super) struct Memory {
    journal: Journal,
    target: String,
    _lock: Option<Lock>,
}

impl Memory {
    /// Opens the ledger; an import takes its lock, a plan only looks.
    pub(super) fn open(
        settings: &Settings,
        run: &Run,
        is_dry_run: bool,
        patience: Patience,
    ) -> Result<Self, Error> {
        let target = settings.target.key().to_owned();
        let ledger = Ledger::open(&settings.ledger).map_err(Error::Ledger)?;
        let lock = if is_dry_run {
            None
        } else {
            lock(&settings.ledger, &target, &run.id, patience)?
        };
        Ok(Self {
            journal: Journal {
                ledger,
                run: run.id.clone(),
            },
            target,
            _lock: lock,
        })
    }

    /// Plans the orders that are not held back: those with something to send, in their order. The others come to
    /// their end here, in `deliveries`.
    pub(super) fn updates(
        &self,
        batch: &Batch,
        settings: &Settings,
        deliveries: &mut [Delivery],
    ) -> Result<Vec<Update>, Error> {
        let good: Vec<usize> = (0..batch.orders.len())
            .filter(|index| batch.orders[*index].errors == 0)
            .collect();
        let id = |index: &usize| {
            let order = &batch.orders[*index];
            (order.company_id.clone(), order.order_id.clone())
        };
        let ids = good.iter().map(id).collect();
        let all_known = self
            .journal
            .ledger
            .known(&self.target, ids)
            .map_err(Error::Ledger)?;
        let mut updates = Vec::new();
        for (index, known) in good.into_iter().zip(all_known) {
            let order = &batch.orders[index];
            let known = known
                .map(|text| read_known(&text, &order.order_id))
                .transpose()?
                .unwrap_or_default();
            let wanted = body::of(order);
            let planned = plan(
                &wanted,
                Some(&known),
                settings.policy.on_ambiguous,
                settings.policy.resend,
            );
            if planned.body.is_some() {
                let (company_id, order_id) = id(&index);
                updates.push(Update {
                    company_id,
                    order_id,
                    wanted,
                    known,
                });
            } else {
                deliveries[index] = settled(planned);
            }
        }
        Ok(updates)
    }

    /// Begins the run in the ledger.
    pub(super) fn begin(
        &self,
        run: &Run,
        batch: &Batch,
        deliveries: &[Delivery],
    ) -> Result<Journal, Error> {
        let record = RunRecord {
            id: run.id.clone(),
            mode: "import".to_owned(),
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
                company_id: order.company_id.clone(),
                order_id: order.order_id.clone(),
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
    pub(super) fn finish(&self, totals: &Totals, exit: ExitCode) -> Result<(), Error> {
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

/// Takes the lock of a ledger and a target; a ledger in memory needs none.
pub(super) fn lock(
    place: &Place,
    target: &str,
    run: &str,
    patience: Patience,
) -> Result<Option<Lock>, Error> {
    let Place::File(path) = place else {
        return Ok(None);
    };
    let holder = Holder::this_process(run, jiff::Timestamp::now());
    let held = match Lock::try_take(path, target, &holder).map_err(Error::Ledger)? {
        Attempt::Taken(lock) => return Ok(Some(lock)),
        Attempt::Held(other) => Error::Held { holder: other },
    };
    let Patience::Waits(screen) = patience else {
        return Err(held);
    };
    screen.note(|mut out| summary::write_line(&mut out, "waiting", &held.to_string()));
    let lock = Lock::wait_for(path, target, &holder);
    lock.map(Some).map_err(Error::Ledger)
}

/// Reads what the ledger keeps of an order.
pub(super) fn read_known(text: &str, order_id: &str) -> Result<Known, Error> {
    Known::from_json(text).map_err(|words| {
        let help =
            "import with another --ledger; keep this one, it may be needed to see what was sent";
        Error::usage(
            format!("the ledger's entry of order `{order_id}` cannot be read: {words}"),
            help,
        )
    })
}

/// The end of an order that costs no request.
fn settled(planned: Planned) -> Delivery {
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
