//! An update as a flat list: the order, its assessments and its tests, each with its values and reports.
//!
//! The rules of the ledger compare and merge updates part by part and need not know how the wire model is nested. What
//! follows for a delivery is decided by [`mod@super::plan`] and [`super::order_state`].

use std::collections::BTreeMap;

use foldhash::fast::RandomState;

use crate::paylocity::model::{AssessmentUpdate, OrderUpdate, ReportLink, TestUpdate, Text};
use crate::schema::columns::{Column, Scope};
use crate::schema::part::Part;

type IndexMap<K, V> = indexmap::IndexMap<K, V, RandomState>;
type IndexSet<T> = indexmap::IndexSet<T, RandomState>;

/// Identifies a part of an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PartId {
    Order,
    Assessment(Option<Text>),
    /// The server identifies a test by its id and attempt.
    Test {
        assessment: Option<Text>,
        id: Option<Text>,
        attempt: Option<u32>,
    },
}

impl PartId {
    pub(crate) fn scope(&self) -> Scope {
        match self {
            Self::Order => Scope::Order,
            Self::Assessment(_) => Scope::Assessment,
            Self::Test { .. } => Scope::Test,
        }
    }
}

/// The values and reports of one part.
#[derive(Debug, Clone, Default)]
struct FlatPart {
    values: BTreeMap<Column, Text>,
    reports: IndexSet<ReportLink>,
}

impl FlatPart {
    fn is_empty(&self) -> bool {
        self.reports.is_empty() && self.values.is_empty()
    }

    fn write_to(mut self, part: &mut impl Part) {
        part.set_values(|column| self.values.remove(&column));
        part.add_reports(self.reports);
    }
}

/// A value of an update that differs from an earlier one.
#[derive(Debug)]
pub(crate) struct DifferentValue<'a> {
    pub(crate) part: &'a PartId,
    pub(crate) column: Column,
    /// The earlier value; `None` if there is none.
    pub(crate) before: Option<&'a Text>,
    pub(crate) after: &'a Text,
}

/// The parts of an update, in its order.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlatUpdate(IndexMap<PartId, FlatPart>);

impl FlatUpdate {
    /// Flattens an update.
    pub(crate) fn new(update: &OrderUpdate) -> Self {
        let mut flat = Self::default();
        flat.add(PartId::Order, update);
        for assessment in &update.assessments {
            let assessment_id = &assessment.assessment_id;
            flat.add(PartId::Assessment(assessment_id.clone()), assessment);
            let results = assessment.assessment_results.iter();
            for test in results.flat_map(|results| &results.tests) {
                let id = PartId::Test {
                    assessment: assessment_id.clone(),
                    id: test.id.clone(),
                    attempt: test.score.as_ref().and_then(|score| score.attempt),
                };
                flat.add(id, test);
            }
        }
        flat
    }

    fn add(&mut self, id: PartId, part: &impl Part) {
        let flat = self.0.entry(id).or_default();
        let values = part.values();
        flat.values
            .extend(values.map(|(column, text)| (column, text.clone())));
        flat.reports.extend(part.reports().iter().cloned());
    }

    /// Returns the nested update; a part without values and reports keeps its ids.
    pub(crate) fn into_update(self) -> OrderUpdate {
        let mut update = OrderUpdate::default();
        let mut assessments: IndexMap<Option<Text>, AssessmentUpdate> = IndexMap::default();
        for (id, part) in self.0 {
            match id {
                PartId::Order => part.write_to(&mut update),
                PartId::Assessment(id) => part.write_to(entry(&mut assessments, id)),
                PartId::Test {
                    assessment,
                    id,
                    attempt,
                } => entry(&mut assessments, assessment)
                    .assessment_results
                    .get_or_insert_default()
                    .tests
                    .push(test_update(id, attempt, part)),
            }
        }
        update.assessments = assessments.into_values().collect();
        update
    }

