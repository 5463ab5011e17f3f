//! The parts of an update that columns describe, read and written column by column.

use super::accessor::Accessor;
use super::columns::{COLUMNS, Column, Destination};
use crate::paylocity::model::{AssessmentUpdate, OrderUpdate, ReportLink, TestUpdate, Text};

/// A part of an update with values and reports of its own: the order, an assessment or a test.
pub(crate) trait Part: Sized + 'static {
    /// Returns the accessor of a destination in this part.
    fn accessor(destination: &Destination) -> Option<&Accessor<Self>>;

    /// Returns the reports of this part.
    fn reports(&self) -> &[ReportLink];

    /// Returns the list of the reports; creates the object that contains it.
    fn reports_mut(&mut self) -> &mut Vec<ReportLink>;

    /// Returns each column that is a value of this part, in the order of the table.
    fn columns() -> impl Iterator<Item = (Column, &'static Accessor<Self>)> {
        let columns = Column::ALL.iter().zip(&COLUMNS);
        columns.filter_map(|(column, spec)| Some((*column, Self::accessor(&spec.destination)?)))
    }

    /// Returns the values that are present, in the order of the table.
    fn values(&self) -> impl Iterator<Item = (Column, &Text)> {
        Self::columns().filter_map(|(column, accessor)| Some((column, (accessor.get)(self)?)))
    }

    /// Sets each value that `value` returns, and keeps the rest.
    fn set_values(&mut self, mut value: impl FnMut(Column) -> Option<Text>) {
        for (column, accessor) in Self::columns() {
            if let Some(text) = value(column) {
                *(accessor.place)(self) = Some(text);
            }
        }
    }

    /// Sets the values that are present in `other`, and keeps the rest.
    fn merge_values(&mut self, other: &Self) {
        for (_, accessor) in Self::columns() {
            if let Some(text) = (accessor.get)(other) {
                *(accessor.place)(self) = Some(text.clone());
            }
        }
    }

    /// Appends reports.
    fn add_reports(&mut self, reports: impl IntoIterator<Item = ReportLink>) {
        let mut reports = reports.into_iter().peekable();
        if reports.peek().is_some() {
            self.reports_mut().extend(reports);
        }
    }
}

impl Part for OrderUpdate {
    fn accessor(destination: &Destination) -> Option<&Accessor<Self>> {
        match destination {
            Destination::Order(accessor) => Some(accessor),
            _ => None,
        }
    }

    fn reports(&self) -> &[ReportLink] {
        &self.overall_reports
    }

    fn reports_mut(&mut self) -> &mut Vec<ReportLink> {
        &mut self.overall_reports
    }
}

impl Part for AssessmentUpdate {
    fn accessor(destination: &Destination) -> Option<&Accessor<Self>> {
        match destination {
            Destination::Assessment(accessor) => Some(accessor),
            _ => None,
        }
    }

    fn reports(&self) -> &[ReportLink] {
        let results = self.assessment_results.as_ref();
        results.map_or(&[], |results| &results.reports)
    }

    fn reports_mut(&mut self) -> &mut Vec<ReportLink> {
        &mut self.assessment_results.get_or_insert_default().reports
    }
}

impl Part for TestUpdate {
    fn accessor(destination: &Destination) -> Option<&Accessor<Self>> {
        match destination {
            Destination::Test(accessor) => Some(accessor),
            _ => None,
        }
    }

    fn reports(&self) -> &[ReportLink] {
        self.score.as_ref().map_or(&[], |score| &score.reports)
    }

    fn reports_mut(&mut self) -> &mut Vec<ReportLink> {
        &mut self.score.get_or_insert_default().reports
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Returns the value at a path of the table, in the first element of each list.
    fn at_path<'a>(body: &'a Value, path: &str) -> &'a Value {
        let step = |value: &'a Value, name: &str| match name.strip_suffix("[]") {
            Some(list) => &value[list][0],
            None => &value[name],
        };
        path.split('.').fold(body, step)
    }

    /// Returns an update with one assessment and one test in which `value` decides on every value.
    fn update(value: impl Fn(Column) -> Option<Text>) -> OrderUpdate {
        let mut test = TestUpdate::default();
        test.set_values(&value);
        let mut assessment = AssessmentUpdate::default();
        assessment.set_values(&value);
        let results = assessment.assessment_results.get_or_insert_default();
        results.tests.push(test);
        let mut order = OrderUpdate {
            assessments: vec![assessment],
            ..OrderUpdate::default()
        };
        order.set_values(&value);
        order
    }

    /// Returns the columns whose values an update has.
    fn columns(update: &OrderUpdate) -> Vec<Column> {
        let assessment = &update.assessments[0];
        let test = &assessment.assessment_results.as_ref().unwrap().tests[0];
        let values = update.values().chain(assessment.values());
        let values = values.chain(test.values());
        values.map(|(column, _)| column).collect()
    }

    #[test]
    fn every_value_is_at_the_path_of_its_column() {
        for column in Column::ALL.iter().filter(|column| column.is_value()) {
            let update = update(|other| (other == *column).then(|| "x".into()));
            assert_eq!(columns(&update), [*column]);
            let body = serde_json::to_value(&update).unwrap();
            assert_eq!(at_path(&body, column.spec().path), "x", "{column:?}");
        }
    }

    #[test]
    fn keys_and_reports_are_not_values() {
        let values = columns(&update(|_| Some("x".into())));
        let expected = Column::ALL.iter().filter(|column| column.is_value());
        assert_eq!(values, expected.copied().collect::<Vec<_>>());
    }
}
