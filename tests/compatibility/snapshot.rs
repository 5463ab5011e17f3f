//! Snapshots of what a run prints, without what changes from run to run.

use insta::Settings;

use crate::world::{Run, World};

/// Patterns of what changes, and what a snapshot has instead.
const FILTERS: &[(&str, &str)] = &[
    (r"\b\d{8}-\d{6}-[a-z]{4}\b", "[run]"),
    (r"127\.0\.0\.1:\d{5}", "127.0.0.1:[port]"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "[time]"),
    (r"\d{4}-\d\d-\d\d [\d:]+( to [\d:]+)?( UTC|Z)", "[time]"),
    (r"\bbefore \d{4}-\d\d-\d\d\b", "before [day]"),
    (r"(?m)^time .*$", "time         [duration]"),
    (r"<dt>Time</dt><dd>[^<]*", "<dt>Time</dt><dd>[durations]"),
    (r"\b\d+ s  http", "0 s  http"),
    (r#"(_s|_ms|seconds)":( ?)\d[\d.e-]*"#, "$1\":${2}0"),
    (r",\d+\.\d+,", ",[ms],"),
    (r"sha256-[\w+/=]+", "sha256-[digest]"),
    (r#"<div class="axis.*?</div>"#, "<axis/>"),
    (
        r"(?s)<(script|style|figcaption|svg)\b.*?</(script|style|figcaption|svg)>",
        "<$1/>",
    ),
];

/// Compares a run with the snapshot of this name.
#[track_caller]
pub(crate) fn assert_run(name: &str, world: &World, run: &Run) {
    let (stdout, stderr) = (&run.stdout, &run.stderr);
    let text = format!(
        "exit code {}\n---- stdout\n{stdout}---- stderr\n{stderr}",
        run.code
    );
    assert_text(name, world, &text);
}

/// Compares a text with the snapshot of this name.
#[track_caller]
pub(crate) fn assert_text(name: &str, world: &World, text: &str) {
    let binary = assert_cmd::cargo::cargo_bin!("scoreload");
    let text = text
        .replace(&world.path("").display().to_string(), "[dir]/")
        .replace(&binary.display().to_string(), "scoreload");
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, replacement) in FILTERS {
        settings.add_filter(pattern, *replacement);
    }
    settings.bind(|| insta::assert_snapshot!(name, text));
}
