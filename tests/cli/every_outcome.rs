//! One import whose 500 orders come to every outcome, and whose texts are as hostile as they can be; told in every form
//! of the report.

use std::sync::LazyLock;

use serde_json::Value;

use crate::harness::Bench;
use crate::server::{Scripted, Server, answer};

/// The orders of the import.
pub(crate) const ORDERS: usize = 500;
/// How many of them come to each outcome that is not `accepted`.
pub(crate) const SENT_BEFORE: usize = 60;
pub(crate) const INVALID: usize = 30;
pub(crate) const REJECTED: usize = 11;
pub(crate) const FAILED: usize = 11;
pub(crate) const NOT_SENT: usize = 20;
/// One of them is unknown.
pub(crate) const ACCEPTED: usize =
    ORDERS - SENT_BEFORE - INVALID - REJECTED - FAILED - 1 - NOT_SENT;

/// The file, by a name that would like to be markup.
pub(crate) const FILE: &str = "it's <b>march.csv";
/// What would do harm in a page, if it were not text; the ids of the last accepted orders.
pub(crate) const HOSTILE: [&str; 4] = [
    "</script><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "\u{202e}gnp.exe\u{2066}",
    "{{1+1}}${1+1}",
];
/// What the server says of the orders that it knows nothing of, and of one that it does not like.
pub(crate) const NOT_FOUND: &str = "No such order.";
const DISLIKED: &str = "{\"message\":\"<img src=x onerror=alert(1)> \u{202e}no\"}";

/// The report, form by form.
pub(crate) struct Forms {
    pub(crate) code: i32,
    /// What stood on the screen, with `SERVER` and `scoreload` for what differs each time.
    pub(crate) screen: String,
    written: Vec<(&'static str, Vec<u8>)>,
}

/// Made once for all tests that look at it.
pub(crate) static FORMS: LazyLock<Forms> = LazyLock::new(Forms::made);

impl Forms {
    pub(crate) fn bytes(&self, form: &str) -> &[u8] {
        let mut forms = self.written.iter();
        &forms.find(|(name, _)| *name == form).unwrap().1
    }

    pub(crate) fn text(&self, form: &str) -> &str {
        str::from_utf8(self.bytes(form)).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.bytes("json")).unwrap()
    }

    fn made() -> Self {
        let (bench, server) = (Bench::new(), Server::answering(script()));
        let rows: Vec<String> = (0..ORDERS).map(row).collect();
        bench.write(
            "before.csv",
            [HEADER, &rows[..SENT_BEFORE].concat()].concat(),
        );
        bench.write(FILE, [HEADER, &rows.concat(), NO_ORDER].concat());
        let flags = [
            "--rate",
            "unlimited",
            "--concurrency",
            "1",
            "--retries",
            "1",
        ];
        let before = bench.import(&server.url(), &[&["before.csv"], &flags[..]].concat());
        assert_eq!(before.code, 0, "{}", before.stderr);
        let names = ["html", "xlsx", "csv", "md", "json"];
        let paths = names.map(|form| format!("r.{form}"));
        let reports = paths.iter().flat_map(|path| ["--report", path.as_str()]);
        // A line every ten seconds would tell how busy the machine is.
        let calm = ["--progress", "none"];
        let args = [FILE].into_iter().chain(flags).chain(reports).chain(calm);
        let args: Vec<&str> = args.collect();
        let ran = bench.import(&server.url(), &args);
        let read = |form: &'static str| {
            (
                form,
                std::fs::read(bench.path(&format!("r.{form}"))).unwrap(),
            )
        };
        Self {
            code: ran.code,
            screen: ran.stderr.replace(&server.url(), "SERVER").replace(
                assert_cmd::cargo::cargo_bin!("scoreload").to_str().unwrap(),
                "scoreload",
            ),
            written: names.map(read).into(),
        }
    }
}

/// A row that belongs to no order.
const NO_ORDER: &str = "B6001,,A1,T1,1,5,,,\n";
const HEADER: &str = "company_id,order_id,assessment_id,test_id,attempt,score,score_description,report_name,report_url\n";

/// An order of one row: first those that were sent before, then the invalid ones, then those that are sent.
fn row(index: usize) -> String {
    let company = ["B6001", "A00123", "104233"][index % 3];
    let invalid = SENT_BEFORE..SENT_BEFORE + INVALID;
    let attempt = match index {
        _ if !invalid.contains(&index) => "1",
        _ if index.is_multiple_of(10) => "<b>2nd</b>",
        _ => "first",
    };
    let hostile = index
        .checked_sub(HOSTILE_AT)
        .and_then(|place| HOSTILE.get(place));
    let id = match hostile {
        Some(text) => text.replace('"', "\"\""),
        None if index == LONG_AT => "W".repeat(250),
        None => format!("ORD-{index:03}"),
    };
    format!(
        "{company},\"{id}\",A1,T1,{attempt},{index},<i>{index}</i>,Result,https://r.example/{index}\n"
    )
}

/// Where the hostile ids begin, and where one is that is long.
const HOSTILE_AT: usize = 300;
const LONG_AT: usize = 310;

/// The answers, in the order of the updates: each order has one, or two where the first is no good.
fn script() -> Vec<Scripted> {
    let first = SENT_BEFORE + INVALID;
    let before = (0..SENT_BEFORE).map(|_| answer(204, ""));
    before.chain((first..ORDERS).flat_map(fate)).collect()
}

fn fate(index: usize) -> Vec<Scripted> {
    let down = || answer(503, "{\"message\":\"Down for maintenance.\"}");
    match index {
        120..130 => vec![answer(404, "{\"message\":\"No such order.\"}")],
        130 => vec![answer(400, DISLIKED)],
        140 => vec![answer(500, ""), answer(500, "")],
        160 => vec![down(), answer(204, "")],
        // After ten of them in a row the run stops.
        150 | 470.. => vec![down(), down()],
        _ => vec![answer(204, "")],
    }
}
