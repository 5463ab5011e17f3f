//! The metrics of a run for Prometheus: a file in its text format, which the textfile collector reads.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::run_summary::RunSummary;
use crate::exit::ExitCode;
use crate::pipeline::stages::RunResult;
use crate::system::atomic_file::{NewFileError, temp_file_beside};
use crate::system::permissions;

/// Copied from file to file, so that an alert can fire when no run has succeeded for a while.
const LAST_SUCCESS: &str = "scoreload_last_success_timestamp_seconds";

/// A value and its labels.
type Sample<'a> = (Vec<(&'a str, &'a str)>, f64);

/// The samples of one metric.
struct Family<'a> {
    name: &'a str,
    help: &'a str,
    samples: Vec<Sample<'a>>,
}

/// Replaces the file atomically. It has only counts, so everybody may read it.
pub(super) fn write(path: &Path, run: &RunSummary<'_>) -> Result<(), NewFileError> {
    let earlier = fs::read_to_string(path).unwrap_or_default();
    let text = text(&families(run, last_success(&earlier)));
    replace(path, text.as_bytes()).map_err(|source| NewFileError::Write {
        path: path.to_owned(),
        source,
    })
}

fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut draft = temp_file_beside(path)?;
    draft.write_all(text)?;
    permissions::make_world_readable(draft.as_file())?;
    draft.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Returns the time of the last success from an earlier file.
fn last_success(earlier: &str) -> Option<f64> {
    let mut lines = earlier.lines();
    lines.find_map(|line| line.strip_prefix(LAST_SUCCESS)?.trim().parse().ok())
}

fn families<'a>(run: &'a RunSummary<'_>, last_success: Option<f64>) -> Vec<Family<'a>> {
    let finished = run.finished_at.as_duration().as_secs_f64();
    let duration = run.finished_at.duration_since(run.started_at).as_secs_f64();
    let success = match run.exit {
        ExitCode::Success => Some(finished),
        _ => last_success,
    };
    let mut all = vec![
        one(
            "scoreload_last_run_timestamp_seconds",
            "When the last run ended, in seconds since 1970.",
            finished,
        ),
        one(
            "scoreload_last_run_exit_code",
            "The exit code of the last run: 0 is a success.",
            f64::from(run.exit.number()),
        ),
        one(
            "scoreload_last_run_duration_seconds",
            "How long the last run took.",
            duration,
        ),
    ];
    all.extend(success.map(|at| {
        one(
            LAST_SUCCESS,
            "When a run last ended with exit code 0, in seconds since 1970.",
            at,
        )
    }));
    all.extend(run.result.into_iter().flat_map(families_of_result));
    all
}

