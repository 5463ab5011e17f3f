//! What a run came to, for Prometheus: a file in its text format, which the textfile collector reads.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Account, Over};
use crate::exit::ExitCode;
use crate::system::atomic_file::{NewFileError, draft_beside};

/// Kept from file to file, so that an alert can tell how long nothing has gone well.
const LAST_SUCCESS: &str = "scoreload_last_success_timestamp_seconds";

/// A number with what tells it from others of the same name.
type Sample<'a> = (Vec<(&'a str, &'a str)>, f64);

/// Numbers of one name.
struct Family<'a> {
    name: &'a str,
    help: &'a str,
    samples: Vec<Sample<'a>>,
}

/// Writes the file in the place of an earlier one: whoever reads finds the one or the other, whole. It holds counts
/// alone, so everybody may read it.
pub(crate) fn write(path: &Path, over: &Over<'_>) -> Result<(), NewFileError> {
    let earlier = fs::read_to_string(path).unwrap_or_default();
    let text = text(&families(over, last_success(&earlier)));
    replace(path, text.as_bytes()).map_err(|source| NewFileError::Write {
        path: path.to_owned(),
        source,
    })
}

fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut draft = draft_beside(path)?;
    draft.write_all(text)?;
    draft
        .as_file()
        .set_permissions(Permissions::from_mode(0o644))?;
    draft.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Returns when a run last went well, as an earlier file says.
fn last_success(earlier: &str) -> Option<f64> {
    let mut lines = earlier.lines();
    lines.find_map(|line| line.strip_prefix(LAST_SUCCESS)?.trim().parse().ok())
}

fn families<'a>(over: &'a Over<'_>, last_success: Option<f64>) -> Vec<Family<'a>> {
    let ended = over.ended.as_duration().as_secs_f64();
    let lasted = over.ended.duration_since(over.began).as_secs_f64();
    let success = match over.exit {
        ExitCode::Success => Some(ended),
        _ => last_success,
    };
    let mut all = vec![
        one(
            "scoreload_last_run_timestamp_seconds",
            "When the last run ended, in seconds since 1970.",
            ended,
        ),
        one(
            "scoreload_last_run_exit_code",
            "The exit code of the last run: 0 is a success.",
            f64::from(over.exit.number()),
        ),
        one(
            "scoreload_last_run_duration_seconds",
            "How long the last run took.",
            lasted,
        ),
    ];
    all.extend(success.map(|at| {
        one(
            LAST_SUCCESS,
            "When a run last ended with exit code 0, in seconds since 1970.",
            at,
        )
    }));
    all.extend(over.account.into_iter().flat_map(of_account));
    all
}

fn of_account(account: &Account) -> Vec<Family<'_>> {
    let Account { run, totals, .. } = account;
    let [done, failed, left] = account.files;
    let about = vec![
        ("run", run.id.as_str()),
        ("target", run.target.as_deref().unwrap_or_default()),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    let info = Family {
        name: "scoreload_last_run_info",
        help: "Which run was the last one, and where to.",
        samples: vec![(about, 1.0)],
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
    let problems = [("error", account.errors), ("warning", account.warnings)];
    let files = [("done", done), ("failed", failed), ("left", left)];
    #[rustfmt::skip]
    let counted = [
        counted("scoreload_last_run_rows", "Rows of data in the last run: all, those that belong to no order, those that were left out.", "kind", &rows),
        counted("scoreload_last_run_orders", "Orders of the last run by what became of them.", "outcome", &orders),
        counted("scoreload_last_run_problems", "Findings about the data of the last run.", "severity", &problems),
        counted("scoreload_last_run_requests", "Requests of the last run: updates, those that were sent again, those answered with 429; and those for tokens.", "kind", &requests),
        counted("scoreload_last_run_files", "Files of the inbox in the last run by where they went.", "fate", &files),
    ];
    let waited = one(
        "scoreload_last_run_rate_wait_seconds",
        "How long the last run waited for the rate.",
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

/// Writes families in Prometheus' text format.
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
    use super::*;

    fn over(exit: ExitCode) -> Over<'static> {
        Over {
            exit,
            began: "2026-03-04T17:06:00Z".parse().unwrap(),
            ended: "2026-03-04T17:06:02.5Z".parse().unwrap(),
            account: None,
            error: None,
        }
    }

    #[test]
    fn the_last_success_outlives_failures() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scoreload.prom");
        let success = |exit| {
            write(&path, &over(exit)).unwrap();
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
    fn a_run_that_failed_early_has_metrics_too() {
        let over = over(ExitCode::Usage);
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
        assert_eq!(text(&families(&over, None)), expected);
    }

    #[test]
    fn labels_keep_what_could_end_them() {
        let labels = labels_text(&[("a", "x\"y\\z\n"), ("b", "")]);
        assert_eq!(labels, r#"{a="x\"y\\z\n",b=""}"#);
    }
}
