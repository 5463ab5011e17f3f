//! How large an input may be, in every respect: files from strangers end here before they fill the machine.
//!
//! Each bound is several times what real exports come to. What passes one is refused whole, as `input-too-large`. Bounds
//! within bounds, such as how much memory the process that reads an .xls is given, stand where they are kept.

/// The largest file that is read, packed or not: ten times the largest real export.
pub const MOST_BYTES: u64 = 2 << 30;
/// How much text a byte may stand for: rows of scores give 5 to 50, however much alike; a bomb of gzip gives 1000.
/// Sheets of real workbooks reach 30.
pub const MOST_EXPANSION: u64 = 200;
/// The longest record of a CSV, in bytes: as many columns as there can be, with 500 characters in each. Records are
/// held in memory whole, one on each core.
pub const LONGEST_RECORD: usize = 8 << 20;
/// The longest cell of a CSV, in bytes: thirty times what a spreadsheet program can hold.
pub const LONGEST_CELL: usize = 1 << 20;
/// The fields of a record, and the columns of a sheet: the last one of a spreadsheet program is XFD.
pub const MOST_COLUMNS: u32 = 16_384;
/// The last row of a sheet, by the format's own bound.
pub const MOST_ROWS: u32 = 1_048_576;
/// Cells of a workbook: several times the largest real export.
pub const MOST_CELLS: u64 = 100_000_000;
/// The longest text of a cell of a workbook, in bytes. Spreadsheet programs stop at 32,767 characters.
pub const LONGEST_TEXT: usize = 4 << 15;
/// Sheets of a workbook: far more than anybody turns over.
pub const MOST_SHEETS: usize = 4096;
/// The largest workbook, as it is packed: it is held in memory whole.
pub const MOST_WORKBOOK_BYTES: u64 = 256 << 20;
/// All parts of a workbook together, unpacked: several times the largest real export.
pub const MOST_UNPACKED: u64 = 2 << 30;
/// Parts of a workbook: it has a few for each sheet, chart and picture.
pub const MOST_PARTS: usize = 100_000;
/// Texts in the table that all sheets share, which is held in memory: eight in each row of a full sheet.
pub const MOST_SHARED_TEXTS: usize = 8_000_000;
/// Merged regions of a sheet, and formulas without a value in one.
pub const MOST_REGIONS: usize = 1_000_000;
/// Styles and number formats of a workbook: the programs' own bound is 65,490.
pub const MOST_STYLES: usize = 1 << 17;
