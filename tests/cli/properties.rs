//! What holds for every table: the bodies follow from what the rows say, not from where they stand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;
use scoreload::orders;
use scoreload::orders::Batch;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::texts::gathered;

/// The columns of the tables, in their usual order.
const COLUMNS: [&str; 12] = [
    "company_id",
    "order_id",
    "overall_score",
    "assessment_id",
    "assessment_score",
    "test_id",
    "attempt",
    "test_score",
    "test_score_description",
    "test_status",
    "test_report_name",
    "test_report_url",
];

type Row = [String; 12];

/// Reads CSV files and gathers their orders.
fn gather(files: &[Vec<u8>]) -> Batch {
    let directory = TempDir::new().unwrap();
    let paths: Vec<PathBuf> = (0..files.len())
        .map(|index| directory.path().join(format!("{index}.csv")))
        .collect();
    for (path, bytes) in paths.iter().zip(files) {
        std::fs::write(path, bytes).unwrap();
    }
    gathered(&paths, None, None)
}

/// The bodies by company and order, lists in an order that does not depend on the rows'.
fn bodies(batch: &Batch) -> BTreeMap<(String, String), Value> {
    let errors: Vec<_> = batch
        .problems
        .iter()
        .filter(|problem| problem.is_error())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let body = |order: &orders::Order| {
        let body = serde_json::from_slice(&batch.body(order).to_json()).unwrap();
        (
            (order.company_id.to_string(), order.order_id.to_string()),
            sorted(body),
        )
    };
    batch.orders.iter().map(body).collect()
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(sorted).collect();
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(name, value)| (name, sorted(value)))
                .collect(),
        ),
        other => other,
    }
}

/// What the rows should come to, by a reading of their own.
fn oracle(rows: &[Row]) -> BTreeMap<(String, String), Value> {
    let mut orders: BTreeMap<(String, String), Value> = BTreeMap::new();
    for row in rows {
        let [
            company,
            order,
            overall,
            assessment,
            assessment_score,
            test,
            attempt,
            score,
            words,
            status,
            name,
            url,
        ] = row.clone();
        let body = orders
            .entry((company, order))
            .or_insert_with(|| json!({"assessments": []}));
        put(body, "overallScore", &overall);
        let entry = found(body, "assessments", |entry| {
            entry["assessmentId"] == assessment.as_str()
        });
        put(entry, "assessmentId", &assessment);
        let results = &mut entry["assessmentResults"];
        put(results, "score", &assessment_score);
        let attempt: u32 = attempt.parse().unwrap();
        let entry = found(results, "tests", |entry| {
            entry["id"] == test.as_str() && entry["score"]["attempt"] == attempt
        });
        put(entry, "id", &test);
        entry["score"]["attempt"] = attempt.into();
        put(&mut entry["score"], "value", &score);
        put(&mut entry["score"], "description", &words);
        if !status.is_empty() {
            put(&mut entry["testStatus"], "value", &status);
        }
        if !url.is_empty() {
            let report = found(&mut entry["score"], "reports", |report| {
                report["url"] == url.as_str()
            });
            put(report, "name", &name);
            put(report, "url", &url);
        }
    }
    orders
        .into_iter()
        .map(|(key, body)| (key, sorted(body)))
        .collect()
}

fn put(object: &mut Value, name: &str, text: &str) {
    if object.is_null() {
        *object = Value::Object(Map::new());
    }
    if !text.is_empty() {
        object[name] = text.into();
    }
}

/// The entry of a list that is meant, made where there is none.
fn found<'a>(
    object: &'a mut Value,
    list: &str,
    is_meant: impl Fn(&Value) -> bool,
) -> &'a mut Value {
    if object[list].is_null() {
        object[list] = json!([]);
    }
    let items = object[list].as_array_mut().unwrap();
    let index = items.iter().position(is_meant).unwrap_or(items.len());
    if index == items.len() {
        items.push(json!({}));
    }
    &mut items[index]
}

