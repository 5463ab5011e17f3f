//! Where settings come from, what goes before what, and how they are shown.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::harness::{Bench, SECRET, TestSandbox, orders_csv, repository};

/// For each setting: two values, as a flag, a variable and the file write them.
const VALUES: [(&str, [&str; 2], bool); 25] = [
    ("company_id", ["B1", "B2"], true),
    ("sheet", ["a", "b"], false),
    ("delimiter", [";", "|"], true),
    ("encoding", ["utf-8", "utf-16le"], true),
    ("timezone", ["UTC", "Europe/Berlin"], true),
    ("date_order", ["mdy", "dmy"], true),
    ("default_attempt", ["1", "2"], false),
    ("settle", ["1s", "2s"], true),
    ("target", ["demo", "sandbox"], true),
    ("ca_cert", ["a.pem", "b.pem"], true),
    ("rate", ["1/s", "2/s"], true),
    ("concurrency", ["1", "2"], false),
    ("retries", ["1", "2"], false),
    ("timeout", ["1", "2"], false),
    ("max_failures", ["1", "2%"], true),
    ("max_duration", ["1h", "2h"], true),
    ("max_change", ["10%", "20%"], true),
    ("ledger", ["a.db", "b.db"], true),
    ("on_ambiguous", ["hold", "resend"], true),
    ("metrics", ["a.prom", "b.prom"], true),
    ("progress", ["plain", "none"], true),
    ("color", ["never", "always"], true),
    ("log_format", ["json", "text"], true),
    ("log_file", ["a.log", "b.log"], true),
    ("notify_command", ["a", "b"], false),
];

fn written(name: &str, value: &str, is_text: bool) -> String {
    let value = match (name, is_text) {
        ("notify_command" | "sheet", _) => format!("[\"{value}\"]"),
        (_, true) => format!("\"{value}\""),
        (_, false) => value.to_owned(),
    };
    format!("{name} = {value}\n")
}

/// What `config` says of a setting: its value, and the kind of its source.
fn in_force(
    bench: &Bench,
    args: &[&str],
    variables: &[(String, &str)],
    name: &str,
) -> (String, String) {
    let args = [&["config", "--format", "json", "-q"], args].concat();
    let mut command = bench.command(&args);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let ran = crate::harness::Ran::from(command.output().unwrap());
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
    let all = ran.diagnostics();
    let found = all.iter().find(|one| one["setting"] == name).unwrap();
    let text = |part: &Value| part.as_str().unwrap_or("nothing").to_owned();
    (text(&found["value"]), text(&found["from"]))
}

#[test]
fn flags_go_before_variables_before_the_profile_before_the_file_before_defaults() {
    let bench = Bench::new();
    for (name, [one, other], is_text) in VALUES {
        let flag = format!("--{}={one}", name.replace('_', "-"));
        let variable = [(format!("SCORELOAD_{}", name.to_uppercase()), one)];
        let with = |value: &str| written(name, value, is_text);
        let file = |defaults: &str, profile: &str| {
            bench.write(
                "scoreload.toml",
                format!("[defaults]\n{defaults}[profiles.p]\n{profile}"),
            );
        };
        let shown = |value: &str| match name {
            "notify_command" | "sheet" => format!("[\"{value}\"]"),
            _ => value.to_owned(),
        };
        let expect = |args: &[&str], variables: &[(String, &str)], value: &str, from: &str| {
            let found = in_force(&bench, args, variables, name);
            assert_eq!(found, (value.to_owned(), from.to_owned()), "{name}");
        };
        file(&with(other), &with(other));
        let others = [(variable[0].0.clone(), other)];
        expect(&[&flag, "--profile", "p"], &others, one, "flag");
        expect(&["--profile", "p"], &variable, one, "variable");
        file(&with(other), &with(one));
        expect(&["--profile", "p"], &[], &shown(one), "profile");
        expect(
            &[],
            &[("SCORELOAD_PROFILE".to_owned(), "p")],
            &shown(one),
            "profile",
        );
        expect(&[], &[], &shown(other), "file");
        file("", &with(one));
        assert_eq!(in_force(&bench, &[], &[], name).1, "default", "{name}");
    }
}

#[test]
fn a_variable_can_say_that_a_switch_is_off() {
    let bench = Bench::new();
    for name in [
        "deny_warnings",
        "all_or_nothing",
        "test_mode",
        "wait",
        "no_report",
        "fail_if_empty",
        "insecure_http",
    ] {
        let variable = format!("SCORELOAD_{}", name.to_uppercase());
        let flag = format!("--{}", name.replace('_', "-"));
        let expect = |args: &[&str], variables: &[(String, &str)], expected: (&str, &str)| {
            let (value, from) = in_force(&bench, args, variables, name);
            assert_eq!((&*value, &*from), expected, "{name}");
        };
        bench.write(
            "scoreload.toml",
            format!("[defaults]\n{name} = true\n[profiles.p]\n{name} = false\n"),
        );
        expect(&[], &[], ("true", "file"));
        expect(&["--profile", "p"], &[], ("false", "profile"));
        expect(
            &["--profile", "p"],
            &[(variable.clone(), "1")],
            ("true", "variable"),
        );
        expect(&[], &[(variable.clone(), "0")], ("false", "variable"));
        expect(&[&flag], &[(variable, "0")], ("true", "flag"));
    }
}

