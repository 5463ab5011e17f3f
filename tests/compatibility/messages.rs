//! What is said, and with which exit code, when something cannot be done.

use crate::snapshot::assert_run;
use crate::world::World;

/// Makes a directory with files that cannot be used, each in its own way.
fn world() -> World {
    let world = World::with_ledger()
        .with("plan.json", "plan.json")
        .with("plan-applied.json", "plan-applied.json");
    let header = "company_id,order_id,assessment_id,test_id,attempt,score";
    let files: &[(&str, &str)] = &[
        ("empty.csv", ""),
        ("no_header.csv", "name,points\nAda,87\n"),
        ("header_only.csv", header),
        (
            "near_miss.csv",
            "company_id,ordr_id,order_id,tset_id\nB6001,1,1,T\n",
        ),
        (
            "twice.csv",
            "company_id,order_id,score,test_score\nB6001,1,2,3\n",
        ),
        (
            "long_row.csv",
            "company_id,order_id,overall_score\nB6001,1,87,5\n",
        ),
        (
            "unclosed.csv",
            "company_id,order_id,overall_score\nB6001,1,\"87\nB6001,2,88\n",
        ),
        ("broken.xlsx", "PK\u{3}\u{4} and no workbook"),
        ("notes.pdf", "%PDF-1.7\n"),
        ("syntax.toml", "[defaults\n"),
        ("unknown_key.toml", "[defaults]\ntimezon = \"UTC\"\n"),
        ("bad_value.toml", "[defaults]\nrate = \"3\"\n"),
        ("secret.toml", "[defaults]\nclient_secret = \"x\"\n"),
        ("foreign.json", "{\"schema\": \"another/1\"}\n"),
        ("later.json", "{\"schema\": \"scoreload/plan/9\"}\n"),
        ("foreign.jsonl", "{\"something\": 1}\n"),
        ("later.jsonl", "{\"scoreload_ledger\": 9}\n"),
        (
            "foreign.db",
            "no database at all, but a text that is longer than a header",
        ),
    ];
    for (name, content) in files {
        world.write(name, content);
    }
    let export = std::fs::read(crate::world::fixture("ledger.jsonl")).unwrap();
    world.write("cut.jsonl", &export[..export.len() / 2]);
    world
}

/// Defines a test for each message: its name, which is that of its snapshot, and its command line.
macro_rules! messages {
    ($($name:ident: $line:literal;)*) => {
        $(
            #[test]
            fn $name() {
                let world = world();
                let args: Vec<&str> = $line.split(' ').skip(1).collect();
                let mut command = world.command(&args);
                command
                    .env("http_proxy", "http://127.0.0.1:1")
                    .env("SCORELOAD_CLIENT_ID", "compatibility")
                    .env("SCORELOAD_CLIENT_SECRET", "wh1sper");
                let run = command.output().unwrap().into();
                assert_run(concat!("message_", stringify!($name)), &world, &run);
            }
        )*
    };
}

messages! {
    unknown_command: "scoreload imprt march.csv";
    unknown_flag: "scoreload import march.csv --targt demo";
    flag_of_another_command: "scoreload validate march.csv --target demo";
    missing_value: "scoreload import march.csv --rate";
    no_input: "scoreload validate";
    bad_rate: "scoreload import march.csv --rate 3";
    bad_timeout: "scoreload import march.csv --timeout soon";
    bad_retries: "scoreload import march.csv --retries -1";
    bad_max_failures: "scoreload import march.csv --max-failures 120%";
    bad_max_duration: "scoreload import march.csv --max-duration tomorrow";
    bad_timezone: "scoreload validate march.csv --timezone Berlin";
    bad_encoding: "scoreload validate march.csv --encoding klingon";
    bad_map: "scoreload validate march.csv --map Points=scroe";
    bad_status: "scoreload validate march.csv --status Graded=Done";
    bad_older_than: "scoreload ledger prune --older-than 5";
    target_not_named: "scoreload import march.csv";
    target_unknown: "scoreload import march.csv --target staging";
    target_in_the_clear: "scoreload import march.csv --target http://assessments.example";
    target_production_unattended: "scoreload import march.csv --target production";
    target_out_of_reach: "scoreload import march.csv --target http://assessments.example --insecure-http --retries 0 --no-report";
    sheet_unknown: "scoreload validate march.csv --sheet Scores";
    file_missing: "scoreload validate missing.csv";
    directory_without_files: "scoreload validate state";
    pattern_without_files: "scoreload validate *.ods";
    file_empty: "scoreload validate empty.csv";
    file_without_header: "scoreload validate no_header.csv";
    file_without_rows: "scoreload validate header_only.csv";
    file_with_near_miss: "scoreload validate near_miss.csv";
    file_with_column_twice: "scoreload validate twice.csv";
    file_with_long_row: "scoreload validate long_row.csv";
    file_with_unclosed_quote: "scoreload validate unclosed.csv";
    file_broken_workbook: "scoreload validate broken.xlsx";
    file_of_another_kind: "scoreload validate notes.pdf";
    file_among_good_ones: "scoreload validate march.csv missing.csv";
    config_missing: "scoreload validate march.csv --config missing.toml";
    config_syntax: "scoreload validate march.csv --config syntax.toml";
    config_unknown_key: "scoreload validate march.csv --config unknown_key.toml";
    config_bad_value: "scoreload validate march.csv --config bad_value.toml";
    config_with_secret: "scoreload validate march.csv --config secret.toml";
    config_is_there_already: "scoreload config --init -o options.toml";
    profile_unknown: "scoreload validate march.csv --config options.toml --profile nightly";
    report_of_unknown_format: "scoreload import march.csv --target sandbox --report report.pdf";
    report_is_there_already: "scoreload validate march.csv --report plan.json";
    rejects_of_unknown_format: "scoreload import march.csv --target sandbox --rejects rejects.txt";
    template_is_there_already: "scoreload template -o march.csv";
    plan_missing: "scoreload apply missing.json";
    plan_foreign: "scoreload apply foreign.json";
    plan_of_later_version: "scoreload apply later.json";
    plan_for_another_target: "scoreload apply plan.json --target demo";
    plan_exists_already: "scoreload plan march.csv --target demo -o plan.json";
    run_unknown: "scoreload resolve 20200101-000000-abcd --resend";
    run_without_fate: "scoreload resolve 20200101-000000-abcd";
    history_of_unknown_run: "scoreload history 20200101-000000-abcd";
    ledger_missing: "scoreload history --ledger missing.db";
    ledger_foreign: "scoreload history --ledger foreign.db";
    export_foreign: "scoreload ledger import foreign.jsonl";
    export_of_later_version: "scoreload ledger import later.jsonl";
    export_cut_short: "scoreload ledger import cut.jsonl";
    verify_without_target: "scoreload ledger verify march.csv";
    max_change_refuses: "scoreload plan march.csv --max-change 10% --target http://assessments.example --insecure-http";
    all_or_nothing: "scoreload plan april.csv --all-or-nothing --target demo";
    warnings_denied: "scoreload validate options.csv --config options.toml --deny-warnings";
    sandbox_on_another_machine: "scoreload sandbox --listen example.com:80";
    sandbox_unknown_fault: "scoreload sandbox --fault fire=2%";
    inbox_missing: "scoreload import --inbox missing --target demo";
    help_on_unknown_topic: "scoreload help weekly";
}
