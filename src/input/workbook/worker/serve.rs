//! The worker's side: reads the workbook and writes the reply.

use std::ffi::OsString;
use std::io::{self, BufWriter, Read, Write};

use super::{ods, xls, xlsb};
use crate::input::workbook::catch_panic::catch_panic;
use crate::input::workbook::container::Kind;
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::rows::{SheetRows, Spent};
use crate::input::workbook::sheets::{self};
use crate::input::workbook::worker::book::Book;
use crate::input::workbook::worker::protocol::Message;
use crate::input::workbook::worker::request::Request;

/// Runs as a worker if the arguments (without the program name) ask for it, and returns whether they did.
///
/// From then on the process is under resource limits and must do nothing else.
pub fn serve(arguments: impl Iterator<Item = OsString>) -> bool {
    let Some(request) = Request::from_arguments(arguments) else {
        return false;
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let end = match catch_panic(|| answer(&request, &mut out)) {
        Ok(()) => Message::Done,
        Err(flaw) => Message::WorkbookError(flaw),
    };
    // A write error means that the parent has gone; there is nobody to report it to.
    let _ = say(&mut out, &end).and_then(|()| Ok(out.flush()?));
    true
}

/// Returns the worker's reply for a workbook as bytes.
#[cfg(any(test, fuzzing))]
pub(crate) fn said(request: &Request, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let end = match catch_panic(|| tell(request, bytes.to_vec(), &mut out)) {
        Ok(()) => Message::Done,
        Err(flaw) => Message::WorkbookError(flaw),
    };
    say(&mut out, &end).expect("writing to memory succeeds");
    out
}

fn say(out: &mut impl Write, message: &Message) -> Result<(), WorkbookError> {
    serde_json::to_writer(&mut *out, message).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

/// Reads the file from stdin and writes the reply.
fn answer(request: &Request, out: &mut impl Write) -> Result<(), WorkbookError> {
    request.room.apply()?;
    let mut bytes = Vec::with_capacity(request.length);
    io::stdin().lock().read_to_end(&mut bytes)?;
    if bytes.len() != request.length {
        return Err(WorkbookError::cut_short());
    }
    tell(request, bytes, out)
}

/// Writes the contents of a workbook.
pub(crate) fn tell(
    request: &Request,
    bytes: Vec<u8>,
    out: &mut impl Write,
) -> Result<(), WorkbookError> {
    let spent = Spent::of_file(bytes.len());
    let mut book: Box<dyn Book> = match request.kind {
        Kind::Xls => Box::new(xls::Xls::open(bytes, request.room)?),
        Kind::Xlsb => Box::new(xlsb::Xlsb::open(bytes)?),
        Kind::Ods => Box::new(ods::Ods::open(bytes, request.room)?),
        Kind::Xlsx => {
            return Err(WorkbookError::unreadable(
                "not a format that a worker reads",
            ));
        }
    };
    let sheets = book.sheets();
    sheets::check(&sheets)?;
    let names = sheets.iter().map(|sheet| sheet.name.clone()).collect();
    say(out, &Message::Sheets(names))?;
    for (index, sheet) in sheets.into_iter().enumerate() {
        if let Some(reason) = sheet.reason_to_skip(&request.sheets) {
            say(out, &Message::Skipped(sheet.name, reason))?;
            continue;
        }
        say(out, &Message::Sheet(sheet.name))?;
        let (merged, cells) = book.cells(index)?;
        for row in SheetRows::of(cells, merged, &spent) {
            say(out, &Message::row(row?))?;
        }
        say(out, &Message::SheetEnd)?;
    }
    Ok(())
}
