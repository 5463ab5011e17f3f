//! Size limits of inputs, against files that would exhaust the machine.
//!
//! Each limit is several times what real exports reach. An input that exceeds one is refused as a whole, with
//! `input-too-large`. Limits of the process that reads other workbooks are in `workbook::worker::limits`.

/// The size of a file, compressed or not: ten times the largest real export.
pub const MOST_BYTES: u64 = 2 << 30;
/// The compression ratio. Rows of scores reach 5 to 50, sheets of real workbooks 30, and a gzip bomb 1000.
pub const MOST_EXPANSION: u64 = 200;
/// The length of a CSV record in bytes: the maximum number of columns with 500 characters each. Each core holds one
/// record in memory.
pub const LONGEST_RECORD: usize = 8 << 20;
/// The length of a CSV cell in bytes: thirty times what a spreadsheet program supports.
pub const LONGEST_CELL: usize = 1 << 20;
/// The number of fields of a record and columns of a sheet: the last column of a spreadsheet program is XFD.
pub const MOST_COLUMNS: u32 = 16_384;
/// The number of rows of a sheet, as defined by the format.
pub const MOST_ROWS: u32 = 1_048_576;
/// Cells of a workbook: several times the largest real export.
pub const MOST_CELLS: u64 = 100_000_000;
/// The longest text of a cell of a workbook, in bytes. Spreadsheet programs stop at 32,767 characters.
pub const LONGEST_TEXT: usize = 4 << 15;
/// Sheets of a workbook.
pub const MOST_SHEETS: usize = 4096;
/// The size of a workbook file, which is held in memory.
pub const MOST_WORKBOOK_BYTES: u64 = 256 << 20;
/// The decompressed size of a workbook: several times the largest real export.
pub const MOST_UNPACKED: u64 = 2 << 30;
/// Parts of a workbook: it has a few for each sheet, chart and picture.
pub const MOST_PARTS: usize = 100_000;
/// Texts in the table that all sheets share, which is held in memory: eight in each row of a full sheet.
pub const MOST_SHARED_TEXTS: usize = 8_000_000;
/// Merged regions of a sheet, and formulas without a value in one.
pub const MOST_REGIONS: usize = 1_000_000;
/// Styles and number formats of a workbook: the programs' own bound is 65,490.
pub const MOST_STYLES: usize = 1 << 17;
