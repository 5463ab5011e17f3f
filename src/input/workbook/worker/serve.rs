//! The worker's side: parses the request from its command line (never typed by a person) and writes the reply.

use std::ffi::OsString;
use std::io::{self, BufWriter, Read, Write};

use super::{ods, xls, xlsb};
use crate::input::options::Options;
use crate::input::workbook::catch_panic::catch_panic;
use crate::input::workbook::container::{Container, Kind};
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::merged::Merged;
use crate::input::workbook::rows::{CellAt, SheetRows, Spent};
use crate::input::workbook::sheets::{self, SheetEntry};
use crate::input::workbook::worker::limits::Room;
use crate::input::workbook::worker::protocol::Message;

/// The argument that makes this program act as a worker.
const COMMAND: &str = "read-workbook";

/// The kinds of workbooks that a worker reads, by name.
const KINDS: [(&str, Kind); 3] = [("xls", Kind::Xls), ("xlsb", Kind::Xlsb), ("ods", Kind::Ods)];

/// What to read, and the limits to read it under.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    /// Size of the file in bytes; fewer bytes on stdin mean a truncated file.
    pub(crate) length: usize,
    pub(crate) room: Room,
    /// The sheets named by the user; empty means all visible ones.
    pub(crate) sheets: Vec<String>,
}

impl Request {
    /// Creates a request for a checked workbook.
    pub(crate) fn of(bytes: &[u8], container: &Container, options: &Options<'_>) -> Self {
        Self {
            kind: container.kind,
            length: bytes.len(),
            room: Room::of(container),
            sheets: options.sheets.clone(),
        }
    }

    /// Formats the request as command-line arguments.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let named = KINDS.iter().find(|(_, kind)| *kind == self.kind);
        let kind = named.map_or("", |(name, _)| name);
        let numbers = [self.length as u64, self.room.memory, self.room.seconds];
        let mut arguments = vec![COMMAND.to_owned(), kind.to_owned()];
        arguments.extend(numbers.map(|number| number.to_string()));
        arguments.extend(self.sheets.iter().cloned());
        arguments
    }

    /// Parses the request from this process's arguments.
    fn from_arguments(arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut words = arguments.map(|word| word.into_string().ok());
        if words.next()?? != COMMAND {
            return None;
        }
        let name = words.next()??;
        let (_, kind) = KINDS.into_iter().find(|(known, _)| *known == name)?;
        Some(Self {
            kind,
            length: words.next()??.parse().ok()?,
            room: Room {
                memory: words.next()??.parse().ok()?,
                seconds: words.next()??.parse().ok()?,
            },
            sheets: words.collect::<Option<_>>()?,
        })
    }
}

/// The cells of a sheet.
pub(crate) type Cells<'a> = Box<dyn Iterator<Item = Result<CellAt, WorkbookError>> + 'a>;

/// An open workbook.
pub(crate) trait Book {
    /// Returns the sheets in order.
    fn sheets(&self) -> Vec<SheetEntry>;

    /// Opens a sheet by index. Returns its merged cells, and all other cells row by row.
    fn cells(&mut self, index: usize) -> Result<(Merged, Cells<'_>), WorkbookError>;
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_round_trips_through_arguments() {
        let request = Request {
            kind: Kind::Ods,
            length: 7,
            room: Room {
                memory: 1 << 30,
                seconds: 2,
            },
            sheets: vec!["Results of March".to_owned(), "--help".to_owned()],
        };
        let arguments = request.arguments().into_iter().map(OsString::from);
        assert_eq!(Request::from_arguments(arguments), Some(request));
        for words in [&["import", "a.csv"][..], &["read-workbook"], &[]] {
            let words = words.iter().map(OsString::from);
            assert_eq!(Request::from_arguments(words), None);
        }
    }
}
