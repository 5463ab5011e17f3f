//! The worker's reply as it arrives: message by message, each within a time limit.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::input::row::RawRow;
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::worker::protocol::{Message, raw_row};

/// Maximum size of a message; a row with the maximum of cells and text is smaller.
const LONGEST: u64 = 64 << 20;
/// Maximum number of chunks waiting to be read.
const WAITING: usize = 4;
/// Size of a chunk in bytes.
const PIECE: usize = 64 << 10;

/// Forwards the worker's output until it ends or the receiver is gone.
pub(crate) fn forward(mut stream: impl Read, sender: &SyncSender<Vec<u8>>) {
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

/// Creates the channel between the reading thread and [`Reply`].
pub(crate) fn channel() -> (SyncSender<Vec<u8>>, Receiver<Vec<u8>>) {
    sync_channel(WAITING)
}

/// The received chunks as a stream.
struct ChunkReader {
    pieces: Receiver<Vec<u8>>,
    piece: std::io::Cursor<Vec<u8>>,
    message_timeout: Duration,
}

impl Read for ChunkReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.piece.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        match self.pieces.recv_timeout(self.message_timeout) {
            Ok(piece) => {
                self.piece = std::io::Cursor::new(piece);
                self.piece.read(buffer)
            }
            Err(RecvTimeoutError::Disconnected) => Ok(0),
            Err(RecvTimeoutError::Timeout) => Err(std::io::ErrorKind::TimedOut.into()),
        }
    }
}

/// Iterates over the messages of a reply.
pub(crate) struct Reply {
    arriving: BufReader<ChunkReader>,
    line: Vec<u8>,
}

/// Why the next message could not be read.
pub(crate) enum ReplyError {
    /// The worker refused the workbook.
    WorkbookError(WorkbookError),
    /// The worker exited before it was done.
    Cut,
    /// The worker's output is not a valid message.
    Senseless,
    /// No message arrived in time.
    Late,
}

impl Reply {
    pub(crate) fn of(pieces: Receiver<Vec<u8>>, message_timeout: Duration) -> Self {
        Self {
            arriving: BufReader::new(ChunkReader {
                pieces,
                piece: std::io::Cursor::default(),
                message_timeout,
            }),
            line: Vec::new(),
        }
    }

    /// Waits for the next message.
    pub(crate) fn next(&mut self) -> Result<Message, ReplyError> {
        self.line.clear();
        let mut limited = self.arriving.by_ref().take(LONGEST);
        match limited.read_until(b'\n', &mut self.line) {
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                return Err(ReplyError::Late);
            }
            Err(_) => return Err(ReplyError::Senseless),
            Ok(_) if self.line.len() as u64 == LONGEST => return Err(ReplyError::Senseless),
            Ok(_) if !self.line.ends_with(b"\n") => return Err(ReplyError::Cut),
            Ok(_) => {}
        }
        match serde_json::from_slice(&self.line) {
            Ok(Message::WorkbookError(flaw)) => Err(ReplyError::WorkbookError(flaw)),
            Ok(message) => Ok(message),
            Err(_) => Err(ReplyError::Senseless),
        }
    }
}

/// The rows of a sheet, as they arrive.
pub(crate) struct Rows<'a> {
    answer: &'a mut Reply,
    explain: &'a (dyn Fn(ReplyError) -> WorkbookError + Sync),
    ended: bool,
}

impl<'a> Rows<'a> {
    pub(crate) fn of(
        answer: &'a mut Reply,
        explain: &'a (dyn Fn(ReplyError) -> WorkbookError + Sync),
    ) -> Self {
        Self {
            answer,
            explain,
            ended: false,
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<RawRow, WorkbookError>;

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
                Some(Err((self.explain)(ReplyError::Senseless)))
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

    fn answered(text: &str) -> Reply {
        let (sender, receiver) = channel();
        sender.send(text.as_bytes().to_vec()).unwrap();
        Reply::of(receiver, Duration::ZERO)
    }

    #[test]
    fn a_truncated_reply_is_an_error() {
        let mut answer = answered("{\"Sheet\":\"A\"}\n{\"Row\":[1,[");
        assert!(matches!(answer.next(), Ok(Message::Sheet(_))));
        assert!(matches!(answer.next(), Err(ReplyError::Cut)));
    }

    #[test]
    fn a_late_message_is_an_error() {
        let (sender, receiver) = channel();
        let mut answer = Reply::of(receiver, Duration::from_millis(1));
        assert!(matches!(answer.next(), Err(ReplyError::Late)));
        drop(sender);
    }
}
