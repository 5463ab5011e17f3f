//! The mapped columns of a sheet, looked up once for all its rows.

use crate::input::Header;
use crate::schema::columns::{Column, Field, Scope};

/// A column of a sheet that means one of ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MappedColumn {
    /// The column of the sheet, from 0.
    pub(crate) index: u32,
    /// Its meaning.
    pub(crate) field: Field,
}

/// The columns of one report. The indices here and in [`ColumnMap`] are those of [`ColumnMap::columns`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReportColumns {
    pub(crate) name_field: Field,
    pub(crate) url_field: Field,
    /// The column of its name, if the sheet has it.
    pub(crate) name: Option<usize>,
    /// The column of its link, if the sheet has it.
    pub(crate) url: Option<usize>,
}

/// The columns that describe one scope, keys aside.
#[derive(Debug, Default)]
pub(crate) struct ScopeColumns {
    /// Those that hold one value each.
    pub(crate) values: Vec<usize>,
    /// Its reports, by number.
    pub(crate) reports: Vec<ReportColumns>,
}

/// The mapped columns of a sheet.
#[derive(Debug, Default)]
pub(crate) struct ColumnMap {
    /// All of them, from left to right.
    pub(crate) columns: Vec<MappedColumn>,
    order: ScopeColumns,
    assessment: ScopeColumns,
    test: ScopeColumns,
    pub(crate) company_id: Option<usize>,
    pub(crate) order_id: Option<usize>,
    pub(crate) assessment_id: Option<usize>,
    pub(crate) test_id: Option<usize>,
    pub(crate) attempt: Option<usize>,
}

impl ColumnMap {
    /// Maps the columns of a sheet.
    pub(crate) fn new(header: &Header) -> Self {
        let fields = header.fields.iter();
        let columns: Vec<MappedColumn> = fields
            .map(|(index, field)| MappedColumn {
                index: *index,
                field: *field,
            })
            .collect();
        let key = |column: Column| position(&columns, column.into());
        Self {
            order: ScopeColumns::new(&columns, Scope::Order),
            assessment: ScopeColumns::new(&columns, Scope::Assessment),
            test: ScopeColumns::new(&columns, Scope::Test),
            company_id: key(Column::CompanyId),
            order_id: key(Column::OrderId),
            assessment_id: key(Column::AssessmentId),
            test_id: key(Column::TestId),
            attempt: key(Column::Attempt),
            columns,
        }
    }

    /// Returns the columns that describe a scope.
    pub(crate) fn of_scope(&self, scope: Scope) -> &ScopeColumns {
        match scope {
            Scope::Order => &self.order,
            Scope::Assessment => &self.assessment,
            Scope::Test => &self.test,
        }
    }

    /// Returns the reports of all scopes.
    pub(crate) fn reports(&self) -> impl Iterator<Item = &ReportColumns> {
        let scopes = Scope::ALL.into_iter();
        scopes.flat_map(|scope| &self.of_scope(scope).reports)
    }
}

impl ScopeColumns {
    fn new(columns: &[MappedColumn], scope: Scope) -> Self {
        let is_value = |mapped: &MappedColumn| {
            let column = mapped.field.column;
            column.scope() == scope && column.is_value()
        };
        let values = columns.iter().enumerate();
        Self {
            values: values
                .filter(|(_, mapped)| is_value(mapped))
                .map(|(index, _)| index)
                .collect(),
            reports: reports(columns, scope),
        }
    }
}

fn position(columns: &[MappedColumn], field: Field) -> Option<usize> {
    columns.iter().position(|mapped| mapped.field == field)
}

/// Returns the reports of a scope, by number.
fn reports(columns: &[MappedColumn], scope: Scope) -> Vec<ReportColumns> {
    let of_scope = |is_part: fn(Column) -> bool| {
        let all = Column::ALL.iter().copied();
        all.filter(move |column| column.scope() == scope && is_part(*column))
    };
    let fields = columns.iter().map(|mapped| mapped.field);
    let is_of_scope = |field: &Field| field.column.scope() == scope && field.column.is_of_report();
    let mut numbers: Vec<u16> = fields
        .filter(is_of_scope)
        .map(|field| field.number)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let names = of_scope(Column::is_report_name);
    let pairs = names.zip(of_scope(Column::is_report_url));
    let report = |(name, url, number): (Column, Column, u16)| {
        let name_field = Field {
            column: name,
            number,
        };
        let url_field = Field {
            column: url,
            number,
        };
        ReportColumns {
            name_field,
            url_field,
            name: position(columns, name_field),
            url: position(columns, url_field),
        }
    };
    pairs
        .flat_map(|(name, url)| numbers.iter().map(move |number| (name, url, *number)))
        .map(report)
        .collect()
}
