//! A ledger of an earlier version is read, and nothing that it knows is lost.

use serde_json::Value;

use crate::recorder::Recorder;
use crate::world::{Run, TARGET, World, fixture, outcomes};

/// Reads a fixture of JSON lines.
fn frozen(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(fixture(name)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The id of the last run of an input file, as `history` names it.
fn run_of(world: &World, input: &str) -> String {
    let export = world.run(&["ledger", "export"]).lines();
    let is_of_input = |run: &&Value| {
        let inputs = run["inputs"].as_str();
        inputs.is_some_and(|inputs| inputs.contains(&format!("\"{input}\"")))
    };
    let runs = export.iter().map(|line| &line["run"]);
    let last = runs.rev().find(is_of_input).unwrap();
    last["id"].as_str().unwrap().to_owned()
}

/// Returns whether a value has everything that an earlier version wrote; fields may be added.
fn contains(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => old
            .iter()
            .all(|(name, old)| new.get(name).is_some_and(|new| contains(new, old))),
        _ => new == old,
    }
}

#[track_caller]
fn exports_everything(world: &World) {
    let (old, new) = (
        frozen("ledger.jsonl"),
        world.run(&["ledger", "export"]).ends(0).lines(),
    );
    assert_eq!(new.len(), old.len());
    // The first line has the time of the export, the last one a checksum of all lines.
    for (old, new) in old.iter().zip(&new).skip(1).take(old.len() - 2) {
        assert!(contains(new, old), "{old}\nis now\n{new}");
    }
}

#[test]
fn an_earlier_ledger_exports_what_it_exported_before() {
    exports_everything(&World::with_ledger());
}

#[test]
fn a_ledger_with_a_write_ahead_log_exports_what_it_exported_before() {
    exports_everything(&World::with_ledger_of_killed_importer());
}

#[test]
fn an_earlier_export_fills_a_new_ledger() {
    let world = World::new().with("ledger.jsonl", "ledger.jsonl");
    world.run(&["ledger", "import", "ledger.jsonl"]).ends(0);
    exports_everything(&world);
}

#[test]
fn history_shows_every_run_with_its_totals() {
    let world = World::with_ledger();
    let shown = world.run(&["history", "--format", "json"]).ends(0).lines();
    let export = frozen("ledger.jsonl");
    let runs: Vec<&Value> = export
        .iter()
        .map(|line| &line["run"])
        .filter(|run| run.is_object())
        .collect();
    assert_eq!(shown.len(), runs.len());
    for (shown, run) in shown.iter().rev().zip(runs) {
        assert_eq!(shown["run"], run["id"]);
        for name in ["mode", "target", "plan"] {
            assert_eq!(shown[name], run[name]);
        }
        assert_eq!(shown["exit_code"], run["end"]["exit_code"]);
        if let Some(totals) = run["end"]["totals"].as_str() {
            let totals: Value = serde_json::from_str(totals).unwrap();
            assert!(contains(&shown["totals"], &totals), "{shown}\n{run}");
        }
    }
}

#[test]
fn history_of_a_run_shows_its_orders_and_bodies() {
    let world = World::with_ledger();
    let export = frozen("ledger.jsonl");
    let deliveries: Vec<&Value> = export
        .iter()
        .map(|line| &line["delivery"])
        .filter(|delivery| delivery.is_object())
        .collect();
    let run = run_of(&world, "march.csv");
    let shown = world.run(&["history", &run, "--format", "json"]).lines();
    assert_eq!(shown.len(), 4);
    for shown in shown {
        let is_same = |delivery: &&&Value| {
            ["run", "company_id", "order_id", "body"]
                .iter()
                .all(|name| delivery[*name] == shown[*name])
        };
        assert!(deliveries.iter().find(is_same).is_some(), "{shown}");
    }
}

#[test]
fn verify_knows_what_was_delivered() {
    let world = World::with_ledger();
    let verify = |input| {
        let target = ["--target", TARGET, "--insecure-http", "--format", "json"];
        world.run(&[&["ledger", "verify", input], &target[..]].concat())
    };
    let verdicts = |run: Run| run.lines().pop().unwrap()["verdicts"].clone();
    let expected =
        serde_json::json!({"delivered": 2, "differs": 0, "in_doubt": 0, "not_delivered": 0});
    assert_eq!(verdicts(verify("planned.csv")), expected);
    let expected =
        serde_json::json!({"delivered": 0, "differs": 0, "in_doubt": 2, "not_delivered": 0});
    assert_eq!(verdicts(verify("held.csv")), expected);
    let expected =
        serde_json::json!({"delivered": 3, "differs": 1, "in_doubt": 0, "not_delivered": 0});
    assert_eq!(verdicts(verify("march.csv")), expected);
}

/// Returns an earlier ledger in each form that it may have.
fn ledgers() -> [World; 3] {
    let exported = World::new().with("ledger.jsonl", "ledger.jsonl");
    exported.run(&["ledger", "import", "ledger.jsonl"]).ends(0);
    [
        World::with_ledger(),
        World::with_ledger_of_killed_importer(),
        exported,
    ]
}

#[test]
fn what_was_accepted_is_unchanged_and_costs_no_request() {
    for world in ledgers() {
        let recorder = Recorder::start();
        world
            .import(&recorder.url, &["planned.csv", "april.csv"])
            .ends(1);
        let expected = [
            ("P-1", "unchanged"),
            ("P-2", "unchanged"),
            ("00017", "unchanged"),
            ("M-2", "unchanged"),
            ("M-6", "invalid"),
        ];
        assert_eq!(world.outcomes(), outcomes(&expected));
        assert_eq!(recorder.updates(), []);
    }
}

#[test]
fn a_changed_order_is_sent_without_the_reports_that_were_accepted() {
    for world in ledgers() {
        let recorder = Recorder::start();
        world.import(&recorder.url, &["march.csv"]).ends(0);
        let body = r#"{"overallScore":"71","assessments":[{"assessmentId":"COG-A","assessmentStatus":{"value":"InProgress"},"assessmentResults":{"tests":[{"id":"NUM-01","score":{"value":"65","attempt":1},"testStatus":{"updatedAt":"2026-03-05T09:30:00Z","value":"Complete"}}]}}]}"#;
        assert_eq!(recorder.bodies(), [body]);
    }
}

#[test]
fn held_reports_stay_unknown_and_cost_no_request() {
    for world in ledgers() {
        let recorder = Recorder::start();
        let run = world.import(&recorder.url, &["held.csv", "--on-ambiguous", "hold"]);
        run.ends(1);
        let expected = [("H-1", "unknown"), ("H-2", "unknown")];
        assert_eq!(world.outcomes(), outcomes(&expected));
        assert_eq!(recorder.updates(), []);
        let report = world.json("report.json");
        let held = &report["orders"][0]["held_reports"][0]["url"];
        assert_eq!(held, "https://reports.example.com/h1/num.pdf");
    }
}

#[test]
fn held_reports_that_were_delivered_are_settled_by_resolve() {
    for world in ledgers() {
        let recorder = Recorder::start();
        let run = run_of(&world, "held.csv");
        world.run(&["resolve", &run, "--mark-delivered"]).ends(0);
        world.import(&recorder.url, &["held.csv"]).ends(0);
        let expected = [("H-1", "unchanged"), ("H-2", "unchanged")];
        assert_eq!(world.outcomes(), outcomes(&expected));
        assert_eq!(recorder.updates(), []);
    }
}

#[test]
fn held_reports_that_were_lost_are_sent_after_resolve() {
    for world in ledgers() {
        let recorder = Recorder::start();
        let run = run_of(&world, "held.csv");
        world
            .run(&["resolve", &run, "--resend", "--order", "H-2"])
            .ends(0);
        let run = world.import(&recorder.url, &["held.csv", "--on-ambiguous", "hold"]);
        run.ends(1);
        let expected = [("H-1", "unknown"), ("H-2", "accepted")];
        assert_eq!(world.outcomes(), outcomes(&expected));
        assert_eq!(recorder.bodies().len(), 1);
        assert!(recorder.bodies()[0].contains("https://reports.example.com/h2/num.pdf"));
    }
}

#[test]
fn an_update_without_an_answer_is_sent_again() {
    for world in ledgers() {
        let recorder = Recorder::start();
        world
            .import(&recorder.url, &["unanswered.csv", "killed.csv"])
            .ends(0);
        let expected = [("U-1", "accepted"), ("K-1", "accepted")];
        assert_eq!(world.outcomes(), outcomes(&expected));
        let report = world.json("report.json");
        assert_eq!(report["orders"][0]["possible_duplicate_reports"], true);
        assert_eq!(report["orders"][1]["possible_duplicate_reports"], true);
        let bodies = recorder.bodies();
        assert!(bodies[0].contains("https://reports.example.com/u1/num.pdf"));
        assert!(bodies[1].contains("https://reports.example.com/k1/num.pdf"));
    }
}

#[test]
fn an_update_without_an_answer_is_sent_without_its_report_under_hold() {
    for world in ledgers() {
        let recorder = Recorder::start();
        let inputs = ["unanswered.csv", "killed.csv", "--on-ambiguous", "hold"];
        world.import(&recorder.url, &inputs).ends(1);
        let expected = [("U-1", "unknown"), ("K-1", "unknown")];
        assert_eq!(world.outcomes(), outcomes(&expected));
        let bodies = recorder.bodies();
        assert_eq!(bodies.len(), 2);
        assert!(bodies.iter().all(|body| !body.contains("reports")));
    }
}

#[test]
fn prune_keeps_what_was_accepted_and_what_is_unknown() {
    for world in ledgers() {
        let recorder = Recorder::start();
        let pruned = world.run(&["ledger", "prune", "--older-than", "0d", "--format", "json"]);
        let expected = serde_json::json!({"runs": 6, "deliveries": 8});
        assert_eq!(pruned.ends(0).lines(), [expected]);
        let inputs = ["planned.csv", "held.csv", "--on-ambiguous", "hold"];
        world.import(&recorder.url, &inputs).ends(1);
        assert_eq!(recorder.updates(), []);
        let unsettled = run_of(&world, "killed.csv");
        let resolved = world.run(&["resolve", &unsettled, "--mark-delivered"]);
        assert!(resolved.ends(0).stderr.contains("1 order"));
    }
}
