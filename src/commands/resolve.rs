//! `scoreload resolve`: settles deliveries whose outcome is unknown.

use jiff::Timestamp;
use serde_json::json;

use crate::cli::error::CommandLineError;
use crate::cli::{Format, ResolveArgs};
use crate::delivery::Outcome;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::entry::{Delivery, Settlement};
use crate::ledger::{Lease, Ledger};
use crate::pipeline::ledger_session::LockWait;
use crate::pipeline::ledger_session::lock::{held_by_other, lock};
use crate::pipeline::ledger_session::planning::parse_known;
use crate::pipeline::open_ledger::open_ledger;
use crate::ui::{self, Screen, summary};

pub(crate) fn run(args: &ResolveArgs, screen: Screen) -> Result<ExitCode, Error> {
    let ledger = open_ledger(&args.ledger)?;
    let Some(run) = ledger.run(&args.run).map_err(Error::Ledger)? else {
        let run = args.run.clone();
        return Err(CommandLineError::UnknownRun { run }.into());
    };
    let _lock = lock(
        ledger.location(),
        &run.record.target,
        &args.run,
        LockWait::Never,
    )?;
    let mut open = ledger.deliveries_of_run(&args.run).map_err(Error::Ledger)?;
    open.retain(|delivery| is_open(delivery) && is_selected(delivery, &args.orders));
    let mut settled = Vec::new();
    for delivery in &open {
        lease(&ledger, delivery)?;
        if settle(&ledger, delivery, args.mark_delivered)? {
            settled.push(delivery);
        }
        ledger.release(delivery.order());
    }
    // A read waits for the writes that were queued before it.
    ledger.runs(1).map_err(Error::Ledger)?;
    if args.format == Format::Json {
        return print_json(args, &settled);
    }
    let orders = summary::count(settled.len(), "order", "orders");
    let words = if open.is_empty() {
        "nothing: no selected order has an unknown outcome in this run".to_owned()
    } else if settled.is_empty() {
        "nothing: all unknown orders of this run were settled since".to_owned()
    } else if args.mark_delivered {
        format!("{orders} marked as delivered")
    } else {
        format!("{orders} marked as not delivered; the next import of the file sends them again")
    };
    screen.note(|mut out| summary::write_line(&mut out, "settled", &words));
    Ok(ExitCode::Success)
}

/// Leases an order, so that no importer sends it meanwhile.
fn lease(ledger: &Ledger, delivery: &Delivery) -> Result<(), Error> {
    match ledger.lease_now(delivery.order()).map_err(Error::Ledger)? {
        Lease::Ours(_) => Ok(()),
        Lease::Elsewhere => Err(held_by_other(ledger)?),
    }
}

/// Prints the settled orders as JSON.
fn print_json(args: &ResolveArgs, settled: &[&Delivery]) -> Result<ExitCode, Error> {
    let order = |delivery: &&Delivery| json!({"company_id": delivery.company_id, "order_id": delivery.order_id});
    let result = json!({
        "run": args.run,
        "settled_as": if args.mark_delivered { "delivered" } else { "lost" },
        "orders": settled.iter().map(order).collect::<Vec<_>>(),
    });
    ui::answer(|out| ui::write_json_line(out, &result))?;
    Ok(ExitCode::Success)
}

fn is_open(delivery: &Delivery) -> bool {
    let is_unknown = |outcome: &str| outcome == Outcome::Unknown.words();
    delivery
        .settled
        .as_ref()
        .is_none_or(|settled| is_unknown(&settled.outcome))
}

fn is_selected(delivery: &Delivery, orders: &[String]) -> bool {
    let (company, id) = (&delivery.company_id, &delivery.order_id);
    let is_it = |order: &String| id == order || *order == format!("{company}/{id}");
    orders.is_empty() || orders.iter().any(is_it)
}

/// Settles a delivery. Returns false if a later run had already settled the order.
fn settle(ledger: &Ledger, delivery: &Delivery, is_delivered: bool) -> Result<bool, Error> {
    let order = (delivery.company_id.clone(), delivery.order_id.clone());
    let known = ledger
        .known(&delivery.target, vec![order])
        .map_err(Error::Ledger)?;
    let Some(text) = known.into_iter().flatten().next() else {
        return Ok(false);
    };
    let mut known = parse_known(&text, &delivery.order_id)?;
    if !known.is_in_doubt() {
        return Ok(false);
    }
    let (outcome, message) = if is_delivered {
        known.settle_as_delivered();
        (Outcome::Accepted, "settled by hand: delivered")
    } else {
        known.settle_as_lost();
        (Outcome::Failed, "settled by hand: lost")
    };
    ledger.settle(Settlement {
        run: delivery.run.clone(),
        order: delivery.order(),
        outcome: outcome.words().to_owned(),
        http_status: delivery
            .settled
            .as_ref()
            .and_then(|settled| settled.http_status),
        attempts: delivery
            .settled
            .as_ref()
            .map_or(0, |settled| settled.attempts),
        message: Some(message.to_owned()),
        known: Some(known.to_json()),
        at: Timestamp::now(),
    });
    Ok(true)
}
