//! Reads .xls, .xlsb and .ods in a worker process with limits on memory and time.
//!
//! calamine builds these workbooks whole in memory, and damaged ones can make it loop, panic or allocate until the
//! process is aborted, which `catch_unwind` cannot stop. In a worker such a file costs its limits and nothing more.
//! [`read`] is the parent's side, [`serve`] the worker's: the bytes go to its stdin, the rows come back on its stdout
//! ([`protocol`]), and its stderr is discarded.

mod book;
mod le;
mod limits;
mod ods;
mod protocol;
mod reply;
mod request;
pub(crate) mod serve;
mod xls;
mod xlsb;

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use self::request::Request;
use crate::diagnostics::diagnostic::Diagnostic;
use crate::input::options::Options;
use crate::input::row_sink::RowSink;
use crate::input::workbook::container::Container;
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::sheet_reader::SheetReader;
use crate::input::workbook::worker::limits::Room;
use crate::input::workbook::worker::protocol::Message;
use crate::input::workbook::worker::reply::{Reply, ReplyError, Rows, channel, forward};
use crate::system::process::{self, ExceededLimit};

/// Reads a workbook in a process of its own.
pub(crate) fn read<S: RowSink>(
    bytes: &[u8],
    container: &Container,
    sheets_reader: &mut SheetReader<'_, S>,
) -> Result<(), Diagnostic> {
    let source = Arc::clone(sheets_reader.source);
    let request = Request::of(bytes, container, sheets_reader.options);
    let mut child = start(&request, sheets_reader.options).map_err(|error| {
        let what = format!("cannot start the worker process: {error}");
        WorkbookError::unreadable(what).of(&source)
    })?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (sender, pieces) = channel();
    thread::scope(|scope| {
        // Both threads end when the process does and its pipes close.
        let reader = Reader {
            child: Mutex::new(child),
            room: request.room,
        };
        scope.spawn(move || {
            // If the worker exits early, its reply says why.
            let _ = stdin.map(|mut stdin| stdin.write_all(bytes));
        });
        scope.spawn(move || stdout.map(|stdout| forward(stdout, &sender)));
        let mut answer = Reply::of(pieces, reader.room.message_timeout());
        take(&mut answer, &|broken| reader.explain(broken), sheets_reader)
    })
}

/// Reads a workbook as a worker would, but in this process and without limits.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_in_process<S: RowSink>(
    bytes: &[u8],
    container: &Container,
    sheets_reader: &mut SheetReader<'_, S>,
) -> Result<(), Diagnostic> {
    let request = Request::of(bytes, container, sheets_reader.options);
    let said = serve::said(&request, bytes);
    let (sender, pieces) = channel();
    sender.send(said).expect("somebody listens");
    drop(sender);
    let mut answer = Reply::of(pieces, request.room.message_timeout());
    let explain = |broken| match broken {
        ReplyError::WorkbookError(flaw) => flaw,
        ReplyError::Cut | ReplyError::Senseless | ReplyError::Late => {
            panic!("a reply without an end")
        }
    };
    take(&mut answer, &explain, sheets_reader)
}

/// Starts the worker: this program, unless the options name another one.
fn start(request: &Request, options: &Options<'_>) -> io::Result<Child> {
    let program = match &options.program {
        Some(program) => program.clone(),
        None => std::env::current_exe()?,
    };
    Command::new(program)
        .args(request.arguments())
        // The worker needs no environment, and only its reply is read.
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// A worker process, killed when dropped.
struct Reader {
    child: Mutex<Child>,
    room: Room,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Killing fails only if it has already exited.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Reader {
    /// Explains why a worker did not finish its reply.
    fn explain(&self, broken: ReplyError) -> WorkbookError {
        let late = || {
            let what = format!("reading it takes more than {} seconds", self.room.seconds);
            WorkbookError::unreadable(what)
        };
        match broken {
            ReplyError::WorkbookError(flaw) => flaw,
            ReplyError::Late => late(),
            ReplyError::Senseless => WorkbookError::cut_short(),
            ReplyError::Cut => {
                let status = self
                    .child
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .wait();
                match status.ok().and_then(process::exceeded_limit) {
                    Some(ExceededLimit::Memory) => {
                        let megabytes = self.room.memory >> 20;
                        WorkbookError::too_large(format!(
                            "reading it takes more than {megabytes} MB of memory"
                        ))
                    }
                    Some(ExceededLimit::CpuTime) => late(),
                    _ => WorkbookError::cut_short(),
                }
            }
        }
    }
}

/// Takes the answer, to its end.
fn take<S: RowSink>(
    answer: &mut Reply,
    explain: &(dyn Fn(ReplyError) -> WorkbookError + Sync),
    sheets_reader: &mut SheetReader<'_, S>,
) -> Result<(), Diagnostic> {
    let source = Arc::clone(sheets_reader.source);
    loop {
        let message = answer
            .next()
            .map_err(|broken| explain(broken).of(&source))?;
        match message {
            Message::Sheets(names) => sheets_reader.report_missing_sheets(&names),
            Message::Skipped(name, reason) => sheets_reader.skip(&name, reason),
            Message::Sheet(name) => {
                sheets_reader.take(&name, &mut Rows::of(answer, explain))?;
            }
            Message::Done => return Ok(()),
            Message::Row(..) | Message::SheetEnd | Message::WorkbookError(_) => {
                return Err(explain(ReplyError::Senseless).of(&source));
            }
        }
    }
}
