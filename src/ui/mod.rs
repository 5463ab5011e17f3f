//! What people see. Alone prints; a stream that is closed is no error.

pub(crate) mod checks;
pub(crate) mod config_text;
pub(crate) mod diagnostics;
pub(crate) mod explain;
mod json;
pub(crate) mod layout;
mod log;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod settings;
pub(crate) mod summary;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

pub(crate) use self::json::{write_json_line, write_json_lines};
use crate::cli::ScreenArgs;
use crate::error::Error;
pub(crate) use crate::text;
use crate::text::safe;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default();

/// The screen of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    /// How progress is shown.
    pub(crate) progress: progress::Style,
    /// Whether nothing is left out of a list.
    pub(crate) is_verbose: bool,
    /// Whether only what is wrong is told.
    pub(crate) is_quiet: bool,
}

impl Screen {
    /// Sets colour and logs up for the whole process, and tells how to show progress.
    ///
    /// # Errors
    /// The file of the log cannot be opened.
    pub(crate) fn begin(args: &ScreenArgs) -> Result<Self, Error> {
        let colour = match args.color {
            clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
            clap::ColorChoice::Always => anstream::ColorChoice::Always,
            clap::ColorChoice::Never => anstream::ColorChoice::Never,
        };
        colour.write_global();
        log::begin(args.verbose, args.log_format, args.log_file.as_deref())?;
        // Log lines would tear a bar to pieces.
        let is_torn = args.verbose > 0 && args.log_file.is_none();
        let can_move = progress::can_move() && !is_torn;
        Ok(Self {
            progress: progress::Style::settle(args.progress, can_move, args.quiet),
            is_verbose: args.verbose > 0,
            is_quiet: args.quiet,
        })
    }

    /// Writes to standard error what a quiet run leaves out.
    pub(crate) fn note(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if !self.is_quiet {
            self.tell(write);
        }
    }

    /// Writes to standard error.
    pub(crate) fn tell(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        // Where nobody reads any more there is nobody to tell.
        let _ = write(&mut anstream::stderr().lock());
    }

    /// Writes to standard output what a quiet run leaves out.
    ///
    /// # Errors
    /// When the stream cannot be written, except when it is closed.
    pub(crate) fn answer_unless_quiet(
        self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        if self.is_quiet { Ok(()) } else { answer(write) }
    }
}

/// Writes to standard output what was asked for.
///
/// # Errors
/// When the stream cannot be written, except when it is closed.
pub(crate) fn answer(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut answer = Answer::styled();
    answer.go_on(write)?;
    answer.end()
}

/// What was asked for, written to standard output bit by bit.
pub(crate) struct Answer {
    out: Box<dyn Write>,
    is_closed: bool,
}

impl Answer {
    /// Begins one with styles, which are left out where the stream is no terminal.
    pub(crate) fn styled() -> Self {
        Self::begin(anstream::stdout().lock())
    }

    /// Begins one in which there are no styles to look for.
    pub(crate) fn plain() -> Self {
        Self::begin(io::stdout().lock())
    }

    fn begin(stream: impl Write + 'static) -> Self {
        Self {
            out: Box::new(io::BufWriter::with_capacity(Self::AT_ONCE, stream)),
            is_closed: false,
        }
    }

    /// What is written at once.
    const AT_ONCE: usize = 1 << 16;

    /// Writes some more, unless nobody reads any more.
    ///
    /// # Errors
    /// When the stream cannot be written, except when it is closed.
    pub(crate) fn go_on(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        if self.is_closed {
            return Ok(());
        }
        let written = write(&mut self.out);
        self.judge(written)
    }

    /// Ends it.
    ///
    /// # Errors
    /// Those of [`Self::go_on`].
    pub(crate) fn end(mut self) -> Result<(), Error> {
        let written = self.out.flush();
        self.judge(written)
    }

    fn judge(&mut self, written: io::Result<()>) -> Result<(), Error> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            written => written.map_err(|source| Error::System {
                action: "write to standard output",
                source,
            }),
        }
    }
}

/// Tells what stopped a run.
pub fn tell_error(error: &Error) {
    let mut out = anstream::stderr().lock();
    let message = error.to_string();
    // Where nobody reads any more there is nobody to tell.
    let _ = writeln!(
        out,
        "{ERROR}error{ERROR:#}: {}\n  {HELP}help{HELP:#}: {}",
        safe(&message),
        safe(&error.help())
    );
}

/// Asks a yes-or-no question on the terminal; anything but a clear yes is a no.
pub(crate) fn confirms(question: &str) -> bool {
    let _ = write!(anstream::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.is_ok() && ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str())
}
