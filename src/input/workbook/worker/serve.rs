//! The side that reads: what it is asked for, in words of a command line that no person types, and its answer.

use std::ffi::OsString;
use std::io::{self, BufWriter, Read, Write};

use super::{ods, xls, xlsb};
use crate::input::options::Options;
use crate::input::workbook::catch_panic::guarded;
use crate::input::workbook::container::{Kind, Parcel};
use crate::input::workbook::error::Flaw;
use crate::input::workbook::merged::Merged;
use crate::input::workbook::rows::{Placed, SheetRows, Spent};
use crate::input::workbook::sheets::{self, SheetEntry};
use crate::input::workbook::worker::limits::Room;
use crate::input::workbook::worker::protocol::Message;

/// What makes this program read for another process.
const COMMAND: &str = "read-workbook";

/// The kinds of workbooks that are read apart, by name.
const KINDS: [(&str, Kind); 3] = [("xls", Kind::Xls), ("xlsb", Kind::Xlsb), ("ods", Kind::Ods)];

/// What is to be read, and within which room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    /// The size of the file: fewer bytes are no file.
    pub(crate) length: usize,
    pub(crate) room: Room,
    /// The sheets that were named; all visible ones where none was.
    pub(crate) sheets: Vec<String>,
}

impl Request {
    /// Asks for a workbook whose parcel has been looked through.
    pub(crate) fn of(bytes: &[u8], parcel: &Parcel, options: &Options<'_>) -> Self {
        Self {
            kind: parcel.kind,
            length: bytes.len(),
            room: Room::of(parcel),
            sheets: options.sheets.clone(),
        }
    }

    /// Writes it as the arguments of the process.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let named = KINDS.iter().find(|(_, kind)| *kind == self.kind);
        let kind = named.map_or("", |(name, _)| name);
        let numbers = [self.length as u64, self.room.memory, self.room.seconds];
        let mut arguments = vec![COMMAND.to_owned(), kind.to_owned()];
        arguments.extend(numbers.map(|number| number.to_string()));
        arguments.extend(self.sheets.iter().cloned());
        arguments
    }

    /// Reads it from the arguments of this process.
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
pub(crate) type Cells<'a> = Box<dyn Iterator<Item = Result<Placed, Flaw>> + 'a>;

/// A workbook that has been opened.
pub(crate) trait Book {
    /// Returns its sheets, in their order.
    fn sheets(&self) -> Vec<SheetEntry>;

    /// Opens a sheet, by its place among them: its merged cells, and all others row by row.
    fn cells(&mut self, index: usize) -> Result<(Merged, Cells<'_>), Flaw>;
}

/// Reads a workbook for the process that started this one, if the arguments (without the program's name) ask for it.
///
/// The process is held to its room from then on, and must do nothing else.
pub fn serve(arguments: impl Iterator<Item = OsString>) -> bool {
    let Some(request) = Request::from_arguments(arguments) else {
        return false;
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let end = match guarded(|| answer(&request, &mut out)) {
        Ok(()) => Message::Done,
        Err(flaw) => Message::Flaw(flaw),
    };
    // Where nobody listens any more, nothing is left to be said.
    let _ = say(&mut out, &end).and_then(|()| Ok(out.flush()?));
    true
}

/// Returns what is said of a workbook, to its end.
#[cfg(any(test, fuzzing))]
pub(crate) fn said(request: &Request, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let end = match guarded(|| tell(request, bytes.to_vec(), &mut out)) {
        Ok(()) => Message::Done,
        Err(flaw) => Message::Flaw(flaw),
    };
    say(&mut out, &end).expect("memory takes all");
    out
}

fn say(out: &mut impl Write, message: &Message) -> Result<(), Flaw> {
    serde_json::to_writer(&mut *out, message).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

/// Reads the file and says what is in it.
fn answer(request: &Request, out: &mut impl Write) -> Result<(), Flaw> {
    request.room.impose()?;
    let mut bytes = Vec::with_capacity(request.length);
    io::stdin().lock().read_to_end(&mut bytes)?;
    if bytes.len() != request.length {
        return Err(Flaw::cut_short());
    }
    tell(request, bytes, out)
}

/// Says what is in a workbook.
pub(crate) fn tell(request: &Request, bytes: Vec<u8>, out: &mut impl Write) -> Result<(), Flaw> {
    let spent = Spent::of_file(bytes.len());
    let mut book: Box<dyn Book> = match request.kind {
        Kind::Xls => Box::new(xls::Xls::open(bytes, request.room)?),
        Kind::Xlsb => Box::new(xlsb::Xlsb::open(bytes)?),
        Kind::Ods => Box::new(ods::Ods::open(bytes, request.room)?),
        Kind::Xlsx => return Err(Flaw::unreadable("it is read elsewhere")),
    };
    let sheets = book.sheets();
    sheets::check(&sheets)?;
    let names = sheets.iter().map(|sheet| sheet.name.clone()).collect();
    say(out, &Message::Sheets(names))?;
    for (index, sheet) in sheets.into_iter().enumerate() {
        if let Some(reason) = sheet.left_out(&request.sheets) {
            say(out, &Message::PassedOver(sheet.name, reason))?;
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
    fn a_request_is_read_from_the_arguments_that_it_is_written_as() {
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
