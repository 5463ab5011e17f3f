//! Whether a plan is stale: compares the ledger's state of its orders with the state when the plan was made.

use rayon::prelude::*;

use crate::delivery::{Delivery, Outcome, Payload, Update};
use crate::error::Error;
use crate::ledger::Planned;
use crate::ledger::entry::{LastSent, Run, RunEnd};
use crate::paylocity::model::Text;
use crate::pipeline::ledger_session::LedgerSession;
use crate::pipeline::ledger_session::planning::{self, remembered, unsent_delivery};
use crate::pipeline::max_change::count;
use crate::pipeline::stages::{Checked, Session};
use crate::plan::error::PlanError;
use crate::plan::{Change, Plan, PlanOrder, fingerprint};

/// The earlier runs that applied a plan.
pub(crate) struct EarlierRuns(Vec<Run>);

/// What to do with an order.
enum Step {
    Send(Box<Update>),
    /// Nothing is sent: the order has this outcome.
    Finish(Delivery),
    /// The order is stale: another run delivered it. Has the id of that run, if the ledger knows it.
    Refuse(Option<String>),
}

impl Step {
    fn new(planned: Planned, update: Update) -> Self {
        if planned.is_open() {
            Self::Send(Box::new(update))
        } else {
            Self::Finish(unsent_delivery(planned))
        }
    }
}

impl EarlierRuns {
    /// Returns the earlier runs of a plan.
    ///
    /// # Errors
    /// One of them has settled every order.
    pub(crate) fn of_plan(plan: &Plan, ledger: &LedgerSession) -> Result<Self, Error> {
        let runs = ledger.runs_of_plan(&plan.plan)?;
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

    /// Returns the updates that are left to send, in the plan's order. The remaining valid orders get their outcome.
    ///
    /// # Errors
    /// Another run delivered an order since the plan was made.
    pub(crate) fn updates(&self, plan: &Plan, checked: &mut Checked) -> Result<Vec<Update>, Error> {
        let steps = self.steps(plan, &checked.session)?;
        let mut stale_orders = steps.iter().filter_map(|(order, step)| match step {
            Step::Refuse(run) => Some((*order, run.as_deref())),
            Step::Send(_) | Step::Finish(_) => None,
        });
        if let Some((first, run)) = stale_orders.next() {
            return Err(stale(&plan.orders[first], run, stale_orders.count()));
        }
        let mut updates = Vec::new();
        for (index, step) in steps {
            match step {
                Step::Send(update) => updates.push(*update),
                Step::Finish(delivery) => checked.results.deliveries[index] = delivery,
                Step::Refuse(_) => {}
            }
        }
        Ok(updates)
    }

    /// Returns the step of each valid order, with its index.
    fn steps(&self, plan: &Plan, session: &Session) -> Result<Vec<(usize, Step)>, Error> {
        let orders = plan.orders.iter().enumerate();
        let valid: Vec<(usize, &PlanOrder)> = orders
            .filter(|(_, order)| order.change != Change::Invalid)
            .collect();
        let ids = valid.iter().map(|(_, order)| id_of(order)).collect();
        let texts = session.ledger.known(ids)?;
        let is_changed: Vec<bool> = valid
            .par_iter()
            .zip(&texts)
            .map(|((_, order), text)| text.as_deref().map(fingerprint) != order.ledger)
            .collect();
        let changed = valid
            .iter()
            .zip(&is_changed)
            .filter(|(_, changed)| **changed);
        let mut sent = session
            .ledger
            .last_sent(changed.map(|((_, order), _)| id_of(order)).collect())?
            .into_iter();
        let mut steps = Vec::with_capacity(valid.len());
        for (((index, order), text), is_changed) in valid.into_iter().zip(texts).zip(is_changed) {
            let step = if is_changed {
                self.changed_order(order, text.as_deref(), sent.next().flatten(), session)?
            } else {
                unchanged_order(order, text.as_deref(), session)?
            };
            steps.push((index, step));
        }
        Ok(steps)
    }

    /// Returns the step of an order that was sent since the plan was made. If a run of this plan sent it, the order is
    /// continued; if another run did, it is stale.
    fn changed_order(
        &self,
        order: &PlanOrder,
        text: Option<&str>,
        sent: Option<LastSent>,
        session: &Session,
    ) -> Result<Step, Error> {
        let is_own = |sent: &LastSent| self.0.iter().any(|run| run.record.id == sent.run);
        let Some(own) = sent.as_ref().filter(|sent| is_own(sent)) else {
            return Ok(Step::Refuse(sent.map(|sent| sent.run)));
        };
        let is_accepted = own.outcome.as_deref() == Some(Outcome::Accepted.words());
        let Some(update) = update_of(order, text)?.filter(|_| !is_accepted) else {
            return Ok(Step::Finish(unchanged()));
        };
        Ok(Step::new(planned(&update, session), update))
    }
}

/// Returns the step of an order whose ledger entry is as it was when the plan was made.
fn unchanged_order(
    order: &PlanOrder,
    text: Option<&str>,
    session: &Session,
) -> Result<Step, Error> {
    let Some(update) = update_of(order, text)? else {
        return Ok(Step::Finish(unchanged()));
    };
    let planned = planned(&update, session);
    if planned.body(&update.payload.body()) != order.body.as_ref() {
        let order_id = order.order_id.to_string();
        return Err(PlanError::BodyDiffers { order_id }.into());
    }
    Ok(Step::new(planned, update))
}

/// Returns the update of an order, or `None` if the plan has nothing to send of it.
fn update_of(order: &PlanOrder, text: Option<&str>) -> Result<Option<Update>, Error> {
    let Some(wanted) = order.asked.as_ref().or(order.body.as_ref()) else {
        return Ok(None);
    };
    let (company_id, order_id) = id_of(order);
    Ok(Some(Update {
        remembered: remembered(text, wanted, &order_id)?,
        payload: Payload::Body(Box::new(wanted.clone())),
        company_id,
        order_id,
    }))
}

fn planned(update: &Update, session: &Session) -> Planned {
    let wanted = || update.payload.body().into_owned();
    planning::planned(&update.remembered, wanted, &session.setup)
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

/// Returns whether a run settled every order of the plan. Orders with held reports stay unknown until `resolve`, so they
/// do not count.
fn is_complete(end: &RunEnd, plan: &Plan) -> bool {
    let orders = plan.orders.iter();
    let held = orders
        .filter(|order| !order.held_reports.is_empty())
        .count();
    count(end, Outcome::NotSent) == 0
        && count(end, Outcome::Failed) == 0
        && count(end, Outcome::Unknown) <= held
}