fn csv(rows: &[Row], columns: &[usize]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(columns.iter().map(|column| COLUMNS[*column]))
        .unwrap();
    for row in rows {
        writer
            .write_record(columns.iter().map(|column| &row[*column]))
            .unwrap();
    }
    writer.into_inner().unwrap()
}

/// Text that a cell keeps as it is: no blanks at its ends, no placeholder, no error of a spreadsheet.
fn text() -> impl Strategy<Value = String> {
    "[A-Za-zäß€,;\"'|][ A-Za-z0-9äß€,;\"'|\n/%.]{0,20}[A-Za-zäß0-9\"]"
        .prop_filter("cells", |text| {
            !["NA", "na", "Na", "nA"].contains(&text.as_str())
        })
}

/// Rows whose values agree within each order, assessment and test: each is a function of the ids.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let ids = (
        0..3usize,
        0..4usize,
        0..2usize,
        0..3usize,
        1..3u32,
        any::<u8>(),
    );
    (
        prop::collection::vec(ids, 1..25),
        prop::collection::vec(text(), 24),
    )
        .prop_map(|(ids, words)| {
            let word = |index: usize| words[index % words.len()].clone();
            let row = |(company, order, assessment, test, attempt, blanks): (
                usize,
                usize,
                usize,
                usize,
                u32,
                u8,
            )| {
                let keep = |bit: u32, text: String| {
                    if blanks & (1 << bit) == 0 {
                        String::new()
                    } else {
                        text
                    }
                };
                let key = company + 3 * order + 5 * assessment + 7 * test + attempt as usize;
                let url = format!("https://r.example/{}", key % 4);
                let link = blanks & 16 != 0;
                [
                    ["B6001", "A00123", "204518"][company].to_owned(),
                    format!("00{order}"),
                    keep(0, format!("{}", company + order)),
                    format!("A{assessment}"),
                    keep(1, format!("{}.50", company + order + assessment)),
                    format!("T-{test}"),
                    attempt.to_string(),
                    keep(2, format!("{key}%")),
                    keep(3, word(key)),
                    keep(5, ["Complete", "InProgress", "Pending"][key % 3].to_owned()),
                    if link {
                        format!("Report {}", key % 4)
                    } else {
                        String::new()
                    },
                    if link { url } else { String::new() },
                ]
            };
            ids.into_iter().map(row).collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn bodies_are_what_the_rows_say(rows in rows()) {
        let columns: Vec<usize> = (0..COLUMNS.len()).collect();
        prop_assert_eq!(bodies(&gather(&[csv(&rows, &columns)])), oracle(&rows));
    }

    #[test]
    fn neither_order_of_rows_nor_columns_nor_files_matters(
        (rows, shuffled, columns, cut) in rows().prop_flat_map(|rows| {
            let (count, columns) = (rows.len(), (0..COLUMNS.len()).collect::<Vec<_>>());
            (Just(rows.clone()), Just(rows).prop_shuffle(), Just(columns).prop_shuffle(), 0..=count)
        })
    ) {
        let (first, second) = shuffled.split_at(cut);
        let batch = gather(&[csv(first, &columns), csv(second, &columns)]);
        prop_assert_eq!(bodies(&batch), oracle(&rows));
        prop_assert_eq!(batch.orders.iter().map(|order| order.rows.len()).sum::<usize>(), rows.len());
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = gather(&[bytes]);
    }

    #[test]
    fn no_table_makes_reading_panic_or_lose_a_row(cells in prop::collection::vec("[a-zA-Z0-9,\"\n\r; /.-]{0,60}", 1..8)) {
        let text = format!("company_id,order_id,test_id,attempt,score,updated_at\n{}", cells.join("\n"));
        let batch = gather(&[text.into_bytes()]);
        let of_orders: usize = batch.orders.iter().map(|order| order.rows.len()).sum();
        let rows: usize = batch.sheets.iter().map(|sheet| sheet.rows).sum();
        prop_assert_eq!(rows, of_orders + batch.orderless.len());
    }
}
