//! The end of a job: its outcomes told, its reports written, what is left to do named.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Import;
use super::inbox::Cleared;
use crate::cli::Format;
use crate::delivery::{End, Outcome};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::inbox::Disposition;
use crate::pipeline::hooks::{Account, Ended};
use crate::pipeline::next_steps;
use crate::pipeline::next_steps::{Ending, Next};
use crate::pipeline::{rejects, reports};
use crate::report::file::ReportFile;
use crate::report::{Mode, Totals};
use crate::ui::{self, summary};

impl Import {
    /// Ends a run that came to its end, early or not.
    pub(crate) fn end_of_run(mut self, end: Option<&End>) -> Result<Ended, Error> {
        let totals = Totals::of(&self.batch, &self.deliveries);
        let mut exit = ExitCode::of_run(end, &totals, self.batch.errors());
        if self.run.mode != Mode::Plan {
            let finished = self
                .keep_due()
                .and_then(|()| self.memory.finish(&totals, exit));
            match (finished, end) {
                // It stopped the delivery, and that is told.
                (Ok(()), _) | (Err(_), Some(End::LedgerFailed(_) | End::LedgerLost(_))) => {}
                (Err(error), _) => {
                    ui::tell_error(&error);
                    exit = exit.or_incomplete();
                }
            }
        }
        if let Some(words) = end.map(|end| self.words_of(end)) {
            self.screen
                .tell(|mut out| summary::write_line(&mut out, "stopped", &words));
            self.run.stopped = Some(words);
        }
        self.end(exit)
    }

    /// Has the ledger know what is left of sending everything again. A plan knows that itself.
    fn keep_due(&self) -> Result<(), Error> {
        if self.setup.policy.resend && self.run.mode == Mode::Import {
            self.memory.keep_due(&self.batch, &self.deliveries)
        } else {
            Ok(())
        }
    }

    /// Ends a run that is refused for what its inputs hold: nothing is sent, and the ledger remembers that.
    pub(crate) fn refuse(mut self, refusal: &Error) -> Result<Ended, Error> {
        let exit = ExitCode::from(refusal);
        if self.run.mode.delivers() {
            let totals = Totals::of(&self.batch, &self.deliveries);
            // A plan that is refused is not applied, and may be yet.
            self.memory
                .begin(&self.run, &self.batch, &self.deliveries, None)?;
            self.memory.finish(&totals, exit)?;
        }
        ui::tell_error(refusal);
        self.run.stopped = Some(refusal.to_string());
        self.end(exit)
    }

    /// Says why the delivery ended early, and what to look at first.
    fn words_of(&self, end: &End) -> String {
        let hint = self.setup.target.hint_of_refusal();
        match (end, hint) {
            (End::Refused(_), Some(hint)) => format!("{end}; {hint}"),
            _ => end.to_string(),
        }
    }

    /// Tells what became of the orders, writes the reports, and clears the inbox.
    pub(crate) fn end(mut self, mut exit: ExitCode) -> Result<Ended, Error> {
        if !self.interruptions.begin() {
            return Ok(ExitCode::Interrupted.into());
        }
        self.tell_outcomes();
        let fates = self.fates(exit);
        let mut failures = Vec::new();
        let beside = self.reserve_beside(&fates).unwrap_or_else(|error| {
            failures.push(error);
            Vec::new()
        });
        let next = self.next(exit);
        self.run.next = next.iter().map(Next::line).collect();
        let mut result = self.result(exit);
        let written = self.write_files(exit, &mut failures);
        let is_there = |path: &PathBuf| written.contains(path);
        let beside: Vec<PathBuf> = beside.into_iter().filter(is_there).collect();
        let cleared = self.clear_inbox(&fates, &beside);
        if let Some(result) = &mut result {
            result["inbox"] = cleared.account.clone().into();
            ui::answer(|out| ui::write_json_line(out, result))?;
        }
        for next in &next {
            self.screen.tell(|mut out| {
                summary::write_next(&mut out, &next.command, next.first.as_deref())
            });
        }
        // How the delivery ended says more than that a file about it is missing.
        failures.iter().for_each(ui::tell_error);
        if !failures.is_empty() || !cleared.is_whole {
            exit = exit.or_incomplete();
        }
        let account = Some(self.account(written, &cleared));
        Ok(Ended { exit, account })
    }

