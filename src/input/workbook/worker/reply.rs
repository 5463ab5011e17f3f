//! The answer of the process that reads a workbook, as it arrives: message by message, waited for only so long.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::input::row::RawRow;
use crate::input::workbook::error::Flaw;
use crate::input::workbook::worker::protocol::{Message, raw_row};

/// The longest message: a row of as many cells and as much text as there can be takes less.
const LONGEST: u64 = 64 << 20;
/// Pieces that wait to be read.
const WAITING: usize = 4;
/// Bytes that are read together.
const PIECE: usize = 64 << 10;

/// Passes on what a process says until it ends or nobody listens.
pub(crate) fn pass_on(mut stream: impl Read, sender: &SyncSender<Vec<u8>>) {
    loop {
        let mut piece = vec![0; PIECE];
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(length) => piece.truncate(length),
        }
        if sender.send(piece).is_err() {
            return;
        }
    }
}

/// Makes the way between the two.
pub(crate) fn way() -> (SyncSender<Vec<u8>>, Receiver<Vec<u8>>) {
    sync_channel(WAITING)
}

/// What arrives, as a stream.
struct Arriving {
    pieces: Receiver<Vec<u8>>,
    piece: std::io::Cursor<Vec<u8>>,
    patience: Duration,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.piece.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        match self.pieces.recv_timeout(self.patience) {
            Ok(piece) => {
                self.piece = std::io::Cursor::new(piece);
                self.piece.read(buffer)
            }
            Err(RecvTimeoutError::Disconnected) => Ok(0),
            Err(RecvTimeoutError::Timeout) => Err(std::io::ErrorKind::TimedOut.into()),
        }
    }
}

/// The messages of an answer.
pub(crate) struct Answer {
    arriving: BufReader<Arriving>,
    line: Vec<u8>,
}

/// Why there is no next message.
pub(crate) enum Broken {
    /// The process has said that the workbook is to be refused.
    Flaw(Flaw),
    /// The process has ended before it was done.
    Cut,
    /// What it says makes no sense.
    Senseless,
    /// Nothing came for too long.
    Late,
}

impl Answer {
    pub(crate) fn of(pieces: Receiver<Vec<u8>>, patience: Duration) -> Self {
        Self {
            arriving: BufReader::new(Arriving {
                pieces,
                piece: std::io::Cursor::default(),
                patience,
            }),
            line: Vec::new(),
        }
    }

    /// Waits for the next message.
    pub(crate) fn next(&mut self) -> Result<Message, Broken> {
        self.line.clear();
        let mut limited = self.arriving.by_ref().take(LONGEST);
        match limited.read_until(b'\n', &mut self.line) {
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => return Err(Broken::Late),
            Err(_) => return Err(Broken::Senseless),
            Ok(_) if self.line.len() as u64 == LONGEST => return Err(Broken::Senseless),
            Ok(_) if !self.line.ends_with(b"\n") => return Err(Broken::Cut),
            Ok(_) => {}
        }
        match serde_json::from_slice(&self.line) {
            Ok(Message::Flaw(flaw)) => Err(Broken::Flaw(flaw)),
            Ok(message) => Ok(message),
            Err(_) => Err(Broken::Senseless),
        }
    }
}

/// The rows of a sheet, as they arrive.
pub(crate) struct Rows<'a> {
    answer: &'a mut Answer,
    explain: &'a (dyn Fn(Broken) -> Flaw + Sync),
    ended: bool,
}

impl<'a> Rows<'a> {
    pub(crate) fn of(answer: &'a mut Answer, explain: &'a (dyn Fn(Broken) -> Flaw + Sync)) -> Self {
        Self {
            answer,
            explain,
            ended: false,
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<RawRow, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.answer.next() {
            Ok(Message::Row(number, cells)) => Some(Ok(raw_row(number, cells))),
            Ok(Message::SheetEnd) => {
                self.ended = true;
                None
            }
            Ok(_) => {
                self.ended = true;
                Some(Err((self.explain)(Broken::Senseless)))
            }
            Err(broken) => {
                self.ended = true;
                Some(Err((self.explain)(broken)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(text: &str) -> Answer {
        let (sender, receiver) = way();
        sender.send(text.as_bytes().to_vec()).unwrap();
        Answer::of(receiver, Duration::ZERO)
    }

    #[test]
    fn an_answer_that_ends_early_is_no_answer() {
        let mut answer = answered("{\"Sheet\":\"A\"}\n{\"Row\":[1,[");
        assert!(matches!(answer.next(), Ok(Message::Sheet(_))));
        assert!(matches!(answer.next(), Err(Broken::Cut)));
    }

    #[test]
    fn what_does_not_come_is_not_waited_for() {
        let (sender, receiver) = way();
        let mut answer = Answer::of(receiver, Duration::from_millis(1));
        assert!(matches!(answer.next(), Err(Broken::Late)));
        drop(sender);
    }
}
