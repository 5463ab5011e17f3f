//! Entries that are found by their keys and keep the order in which they came.

use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::RandomState;

/// Entries by their keys, in the order of first appearance. Few are looked through, many have an index.
#[derive(Debug)]
pub(crate) struct Keyed<K, V> {
    entries: Vec<(K, V)>,
    index: HashMap<K, usize, RandomState>,
}

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            index: HashMap::default(),
        }
    }
}

/// More entries than that have an index.
const FEW: usize = 32;

impl<K: Copy + Eq + Hash, V: Default> Keyed<K, V> {
    /// Returns the entry of a key, which is made where there is none.
    pub(crate) fn entry(&mut self, key: K) -> &mut V {
        let found = if self.entries.len() <= FEW {
            // Most rows go on with what the row before spoke of.
            self.entries.iter().rposition(|(other, _)| *other == key)
        } else {
            if self.index.is_empty() {
                let keys = self.entries.iter().map(|(key, _)| *key);
                self.index = keys.zip(0..).collect();
            }
            self.index.get(&key).copied()
        };
        let at = found.unwrap_or_else(|| {
            if self.entries.len() > FEW {
                self.index.insert(key, self.entries.len());
            }
            self.entries.push((key, V::default()));
            self.entries.len() - 1
        });
        &mut self.entries[at].1
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (K, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_or_many_each_key_has_one_entry_in_the_order_of_first_appearance() {
        for count in [1, FEW, FEW + 1, 10 * FEW] {
            let mut keyed: Keyed<usize, usize> = Keyed::default();
            for key in (0..count).rev().chain(0..count) {
                *keyed.entry(key) += 1;
            }
            let entries: Vec<(usize, usize)> =
                keyed.iter().map(|(key, times)| (key, *times)).collect();
            let expected: Vec<_> = (0..count).rev().map(|key| (key, 2)).collect();
            assert_eq!(entries, expected);
        }
    }
}
