//! Entries of another ledger into this one: what is new is added, and of what both know the later word counts.

use super::backend::Entries;
use super::entry::{Delivery, Entry, OrderKey, OrderRecord, Run};
use super::{Ledger, OrderState};
use crate::ledger::error::LedgerError;
use crate::storage::error::StorageError;

/// How many entries of a kind are looked up and written at once.
const AT_ONCE: usize = 1_000;

/// What a merge has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Merged {
    /// Runs that were added, or of which the end was.
    pub(crate) runs: usize,
    /// Orders of which something was learned.
    pub(crate) orders: usize,
    /// Orders' parts in runs that were added, or of which something later was known.
    pub(crate) deliveries: usize,
}

impl Ledger {
    /// Takes over entries of another ledger, all of them or none. They come in the order in which [`Ledger::fold`]
    /// hands them out; `entries` makes them anew where the work must be begun again.
    ///
    /// # Errors
    /// When the ledger cannot be written, an entry cannot be read, or it contradicts what is there.
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

/// A merge on its way.
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

    /// Writes what has come together: runs before their deliveries.
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

/// Returns what is to be written: what is not held yet, and what a rule makes of both where that is news.
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

/// A run ends once, and otherwise never changes.
fn run(held: &Run, other: Run) -> Result<Run, StorageError> {
    if held.record != other.record {
        let words = format!("its run `{}` is another one here", other.record.id);
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
            StorageError::ImportConflict(format!(
                "the entry of order `{id}` cannot be read: {words}"
            ))
        })
    };
    let (earlier, later) = if held.changed_at <= other.changed_at {
        (held, &other)
    } else {
        (&other, held)
    };
    let known = read(earlier)?.merged(&read(later)?);
    // What is known already is not written in other words.
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

/// Of two accounts of one delivery the one that ends later tells more.
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
    fn of_what_both_know_of_an_order_the_later_word_counts_whichever_comes_in() {
        let (earlier, later) = (remembered("1", 10), remembered("2", 20));
        assert_eq!(order(&earlier, later.clone()).unwrap(), later);
        assert_eq!(order(&later, earlier).unwrap(), later);
    }

    #[test]
    fn of_two_accounts_of_a_delivery_the_later_one_counts() {
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
    fn a_run_of_the_same_name_that_began_otherwise_is_refused() {
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