/// What is shown is what is done: a switch, a number and a text, each from another place.
#[test]
fn an_import_takes_what_config_shows() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bench.write(
        "a.csv",
        "order_id,assessment_id,test_id,score,updated_at\n1,A1,T1,5,3/4/2026\n",
    );
    let profile = format!(
        "[defaults]\ncompany_id = \"WRONG\"\ndefault_attempt = 7\ndate_order = \"dmy\"\ntest_mode = true\n\
         [profiles.p]\ntarget = \"{}\"\ncompany_id = \"B6001\"\nclient_id = \"me\"\n\
         client_secret_command = [\"echo\", \"{SECRET}\"]\n",
        sandbox.url()
    );
    bench.write("scoreload.toml", profile);
    let mut command = bench.command(&["import", "a.csv", "--profile", "p", "--rate", "unlimited"]);
    let output = command
        .env("SCORELOAD_DATE_ORDER", "mdy")
        .env("SCORELOAD_TEST_MODE", "no")
        .output();
    let ran = crate::harness::Ran::from(output.unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(sandbox.orders().len(), 1, "no test mode");
    let update = &sandbox.updates()[0];
    assert_eq!(update["company_id"], "B6001");
    let body: Value = serde_json::from_str(update["body"].as_str().unwrap()).unwrap();
    let test = &body["assessments"][0]["assessmentResults"]["tests"][0];
    assert_eq!(test["score"]["attempt"], 7);
    assert_eq!(test["testStatus"]["updatedAt"], "2026-03-04T00:00:00Z");
}

#[test]
fn config_shows_every_setting_and_no_secret() {
    let bench = Bench::new();
    let config = "missing = [\"-\", \"none\"]\n[defaults]\ndate_order = \"dmy\"\nrate = \"2/s\"\nretries = 9\n\
        [columns]\nFirm = \"company_id\"\nResult = \"overall_score\"\n\
        [profiles.nightly]\ntarget = \"production\"\nrate = \"1/s\"\nconfirm = false\nclient_id = \"whisper-id\"\n\
        client_secret_file = \"/nowhere/secret\"\nnotify_command = [\"tell\", \"us all\"]\n\
        [[wide]]\ntest_id = \"NUM\"\nscore = \"Num\"\nattempt = { const = 2 }\n";
    bench.write("scoreload.toml", config);
    let args = [
        "config",
        "--profile",
        "nightly",
        "--map",
        "Result=test_score",
        "--deny-warnings",
    ];
    let mut command = bench.command(&args);
    command
        .env("SCORELOAD_TIMEZONE", "Europe/Berlin")
        .env("SCORELOAD_CLIENT_SECRET", SECRET)
        .env(
            "SCORELOAD_LEDGER",
            format!("postgres://importer:{SECRET}@db.example/scoreload"),
        );
    let ran = crate::harness::Ran::from(command.output().unwrap());
    let expected = std::fs::read_to_string(repository("tests/cli/expected/config.txt")).unwrap();
    assert_eq!((ran.code, ran.stdout), (0, expected), "{}", ran.stderr);
    let json = bench.run(&[&args[..], &["--format", "json"]].concat());
    assert!(
        !json.stdout.contains("whisper-id") && !json.stdout.contains(SECRET),
        "{}",
        json.stdout
    );
    let target = json
        .diagnostics()
        .into_iter()
        .find(|one| one["setting"] == "target");
    let expected =
        json!({"setting": "target", "value": "production", "from": "profile", "name": "nightly"});
    assert_eq!(target, Some(expected));
}

#[test]
fn a_configuration_to_begin_with_is_made_and_never_over_a_file() {
    let bench = Bench::new();
    let made = bench.run(&["config", "--init"]);
    assert_eq!(
        (made.code, made.stdout.as_str()),
        (0, ""),
        "{}",
        made.stderr
    );
    let text = std::fs::read_to_string(bench.path("scoreload.toml")).unwrap();
    assert_eq!(bench.run(&["config", "--init", "-o", "-"]).stdout, text);
    let shown = bench.run(&["config", "--format", "json"]).diagnostics();
    assert!(
        shown.iter().all(|one| one["from"] == "default"),
        "{shown:?}"
    );
    bench.write("scoreload.toml", "mine");
    let again = bench.run(&["config", "--init"]);
    assert_eq!(again.code, 2);
    assert!(
        again.stderr.contains("`scoreload.toml` exists"),
        "{}",
        again.stderr
    );
    assert_eq!(
        std::fs::read_to_string(bench.path("scoreload.toml")).unwrap(),
        "mine"
    );
    assert_eq!(bench.run(&["config", "--init", "-o", "other.toml"]).code, 0);
    assert_eq!(
        bench.run(&["config", "-o", "other.toml"]).code,
        2,
        "it takes --init"
    );
}

