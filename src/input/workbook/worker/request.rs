//! The request to a worker, passed as its command line (never typed by a person).

use std::ffi::OsString;

use crate::input::options::Options;
use crate::input::workbook::container::{Container, Kind};
use crate::input::workbook::worker::limits::Room;

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
    pub(crate) fn from_arguments(arguments: impl Iterator<Item = OsString>) -> Option<Self> {
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
