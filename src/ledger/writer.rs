//! The one thread that owns a ledger's database: it takes messages, and commits whatever has queued up as one group.
//!
//! A commit on the disk takes about as long for one intent as for a hundred, so the more is asked of the ledger, the
//! larger the groups become.

use std::sync::mpsc::{Receiver, RecvTimeoutError};

use super::backend::{Backend, Write, Written};
use super::lease::Importer;
use crate::ledger::error::{Fault, LedgerError};
use crate::ledger::location::Place;

/// The most writes in one commit, so that the first of them need not wait without end.
const LARGEST_GROUP: usize = 1_000;

/// Takes the news of what came of a write, or that it is not durable.
pub(crate) type Reply = Box<dyn FnOnce(Result<Written, LedgerError>) + Send>;

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
    pub(crate) place: Place,
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
                Some(Message::Flush(reply)) => reply(self.state().map(|()| Written::Done)),
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
            let beat = self.backend.beat_every().filter(|_| self.failure.is_none());
            let Some(beat) = beat else {
                return self.messages.recv().ok();
            };
            match self.messages.recv_timeout(beat) {
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    let result = self.backend.beat();
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
            let written = written.next().unwrap_or(Written::Lost);
            if let Some(reply) = reply {
                reply(self.state().map(|()| written));
            }
        }
    }

    /// Keeps the first failure.
    fn note<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result
            .map_err(|fault| {
                let place = self.place.clone();
                self.failure = Some(LedgerError::Failed { place, fault });
            })
            .ok()
    }
}
