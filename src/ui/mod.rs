//! Output on the terminal. Only this module prints; a closed stream is not an error.

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
    /// Whether lists are printed in full.
    pub(crate) is_verbose: bool,
    /// Whether only problems are printed.
    pub(crate) is_quiet: bool,
}

impl Screen {
    /// Sets up colour and logging for the process, and selects the style of progress.
    ///
    /// # Errors
    /// Fails if the log file cannot be opened.
    pub(crate) fn begin(args: &ScreenArgs) -> Result<Self, Error> {
        let colour = match args.color {
            clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
            clap::ColorChoice::Always => anstream::ColorChoice::Always,
            clap::ColorChoice::Never => anstream::ColorChoice::Never,
        };
        colour.write_global();
        log::begin(args.verbose, args.log_format, args.log_file.as_deref())?;
        // Log lines on stderr would break a moving bar.
        let is_logging_to_stderr = args.verbose > 0 && args.log_file.is_none();
        let can_redraw = progress::can_redraw() && !is_logging_to_stderr;
        Ok(Self {
            progress: progress::Style::select(args.progress, can_redraw, args.quiet),
            is_verbose: args.verbose > 0,
            is_quiet: args.quiet,
        })
    }

    /// Writes to stderr, unless the run is quiet.
    pub(crate) fn note(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if !self.is_quiet {
            self.tell(write);
        }
    }

    /// Writes to stderr.
    #[expect(clippy::unused_self, reason = "whoever has a screen may print")]
    pub(crate) fn tell(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        // A closed stream is not an error.
        let _ = write(&mut anstream::stderr().lock());
    }

    /// Writes to stdout, unless the run is quiet.
    ///
    /// # Errors
    /// Fails if stdout cannot be written, except if it is closed.
    pub(crate) fn answer_unless_quiet(
        self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        if self.is_quiet { Ok(()) } else { answer(write) }
    }
}

/// Writes to stdout.
///
/// # Errors
/// Fails if stdout cannot be written, except if it is closed.
pub(crate) fn answer(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut answer = Answer::styled();
    answer.go_on(write)?;
    answer.end()
}

/// A buffered writer to stdout that ignores a closed stream.
pub(crate) struct Answer {
    out: Box<dyn Write>,
    is_closed: bool,
}

impl Answer {
    /// Creates a writer that removes styles unless stdout is a terminal.
    pub(crate) fn styled() -> Self {
        Self::begin(anstream::stdout().lock())
    }

    /// Creates a writer for output without styles.
    pub(crate) fn plain() -> Self {
        Self::begin(io::stdout().lock())
    }

    fn begin(stream: impl Write + 'static) -> Self {
        Self {
            out: Box::new(io::BufWriter::with_capacity(Self::BUFFER_SIZE, stream)),
            is_closed: false,
        }
    }

    /// The size of the buffer.
    const BUFFER_SIZE: usize = 1 << 16;

    /// Writes more output, unless the stream is closed.
    ///
    /// # Errors
    /// Fails if stdout cannot be written, except if it is closed.
    pub(crate) fn go_on(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        if self.is_closed {
            return Ok(());
        }
        let written = write(&mut self.out);
        self.check(written)
    }

    /// Flushes the output.
    ///
    /// # Errors
    /// Those of [`Self::go_on`].
    pub(crate) fn end(mut self) -> Result<(), Error> {
        let written = self.out.flush();
        self.check(written)
    }

    fn check(&mut self, written: io::Result<()>) -> Result<(), Error> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            written => written.map_err(|source| Error::System {
                action: "write to stdout",
                source,
            }),
        }
    }
}

/// Prints an error with its remedy.
pub fn tell_error(error: &Error) {
    let mut out = anstream::stderr().lock();
    let message = error.to_string();
    // A closed stream is not an error.
    let _ = writeln!(
        out,
        "{ERROR}error{ERROR:#}: {}\n  {HELP}help{HELP:#}: {}",
        safe(&message),
        safe(&error.help())
    );
}

/// Asks a yes-or-no question on the terminal. Any answer other than yes is a no.
pub(crate) fn confirms(question: &str) -> bool {
    let _ = write!(anstream::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.is_ok() && ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str())
}
