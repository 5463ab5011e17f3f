//! The rows of a part of a sheet: each read by the rules, then packed with the others.

use super::missing::{MISSING_COMPANY_ID, MISSING_ORDER_ID};
use super::{Held, Notes, Reading, cell};
use crate::diagnostics::diagnostic::Diagnostic;
use crate::input::values::timestamp::DateOrder;
use crate::input::{Row, RowSink, SheetHead};
use crate::orders::column_map::Slots;
use crate::orders::row_store::{Packed, Packer, Run, Said};
use crate::orders::value::Rules;
use crate::schema::columns::{Column, Scope};

/// Reads the rows of sheets by the rules of their columns.
pub(crate) struct ByRules<'a>(pub(crate) &'a Rules);

impl RowSink for ByRules<'_> {
    type Chunk = Part;

    fn start(&self, head: &SheetHead) -> Part {
        let slots = Slots::of(&head.header);
        Part {
            packer: Packer::of_slots(slots.all.len()),
            held: slots.all.iter().map(|_| Held::Nothing).collect(),
            notes: Notes::default(),
            packed: 0,
            slots,
            found: Found::default(),
            orderless: Vec::new(),
        }
    }

    fn add(&self, part: &mut Part, head: &SheetHead, row: &Row<'_>) {
        part.read(head, row, self.0);
    }
}

/// A part of a sheet, read.
#[derive(Debug)]
pub(crate) struct Part {
    slots: Slots,
    packer: Packer,
    /// By slot: what the row holds that is being read.
    held: Vec<Held>,
    notes: Notes,
    /// The number of the row that was packed last; 0 where there is none.
    packed: u32,
    /// What was found in its rows.
    pub(crate) found: Found,
    /// Rows whose company or order is missing or unreadable.
    pub(crate) orderless: Vec<u32>,
}

/// What was found in the rows of a part.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The findings.
    pub(crate) problems: Vec<Diagnostic>,
    /// How many placeholders there are.
    pub(crate) placeholders: usize,
    /// The row and the column of the first.
    pub(crate) first_placeholder: Option<(u32, u32)>,
    /// What dates between slashes prove about their columns: the first row that proves it.
    pub(crate) date_orders: Vec<(u32, DateOrder, u32)>,
}

impl Part {
    /// Returns its rows, packed, and the runs that they make.
    pub(crate) fn end(self) -> (Packed, Vec<Run>) {
        self.packer.end()
    }

    /// Reads a row of data by the rules of its columns, and packs what it says.
    fn read(&mut self, head: &SheetHead, row: &Row<'_>, rules: &Rules) {
        let slots = &self.slots;
        let mut reading = Reading {
            head,
            rules,
            slots,
            row,
            held: &mut self.held,
            found: &mut self.found,
            notes: &mut self.notes,
            errors: 0,
        };
        reading.notes.clear();
        reading.take_all(&self.packer, self.packed);
        reading.require(Column::OrderId, slots.order_id, &MISSING_ORDER_ID);
        let given = rules.company_id.as_deref();
        let given = given.filter(|_| slots.company_id.is_none());
        if given.is_none() {
            reading.require(Column::CompanyId, slots.company_id, &MISSING_COMPANY_ID);
        }
        reading.check_reports();
        let attempt = reading.own_test();
        let mut wide = reading.wide_tests();
        let is_assessment_known = !reading.is_unreadable(slots.assessment_id);
        if !is_assessment_known {
            // Of which assessment they are is not known, and that was said.
            wide.retain(|test| test.assessment_id.is_some());
        }
        let facts = reading.end(attempt.filter(|_| is_assessment_known));
        let text = |slot: Option<usize>| {
            let slot = slot?;
            self.held[slot].text(cell(row, &slots.all[slot]))
        };
        let (Some(company_id), Some(order_id)) = (
            given.or_else(|| text(slots.company_id)),
            text(slots.order_id),
        ) else {
            self.orderless.push(row.number);
            self.packed = 0;
            return;
        };
        let is_kept = |scope| match scope {
            Scope::Order => true,
            Scope::Assessment => is_assessment_known,
            Scope::Test => facts.attempt.is_some(),
        };
        let said = slots.all.iter().zip(&self.held).map(|(slot, held)| {
            if is_kept(slot.scope) {
                held.said(cell(row, slot))
            } else {
                Said::Nothing
            }
        });
        self.packer.add((company_id, order_id), facts, said, &wide);
        self.packed = row.number;
    }
}
