//! `scoreload ledger`: what is remembered is moved, pruned and compared with files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{Bench, Ran, TestSandbox, on_postgres, orders_csv};
use crate::server::{Server, answer};

const FAST: &[&str] = &["orders.csv", "--rate", "unlimited"];

fn bench(orders: usize) -> Bench {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(orders));
    bench
}

/// A bench whose ledger remembers so many orders, and the sandbox that they went to.
pub(crate) fn delivered(orders: usize) -> (Bench, TestSandbox) {
    let (bench, sandbox) = (bench(orders), TestSandbox::start("unlimited", ""));
    let ran = bench.import(&sandbox.url(), FAST);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    (bench, sandbox)
}

pub(crate) fn succeeds(bench: &Bench, args: &[&str]) -> Ran {
    let ran = bench.run(args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
    ran
}

/// The entries of an export, without its first and last line.
fn entries(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    lines[1..lines.len() - 1].to_vec()
}

fn verify(bench: &Bench, url: &str, args: &[&str]) -> Ran {
    bench.run(&[&["ledger", "verify", "orders.csv", "--target", url], args].concat())
}

/// The verdicts of `ledger verify --format json`, by their order.
fn verdicts(ran: &Ran) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told = ran.diagnostics();
    let orders = told.iter().filter(|entry| entry["order_id"].is_string());
    orders
        .map(|entry| (text(&entry["order_id"]), text(&entry["verdict"])))
        .collect()
}