    fn contains(&self, id: &PartId) -> bool {
        self.0.contains_key(id)
    }

    /// Whether a part has a report of the same name and link.
    pub(crate) fn has_report(&self, id: &PartId, link: &ReportLink) -> bool {
        self.0
            .get(id)
            .is_some_and(|part| part.reports.contains(link))
    }

    /// Returns every report with its part.
    pub(crate) fn reports(&self) -> impl Iterator<Item = (&PartId, &ReportLink)> {
        self.0
            .iter()
            .flat_map(|(id, part)| part.reports.iter().map(move |link| (id, link)))
    }

    /// Removes the reports for which `keeps` is false.
    pub(crate) fn retain_reports(&mut self, mut keeps: impl FnMut(&PartId, &ReportLink) -> bool) {
        for (id, part) in &mut self.0 {
            part.reports.retain(|link| keeps(id, link));
        }
    }

    /// Removes every value, and every part without a report.
    pub(crate) fn retain_only_reports(&mut self) {
        self.0.retain(|_, part| {
            part.values.clear();
            !part.reports.is_empty()
        });
    }

    /// Merges a later update: its values replace, its reports are added.
    pub(crate) fn merge(&mut self, later: Self) {
        for (id, part) in later.0 {
            let flat = self.0.entry(id).or_default();
            flat.values.extend(part.values);
            flat.reports.extend(part.reports);
        }
    }

    /// Removes the values for which `other` has a different value.
    pub(crate) fn remove_values_that_differ(&mut self, other: &Self) {
        for (id, part) in &mut self.0 {
            let Some(other) = other.0.get(id) else {
                continue;
            };
            let is_kept = |column: &Column, text: &mut Text| {
                other.values.get(column).is_none_or(|value| value == text)
            };
            part.values.retain(is_kept);
        }
    }

    /// Returns the values that `accepted` does not have.
    pub(crate) fn values_not_in<'a>(
        &'a self,
        accepted: &'a Self,
    ) -> impl Iterator<Item = DifferentValue<'a>> {
        self.0.iter().flat_map(move |(part, flat)| {
            let accepted = accepted.0.get(part);
            let values = flat.values.iter().map(move |(column, after)| {
                let before = accepted.and_then(|part| part.values.get(column));
                DifferentValue {
                    part,
                    column: *column,
                    before,
                    after,
                }
            });
            values.filter(|value| value.before != Some(value.after))
        })
    }

    /// Whether `accepted` has every value.
    pub(crate) fn values_are_in(&self, accepted: &Self) -> bool {
        self.values_not_in(accepted).next().is_none()
    }

    /// Whether `accepted` has every value, every report and every test.
    pub(crate) fn is_in(&self, accepted: &Self) -> bool {
        self.values_are_in(accepted)
            && self
                .reports()
                .all(|(id, link)| accepted.has_report(id, link))
            && !self.inserts_an_empty_test(accepted)
    }

    /// Whether sending the update would insert a test that has nothing but its id and attempt.
    pub(crate) fn inserts_an_empty_test(&self, accepted: &Self) -> bool {
        self.0.iter().any(|(id, part)| {
            id.scope() == Scope::Test && part.is_empty() && !accepted.contains(id)
        })
    }
}

fn entry(
    assessments: &mut IndexMap<Option<Text>, AssessmentUpdate>,
    id: Option<Text>,
) -> &mut AssessmentUpdate {
    let new = AssessmentUpdate {
        assessment_id: id.clone(),
        ..AssessmentUpdate::default()
    };
    assessments.entry(id).or_insert(new)
}

fn test_update(id: Option<Text>, attempt: Option<u32>, part: FlatPart) -> TestUpdate {
    let mut test = TestUpdate {
        id,
        ..TestUpdate::default()
    };
    if attempt.is_some() {
        test.score.get_or_insert_default().attempt = attempt;
    }
    part.write_to(&mut test);
    test
}
