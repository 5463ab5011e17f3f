//! The one thread that owns a ledger's database: it takes messages, and commits whatever has queued up as one group.
//!
//! A commit on the disk takes about as long for one intent as for a hundred, so the more is asked of the ledger, the
//! larger the groups become.

use std::sync::mpsc::{Receiver, RecvTimeoutError};

use super::backend::{Backend, Write, WriteResult};
use super::lease::Importer;
use crate::ledger::error::LedgerError;
use crate::ledger::location::Location;
use crate::storage::error::StorageError;

/// The most writes in one commit, so that the first of them need not wait without end.
const LARGEST_GROUP: usize = 1_000;

/// Takes the news of what came of a write, or that it is not durable.
pub(crate) type Reply = Box<dyn FnOnce(Result<WriteResult, LedgerError>) + Send>;

/// Takes the database as soon as everything before is durable, or the reason why that cannot be.
pub(crate) type Query = Box<dyn FnOnce(Result<&mut dyn Backend, LedgerError>) + Send>;

/// Something that is asked of the writer.
pub(crate) enum Message {
    /// To write something, and to tell when it is durable where somebody waits for it.
    Write(Write, Option<Reply>),
    /// To tell when everything before is durable.
    Flush(Reply),
    /// To look at what is durable.
    Read(Query),
    /// To lease orders for this importer.
    Join(Importer),
}

/// The owner of a database.
pub(crate) struct Writer {
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) location: Location,
    pub(crate) messages: Receiver<Message>,
    /// The first failure. After it nothing is written any more: what is in the file is whole, and no request may
    /// leave without an intent in it.
    pub(crate) failure: Option<LedgerError>,
}

impl Writer {
    /// Works until nobody can ask for anything any more.
    pub(crate) fn run(mut self) {
        while let Some(first) = self.next() {
            let (group, next) = self.gather(first);
            if !group.is_empty() {
                self.commit(group);
            }
            match next {
                Some(Message::Flush(reply)) => reply(self.state().map(|()| WriteResult::Done)),
                Some(Message::Read(read)) => match self.state() {
                    Ok(()) => read(Ok(self.backend.as_mut())),
                    Err(error) => read(Err(error)),
                },
                Some(Message::Join(importer)) => self.backend.join(importer),
                Some(Message::Write(..)) | None => {}
            }
        }
    }

    /// Waits for a message, and gives signs of life meanwhile.
    fn next(&mut self) -> Option<Message> {
        loop {
            let heartbeat = self
                .backend
                .heartbeat_interval()
                .filter(|_| self.failure.is_none());
            let Some(heartbeat) = heartbeat else {
                return self.messages.recv().ok();
            };
            match self.messages.recv_timeout(heartbeat) {
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    let result = self.backend.heartbeat();
                    self.note(result);
                }
            }
        }
    }

    fn state(&self) -> Result<(), LedgerError> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Takes the writes that have queued up, as far as the first message of another kind.
    fn gather(&self, first: Message) -> (Vec<(Write, Option<Reply>)>, Option<Message>) {
        let mut group = Vec::new();
        let mut next = Some(first);
        while let Some(Message::Write(write, reply)) = next {
            group.push((write, reply));
            if group.len() == LARGEST_GROUP {
                return (group, None);
            }
            next = self.messages.try_recv().ok();
        }
        (group, next)
    }

    /// Commits a group, and tells everybody who waits for a part of it.
    fn commit(&mut self, group: Vec<(Write, Option<Reply>)>) {
        let (writes, replies): (Vec<Write>, Vec<Option<Reply>>) = group.into_iter().unzip();
        let written = match self.failure {
            None => {
                let result = self.backend.write(&writes);
                self.note(result)
            }
            Some(_) => None,
        };
        let mut written = written.into_iter().flatten();
        for reply in replies {
            let written = written.next().unwrap_or(WriteResult::LeaseLost);
            if let Some(reply) = reply {
                reply(self.state().map(|()| written));
            }
        }
    }

    /// Keeps the first failure.
    fn note<T>(&mut self, result: Result<T, StorageError>) -> Option<T> {
        result
            .map_err(|error| {
                let location = self.location.clone();
                self.failure = Some(LedgerError::Failed { location, error });
            })
            .ok()
    }
}
