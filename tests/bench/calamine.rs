//! Reads all cells of a workbook with calamine alone, to compare `validate` with.

use std::hint::black_box;

use calamine::{Reader, Xlsx, open_workbook};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a workbook")?;
    let mut book: Xlsx<_> = open_workbook(&path)?;
    let mut count = 0_usize;
    for name in book.sheet_names() {
        let mut cells = book.worksheet_cells_reader(&name)?;
        while let Some(cell) = cells.next_cell()? {
            black_box(cell);
            count += 1;
        }
    }
    black_box(count);
    Ok(())
}
