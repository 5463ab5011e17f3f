//! The common interface of the workbook formats that a worker reads.

use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::merged::Merged;
use crate::input::workbook::rows::CellAt;
use crate::input::workbook::sheets::SheetEntry;

/// The cells of a sheet.
pub(crate) type Cells<'a> = Box<dyn Iterator<Item = Result<CellAt, WorkbookError>> + 'a>;

/// An open workbook.
pub(crate) trait Book {
    /// Returns the sheets in order.
    fn sheets(&self) -> Vec<SheetEntry>;

    /// Opens a sheet by index. Returns its merged cells, and all other cells row by row.
    fn cells(&mut self, index: usize) -> Result<(Merged, Cells<'_>), WorkbookError>;
}