#[test]
fn a_ledger_that_was_moved_knows_what_was_delivered() {
    let (bench, sandbox) = delivered(4);
    let exported = succeeds(&bench, &["ledger", "export", "-o", "ledger.jsonl"]);
    assert!(exported.stderr.contains("1 run, 4 orders, 4 deliveries"));
    let mode = fs::metadata(bench.path("ledger.jsonl"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let file = fs::read_to_string(bench.path("ledger.jsonl")).unwrap();
    let first: Value = serde_json::from_str(file.lines().next().unwrap()).unwrap();
    assert_eq!(first["scoreload_ledger"], 1);

    let other = ["--ledger", "other.db"];
    let import = [&["ledger", "import", "ledger.jsonl"], other.as_slice()].concat();
    let taken = succeeds(&bench, &[&import, ["--format", "json"].as_slice()].concat());
    let changed = json!({"runs": 1, "orders": 4, "deliveries": 4});
    assert_eq!(taken.diagnostics()[0]["changed"], changed);
    let back = succeeds(&bench, &[&["ledger", "export"], other.as_slice()].concat());
    assert_eq!(entries(&back.stdout), entries(&file));
    let sent = sandbox.requests().len();
    let again = bench.import(&sandbox.url(), &[FAST, &other].concat());
    assert_eq!((again.code, sandbox.requests().len()), (0, sent));
    let twice = succeeds(&bench, &[&import, ["--format", "json"].as_slice()].concat());
    let nothing = json!({"runs": 0, "orders": 0, "deliveries": 0});
    assert_eq!(twice.diagnostics()[0]["changed"], nothing);
}

#[test]
fn an_export_is_piped_from_one_ledger_to_another() {
    let (bench, _sandbox) = delivered(3);
    let mut export = bench.command(&["ledger", "export"]);
    let mut from = export.stdout(Stdio::piped()).spawn().unwrap();
    let mut import = bench.command(&["ledger", "import", "-", "--ledger", "new/other.db"]);
    let to = import.stdin(from.stdout.take().unwrap()).output().unwrap();
    assert!(from.wait().unwrap().success());
    let to = Ran::from(to);
    assert_eq!(to.code, 0, "{}", to.stderr);
    assert!(
        to.stderr
            .contains("of these new: 1 run, 3 orders, 3 deliveries")
    );
}

#[test]
fn an_export_never_replaces_a_file_and_needs_a_ledger() {
    let (bench, _sandbox) = delivered(1);
    bench.write("there.jsonl", "mine");
    let refused = bench.run(&["ledger", "export", "-o", "there.jsonl"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert_eq!(fs::read(bench.path("there.jsonl")).unwrap(), b"mine");
    let none = bench.run(&[
        "ledger",
        "export",
        "--ledger",
        "nowhere.db",
        "-o",
        "x.jsonl",
    ]);
    assert_eq!(none.code, 2);
    assert!(
        none.stderr.contains("there is no ledger"),
        "{}",
        none.stderr
    );
    assert!(!bench.path("nowhere.db").exists() && !bench.path("x.jsonl").exists());
}

#[test]
fn a_file_that_is_foreign_damaged_or_of_a_later_version_changes_nothing() {
    let (bench, _sandbox) = delivered(3);
    let good = succeeds(&bench, &["ledger", "export"]).stdout;
    let lines: Vec<&str> = good.lines().collect();
    let without = |line: usize| {
        let mut lines = lines.clone();
        lines.remove(line);
        lines.join("\n") + "\n"
    };
    let table = [
        (String::new(), "not an export of a ledger"),
        (orders_csv(2), "not an export of a ledger"),
        ("{\"orders\": []}\n".to_owned(), "not an export of a ledger"),
        (
            good.replacen("\"scoreload_ledger\":1", "\"scoreload_ledger\":2", 1),
            "its format is version `2`",
        ),
        (without(lines.len() - 1), "its last line is missing"),
        (without(2), "do not match its checksum"),
        (good[..good.len() / 2].to_owned(), "damaged"),
        (
            good.replacen("ORD-1", "ORD-9", 1),
            "do not match its checksum",
        ),
        (good.clone() + lines[1] + "\n", "it has lines after its end"),
        (
            good.replacen("{\"order\":", "{\"ordr\":", 1),
            "is not a valid entry",
        ),
    ];
    for (text, words) in table {
        bench.write("bad.jsonl", text);
        let ran = bench.run(&["ledger", "import", "bad.jsonl", "--ledger", "other.db"]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        assert!(!bench.path("other.db").exists(), "{words}");
    }
}

#[test]
fn a_ledger_that_an_import_holds_is_not_changed_as_a_whole() {
    let (bench, _sandbox) = delivered(1);
    bench.write(
        "export.jsonl",
        succeeds(&bench, &["ledger", "export"]).stdout,
    );
    let locks = fs::read_dir(bench.path("state/scoreload")).unwrap();
    let is_lock = |path: &std::path::PathBuf| path.extension().is_some_and(|tail| tail == "lock");
    let lock = locks.map(|entry| entry.unwrap().path()).find(is_lock);
    let mut flock = Command::new("sh");
    flock.args(["-c", "exec 9>>\"$0\"; flock 9; echo locked; read -r line"]);
    flock
        .arg(lock.unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut holder = flock.spawn().unwrap();
    let mut locked = [0; 7];
    std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut locked).unwrap();
    let prune = bench.run(&["ledger", "prune", "--older-than", "0d"]);
    let import = bench.run(&["ledger", "import", "export.jsonl"]);
    assert_eq!(
        (prune.code, import.code),
        (6, 6),
        "{} {}",
        prune.stderr,
        import.stderr
    );
    for refused in [prune, import] {
        let help = "help: run the same command again when it has ended\n";
        assert!(refused.stderr.ends_with(help), "{}", refused.stderr);
    }
    holder.kill().unwrap();
    holder.wait().unwrap();
    succeeds(&bench, &["ledger", "prune", "--older-than", "0d"]);
}

#[test]
fn pruning_takes_the_history_and_keeps_what_was_delivered() {
    let (bench, sandbox) = delivered(3);
    let recent = succeeds(
        &bench,
        &[
            "ledger",
            "prune",
            "--older-than",
            "400d",
            "--format",
            "json",
        ],
    );
    assert_eq!(recent.diagnostics(), [json!({"runs": 0, "deliveries": 0})]);
    let all = succeeds(
        &bench,
        &["ledger", "prune", "--older-than", "0d", "--format", "json"],
    );
    assert_eq!(all.diagnostics(), [json!({"runs": 1, "deliveries": 3})]);
    assert_eq!(succeeds(&bench, &["history"]).stdout, "");
    let sent = sandbox.requests().len();
    assert_eq!(bench.import(&sandbox.url(), FAST).code, 0);
    assert_eq!(sandbox.requests().len(), sent, "nothing is sent again");
}

#[test]
fn pruning_keeps_what_a_person_has_yet_to_settle() {
    let bench = bench(2);
    let server = Server::answering(vec![answer(204, ""), answer(500, "")]);
    let flags = [FAST, &["--retries", "0", "--on-ambiguous", "hold"]].concat();
    assert_eq!(bench.import(&server.url(), &flags).code, 1);
    let pruned = succeeds(
        &bench,
        &["ledger", "prune", "--older-than", "0d", "--format", "json"],
    );
    assert_eq!(pruned.diagnostics(), [json!({"runs": 0, "deliveries": 1})]);
    let runs = succeeds(&bench, &["history", "--format", "json"]).diagnostics();
    let run = runs[0]["run"].as_str().unwrap();
    let settled = succeeds(&bench, &["resolve", run, "--mark-delivered"]);
    assert!(settled.stderr.contains("1 order"), "{}", settled.stderr);
}

#[test]
fn each_order_of_a_file_is_compared_with_what_was_delivered() {
    let bench = bench(5);
    let answers = vec![
        answer(204, ""),
        answer(204, ""),
        answer(400, ""),
        answer(500, ""),
        answer(204, ""),
    ];
    let server = Server::answering(answers);
    let flags = [FAST, &["--retries", "0", "--concurrency", "1"]].concat();
    assert_eq!(bench.import(&server.url(), &flags).code, 1);
    let changed = orders_csv(6).replace("T1,1,1,Result", "T1,1,99,Result");
    bench.write("orders.csv", changed);
    let requests = server.seen().len();
    let ran = verify(&bench, &server.url(), &["--format", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let expected = [
        ("ORD-0", "delivered"),
        ("ORD-1", "differs"),
        ("ORD-2", "not_delivered"),
        ("ORD-3", "in_doubt"),
        ("ORD-4", "delivered"),
        ("ORD-5", "not_delivered"),
    ];
    let expected = expected.map(|(order, verdict)| (order.to_owned(), verdict.to_owned()));
    assert_eq!(verdicts(&ran), expected);
    let told = ran.diagnostics();
    let change = &told[1]["changes"][0];
    assert_eq!(
        (&change["before"], &change["after"]),
        (&json!("1"), &json!("99"))
    );
    let counts = json!({"delivered": 2, "differs": 1, "not_delivered": 2, "in_doubt": 1});
    assert_eq!(told[6], json!({"orders": 6, "verdicts": counts}));
    let screen = verify(&bench, &server.url(), &[]);
    let line = screen.stdout.lines().nth(1).unwrap();
    assert!(line.starts_with("differs"), "{line}");
    assert!(
        line.ends_with("test_score of `T1` is `99`, `1` was delivered"),
        "{line}"
    );
    assert_eq!(server.seen().len(), requests, "nothing is sent");
}

#[test]
fn a_file_that_was_delivered_whole_is_verified_without_credentials() {
    let (bench, sandbox) = delivered(3);
    let ran = verify(&bench, &sandbox.url(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("3 orders: 3 delivered"),
        "{}",
        ran.stderr
    );
    bench.write("orders.csv", orders_csv(3) + "B6001,ORD-9,A1,T1,x,1,,\n");
    let wrong = verify(&bench, &sandbox.url(), &[]);
    assert_eq!(wrong.code, 1);
    assert!(
        wrong.stdout.contains("held back: 1 error"),
        "{}",
        wrong.stdout
    );
    let nowhere = verify(&bench, &sandbox.url(), &["--ledger", "nowhere.db"]);
    assert_eq!(nowhere.code, 2, "{}", nowhere.stderr);
    assert!(!bench.path("nowhere.db").exists());
}

on_postgres![
    a_ledger_that_was_moved_knows_what_was_delivered,
    pruning_takes_the_history_and_keeps_what_was_delivered,
    pruning_keeps_what_a_person_has_yet_to_settle,
    each_order_of_a_file_is_compared_with_what_was_delivered,
];

#[test]
fn a_quiet_verification_names_only_what_is_wrong() {
    let (bench, sandbox) = delivered(2);
    let bad = "B6001,ORD-X,A1,T1,first,5,,\n";
    bench.write("orders.csv", orders_csv(3) + bad);
    let ran = verify(&bench, &sandbox.url(), &["-q"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let orders: Vec<&str> = ran
        .stdout
        .lines()
        .map(|line| line.split("  ").last().unwrap())
        .collect();
    assert_eq!(
        orders,
        ["ORD-2", "held back: 1 error in its rows"],
        "{}",
        ran.stdout
    );
}

#[test]
fn a_verification_without_a_target_names_those_that_the_ledger_knows() {
    let (bench, sandbox) = delivered(1);
    let ran = bench.run(&["ledger", "verify", "orders.csv"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let help = format!("--target {}", sandbox.url());
    assert!(ran.stderr.contains(&help), "{}", ran.stderr);
}

#[test]
fn a_history_of_what_is_not_known_says_so() {
    let (bench, _sandbox) = delivered(1);
    let none = bench.run(&["history", "--order", "NOPE"]);
    assert_eq!((none.code, none.stdout.as_str()), (0, ""));
    assert_eq!(none.stderr, "history      the ledger has no order `NOPE`\n");
    assert_eq!(bench.run(&["history", "--order", "NOPE", "-q"]).stderr, "");
}
