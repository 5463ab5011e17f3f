//! Import of another ledger's entries: new ones are added, and of two versions of an entry the later one wins.

use super::backend::Entries;
use super::entry::{Delivery, Entry, OrderKey, OrderRecord, Run};
use super::{Ledger, OrderState};
use crate::ledger::error::LedgerError;
use crate::storage::error::StorageError;

/// The number of entries of a kind that are looked up and written together.
const AT_ONCE: usize = 1_000;

/// The number of entries that a merge changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Merged {
    /// Runs that were added, or that got an end.
    pub(crate) runs: usize,
    /// Orders that were added or changed.
    pub(crate) orders: usize,
    /// Deliveries that were added or changed.
    pub(crate) deliveries: usize,
}

impl Ledger {
    /// Merges entries of another ledger in one transaction. They are in the order of [`Ledger::fold`]; `entries` is
    /// called again for a retry.
    ///
    /// # Errors
    /// When the ledger cannot be written, or an entry cannot be read or contradicts this ledger.
    pub(crate) fn merge<I>(
        &self,
        mut entries: impl FnMut() -> Result<I, StorageError> + Send + 'static,
    ) -> Result<Merged, LedgerError>
    where
        I: Iterator<Item = Result<Entry, StorageError>>,
    {
        self.rewrite(move |held| {
            let mut merging = Merging::default();
            for entry in entries()? {
                merging.take(entry?, held)?;
            }
            merging.write(held)?;
            Ok(merging.merged)
        })
    }
}

/// A merge in progress.
#[derive(Default)]
struct Merging {
    runs: Vec<Run>,
    orders: Vec<OrderRecord>,
    deliveries: Vec<Delivery>,
    merged: Merged,
}

impl Merging {
    fn take(&mut self, entry: Entry, held: &mut dyn Entries) -> Result<(), StorageError> {
        match entry {
            Entry::Run(run) => self.runs.push(run),
            Entry::Order(order) => self.orders.push(order),
            Entry::Delivery(delivery) => self.deliveries.push(delivery),
        }
        let waiting = [self.runs.len(), self.orders.len(), self.deliveries.len()];
        if waiting.contains(&AT_ONCE) {
            self.write(held)?;
        }
        Ok(())
    }

    /// Writes the collected entries: runs before their deliveries.
    fn write(&mut self, held: &mut dyn Entries) -> Result<(), StorageError> {
        let runs = std::mem::take(&mut self.runs);
        let ids: Vec<&str> = runs.iter().map(|run| run.record.id.as_str()).collect();
        let found = held.runs(&ids)?;
        let new = only_new(found, runs, run)?;
        held.put_runs(&new)?;
        self.merged.runs += new.len();

        let orders = std::mem::take(&mut self.orders);
        let keys: Vec<OrderKey> = orders.iter().map(|order| order.key.clone()).collect();
        let found = held.orders(&keys)?;
        let new = only_new(found, orders, order)?;
        held.put_orders(&new)?;
        self.merged.orders += new.len();

        let deliveries = std::mem::take(&mut self.deliveries);
        let keys: Vec<(String, OrderKey)> = deliveries.iter().map(key_of).collect();
        let found = held.deliveries(&keys)?;
        let new = only_new(found, deliveries, |held, other| Ok(delivery(held, other)))?;
        held.put_deliveries(&new)?;
        self.merged.deliveries += new.len();
        Ok(())
    }
}

fn key_of(delivery: &Delivery) -> (String, OrderKey) {
    (delivery.run.clone(), delivery.order())
}

/// Returns the entries to write: those that are new, and those that differ after merging by `rule`.
fn only_new<T: PartialEq>(
    held: Vec<Option<T>>,
    others: Vec<T>,
    rule: impl Fn(&T, T) -> Result<T, StorageError>,
) -> Result<Vec<T>, StorageError> {
    let mut new = Vec::new();
    for (held, other) in held.into_iter().zip(others) {
        match held {
            None => new.push(other),
            Some(held) if held == other => {}
            Some(held) => {
                let both = rule(&held, other)?;
                if both != held {
                    new.push(both);
                }
            }
        }
    }
    Ok(new)
}

