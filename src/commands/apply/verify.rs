//! Whether a plan still holds: what the ledger keeps of its orders now, beside what it kept when the plan was made.

use rayon::prelude::*;

use crate::delivery::{Delivery, Outcome, Update, Wanted};
use crate::error::Error;
use crate::ledger::Planned;
use crate::ledger::entry::{LastSent, Run, RunEnd};
use crate::paylocity::model::Text;
use crate::pipeline::Import;
use crate::pipeline::ledger_session;
use crate::pipeline::ledger_session::{Memory, remembered, settled};
use crate::pipeline::max_change::count;
use crate::plan::error::PlanError;
use crate::plan::{Change, Plan, PlanOrder, fingerprint};

/// The runs that have applied a plan so far.
pub(crate) struct Earlier(Vec<Run>);

/// What is to be done of an order.
enum Next {
    Send(Box<Update>),
    Settle(Delivery),
    /// Another run has delivered to it; its id, where it is known.
    Moved(Option<String>),
}

impl Next {
    fn of(planned: Planned, update: Update) -> Self {
        if planned.is_open() {
            Self::Send(Box::new(update))
        } else {
            Self::Settle(settled(planned))
        }
    }
}

impl Earlier {
    /// Looks for the runs that have applied the plan.
    ///
    /// # Errors
    /// When one of them has settled everything.
    pub(crate) fn of(plan: &Plan, memory: &Memory) -> Result<Self, Error> {
        let runs = memory.runs_of_plan(&plan.plan)?;
        let complete = runs.iter().find_map(|run| {
            let end = run.end.as_ref().filter(|end| is_complete(end, plan))?;
            Some((run, end))
        });
        let Some((run, end)) = complete else {
            return Ok(Self(runs));
        };
        Err(PlanError::AlreadyApplied {
            plan: plan.plan.clone(),
            run: run.record.id.clone(),
            finished_at: end.finished_at,
        }
        .into())
    }

    /// Returns what is left to send, in the plan's order; the other orders come to their end.
    ///
    /// # Errors
    /// When another run has delivered to an order since the plan was made.
    pub(crate) fn updates(&self, plan: &Plan, import: &mut Import) -> Result<Vec<Update>, Error> {
        let nexts = self.nexts(plan, import)?;
        let mut moved = nexts.iter().filter_map(|(order, next)| match next {
            Next::Moved(run) => Some((*order, run.as_deref())),
            _ => None,
        });
        if let Some((first, run)) = moved.next() {
            return Err(stale(&plan.orders[first], run, moved.count()));
        }
        let mut updates = Vec::new();
        for (index, next) in nexts {
            match next {
                Next::Send(update) => updates.push(*update),
                Next::Settle(delivery) => import.deliveries[index] = delivery,
                Next::Moved(_) => {}
            }
        }
        Ok(updates)
    }

    /// Says for each order that is not held back what is to be done.
    fn nexts(&self, plan: &Plan, import: &Import) -> Result<Vec<(usize, Next)>, Error> {
        let orders = plan.orders.iter().enumerate();
        let good: Vec<(usize, &PlanOrder)> = orders
            .filter(|(_, order)| order.change != Change::Invalid)
            .collect();
        let ids = good.iter().map(|(_, order)| id_of(order)).collect();
        let texts = import.memory.known(ids)?;
        let is_moved: Vec<bool> = good
            .par_iter()
            .zip(&texts)
            .map(|((_, order), text)| text.as_deref().map(fingerprint) != order.ledger)
            .collect();
        let moved = good.iter().zip(&is_moved).filter(|(_, moved)| **moved);
        let mut sent = import
            .memory
            .last_sent(moved.map(|((_, order), _)| id_of(order)).collect())?
            .into_iter();
        let mut nexts = Vec::with_capacity(good.len());
        for (((index, order), text), is_moved) in good.into_iter().zip(texts).zip(is_moved) {
            let next = if is_moved {
                self.resumed(order, text.as_deref(), sent.next().flatten(), import)?
            } else {
                untouched(order, text.as_deref(), import)?
            };
            nexts.push((index, next));
        }
        Ok(nexts)
    }

    /// Goes on with an order that was sent since the plan was made: by a run that applied the plan, or by another.
    fn resumed(
        &self,
        order: &PlanOrder,
        text: Option<&str>,
        sent: Option<LastSent>,
        import: &Import,
    ) -> Result<Next, Error> {
        let is_own = |sent: &LastSent| self.0.iter().any(|run| run.record.id == sent.run);
        let Some(own) = sent.as_ref().filter(|sent| is_own(sent)) else {
            return Ok(Next::Moved(sent.map(|sent| sent.run)));
        };
        let is_accepted = own.outcome.as_deref() == Some(Outcome::Accepted.words());
        let Some(update) = update_of(order, text)?.filter(|_| !is_accepted) else {
            return Ok(Next::Settle(unchanged()));
        };
        Ok(Next::of(planned(&update, import), update))
    }
}

/// Does with an order what the plan says.
fn untouched(order: &PlanOrder, text: Option<&str>, import: &Import) -> Result<Next, Error> {
    let Some(update) = update_of(order, text)? else {
        return Ok(Next::Settle(unchanged()));
    };
    let planned = planned(&update, import);
    if planned.body(&update.wanted.body()) != order.body.as_ref() {
        let order_id = order.order_id.to_string();
        return Err(PlanError::BodyDiffers { order_id }.into());
    }
    Ok(Next::of(planned, update))
}

/// Returns the update of an order; `None` where the plan has nothing to send of it.
fn update_of(order: &PlanOrder, text: Option<&str>) -> Result<Option<Update>, Error> {
    let Some(wanted) = order.asked.as_ref().or(order.body.as_ref()) else {
        return Ok(None);
    };
    let (company_id, order_id) = id_of(order);
    Ok(Some(Update {
        remembered: remembered(text, wanted, &order_id)?,
        wanted: Wanted::Body(Box::new(wanted.clone())),
        company_id,
        order_id,
    }))
}

fn planned(update: &Update, import: &Import) -> Planned {
    let wanted = || update.wanted.body().into_owned();
    ledger_session::planned(&update.remembered, wanted, &import.setup)
}

fn unchanged() -> Delivery {
    Delivery {
        outcome: Outcome::Unchanged,
        ..Delivery::not_sent()
    }
}

fn id_of(order: &PlanOrder) -> (Text, Text) {
    (order.company_id.clone(), order.order_id.clone())
}

fn stale(order: &PlanOrder, run: Option<&str>, more: usize) -> Error {
    PlanError::Stale {
        company_id: order.company_id.to_string(),
        order_id: order.order_id.to_string(),
        run: run.map(str::to_owned),
        more,
    }
    .into()
}

/// Tells whether a run has settled everything that the plan has to send. An order with reports that are kept back
/// stays unknown until a person says what became of them.
fn is_complete(end: &RunEnd, plan: &Plan) -> bool {
    let orders = plan.orders.iter();
    let held = orders
        .filter(|order| !order.held_reports.is_empty())
        .count();
    count(end, Outcome::NotSent) == 0
        && count(end, Outcome::Failed) == 0
        && count(end, Outcome::Unknown) <= held
}
