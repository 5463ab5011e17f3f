//! Ctrl-C and SIGTERM, from the first moment of a run to its last.
//!
//! Before a run has begun anything that must be completed, a signal ends the process at once, even while it waits for a
//! lock, a disk or an answer on the terminal. Later the delivery stops by itself and the reports are written.

use std::io::{self, IsTerminal, Write};
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{oneshot, watch};

use crate::error::Error;
use crate::exit::ExitCode;
use crate::ui::{Screen, summary};

/// The stack size of the thread of a run, that of a main thread.
const STACK_SIZE: usize = 8 * 1024 * 1024;

/// The signals that ask a process to end.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Starts listening; from now on the signals do not end the process.
    pub(crate) fn listen() -> Result<Self, Error> {
        let listen = |kind| signal(kind).map_err(|source| system("listen for signals", source));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn system(action: &'static str, source: io::Error) -> Error {
    Error::System { action, source }
}

/// The state of a run, and the number of signals received.
#[derive(Debug, Clone, Copy, Default)]
struct RunState {
    signals: u32,
    has_begun: bool,
    is_abandoned: bool,
}

/// The signals as a run sees them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interruptions {
    state: watch::Sender<RunState>,
    seen: u32,
}

impl Interruptions {
    /// Marks the start of work that must be completed. Returns false if a signal has already ended the run.
    pub(crate) fn begin(&self) -> bool {
        self.state.send_modify(|state| state.has_begun = true);
        !self.state.borrow().is_abandoned
    }

    /// Waits for the next signal that this value has not returned yet.
    pub(crate) async fn next(&mut self) {
        let seen = self.seen;
        // An error would mean that all senders are gone, but `self` is one.
        let _ = self
            .state
            .subscribe()
            .wait_for(|state| state.signals > seen)
            .await;
        self.seen += 1;
    }

    /// Records a signal. Returns whether it ends the run at once, because nothing has begun.
    fn signal(&self) -> bool {
        self.state.send_modify(|state| {
            state.signals += 1;
            state.is_abandoned = !state.has_begun;
        });
        self.state.borrow().is_abandoned
    }
}

fn write_abandoned(mut out: &mut dyn Write) -> io::Result<()> {
    if io::stderr().is_terminal() {
        // Ends the line of a question or a progress bar.
        writeln!(out)?;
    }
    summary::write_line(&mut out, "stopped", "interrupted; nothing was sent")
}

/// Runs a command on a thread of its own, and handles signals on this one.
pub(crate) fn run_interruptible<T: From<ExitCode> + Send + 'static>(
    screen: Screen,
    command: impl FnOnce(Interruptions) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let no_runtime = |source| system("listen for signals", source);
    let runtime = Builder::new_current_thread().enable_io().build();
    runtime.map_err(no_runtime)?.block_on(async {
        let mut signals = Signals::listen()?;
        let interruptions = Interruptions::default();
        let of_command = interruptions.clone();
        let (sender, mut result) = oneshot::channel();
        let worker = thread::Builder::new()
            .name("run".to_owned())
            .stack_size(STACK_SIZE)
            // Nobody receives the result of a run that a signal has ended.
            .spawn(move || drop(sender.send(command(of_command))))
            .map_err(|source| system("start a thread", source))?;
        loop {
            tokio::select! {
                result = &mut result => match (result, worker.join()) {
                    (_, Err(panic)) => std::panic::resume_unwind(panic),
                    (Ok(result), Ok(())) => return result,
                    (Err(_), Ok(())) => return Err(Error::NoResult),
                },
                () = signals.next() => if interruptions.signal() {
                    screen.tell(write_abandoned);
                    return Ok(ExitCode::Interrupted.into());
                },
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_signal_ends_a_run_at_once_only_before_it_has_begun() {
        let early = Interruptions::default();
        assert!(early.signal() && !early.begin());
        let mut begun = Interruptions::default();
        assert!(begun.begin() && !begun.signal() && !begun.signal());
        begun.next().await;
        begun.next().await;
        assert!(begun.begin());
    }
}
