//! What each command prints.

use std::fs;

use serde_json::Value;

use crate::recorder::Recorder;
use crate::sandbox::Sandbox;
use crate::snapshot::{assert_run, assert_text};
use crate::world::{TARGET, World, repository};

/// Makes a directory with an earlier ledger and the samples.
fn world() -> World {
    let world = World::with_ledger();
    for name in [
        "scores.csv",
        "scores.xlsx",
        "mistakes.csv",
        "wide.csv",
        "wide.toml",
    ] {
        let sample = fs::read(repository("samples").join(name)).unwrap();
        world.write(&format!("samples/{name}"), sample);
    }
    world
}

/// Defines a test for each screen: its name, which is that of its snapshot, and its command line.
macro_rules! screens {
    ($($name:ident: $line:literal;)*) => {
        $(
            #[test]
            fn $name() {
                let world = world();
                let args: Vec<&str> = $line.split(' ').skip(1).collect();
                assert_run(stringify!($name), &world, &world.run(&args));
            }
        )*
    };
}

screens! {
    short_help: "scoreload -h";
    help: "scoreload --help";
    help_without_command: "scoreload";
    help_of_import: "scoreload import --help";
    short_help_of_import: "scoreload import -h";
    help_of_validate: "scoreload validate --help";
    short_help_of_validate: "scoreload validate -h";
    help_of_plan: "scoreload plan --help";
    help_of_apply: "scoreload apply --help";
    help_of_template: "scoreload template --help";
    help_of_history: "scoreload history --help";
    help_of_resolve: "scoreload resolve --help";
    help_of_sandbox: "scoreload sandbox --help";
    help_of_columns: "scoreload columns --help";
    help_of_explain: "scoreload explain --help";
    help_of_config: "scoreload config --help";
    help_of_doctor: "scoreload doctor --help";
    help_of_ledger: "scoreload ledger --help";
    help_of_ledger_export: "scoreload ledger export --help";
    help_of_ledger_import: "scoreload ledger import --help";
    help_of_ledger_prune: "scoreload ledger prune --help";
    help_of_ledger_verify: "scoreload ledger verify --help";
    help_of_completions: "scoreload completions --help";
    help_of_man: "scoreload man --help";
    help_of_report_schema: "scoreload report-schema --help";
    version: "scoreload --version";
    guide_for_nightly_imports: "scoreload help nightly";
    guide_for_teams: "scoreload help teams";

    validate_scores: "scoreload validate samples/scores.csv";
    validate_workbook: "scoreload validate samples/scores.xlsx";
    validate_wide_sheet: "scoreload validate samples/wide.csv --config samples/wide.toml";
    validate_wide_sheet_without_tables: "scoreload validate samples/wide.csv";
    validate_mistakes: "scoreload validate samples/mistakes.csv";
    validate_mistakes_as_json: "scoreload validate samples/mistakes.csv --format json";
    validate_every_column: "scoreload validate all_columns.csv --date-order mdy";
    validate_semicolon_file: "scoreload validate options.csv --config options.toml";

    import_to_built_in_sandbox: "scoreload import march.csv --no-report";
    import_as_json: "scoreload import march.csv --no-report --format json";
    import_mistakes: "scoreload import samples/mistakes.csv --report report.json --rejects rejects.xlsx";
    import_mistakes_all_or_nothing: "scoreload import samples/mistakes.csv -q --all-or-nothing --no-report";
    import_quietly: "scoreload import planned.csv --no-report -q";
    dry_run: "scoreload import samples/scores.csv --dry-run";

    plan_against_earlier_ledger: "scoreload plan next.csv --target http://assessments.example --insecure-http";
    plan_as_json: "scoreload plan next.csv --target http://assessments.example --insecure-http --format json";
    plan_of_held_reports: "scoreload plan held.csv --on-ambiguous hold --target http://assessments.example --insecure-http";
    plan_kept: "scoreload plan samples/scores.csv --target demo -o new.json";

    history: "scoreload history";
    history_of_an_order: "scoreload history --order M-2";
    verify: "scoreload ledger verify march.csv held.csv --target http://assessments.example --insecure-http";
    verify_as_json: "scoreload ledger verify march.csv --target http://assessments.example --insecure-http --format json";
    prune: "scoreload ledger prune --older-than 0d";

    columns_of_scores: "scoreload columns samples/scores.csv";
    columns_of_workbook: "scoreload columns samples/scores.xlsx";
    columns_of_wide_sheet: "scoreload columns samples/wide.csv";
    columns_proposed_for_wide_sheet: "scoreload columns samples/wide.csv --wide";
    explain_codes: "scoreload explain";
    explain_attempt_invalid: "scoreload explain attempt-invalid";
    explain_id_not_exact: "scoreload explain id-not-exact";
    explain_unknown_code: "scoreload explain atempt-invalid";
    config: "scoreload config";
    config_of_a_file: "scoreload config --config options.toml --rate 1/s";
    config_as_json: "scoreload config --format json";
    new_config: "scoreload config --init -o -";
    doctor: "scoreload doctor";
    doctor_without_credentials: "scoreload doctor --target demo";
    template_made: "scoreload template -o new.xlsx";
    template_as_csv: "scoreload template -o new.csv";
}

