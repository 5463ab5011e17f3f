//! A body taken apart: the order, its assessments and its tests side by side, each with its values and reports.
//!
//! So the rules of the ledger need not know how bodies are nested: they speak of parts, found by what tells them
//! apart. What the parts mean for a delivery is for [`mod@super::plan`] and [`crate::ledger::order_state`].

use foldhash::fast::RandomState;

use crate::paylocity::model::{
    AssessmentResults, AssessmentUpdate, OrderUpdate, ReportLink, StatusUpdate, TestScore,
    TestUpdate, Text,
};
use crate::schema::columns::Scope;

type IndexMap<K, V> = indexmap::IndexMap<K, V, RandomState>;
type IndexSet<T> = indexmap::IndexSet<T, RandomState>;

/// What tells the parts of an order apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PartId {
    Order,
    Assessment(Option<Text>),
    /// API.md: a test is identified by its id and attempt.
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

/// The single values of a part, in an order of its kind's own: see `of_body` and `into_body`.
type Values = [Option<Text>; 4];

/// What a body says of one part.
#[derive(Debug, Clone, Default)]
struct Part {
    values: Values,
    reports: IndexSet<ReportLink>,
}

impl Part {
    fn is_bare(&self) -> bool {
        self.reports.is_empty() && self.values.iter().all(Option::is_none)
    }
}

/// The parts of a body, in its order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts(IndexMap<PartId, Part>);

impl Parts {
    /// Takes a body apart.
    pub(crate) fn of_body(body: &OrderUpdate) -> Self {
        let mut parts = Self::default();
        let values = [
            &body.partner_tracking_id,
            &body.overall_score,
            &body.overall_score_description,
            &None,
        ];
        parts.add(PartId::Order, values, &body.overall_reports);
        for assessment in &body.assessments {
            parts.add_assessment(assessment);
        }
        parts
    }

    fn add_assessment(&mut self, assessment: &AssessmentUpdate) {
        let (none, id) = (AssessmentResults::default(), &assessment.assessment_id);
        let results = assessment.assessment_results.as_ref().unwrap_or(&none);
        let [updated_at, status] = of_status(assessment.assessment_status.as_ref());
        let values = [
            updated_at,
            status,
            &results.score,
            &results.score_description,
        ];
        self.add(PartId::Assessment(id.clone()), values, &results.reports);
        for test in &results.tests {
            self.add_test(id.as_ref(), test);
        }
    }

    fn add_test(&mut self, assessment: Option<&Text>, test: &TestUpdate) {
        let none = TestScore::default();
        let score = test.score.as_ref().unwrap_or(&none);
        let [updated_at, status] = of_status(test.test_status.as_ref());
        let id = PartId::Test {
            assessment: assessment.cloned(),
            id: test.id.clone(),
            attempt: score.attempt,
        };
        let values = [updated_at, status, &score.value, &score.description];
        self.add(id, values, &score.reports);
    }

    fn add(&mut self, id: PartId, values: [&Option<Text>; 4], reports: &[ReportLink]) {
        let part = self.0.entry(id).or_default();
        for (held, value) in part.values.iter_mut().zip(values) {
            replace(held, value.clone());
        }
        part.reports.extend(reports.iter().cloned());
    }

