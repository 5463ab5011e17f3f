//! The command line: parses, calls the library, maps the result to an exit code. Started by another run of itself, it reads a
//! workbook for that and does nothing else.

use std::process::ExitCode;

use clap::Parser;
use scoreload::cli::Cli;
use scoreload::{commands, exit, input, ui};

fn main() -> ExitCode {
    if input::serve_workbook(std::env::args_os().skip(1)) {
        return ExitCode::SUCCESS;
    }
    let code = match Cli::try_parse() {
        Ok(cli) => commands::run(cli).unwrap_or_else(|error| {
            ui::tell_error(&error);
            exit::ExitCode::from(&error)
        }),
        Err(error) => {
            // A closed stream is no error.
            let _ = error.print();
            if error.use_stderr() {
                exit::ExitCode::Usage
            } else {
                exit::ExitCode::Success
            }
        }
    };
    ExitCode::from(code.number())
}