/// Defines a test for each screen of a delivery to a server that accepts every update.
macro_rules! deliveries {
    ($($name:ident: $line:literal;)*) => {
        $(
            #[test]
            fn $name() {
                let (world, recorder) = (world(), Recorder::start());
                let world = world
                    .with("plan.json", "plan.json")
                    .with("plan-applied.json", "plan-applied.json");
                let args: Vec<&str> = $line.split(' ').skip(1).collect();
                let run = world.deliver(&recorder.url, &args);
                assert_run(stringify!($name), &world, &run);
            }
        )*
    };
}

deliveries! {
    import_unchanged: "scoreload import planned.csv --target http://assessments.example --rate unlimited --no-report";
    import_changed: "scoreload import march.csv --target http://assessments.example --rate unlimited --no-report";
    import_held: "scoreload import held.csv --target http://assessments.example --rate unlimited --no-report --on-ambiguous hold";
    import_resent: "scoreload import held.csv --target http://assessments.example --rate unlimited --no-report --on-ambiguous resend";
    import_in_test_mode: "scoreload import march.csv --target http://assessments.example --rate unlimited --no-report --test-mode";
    apply_plan: "scoreload apply plan.json --rate unlimited --no-report";
    apply_plan_that_was_applied: "scoreload apply plan-applied.json --rate unlimited --no-report";
    doctor_of_a_server: "scoreload doctor --target http://assessments.example";
}

/// Defines a test for each screen of a delivery in which every update has a fault.
macro_rules! faults {
    ($($name:ident: $fault:literal $flags:literal;)*) => {
        $(
            #[test]
            fn $name() {
                let world = world();
                let sandbox = Sandbox::with_fault(&world, $fault);
                let mut args = vec!["unanswered.csv"];
                args.extend($flags.split(' '));
                let run = world.import(&sandbox.url, &args);
                assert_run(stringify!($name), &world, &run);
            }
        )*
    };
}

faults! {
    import_rejected: "403" "--rejects rejects.csv";
    import_without_answer: "drop-before" "--retries 0";
    import_without_answer_under_hold: "drop-after" "--retries 0 --on-ambiguous hold";
    import_unavailable: "503" "--retries 0";
    import_failed_by_server: "500" "--retries 0";
}

#[test]
fn resolve_marks_as_delivered() {
    let world = world();
    let run = run_named_in_history(&world, "2 unknown");
    let resolved = world.run(&["resolve", &run, "--mark-delivered"]);
    assert_run("resolve_marks_as_delivered", &world, &resolved);
    let again = world.run(&["resolve", &run, "--mark-delivered"]);
    assert_run("resolve_again", &world, &again);
}

#[test]
fn history_of_a_run() {
    let world = world();
    let run = run_named_in_history(&world, "1 invalid, 1 rejected");
    let shown = world.run(&["history", &run]);
    assert_run("history_of_a_run", &world, &shown);
}

fn run_named_in_history(world: &World, words: &str) -> String {
    let history = world.run(&["history"]).stdout;
    let line = history.lines().find(|line| line.contains(words)).unwrap();
    line.split(' ').next().unwrap().to_owned()
}

#[test]
fn ledger_exported_and_imported() {
    let world = world();
    let exported = world.run(&["ledger", "export", "-o", "new.jsonl"]);
    assert_run("ledger_exported", &world, &exported);
    let imported = world.run(&["ledger", "import", "new.jsonl", "--ledger", "new.db"]);
    assert_run("ledger_imported", &world, &imported);
}

/// Imports with each outcome that a server which accepts everything leaves, and returns the report of this format.
fn report(world: &World, name: &str) -> String {
    let recorder = Recorder::start();
    let args = [
        "import",
        "april.csv",
        "next.csv",
        "held.csv",
        "--on-ambiguous",
        "hold",
    ];
    let flags = [
        "--rate",
        "unlimited",
        "--concurrency",
        "1",
        "--target",
        TARGET,
        "--report",
        name,
    ];
    world
        .deliver(&recorder.url, &[&args[..], &flags].concat())
        .ends(1);
    world.read(name)
}

#[test]
fn report_as_markdown() {
    let world = world();
    assert_text("report_as_markdown", &world, &report(&world, "report.md"));
}

#[test]
fn report_as_csv() {
    let world = world();
    assert_text("report_as_csv", &world, &report(&world, "report.csv"));
}

#[test]
fn report_as_json() {
    let world = world();
    let report: Value = serde_json::from_str(&report(&world, "report.json")).unwrap();
    let report = serde_json::to_string_pretty(&report).unwrap();
    assert_text("report_as_json", &world, &report);
}

#[test]
fn report_as_html() {
    let world = world();
    assert_text("report_as_html", &world, &report(&world, "report.html"));
}
