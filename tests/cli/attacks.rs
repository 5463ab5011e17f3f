//! Texts that do harm where they are taken for more than text: wherever the data, the server's words or the name of a
//! file go, they stay text. (The report's forms are looked at in `report_formats` and `browser`.)

use std::process::{Command, Stdio};

use calamine::{Data, Reader, open_workbook_auto};
use scoreload::text::is_control;
use serde_json::Value;

use crate::harness::{Bench, Ran, SECRET};
use crate::server::{Server, answer};

/// Attacks on spreadsheets, terminals, logs, pages, tickets, JSON, templates and shells.
pub(crate) const ATTACKS: [&str; 30] = [
    "=HYPERLINK(\"http://x.example\",\"a\")",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+2",
    "\u{1b}[31m\u{1b}[2J\u{1b}]0;title\u{7}\u{1b}]8;;http://x.example\u{1b}\\",
    "\u{9b}31m\u{9d}0;title\u{9c}\u{90}q\u{9c}",
    "a\u{8}\u{7f}b",
    "a\nerror: forged",
    "a\r\n{\"level\":\"ERROR\",\"fields\":{}}",
    "a\u{2028}b\u{2029}c\u{85}d",
    "\u{202e}gpj.exe\u{2066}\u{200f}x",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "--!><img src=x onerror=alert(1)>",
    "]]><x>",
    "&#x3c;b&#62;&lt;i&gt;&amp;",
    "'\"><b onclick='x'>",
    "| a | ``` `b` |",
    "@everyone [a](javascript:alert(1)) ![b](http://x.example/y.png)",
    "<details open>\n\n# head\n\n---",
    "\\\"},{\"a\":\"\\u0000\\",
    "{{1+1}}${1+1}<%=1%>#{1}",
    "$(touch pwned)`touch pwned`",
    "'; touch pwned; '",
    "\"; touch pwned; \"\\",
    "_x0041__x000A_",
    "a\u{b}\u{c}\u{e}\u{fffe}\u{ffff}b",
];

/// What a cell says that holds a text: blanks around it do not count, and a line break is one sign.
pub(crate) fn read(text: &str) -> String {
    text.trim().replace("\r\n", "\n").replace('\r', "\n")
}

const HEADER: &str = "company_id,order_id,assessment_id,test_id,attempt,score,score_description\n";

/// A file with an order for each attack, in which it is the order's id and the score's description.
pub(crate) fn attacking_csv(attempt: &str) -> String {
    let row = |text: &&str| {
        let text = text.replace('"', "\"\"");
        format!("B6001,\"{text}\",A1,T1,{attempt},5,\"{text}\"\n")
    };
    HEADER.to_owned() + &ATTACKS.iter().map(row).collect::<String>()
}

/// The cells of a column of a sheet, without its header.
fn column(bench: &Bench, file: &str, header: &str) -> Vec<Data> {
    let mut book = open_workbook_auto(bench.path(file)).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    let mut headers = sheet.rows().next().unwrap().iter();
    let place = headers.position(|cell| *cell == header).unwrap();
    sheet.rows().skip(1).map(|row| row[place].clone()).collect()
}

fn texts_of_csv(bench: &Bench, file: &str, header: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.flexible(true).from_path(bench.path(file)).unwrap();
    let mut headers = reader.headers().unwrap().iter();
    let place = headers.position(|text| text == header).unwrap();
    let records = reader.records().map(Result::unwrap);
    records.map(|record| record[place].to_owned()).collect()
}