fn families_of_result(result: &RunResult) -> Vec<Family<'_>> {
    let RunResult { run, totals, .. } = result;
    let labels = vec![
        ("run", run.id.as_str()),
        ("target", run.target.as_deref().unwrap_or_default()),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    let info = Family {
        name: "scoreload_last_run_info",
        help: "The id, target and version of the last run.",
        samples: vec![(labels, 1.0)],
    };
    let rows = [
        ("all", totals.rows),
        ("invalid", totals.rows_invalid),
        ("skipped", totals.rows_skipped),
    ];
    let orders = [
        ("accepted", totals.accepted),
        ("unchanged", totals.unchanged),
        ("invalid", totals.invalid),
        ("rejected", totals.rejected),
        ("failed", totals.failed),
        ("unknown", totals.unknown),
        ("not_sent", totals.not_sent),
    ];
    let requests = [
        ("sent", run.requests.sent),
        ("retried", run.requests.retried),
        ("throttled", run.requests.throttled),
        ("token", run.requests.token),
    ];
    let requests =
        requests.map(|(kind, count)| (kind, usize::try_from(count).unwrap_or(usize::MAX)));
    let problems = [("error", result.errors), ("warning", result.warnings)];
    let files = [
        ("done", result.inbox.done),
        ("failed", result.inbox.failed),
        ("left", result.inbox.left),
    ];
    #[rustfmt::skip]
    let counted = [
        counted("scoreload_last_run_rows", "Rows of the last run: all, invalid ones without an order, skipped ones.", "kind", &rows),
        counted("scoreload_last_run_orders", "Orders of the last run by outcome.", "outcome", &orders),
        counted("scoreload_last_run_problems", "Diagnostics of the last run.", "severity", &problems),
        counted("scoreload_last_run_requests", "Requests of the last run: updates, retried updates, updates answered with 429, token requests.", "kind", &requests),
        counted("scoreload_last_run_files", "Inbox files of the last run by where they went.", "fate", &files),
    ];
    let waited = one(
        "scoreload_last_run_rate_wait_seconds",
        "How long the last run waited for the rate limit.",
        run.timing.waited_for_rate_s,
    );
    [info].into_iter().chain(counted).chain([waited]).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts are small beside 2^53")]
fn counted<'a>(
    name: &'a str,
    help: &'a str,
    label: &'a str,
    counts: &[(&'a str, usize)],
) -> Family<'a> {
    let sample = |(value, count): &(&'a str, usize)| (vec![(label, *value)], *count as f64);
    Family {
        name,
        help,
        samples: counts.iter().map(sample).collect(),
    }
}

fn one<'a>(name: &'a str, help: &'a str, value: f64) -> Family<'a> {
    Family {
        name,
        help,
        samples: vec![(Vec::new(), value)],
    }
}

/// Returns the metrics in Prometheus' text format.
fn text(families: &[Family<'_>]) -> String {
    let mut lines = Vec::new();
    for Family {
        name,
        help,
        samples,
    } in families
    {
        lines.push(format!("# HELP {name} {help}"));
        lines.push(format!("# TYPE {name} gauge"));
        for (labels, value) in samples {
            lines.push(format!("{name}{} {value}", labels_text(labels)));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn labels_text(labels: &[(&str, &str)]) -> String {
    let escaped = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        text.replace('\n', "\\n")
    };
    let label = |(name, value): &(&str, &str)| format!("{name}=\"{}\"", escaped(value));
    let all: Vec<String> = labels.iter().map(label).collect();
    match all.as_slice() {
        [] => String::new(),
        all => format!("{{{}}}", all.join(",")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn run(exit: ExitCode) -> RunSummary<'static> {
        RunSummary {
            exit,
            started_at: "2026-03-04T17:06:00Z".parse().unwrap(),
            finished_at: "2026-03-04T17:06:02.5Z".parse().unwrap(),
            result: None,
            error: None,
        }
    }

    #[test]
    fn a_failed_run_keeps_the_time_of_the_last_success() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scoreload.prom");
        let success = |exit| {
            write(&path, &run(exit)).unwrap();
            last_success(&fs::read_to_string(&path).unwrap())
        };
        assert_eq!(success(ExitCode::Held), None);
        assert_eq!(success(ExitCode::Success), Some(1_772_643_962.5));
        fs::write(&path, format!("{LAST_SUCCESS} 17\n")).unwrap();
        assert_eq!(success(ExitCode::Refused), Some(17.0));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o644
        );
    }

    #[test]
    fn a_run_without_a_result_has_metrics() {
        let run = run(ExitCode::Usage);
        let expected = "\
# HELP scoreload_last_run_timestamp_seconds When the last run ended, in seconds since 1970.
# TYPE scoreload_last_run_timestamp_seconds gauge
scoreload_last_run_timestamp_seconds 1772643962.5
# HELP scoreload_last_run_exit_code The exit code of the last run: 0 is a success.
# TYPE scoreload_last_run_exit_code gauge
scoreload_last_run_exit_code 2
# HELP scoreload_last_run_duration_seconds How long the last run took.
# TYPE scoreload_last_run_duration_seconds gauge
scoreload_last_run_duration_seconds 2.5
";
        assert_eq!(text(&families(&run, None)), expected);
    }

    #[test]
    fn labels_are_escaped() {
        let labels = labels_text(&[("a", "x\"y\\z\n"), ("b", "")]);
        assert_eq!(labels, r#"{a="x\"y\\z\n",b=""}"#);
    }
}
