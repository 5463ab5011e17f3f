//! The report in each of its forms: written beside each other, private, and unmoved by whatever the data holds.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt;

use calamine::{Data, DataType, Reader, Xlsx, open_workbook_auto};
use scoreload::text::is_control;
use serde_json::Value;

use crate::attacks::{ATTACKS, attacking_csv, read};
use crate::every_outcome::{
    ACCEPTED, FAILED, FORMS, INVALID, NOT_SENT, ORDERS, REJECTED, SENT_BEFORE,
};
use crate::harness::{Bench, TestSandbox, sample};

const PATHS: [&str; 5] = ["r.html", "r.json", "r.csv", "r.xlsx", "r.md"];

fn arguments<'a>(command: &[&'a str]) -> Vec<&'a str> {
    let reports = PATHS.into_iter().flat_map(|form| ["--report", form]);
    command.iter().copied().chain(reports).collect()
}

fn text(bench: &Bench, name: &str) -> String {
    std::fs::read_to_string(bench.path(name)).unwrap()
}

/// The data that the page's script draws from.
fn island(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn one_run_can_be_reported_in_every_form() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    let url = sandbox.url();
    let scores = sample("scores.csv");
    let command = arguments(&["import", &scores, "--target", &url, "--rate", "unlimited"]);
    let mut command = bench.command(&command);
    command
        .env("SCORELOAD_CLIENT_ID", "me")
        .env("SCORELOAD_CLIENT_SECRET", "s3cret-s3cret");
    assert!(command.output().unwrap().status.success());
    for form in PATHS {
        let mode = std::fs::metadata(bench.path(form))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{form}");
    }
    let page = text(&bench, "r.html");
    assert!(page.contains(">All 12 orders are delivered.</h1>"));
    let drawn = island(&page);
    assert_eq!(drawn["orders"].as_array().unwrap().len(), 12);
    assert_eq!(text(&bench, "r.csv").lines().count(), 13);
    assert!(text(&bench, "r.md").starts_with("# All 12 orders are delivered.\n"));
    let report: Value = serde_json::from_str(&text(&bench, "r.json")).unwrap();
    let requests = report["orders"][0]["requests"].as_array().unwrap();
    assert_eq!(
        (requests.len(), &requests[0]["http_status"]),
        (1, &report["orders"][0]["http_status"])
    );
    assert_eq!(report["rate"], "unlimited");
}

/// The totals of a report, by their names in its JSON; those that are nought are left out.
type Totals = BTreeMap<String, u64>;

/// Names of totals as they are told to people, and as JSON has them.
fn told(lines: impl IntoIterator<Item = (String, u64)>) -> Totals {
    let names = [
        ("rows without an order", "rows_invalid"),
        ("rows skipped", "rows_skipped"),
    ];
    let name = |told: &str| {
        let told = told.to_lowercase();
        let other = names.iter().find(|(words, _)| *words == told);
        other.map_or_else(|| told.replace(' ', "_"), |(_, name)| (*name).to_owned())
    };
    let all = lines
        .into_iter()
        .map(|(told, number)| (name(&told), number));
    all.filter(|(_, number)| *number > 0).collect()
}

/// The outcomes of orders, counted.
fn counted(outcomes: impl IntoIterator<Item = String>) -> Totals {
    let mut totals = Totals::new();
    for outcome in outcomes {
        *totals.entry(outcome.replace(' ', "_")).or_default() += 1;
    }
    totals
}

fn number(text: &str) -> u64 {
    text.replace(',', "").parse().unwrap()
}