#[test]
fn an_invalid_profile_is_an_error_with_its_remedy() {
    let bench = Bench::new();
    bench.write("a.csv", orders_csv(1));
    let table = [
        (
            "[profiles.demo]\n[profiles.night]\n",
            "unknown profile `p`",
            "demo, night",
        ),
        (
            "[defaults]\n",
            "unknown profile `p`",
            "has no [profiles.NAME]",
        ),
        (
            "[profiles.p]\ntarger = \"demo\"\n",
            "line 2: unknown key `targer`",
            "did you mean `target`?",
        ),
        (
            "[profiles.p]\nclient_secret = \"x\"\n",
            "must not contain a client secret\n",
            "use client_secret_file",
        ),
        (
            "[defaults]\nconfirm = false\n[profiles.p]\n",
            "`confirm` is not allowed in [defaults]",
            "move it into a profile",
        ),
        (
            "[defaults]\nclient_id = \"x\"\n[profiles.p]\n",
            "`client_id` is not allowed in [defaults]",
            "move it into a profile",
        ),
        (
            "[profiles.p]\nclient_id = \"x\"\n",
            "profile p, client_id is set, but",
            "client_secret_file",
        ),
        (
            "[profiles.p]\nclient_id = \"x\"\nclient_secret_command = [\"false\"]\n",
            "credentials are set, but no target is named",
            "--target demo",
        ),
        (
            "[profiles.p]\ntarget = \"demo\"\nclient_id = \"x\"\nclient_secret_command = [\"false\"]\n",
            "`false` returned no secret: it ended with exit status: 1",
            "run it yourself",
        ),
        (
            "[profiles.p]\ntarget = \"demo\"\nclient_id = \"x\"\nclient_secret_command = []\n",
            "expected a program and its arguments",
            "",
        ),
        (
            "[profiles.p]\ntarget = \"demo\"\nclient_id = \"x\"\nclient_secret_file = \"open\"\n",
            "`open` is readable by others: its mode is 644",
            "chmod 600 open",
        ),
        (
            "[profiles.p]\ntarget = \"production\"\nclient_id = \"x\"\nclient_secret_command = [\"echo\", \"x\"]\n",
            "refusing to deliver to production without confirmation",
            "confirm = false",
        ),
    ];
    let open = bench.write("open", SECRET);
    std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o644)).unwrap();
    for (config, message, help) in table {
        bench.write("scoreload.toml", config);
        let ran = bench.run(&["import", "a.csv", "--profile", "p"]);
        assert_eq!(ran.code, 2, "{config}\n{}", ran.stderr);
        assert!(
            ran.stderr.contains(message) && ran.stderr.contains(help),
            "{config}\n{}",
            ran.stderr
        );
        assert!(!ran.stderr.contains(SECRET), "{}", ran.stderr);
    }
    std::fs::remove_file(bench.path("scoreload.toml")).unwrap();
    let ran = bench.run(&["import", "a.csv", "--profile", "p"]);
    assert!(
        ran.code == 2 && ran.stderr.contains("there is no configuration file"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_secret_of_a_file_opens_the_server_and_shows_nowhere() {
    let settings = scoreload::sandbox::Settings {
        credentials: Some(scoreload::paylocity::credentials::Credentials {
            client_id: "me".to_owned(),
            client_secret: scoreload::paylocity::credentials::Secret::new(SECRET),
        }),
        ..scoreload::sandbox::Settings::default()
    };
    let (bench, sandbox) = (Bench::new(), TestSandbox::with(settings));
    bench.write("a.csv", orders_csv(1));
    let secret = bench.write("secret", format!("{SECRET}\n"));
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let config = format!(
        "[profiles.p]\ntarget = \"{}\"\nclient_id = \"me\"\nclient_secret_file = \"secret\"\nledger = \"team.db\"\n",
        sandbox.url()
    );
    bench.write("scoreload.toml", config);
    let ran = bench.run(&[
        "import",
        "a.csv",
        "--profile",
        "p",
        "--report",
        "report.json",
        "-vv",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(sandbox.orders().len(), 1);
    let report = std::fs::read_to_string(bench.path("report.json")).unwrap();
    let ledger = std::fs::read(bench.path("team.db")).unwrap();
    let ledger = String::from_utf8_lossy(&ledger);
    assert!(
        ![&*report, &ran.stderr, &ledger]
            .iter()
            .any(|text| text.contains(SECRET))
    );
    let history = bench.run(&["history", "--profile", "p"]);
    assert_eq!(history.stdout.lines().count(), 1, "{}", history.stderr);
}
