//! The writer thread, which owns the database of a ledger and commits all queued writes as one group.
//!
//! A commit takes about as long for one intent as for a hundred, so groups grow with the load.

use std::sync::mpsc::{Receiver, RecvTimeoutError};

use super::backend::{Backend, Write, WriteResult};
use super::lease::Importer;
use crate::ledger::error::LedgerError;
use crate::ledger::location::Location;
use crate::storage::error::StorageError;

/// The most writes in one commit, which bounds the waiting time of the first one.
const LARGEST_GROUP: usize = 1_000;

/// Receives the result of a write after it is durable, or the error.
pub(crate) type Reply = Box<dyn FnOnce(Result<WriteResult, LedgerError>) + Send>;

/// Receives the database after all earlier writes are durable, or the error.
pub(crate) type Query = Box<dyn FnOnce(Result<&mut dyn Backend, LedgerError>) + Send>;

/// A message to the writer.
pub(crate) enum Message {
    /// Write, and reply when it is durable if a caller is waiting.
    Write(Write, Option<Reply>),
    /// Reply when all earlier writes are durable.
    Flush(Reply),
    /// Run a query.
    Read(Query),
    /// Set the importer that leases orders.
    Join(Importer),
}

/// The state of the writer thread.
pub(crate) struct Writer {
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) location: Location,
    pub(crate) messages: Receiver<Message>,
    /// The first failure, after which nothing is written: no request may be sent without a durable intent.
    pub(crate) failure: Option<LedgerError>,
}

impl Writer {
    /// Handles messages until the channel has no sender.
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

    /// Waits for a message and sends heartbeats while idle.
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

    /// Collects queued writes up to the first message of another kind.
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

    /// Commits a group and replies to its callers.
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