#[test]
fn all_forms_of_a_run_tell_the_same_totals() {
    let report = FORMS.json();
    let of_json = report["totals"].as_object().unwrap().iter();
    let of_json = told(of_json.map(|(name, number)| (name.clone(), number.as_u64().unwrap())));
    let mut outcomes = of_json.clone();
    outcomes.retain(|name, _| !name.starts_with("rows") && name != "orders");
    let expected = [
        ("accepted", ACCEPTED),
        ("unchanged", SENT_BEFORE),
        ("invalid", INVALID),
        ("rejected", REJECTED),
        ("failed", FAILED),
        ("unknown", 1),
        ("not_sent", NOT_SENT),
    ];
    let expected = expected.map(|(name, number)| (name.to_owned(), number as u64));
    assert_eq!(outcomes, Totals::from(expected));
    assert_eq!(
        (of_json["rows"], of_json["orders"]),
        (ORDERS as u64 + 1, ORDERS as u64)
    );
    assert_eq!(FORMS.code, 5);
    let orders = report["orders"].as_array().unwrap().iter();
    assert_eq!(
        counted(orders.map(|order| order["outcome"].as_str().unwrap().to_owned())),
        outcomes
    );

    let lines = FORMS.text("md").lines().filter_map(|line| {
        line.strip_prefix("| ")?
            .strip_suffix(" |")?
            .split_once(" | ")
    });
    let lines = lines.filter(|(_, number)| number.starts_with(|c: char| c.is_ascii_digit()));
    assert_eq!(
        told(lines.map(|(name, shown)| (name.to_owned(), number(shown)))),
        of_json,
        "md"
    );

    let mut csv = csv::Reader::from_reader(FORMS.bytes("csv"));
    let of_csv = csv.records().map(|record| record.unwrap()[2].to_owned());
    assert_eq!(counted(of_csv), outcomes, "csv");

    let mut book = Xlsx::new(Cursor::new(FORMS.bytes("xlsx"))).unwrap();
    let sheet = book.worksheet_range("Orders").unwrap();
    assert_eq!(
        counted(sheet.rows().skip(1).map(|row| row[2].to_string())),
        outcomes,
        "xlsx"
    );
    let sheet = book.worksheet_range("Summary").unwrap();
    let lines = sheet.rows().skip_while(|row| row[0] != "Counted");
    let lines =
        lines.filter_map(|row| Some((row[0].to_string(), row[1].as_i64()?.try_into().unwrap())));
    let mut summary = told(lines);
    assert_eq!(summary.remove("errors"), Some(INVALID as u64 + 1));
    summary.remove("warnings");
    assert_eq!(summary, of_json, "xlsx");

    let page = FORMS.text("html");
    let drawn = island(page);
    let orders = drawn["orders"].as_array().unwrap().iter();
    let outcome = |order: &Value| {
        let place = usize::try_from(order[2].as_u64().unwrap()).unwrap();
        drawn["outcomes"][place].as_str().unwrap().to_owned()
    };
    assert_eq!(counted(orders.map(outcome)), outcomes, "html");
    let (_, shares) = page.split_once("aria-label=\"Orders by outcome: ").unwrap();
    let shares = shares.split_once('"').unwrap().0.split(", ");
    let shares = shares.map(|share| share.split_once(' ').unwrap());
    assert_eq!(
        told(shares.map(|(shown, name)| (name.to_owned(), number(shown)))),
        outcomes,
        "html"
    );
    let tile = |name: &str| {
        let (_, tile) = page.split_once(&format!("<dt>{name}</dt>")).unwrap();
        let figure = tile
            .split_once("class=\"figure\"")
            .unwrap()
            .1
            .split_once('>')
            .unwrap()
            .1;
        number(figure.split_once('<').unwrap().0)
    };
    assert_eq!(
        [tile("Rows"), tile("Orders"), tile("Accepted")],
        ["rows", "orders", "accepted"].map(|name| of_json[name])
    );
}

#[test]
fn hostile_cells_are_text_in_every_form() {
    let bench = Bench::new();
    let long = "=".repeat(40_000);
    let row = format!("B6001,{long},A1,T1,{long},5,\n");
    bench.write("bad.csv", attacking_csv("<first>") + &row);
    let mut expected: Vec<String> = ATTACKS.into_iter().map(read).collect();
    expected.push(long);
    let ran = bench.run(&arguments(&["validate", "bad.csv", "--format", "json"]));
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let page = text(&bench, "r.html");
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("<!--").count(), 0);
    let drawn = island(&page);
    let orders = drawn["orders"].as_array().unwrap().iter();
    let ids: Vec<&str> = orders.map(|order| order[1].as_str().unwrap()).collect();
    assert_eq!(ids, expected);
    let (before, rest) = page.split_once("id=\"data\">").unwrap();
    let (data, after) = rest.split_once("</script>").unwrap();
    assert!(!data.contains('<'));
    for markup in ["<img", "<x>", "<i>", "<b ", "<details open", "javascript:"] {
        assert!(![before, after].concat().contains(markup), "{markup}");
    }

    let json: Value = serde_json::from_str(&text(&bench, "r.json")).unwrap();
    let orders = json["orders"].as_array().unwrap().iter();
    let ids: Vec<&str> = orders
        .map(|order| order["order_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, expected);

    let mut book = open_workbook_auto(bench.path("r.xlsx")).unwrap();
    let orders = book.worksheet_range("Orders").unwrap();
    let ids: Vec<Data> = orders.rows().skip(1).map(|row| row[1].clone()).collect();
    let longest = |text: &String| Data::String(text.chars().take(32_767).collect());
    assert_eq!(ids, expected.iter().map(longest).collect::<Vec<_>>());
    let formulas = book.worksheet_formula("Orders").unwrap();
    assert!(
        formulas
            .used_cells()
            .all(|(_, _, formula)| formula.is_empty())
    );

    let mut csv = csv::Reader::from_path(bench.path("r.csv")).unwrap();
    for (record, text) in csv.records().zip(&expected) {
        let cell = record.unwrap()[1].to_owned();
        let is_formula = text.starts_with(['=', '+', '-', '@']);
        assert_eq!(cell, ["'", ""][usize::from(!is_formula)].to_owned() + text);
    }
    let ticket = text(&bench, "r.md");
    assert_eq!(ticket.chars().find(|c| *c != '\n' && is_control(*c)), None);
    assert!(ticket.contains("````\\| a \\| ``` `b` \\|````"), "{ticket}");
}

#[test]
fn a_plan_is_reported_too() {
    let bench = Bench::new();
    let scores = sample("scores.csv");
    let ran = bench.run(&arguments(&["import", "--dry-run", &scores]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(text(&bench, "r.md").starts_with("# All 12 orders can be sent.\n"));
    assert!(!text(&bench, "r.html").contains("Requests over time"));
}

#[test]
fn a_form_that_is_unknown_is_refused_before_anything_is_written() {
    let bench = Bench::new();
    let scores = sample("scores.csv");
    let ran = bench.run(&[
        "validate", &scores, "--report", "r.html", "--report", "r.pdf",
    ]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains(".html, .json, .csv, .xlsx, .md"),
        "{}",
        ran.stderr
    );
    assert!(!bench.path("r.html").exists());
}