#[test]
fn rejected_rows_are_text_for_a_spreadsheet_and_import_again_as_they_were() {
    let bench = Bench::new();
    bench.write("orders.csv", attacking_csv("first"));
    let expected: Vec<String> = ATTACKS.into_iter().map(read).collect();
    let ran = bench.run(&["validate", "orders.csv", "--rejects", "r.csv"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let formula = |text: &String| text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    for header in ["order_id", "score_description", "scoreload_error"] {
        for text in texts_of_csv(&bench, "r.csv", header) {
            // The formula of one text shows that text.
            let is_text = |inner: &str| !inner.replace("\"\"", "").contains('"');
            let inner = text
                .strip_prefix("=\"")
                .and_then(|rest| rest.strip_suffix('"'));
            assert!(!formula(&text) || inner.is_some_and(is_text), "{text}");
        }
    }
    let ran = bench.run(&["validate", "orders.csv", "--rejects", "r.xlsx"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let texts = expected.clone().into_iter().map(Data::String);
    assert_eq!(
        column(&bench, "r.xlsx", "order_id"),
        texts.collect::<Vec<_>>()
    );
    for file in ["r.csv", "r.xlsx"] {
        let again = ["validate", file, "--report", &format!("{file}.json")];
        assert_eq!(bench.run(&again).code, 1);
        let report = std::fs::read(bench.path(&format!("{file}.json"))).unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap();
        let orders = report["orders"].as_array().unwrap().iter();
        let ids: Vec<&str> = orders
            .map(|order| order["order_id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, expected, "{file}");
    }
}

/// What a run wrote on the screen: no sign that could do harm but its own colours.
fn assert_calm(text: &str) {
    let mut rest = String::new();
    let mut parts = text.split("\u{1b}[");
    rest.push_str(parts.next().unwrap());
    for part in parts {
        let (code, after) = part.split_once('m').unwrap();
        let is_colour = code.len() <= 5 && code.chars().all(|c| c.is_ascii_digit() || c == ';');
        assert!(is_colour, "{code:?} in {text:?}");
        rest.push_str(after);
    }
    let found = rest.chars().find(|c| *c != '\n' && is_control(*c));
    assert_eq!(found, None, "{rest:?}");
    assert!(!rest.contains("\nerror: forged"), "{rest:?}");
}

#[test]
fn attacks_in_data_and_answers_leave_the_terminal_and_the_log_alone() {
    let bench = Bench::new();
    bench.write("orders.csv", attacking_csv("1"));
    bench.write("bad.csv", attacking_csv("first").replace("B6001", "B6002"));
    let said = |text: &&str| serde_json::json!({"message": text}).to_string();
    let said: Vec<_> = ATTACKS
        .iter()
        .map(said)
        .chain([r#"{"message":"a\u0000b"}"#.to_owned()])
        .collect();
    let script = said
        .into_iter()
        .map(|body| answer(400, body.leak()))
        .collect();
    let server = Server::answering(script);
    let fast = ["--rate", "unlimited", "--concurrency", "1", "-vv"];
    for (log, format) in [("text.log", "text"), ("json.log", "json")] {
        for screen in ["human", "json"] {
            let flags = [
                "--log-file",
                log,
                "--log-format",
                format,
                "--format",
                screen,
            ];
            let inputs = [
                "orders.csv",
                "bad.csv",
                "--color",
                "always",
                "--max-failures",
                "100%",
            ];
            let ran = bench.import(&server.url(), &[&inputs[..], &fast, &flags].concat());
            assert_eq!(ran.code, 1, "{}", ran.stderr);
            assert_calm(&ran.stdout);
            assert_calm(&ran.stderr);
        }
        let text = std::fs::read_to_string(bench.path(log)).unwrap();
        assert!(text.contains("update sent"), "{text}");
        assert_calm(&text);
        for line in text.lines() {
            let is_line = match format {
                "json" => {
                    serde_json::from_str::<Value>(line).is_ok_and(|line| line["level"] == "DEBUG")
                }
                _ => line.starts_with("20") && line.contains(" DEBUG "),
            };
            assert!(is_line, "{line:?} in {text:?}");
        }
    }
    for command in [&["history"][..], &["history", "--order", "a\u{1b}[31m"]] {
        for color in ["always", "never"] {
            let ran = bench.run(&[command, &["--color", color]].concat());
            assert_calm(&ran.stdout);
            assert_calm(&ran.stderr);
        }
    }
}

/// Runs a command that was printed, as a person does who pastes it.
fn paste(bench: &Bench, line: &str) -> Ran {
    let mut command = bench.command(&[]);
    let mut shell = Command::new("bash");
    let set = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    shell
        .envs(set)
        .args(["-c", line])
        .env("SCORELOAD_CLIENT_ID", "me")
        .env("SCORELOAD_CLIENT_SECRET", SECRET)
        .current_dir(bench.path(""))
        .stdin(Stdio::null());
    command.stdin(Stdio::null());
    Ran::from(shell.output().unwrap())
}

#[test]
fn a_command_that_is_printed_does_nothing_else_when_it_is_pasted() {
    let bench = Bench::new();
    let names = ATTACKS.into_iter().filter(|text| !text.contains('/'));
    for (index, name) in names.enumerate() {
        let orders =
            format!("{HEADER}B6001,O-{index},A1,T1,1,5,\nB6001,X-{index},A1,T1,first,5,\n");
        let input = format!("./{name}.csv");
        bench.write(&input, &orders);
        let server = Server::answering(vec![answer(503, ""), answer(204, "")]);
        let rejects = format!("./{name}-rejects.csv");
        let flags = [
            "--rate",
            "unlimited",
            "--retries",
            "0",
            "--rejects",
            &rejects,
        ];
        let ran = bench.import(&server.url(), &[&[input.as_str()][..], &flags].concat());
        assert_eq!(ran.code, 5, "{name:?}: {}", ran.stderr);
        assert_calm(&ran.stderr);
        let report = bench.report();
        let next = report["next"].as_array().unwrap();
        assert_eq!(next.len(), 2, "{report}");
        let before = server.count("PATCH");
        for line in next {
            let pasted = paste(&bench, line.as_str().unwrap());
            assert_eq!(pasted.code, 1, "{line}: {}", pasted.stderr);
        }
        assert_eq!(server.count("PATCH"), before + 1, "{name:?}");
        assert!(!bench.path("pwned").exists(), "{name:?}");
    }
}

#[test]
fn attacks_reach_metrics_and_the_command_that_is_told_as_text() {
    let bench = Bench::new();
    let server = Server::answering(vec![answer(400, r#"{"message":"$(touch pwned)\n# x"}"#)]);
    let name = "$(touch pwned)`touch pwned`\nscoreload_forged 1\n\".csv";
    bench.write(name, attacking_csv("1"));
    let target = format!("{}/\"x\\y\nscoreload_forged 1", server.url());
    #[rustfmt::skip]
    let flags = [
        name, "--rate", "unlimited", "--metrics", "m.prom", "--report", "$(touch pwned).html",
        "--notify-command", r#"sh -c 'printf "%s\n" "$SCORELOAD_REPORT" "$SCORELOAD_TARGET" "$SCORELOAD_STOPPED" > told'"#,
    ];
    let ran = bench.import(&target, &flags);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(!bench.path("pwned").exists());
    let metrics = std::fs::read_to_string(bench.path("m.prom")).unwrap();
    assert!(metrics.contains("scoreload_last_run_orders"), "{metrics}");
    for line in metrics.lines() {
        assert!(
            line.starts_with("# ") || line.starts_with("scoreload_last_"),
            "{metrics}"
        );
    }
    let told = std::fs::read_to_string(bench.path("told")).unwrap();
    assert!(told.contains("report.json\n"), "{told}");
}
