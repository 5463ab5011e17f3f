//! The binary: parses the command line, runs the command and returns its exit code. A copy of it that the library starts
//! as a worker process only reads a workbook.

use std::process::ExitCode;

use scoreload::{cli, commands, exit, input, ui};

fn main() -> ExitCode {
    if input::serve_workbook(std::env::args_os().skip(1)) {
        return ExitCode::SUCCESS;
    }
    let code = match cli::parse(std::env::args_os()) {
        Ok(cli) => commands::run(cli).unwrap_or_else(|error| {
            ui::tell_error(&error);
            exit::ExitCode::from(&error)
        }),
        Err(error) => {
            // A closed pipe is not an error.
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