    /// Puts the parts together again; a part of which nothing is said but its id stays.
    pub(crate) fn into_body(self) -> OrderUpdate {
        let mut body = OrderUpdate::default();
        let mut assessments: IndexMap<Option<Text>, AssessmentUpdate> = IndexMap::default();
        for (id, part) in self.0 {
            match id {
                PartId::Order => put_order(&mut body, part),
                PartId::Assessment(id) => put_assessment(entry(&mut assessments, id), part),
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
        body.assessments = assessments.into_values().collect();
        body
    }

    /// Tells whether the body names the part.
    fn contains(&self, id: &PartId) -> bool {
        self.0.contains_key(id)
    }

    /// Tells whether the part has the report: its name and link at this very place.
    pub(crate) fn has_report(&self, id: &PartId, link: &ReportLink) -> bool {
        self.0
            .get(id)
            .is_some_and(|part| part.reports.contains(link))
    }

    /// Goes through the reports, each with its part.
    pub(crate) fn reports(&self) -> impl Iterator<Item = (&PartId, &ReportLink)> {
        self.0
            .iter()
            .flat_map(|(id, part)| part.reports.iter().map(move |link| (id, link)))
    }

    /// Keeps the reports that `keeps` names, and every value.
    pub(crate) fn retain_reports(&mut self, mut keeps: impl FnMut(&PartId, &ReportLink) -> bool) {
        for (id, part) in &mut self.0 {
            part.reports.retain(|link| keeps(id, link));
        }
    }

    /// Keeps nothing but reports, and the parts that have some.
    pub(crate) fn retain_only_reports(&mut self) {
        self.0.retain(|_, part| {
            part.values = Values::default();
            !part.reports.is_empty()
        });
    }

    /// Adds what `later` says: its values replace, its reports are added.
    pub(crate) fn merge(&mut self, later: Self) {
        for (id, part) in later.0 {
            let held = self.0.entry(id).or_default();
            for (held, value) in held.values.iter_mut().zip(part.values) {
                replace(held, value);
            }
            held.reports.extend(part.reports);
        }
    }

    /// Forgets the values of which `other` says something else.
    pub(crate) fn forget_values_unlike(&mut self, other: &Self) {
        for (id, part) in &mut self.0 {
            let Some(other) = other.0.get(id) else {
                continue;
            };
            for (held, value) in part.values.iter_mut().zip(&other.values) {
                held.take_if(|held| value.as_ref().is_some_and(|value| *held != *value));
            }
        }
    }

    /// Tells whether every value, whatever part it is of, is a value of `held` too.
    pub(crate) fn values_are_in(&self, held: &Self) -> bool {
        let none = Values::default();
        self.0.iter().all(|(id, part)| {
            let held = held.0.get(id).map_or(&none, |part| &part.values);
            let mut pairs = part.values.iter().zip(held);
            pairs.all(|(value, held)| value.is_none() || value == held)
        })
    }

    /// Tells whether everything is in `held` too: every value, every report, every test.
    pub(crate) fn is_in(&self, held: &Self) -> bool {
        self.values_are_in(held)
            && self.reports().all(|(id, link)| held.has_report(id, link))
            && !self.inserts_a_bare_test(held)
    }

    /// Goes through the values that `held` does not have: each its part, its place there, and what is held instead.
    pub(crate) fn values_not_in<'a>(
        &'a self,
        held: &'a Self,
    ) -> impl Iterator<Item = (&'a PartId, usize, Option<&'a Text>, &'a Text)> {
        self.0.iter().flat_map(|(id, part)| {
            let held = held.0.get(id);
            let before = move |place: usize| held.and_then(|part| part.values[place].as_ref());
            let values = part.values.iter().enumerate();
            values
                .filter_map(move |(place, value)| Some((id, place, before(place), value.as_ref()?)))
                .filter(|(_, _, before, value)| *before != Some(*value))
        })
    }

    /// Tells whether there is a test of which nothing is said but its id and attempt, and that `held` lacks: sending
    /// it inserts it.
    pub(crate) fn inserts_a_bare_test(&self, held: &Self) -> bool {
        self.0
            .iter()
            .any(|(id, part)| id.scope() == Scope::Test && part.is_bare() && !held.contains(id))
    }
}

/// Returns the body without its reports.
pub(crate) fn without_reports(body: &OrderUpdate) -> OrderUpdate {
    let of_test = |test: &TestUpdate| TestUpdate {
        id: test.id.clone(),
        score: test.score.as_ref().and_then(|score| {
            filled(TestScore {
                value: score.value.clone(),
                description: score.description.clone(),
                attempt: score.attempt,
                reports: Vec::new(),
            })
        }),
        test_status: test.test_status.clone(),
    };
    let of_results = |results: &AssessmentResults| {
        filled(AssessmentResults {
            tests: results.tests.iter().map(of_test).collect(),
            score: results.score.clone(),
            score_description: results.score_description.clone(),
            reports: Vec::new(),
        })
    };
    let of_assessment = |assessment: &AssessmentUpdate| AssessmentUpdate {
        assessment_id: assessment.assessment_id.clone(),
        assessment_status: assessment.assessment_status.clone(),
        assessment_results: assessment.assessment_results.as_ref().and_then(of_results),
    };
    OrderUpdate {
        partner_tracking_id: body.partner_tracking_id.clone(),
        overall_score: body.overall_score.clone(),
        overall_score_description: body.overall_score_description.clone(),
        overall_reports: Vec::new(),
        assessments: body.assessments.iter().map(of_assessment).collect(),
    }
}

/// Returns the reports of the body alone, at their places: with the ids and attempts that lead to them.
pub(crate) fn reports_of(body: &OrderUpdate) -> OrderUpdate {
    let of_test = |test: &TestUpdate| {
        let score = test.score.as_ref()?;
        (!score.reports.is_empty()).then(|| TestUpdate {
            id: test.id.clone(),
            score: Some(TestScore {
                attempt: score.attempt,
                reports: score.reports.clone(),
                ..TestScore::default()
            }),
            test_status: None,
        })
    };
    let of_assessment = |assessment: &AssessmentUpdate| {
        let results = assessment.assessment_results.as_ref()?;
        let results = filled(AssessmentResults {
            tests: results.tests.iter().filter_map(of_test).collect(),
            reports: results.reports.clone(),
            ..AssessmentResults::default()
        })?;
        Some(AssessmentUpdate {
            assessment_id: assessment.assessment_id.clone(),
            assessment_results: Some(results),
            ..AssessmentUpdate::default()
        })
    };
    OrderUpdate {
        overall_reports: body.overall_reports.clone(),
        assessments: body.assessments.iter().filter_map(of_assessment).collect(),
        ..OrderUpdate::default()
    }
}

/// Leaves out what says nothing.
fn filled<T: Default + PartialEq>(part: T) -> Option<T> {
    (part != T::default()).then_some(part)
}

fn of_status(status: Option<&StatusUpdate>) -> [&Option<Text>; 2] {
    status.map_or([&None, &None], |status| [&status.updated_at, &status.value])
}

fn replace(held: &mut Option<Text>, value: Option<Text>) {
    if value.is_some() {
        *held = value;
    }
}

fn entry(
    assessments: &mut IndexMap<Option<Text>, AssessmentUpdate>,
    id: Option<Text>,
) -> &mut AssessmentUpdate {
    let fresh = AssessmentUpdate {
        assessment_id: id.clone(),
        ..AssessmentUpdate::default()
    };
    assessments.entry(id).or_insert(fresh)
}

fn put_order(body: &mut OrderUpdate, part: Part) {
    let [tracking_id, score, description, _] = part.values;
    body.partner_tracking_id = tracking_id;
    body.overall_score = score;
    body.overall_score_description = description;
    body.overall_reports = part.reports.into_iter().collect();
}

fn put_assessment(assessment: &mut AssessmentUpdate, part: Part) {
    let [updated_at, status, score, score_description] = part.values;
    assessment.assessment_status = status_update(updated_at, status);
    let results = AssessmentResults {
        tests: Vec::new(),
        score,
        score_description,
        reports: part.reports.into_iter().collect(),
    };
    if results != AssessmentResults::default() {
        let held = assessment.assessment_results.get_or_insert_default();
        *held = AssessmentResults {
            tests: std::mem::take(&mut held.tests),
            ..results
        };
    }
}

fn test_update(id: Option<Text>, attempt: Option<u32>, part: Part) -> TestUpdate {
    let [updated_at, status, value, description] = part.values;
    let score = TestScore {
        value,
        description,
        attempt,
        reports: part.reports.into_iter().collect(),
    };
    TestUpdate {
        id,
        score: (score != TestScore::default()).then_some(score),
        test_status: status_update(updated_at, status),
    }
}

fn status_update(updated_at: Option<Text>, value: Option<Text>) -> Option<StatusUpdate> {
    let status = StatusUpdate { updated_at, value };
    (status != StatusUpdate::default()).then_some(status)
}
