//! Checking the rows of a chunk of a sheet and storing their texts.

use super::cell::{CheckedCell, cell};
use super::findings::Findings;
use super::missing::{MISSING_COMPANY_ID, MISSING_ORDER_ID};
use super::reader::{RowNotes, RowReader};
use crate::input::{Row, RowSink, SheetHead};
use crate::orders::column_map::ColumnMap;
use crate::orders::row_store::{CellText, OrderId, RowStore, RowStoreBuilder};
use crate::orders::value::Rules;
use crate::schema::columns::{Column, Scope};

/// Checks rows by the rules of their columns.
pub(crate) struct RowRules<'a>(pub(crate) &'a Rules);

impl RowSink for RowRules<'_> {
    type Chunk = Chunk;

    fn start(&self, head: &SheetHead) -> Chunk {
        Chunk::new(ColumnMap::new(&head.header))
    }

    fn add(&self, chunk: &mut Chunk, head: &SheetHead, row: &Row<'_>) {
        chunk.add(head, row, self.0);
    }
}

/// The rows of a chunk of a sheet.
#[derive(Debug)]
pub(crate) struct Chunk {
    columns: ColumnMap,
    store: RowStoreBuilder,
    /// The cells of the row that was checked last, by mapped column.
    cells: Vec<CheckedCell>,
    notes: RowNotes,
    /// The number of the row that was checked last, if it was stored; otherwise 0.
    stored: u32,
    findings: Findings,
    /// Rows without a valid company and order.
    orderless: Vec<u32>,
}

impl Chunk {
    fn new(columns: ColumnMap) -> Self {
        Self {
            store: RowStoreBuilder::new(columns.columns.len()),
            cells: columns.columns.iter().map(|_| CheckedCell::Empty).collect(),
            columns,
            notes: RowNotes::default(),
            stored: 0,
            findings: Findings::default(),
            orderless: Vec::new(),
        }
    }

    /// Returns the stored rows, the findings, and the numbers of the rows without an order.
    pub(crate) fn finish(self) -> (RowStore, Findings, Vec<u32>) {
        (self.store.finish(), self.findings, self.orderless)
    }

    /// Checks a row and stores its texts.
    fn add(&mut self, head: &SheetHead, row: &Row<'_>, rules: &Rules) {
        let columns = &self.columns;
        self.notes.clear();
        let mut reader = RowReader {
            head,
            rules,
            columns,
            row,
            cells: &mut self.cells,
            findings: &mut self.findings,
            notes: &mut self.notes,
            errors: 0,
        };
        reader.check_cells(&self.store, self.stored);
        reader.require(Column::OrderId, columns.order_id, &MISSING_ORDER_ID);
        let company_id = rules.company_id.as_deref();
        let company_id = company_id.filter(|_| columns.company_id.is_none());
        if company_id.is_none() {
            reader.require(Column::CompanyId, columns.company_id, &MISSING_COMPANY_ID);
        }
        reader.check_reports();
        let attempt = reader.own_attempt();
        let mut wide_tests = reader.wide_tests();
        let has_valid_assessment = !reader.is_invalid(columns.assessment_id);
        if !has_valid_assessment {
            // The assessment of these tests is unknown, and its cell has a diagnostic.
            wide_tests.retain(|test| test.assessment_id.is_some());
        }
        let facts = reader.finish(attempt.filter(|_| has_valid_assessment));
        let text = |column: Option<usize>| {
            let column = column?;
            self.cells[column].text(cell(row, columns.columns[column]))
        };
        let company_id = company_id.or_else(|| text(columns.company_id));
        let (Some(company_id), Some(order_id)) = (company_id, text(columns.order_id)) else {
            self.orderless.push(row.number);
            self.stored = 0;
            return;
        };
        let is_kept = |scope| match scope {
            Scope::Order => true,
            Scope::Assessment => has_valid_assessment,
            Scope::Test => facts.attempt.is_some(),
        };
        let cells = columns.columns.iter().zip(&self.cells);
        let cells = cells.map(|(column, checked)| {
            if is_kept(column.field.column.scope()) {
                checked.stored(cell(row, *column))
            } else {
                CellText::Blank
            }
        });
        let order = OrderId {
            company_id,
            order_id,
        };
        self.store.add(order, facts, cells, &wide_tests);
        self.stored = row.number;
    }
}