    /// Writes the reports and the rejected rows. Returns the reports that are there; what failed goes to `failures`.
    fn write_files(&mut self, exit: ExitCode, failures: &mut Vec<Error>) -> Vec<PathBuf> {
        let (files, live) = (std::mem::take(&mut self.files), self.live.take());
        let results = (&*self.batch, self.deliveries.as_slice());
        let written = reports::write(files, self.run.clone(), results, exit, self.screen, live);
        failures.extend(written.result.err());
        if let Some((_, reading)) = &self.inputs {
            let file = self.rejects.take();
            let rejected = rejects::write(file, reading, &self.run.id, results, self.screen);
            failures.extend(rejected.err());
        }
        written.paths
    }

    fn tell_outcomes(&self) {
        let outcomes: Vec<Outcome> = self
            .deliveries
            .iter()
            .map(|delivery| delivery.outcome)
            .collect();
        self.screen
            .tell(|mut out| summary::write_undelivered(&mut out, &self.batch, &self.deliveries));
        self.screen
            .tell(|mut out| summary::write_perhaps_twice(&mut out, &self.deliveries));
        self.screen.note(|mut out| {
            summary::write_outcomes(&mut out, &self.batch, &outcomes)?;
            match self.run.requests.sent {
                0 => Ok(()),
                _ => summary::write_requests(&mut out, &self.run.requests, &self.run.timing),
            }
        });
    }

    /// Takes places for the reports beside the files of the inbox, and returns them.
    fn reserve_beside(&mut self, fates: &[Disposition]) -> Result<Vec<PathBuf>, Error> {
        let Some(inbox) = &self.inbox else {
            return Ok(Vec::new());
        };
        let files = inbox.reserve(fates, &self.run.id)?;
        let paths = files.iter().map(|file| file.path().to_owned()).collect();
        self.files.extend(files);
        Ok(paths)
    }

    /// Returns what a delivery came to, for scripts that ask for it.
    fn result(&self, exit: ExitCode) -> Option<Value> {
        let run = &self.run;
        let reports = self.files.iter().map(ReportFile::path);
        (self.format == Format::Json && run.mode.delivers()).then(|| {
            json!({
                "run": run.id,
                "mode": run.mode,
                "target": run.target,
                "notice": run.notice,
                "exit_code": exit.number(),
                "totals": Totals::of(&self.batch, &self.deliveries),
                "requests": run.requests,
                "timing": run.timing,
                "reports": reports.collect::<Vec<_>>(),
                "next": run.next,
            })
        })
    }

    /// Returns what is left to do.
    fn next(&self, exit: ExitCode) -> Vec<Next> {
        if self.run.mode == Mode::Plan {
            return Vec::new();
        }
        let inputs = self.inputs.iter().flat_map(|(paths, _)| paths);
        let written = self.rejects.as_ref();
        next_steps::commands(&Ending {
            // What of an inbox is to be mended, it says itself.
            has_inputs: self.inputs.is_some() && self.inbox.is_none(),
            is_piped: inputs.into_iter().any(|input| input.as_os_str() == "-"),
            settings: &self.setup,
            run: &self.run.id,
            deliveries: &self.deliveries,
            totals: &Totals::of(&self.batch, &self.deliveries),
            exit,
            rejects: written.and_then(|file| file.filled(&self.batch, &self.deliveries)),
        })
    }

    fn account(self, reports: Vec<PathBuf>, cleared: &Cleared) -> Account {
        let errors = self.batch.errors();
        let account = Account {
            totals: Totals::of(&self.batch, &self.deliveries),
            errors,
            warnings: self.batch.problems.len() - errors,
            reports,
            files: cleared.files,
            run: self.run,
        };
        // The process ends, which gives all of it back at once.
        std::mem::forget((self.batch, self.deliveries));
        account
    }
}
