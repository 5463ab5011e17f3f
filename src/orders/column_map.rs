//! What the columns of a sheet are for, found once for all its rows.

use crate::input::Header;
use crate::schema::columns::{Column, Field, Kind, REPORT_COLUMNS, Scope};

/// A column that was understood.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    /// The column, from 0.
    pub(crate) column: u32,
    /// What it means.
    pub(crate) field: Field,
    /// Which part of the body it speaks of.
    pub(crate) scope: Scope,
}

/// The columns of one report of a scope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReportSlots {
    pub(crate) name_field: Field,
    pub(crate) url_field: Field,
    /// The slot of its name, where the sheet has that column.
    pub(crate) name: Option<usize>,
    /// The slot of its link, where the sheet has that column.
    pub(crate) url: Option<usize>,
}

/// The columns of a sheet, each known by its place here, its slot.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    /// All of them, from left to right.
    pub(crate) all: Vec<Slot>,
    /// By scope: the slots that hold one value each, ids aside.
    pub(crate) singles: [Vec<usize>; 3],
    /// By scope: its reports, by their numbers.
    pub(crate) reports: [Vec<ReportSlots>; 3],
    /// The slots that speak of a test.
    pub(crate) of_test: Vec<usize>,
    pub(crate) company_id: Option<usize>,
    pub(crate) order_id: Option<usize>,
    pub(crate) assessment_id: Option<usize>,
    pub(crate) test_id: Option<usize>,
    pub(crate) attempt: Option<usize>,
}

impl Slots {
    /// Finds out what the columns of a sheet are for.
    pub(crate) fn of(header: &Header) -> Self {
        let slot = |&(column, field): &(u32, Field)| Slot {
            column,
            field,
            scope: field.column.spec().scope,
        };
        let all: Vec<Slot> = header.fields.iter().map(slot).collect();
        let of_column = |column: Column| all.iter().position(|slot| slot.field == column.into());
        let of_scope = |scope: Scope| {
            let slots = all.iter().enumerate();
            slots.filter(move |(_, slot)| slot.scope == scope)
        };
        let singles = |scope| {
            let singles = of_scope(scope).filter(|(_, slot)| is_single(slot.field.column));
            singles.map(|(index, _)| index).collect()
        };
        Self {
            singles: [Scope::Order, Scope::Assessment, Scope::Test].map(singles),
            reports: REPORT_COLUMNS.map(|(_, name, url)| reports(&all, name, url)),
            of_test: of_scope(Scope::Test).map(|(index, _)| index).collect(),
            company_id: of_column(Column::CompanyId),
            order_id: of_column(Column::OrderId),
            assessment_id: of_column(Column::AssessmentId),
            test_id: of_column(Column::TestId),
            attempt: of_column(Column::Attempt),
            all,
        }
    }
}

/// Tells whether a column holds one value for what it speaks of: it is no id, no attempt, and no part of a report.
fn is_single(column: Column) -> bool {
    let is_key = matches!(
        column,
        Column::CompanyId
            | Column::OrderId
            | Column::AssessmentId
            | Column::TestId
            | Column::Attempt
    );
    !is_key && !column.repeats()
}

/// Finds the reports whose columns are these, by their numbers.
fn reports(all: &[Slot], name: Column, url: Column) -> Vec<ReportSlots> {
    let is_of = |slot: &&Slot| [name, url].contains(&slot.field.column);
    let mut numbers: Vec<u16> = all
        .iter()
        .filter(is_of)
        .map(|slot| slot.field.number)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let report = |number| {
        let field = |column| Field { column, number };
        let slot = |column| all.iter().position(|slot| slot.field == field(column));
        ReportSlots {
            name_field: field(name),
            url_field: field(url),
            name: slot(name),
            url: slot(url),
        }
    };
    numbers.into_iter().map(report).collect()
}

/// The most single values that a scope has.
pub(crate) const MOST_SINGLES: usize = 4;

/// Returns the place of a single value among those of its scope.
pub(crate) fn place(column: Column) -> usize {
    match column {
        Column::PartnerTrackingId | Column::AssessmentStatus | Column::TestScore => 0,
        Column::OverallScore | Column::AssessmentStatusUpdatedAt | Column::TestScoreDescription => {
            1
        }
        Column::OverallScoreDescription | Column::AssessmentScore | Column::TestStatus => 2,
        _ => 3,
    }
}

/// Tells whether a column is the name of a report, not its link.
pub(crate) fn is_report_name(column: Column) -> bool {
    column.spec().kind == Kind::Prose
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::schema::columns::COLUMNS;

    #[test]
    fn every_single_value_has_a_place_of_its_own_in_its_scope() {
        let singles = COLUMNS.iter().filter(|spec| is_single(spec.column));
        let places: Vec<(usize, usize)> = singles
            .map(|spec| (spec.scope as usize, place(spec.column)))
            .collect();
        let distinct: HashSet<_> = places.iter().collect();
        assert_eq!(distinct.len(), places.len());
        assert!(places.iter().all(|(_, place)| *place < MOST_SINGLES));
    }

    #[test]
    fn the_reports_of_a_scope_stand_where_its_index_says() {
        for (index, (scope, ..)) in REPORT_COLUMNS.iter().enumerate() {
            assert_eq!(*scope as usize, index);
        }
    }
}
