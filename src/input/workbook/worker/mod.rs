//! Workbooks whose library builds all of them at once, read in a process of their own: whatever such a file does there,
//! it takes no more than its room, and this process goes on.
//!
//! [`read`] is the side that asks, [`serve`] the one that reads. The bytes go to its standard input, the rows come from
//! its standard output ([`message`]); what it would say of its end goes nowhere.

mod le;
mod limits;
mod ods;
mod protocol;
mod reply;
pub(crate) mod serve;
mod xls;
mod xlsb;

use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use self::serve::Request;
use crate::diagnostics::diagnostic::Diagnostic;
use crate::input::options::Options;
use crate::input::row_sink::RowSink;
use crate::input::workbook::container::Parcel;
use crate::input::workbook::error::Flaw;
use crate::input::workbook::sheet_reader::Taking;
use crate::input::workbook::worker::limits::Room;
use crate::input::workbook::worker::protocol::Message;
use crate::input::workbook::worker::reply::{Answer, Broken, Rows, pass_on, way};

/// Reads a workbook in a process of its own.
pub(crate) fn read<S: RowSink>(
    bytes: &[u8],
    parcel: &Parcel,
    taking: &mut Taking<'_, S>,
) -> Result<(), Diagnostic> {
    let source = Arc::clone(taking.source);
    let request = Request::of(bytes, parcel, taking.options);
    let mut child = start(&request, taking.options).map_err(|error| {
        let what = format!("the process that reads workbooks cannot be started: {error}");
        Flaw::unreadable(what).of(&source)
    })?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (sender, pieces) = way();
    thread::scope(|scope| {
        // Both threads end with the process, and with the way between them.
        let reader = Reader {
            child: Mutex::new(child),
            room: request.room,
        };
        scope.spawn(move || {
            // One that has ended early has said why.
            let _ = stdin.map(|mut stdin| stdin.write_all(bytes));
        });
        scope.spawn(move || stdout.map(|stdout| pass_on(stdout, &sender)));
        let mut answer = Answer::of(pieces, reader.room.patience());
        take(&mut answer, &|broken| reader.explained(broken), taking)
    })
}

/// Reads a workbook as the other process would, in this one; nothing holds it to its room.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_in_process<S: RowSink>(
    bytes: &[u8],
    parcel: &Parcel,
    taking: &mut Taking<'_, S>,
) -> Result<(), Diagnostic> {
    let request = Request::of(bytes, parcel, taking.options);
    let said = serve::said(&request, bytes);
    let (sender, pieces) = way();
    sender.send(said).expect("somebody listens");
    drop(sender);
    let mut answer = Answer::of(pieces, request.room.patience());
    let explain = |broken| match broken {
        Broken::Flaw(flaw) => flaw,
        Broken::Cut | Broken::Senseless | Broken::Late => panic!("an answer without an end"),
    };
    take(&mut answer, &explain, taking)
}

/// Starts the process that reads: this program, unless another one is named.
fn start(request: &Request, options: &Options<'_>) -> io::Result<Child> {
    let program = match &options.program {
        Some(program) => program.clone(),
        None => std::env::current_exe()?,
    };
    Command::new(program)
        .args(request.arguments())
        // It needs nothing of what surrounds it, and says nothing but its answer.
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// The process that reads, ended with this value.
struct Reader {
    child: Mutex<Child>,
    room: Room,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // One that has ended cannot be ended again.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Reader {
    /// Says what is wrong with a workbook whose reader has not come to an end of its own.
    fn explained(&self, broken: Broken) -> Flaw {
        const ABORTED: i32 = 6;
        const KILLED: i32 = 9;
        let late = || {
            let what = format!("it takes more than {} seconds of work", self.room.seconds);
            Flaw::unreadable(what)
        };
        match broken {
            Broken::Flaw(flaw) => flaw,
            Broken::Late => late(),
            Broken::Senseless => Flaw::cut_short(),
            Broken::Cut => {
                let status = self
                    .child
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .wait();
                match status.ok().and_then(|status| status.signal()) {
                    Some(ABORTED) => {
                        let megabytes = self.room.memory >> 20;
                        Flaw::too_large(format!("it takes more than {megabytes} MB of memory"))
                    }
                    Some(KILLED) => late(),
                    _ => Flaw::cut_short(),
                }
            }
        }
    }
}

/// Takes the answer, to its end.
fn take<S: RowSink>(
    answer: &mut Answer,
    explain: &(dyn Fn(Broken) -> Flaw + Sync),
    taking: &mut Taking<'_, S>,
) -> Result<(), Diagnostic> {
    let source = Arc::clone(taking.source);
    loop {
        let message = answer
            .next()
            .map_err(|broken| explain(broken).of(&source))?;
        match message {
            Message::Sheets(names) => taking.tell_missing(&names),
            Message::PassedOver(name, reason) => taking.pass_over(&name, reason),
            Message::Sheet(name) => {
                taking.take(&name, &mut Rows::of(answer, explain))?;
            }
            Message::Done => return Ok(()),
            Message::Row(..) | Message::SheetEnd | Message::Flaw(_) => {
                return Err(explain(Broken::Senseless).of(&source));
            }
        }
    }
}