/// Merges a run, of which only the end can be new.
fn run(held: &Run, other: Run) -> Result<Run, StorageError> {
    if held.record != other.record {
        let words = format!(
            "its run `{}` differs from the one with this id here",
            other.record.id
        );
        return Err(StorageError::ImportConflict(words));
    }
    let end = held.end.clone().or(other.end);
    Ok(Run {
        record: other.record,
        end,
    })
}

fn order(held: &OrderRecord, other: OrderRecord) -> Result<OrderRecord, StorageError> {
    let read = |order: &OrderRecord| {
        OrderState::from_json(&order.known).map_err(|words| {
            let id = &order.key.order_id;
            StorageError::ImportConflict(format!("cannot read the entry of order `{id}`: {words}"))
        })
    };
    let (earlier, later) = if held.changed_at <= other.changed_at {
        (held, &other)
    } else {
        (&other, held)
    };
    let known = read(earlier)?.merged(&read(later)?);
    // An equal state keeps its stored text.
    let words = match (read(held)? == known, read(later)? == known) {
        (true, _) => return Ok(held.clone()),
        (false, true) => later.known.clone(),
        (false, false) => known.to_json(),
    };
    Ok(OrderRecord {
        known: words,
        changed_at: later.changed_at,
        key: other.key,
    })
}

/// Merges a delivery: the later version wins.
fn delivery(held: &Delivery, other: Delivery) -> Delivery {
    let last = |delivery: &Delivery| {
        let settled = delivery.settled.as_ref().map(|settled| settled.at);
        settled.max(delivery.intended_at)
    };
    if last(held) >= last(&other) {
        return held.clone();
    }
    other
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::{RunRecord, Settled};
    use crate::paylocity::model::OrderUpdate;

    fn score(text: &str) -> OrderUpdate {
        OrderUpdate {
            overall_score: Some(text.into()),
            ..OrderUpdate::default()
        }
    }

    fn remembered(score_text: &str, second: i64) -> OrderRecord {
        let mut known = OrderState::default();
        known.accept(&score(score_text));
        OrderRecord {
            key: OrderKey {
                target: "demo".to_owned(),
                company_id: "B1".into(),
                order_id: "A1".into(),
            },
            known: known.to_json(),
            changed_at: jiff::Timestamp::from_second(second).unwrap(),
        }
    }

    #[test]
    fn the_later_state_of_an_order_wins() {
        let (earlier, later) = (remembered("1", 10), remembered("2", 20));
        assert_eq!(order(&earlier, later.clone()).unwrap(), later);
        assert_eq!(order(&later, earlier).unwrap(), later);
    }

    #[test]
    fn the_later_version_of_a_delivery_wins() {
        let open = Delivery {
            run: "R".to_owned(),
            target: "demo".to_owned(),
            company_id: "B1".into(),
            order_id: "A1".into(),
            body: Some("{}".to_owned()),
            intended_at: Some(jiff::Timestamp::from_second(10).unwrap()),
            settled: None,
        };
        let settled = Delivery {
            settled: Some(Settled {
                at: jiff::Timestamp::from_second(11).unwrap(),
                outcome: "accepted".to_owned(),
                http_status: Some(204),
                attempts: 1,
                message: None,
            }),
            ..open.clone()
        };
        assert_eq!(delivery(&open, settled.clone()), settled);
        assert_eq!(delivery(&settled, open), settled);
    }

    #[test]
    fn a_different_run_with_the_same_id_is_refused() {
        let began = |target: &str| Run {
            record: RunRecord {
                id: "R".to_owned(),
                mode: "import".to_owned(),
                target: target.to_owned(),
                started_at: jiff::Timestamp::UNIX_EPOCH,
                inputs: "[]".to_owned(),
                plan: None,
            },
            end: None,
        };
        assert!(matches!(
            run(&began("demo"), began("production")),
            Err(StorageError::ImportConflict(_))
        ));
    }
}
