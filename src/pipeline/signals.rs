//! Ctrl-C and the system's request to end, heard from the first moment of a run to its last.
//!
//! Before anything has begun there is nothing to bring to an end: the run is left where it is, also while it waits for
//! a lock, a disk or a person. Later the delivery stops of itself, and what was begun is written down.

use std::io::{self, IsTerminal, Write};
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{oneshot, watch};

use crate::error::Error;
use crate::exit::ExitCode;
use crate::ui::{Screen, summary};

/// The stack of a run's thread: that of a main thread.
const STACK: usize = 8 * 1024 * 1024;

/// Ctrl-C, and the system's request to end.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from now on; neither signal ends the process any more.
    pub(crate) fn listen() -> Result<Self, Error> {
        let listen = |kind| signal(kind).map_err(|source| system("listen for signals", source));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
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

/// How far a run is, and how often it was asked to end.
#[derive(Debug, Clone, Copy, Default)]
struct Course {
    asked: u32,
    has_begun: bool,
    is_abandoned: bool,
}

/// What a run hears of the wish that it end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interruptions {
    course: watch::Sender<Course>,
    heard: u32,
}

impl Interruptions {
    /// Says that something is begun now that must be brought to an end; `false` where the run was given up before.
    pub(crate) fn begin(&self) -> bool {
        self.course.send_modify(|course| course.has_begun = true);
        !self.course.borrow().is_abandoned
    }

    /// Waits until the run is asked to end, once more than was heard.
    pub(crate) async fn next(&mut self) {
        let heard = self.heard;
        // An error would mean that no sender is left, and this is one.
        let _ = self
            .course
            .subscribe()
            .wait_for(|course| course.asked > heard)
            .await;
        self.heard += 1;
    }

    /// Asks the run to end; tells whether it is given up, as nothing was begun.
    fn ask(&self) -> bool {
        self.course.send_modify(|course| {
            course.asked += 1;
            course.is_abandoned = !course.has_begun;
        });
        self.course.borrow().is_abandoned
    }
}

fn tell_abandoned(mut out: &mut dyn Write) -> io::Result<()> {
    if io::stderr().is_terminal() {
        // The cursor stands behind a question, or behind a bar.
        writeln!(out)?;
    }
    summary::write_line(&mut out, "stopped", "interrupted; nothing was sent")
}

/// Carries a run out on a thread of its own, and listens for the wish that it end.
pub(crate) fn guarded<T: From<ExitCode> + Send + 'static>(
    screen: Screen,
    run: impl FnOnce(Interruptions) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let unheard = |source| system("listen for signals", source);
    let runtime = Builder::new_current_thread().enable_io().build();
    runtime.map_err(unheard)?.block_on(async {
        let mut signals = Signals::listen()?;
        let interruptions = Interruptions::default();
        let theirs = interruptions.clone();
        let (done, mut result) = oneshot::channel();
        let worker = thread::Builder::new()
            .name("run".to_owned())
            .stack_size(STACK)
            // Where nobody waits any more the run was given up.
            .spawn(move || drop(done.send(run(theirs))))
            .map_err(|source| system("start a thread", source))?;
        loop {
            tokio::select! {
                result = &mut result => match (result, worker.join()) {
                    (_, Err(panic)) => std::panic::resume_unwind(panic),
                    (Ok(result), Ok(())) => return result,
                    (Err(_), Ok(())) => return Err(Error::NoResult),
                },
                () = signals.next() => if interruptions.ask() {
                    screen.tell(tell_abandoned);
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
    async fn a_run_is_given_up_only_before_it_has_begun_something() {
        let early = Interruptions::default();
        assert!(early.ask() && !early.begin());
        let mut begun = Interruptions::default();
        assert!(begun.begin() && !begun.ask() && !begun.ask());
        begun.next().await;
        begun.next().await;
        assert!(begun.begin());
    }
}
