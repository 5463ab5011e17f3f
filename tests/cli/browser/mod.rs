//! The report's page in a browser: what people do with it, and what nothing in the data can do to it.

mod driver;

use serde_json::json;

use self::driver::{Browser, CONTROL, DOWN, ESCAPE};
use crate::every_outcome::{FORMS, HOSTILE, INVALID, NOT_FOUND, ORDERS, REJECTED};
use crate::harness::{Bench, orders_csv};
use crate::live::{Followed, sandbox};

/// The number of orders in the list.
const COUNT: &str = "document.querySelector('#order-count').textContent";
/// The order ids that are in sight, from the top.
const IDS: &str =
    "[...document.querySelectorAll('#order-rows .link')].map(link => link.textContent)";

/// The report of every outcome, opened from disk.
struct Opened {
    browser: Browser,
    bench: Bench,
}

impl Opened {
    /// Opens it; `None` where there is no browser.
    fn report() -> Option<Self> {
        let (browser, bench) = (Browser::start()?, Bench::new());
        browser.open("about:blank");
        browser.requests();
        browser.open_file(&bench.write("r.html", FORMS.bytes("html")));
        Some(Self { browser, bench })
    }

    /// Types into the search of orders and waits until so many are found.
    fn search(&self, words: &str, found: usize) {
        self.browser.empty("#order-search");
        self.browser
            .wait_until(&format!("{COUNT} === '{ORDERS} orders'"));
        self.browser.type_into("#order-search", words);
        self.browser
            .wait_until(&format!("{COUNT} === '{found} of {ORDERS} orders'"));
    }

    /// Ends, and makes sure that nothing but the file was asked for and nothing was wrong.
    fn end(self) {
        assert_eq!(self.browser.console(), Vec::<String>::new());
        let file = format!("file://{}", self.bench.path("r.html").display());
        assert_eq!(self.browser.requests(), [file]);
    }
}

#[test]
fn orders_are_searched_filtered_and_sorted() {
    let Some(opened) = Opened::report() else {
        return;
    };
    let browser = &opened.browser;
    assert_eq!(browser.text("#order-count"), format!("{ORDERS} orders"));

    opened.search("ord-12", 10);
    assert_eq!(browser.value_of(&format!("{IDS}[0]")), "ORD-120");
    opened.search(&NOT_FOUND.to_uppercase(), 10);
    browser.empty("#order-search");

    browser.type_into("#order-outcome", "rejected");
    browser.wait_until(&format!("{COUNT}.startsWith('{REJECTED} of ')"));
    browser.type_into("#order-company", "b6001");
    browser.wait_until(&format!("{COUNT}.startsWith('4 of ')"));
    assert_eq!(
        browser.value_of(IDS),
        json!(["ORD-120", "ORD-123", "ORD-126", "ORD-129"])
    );
    browser.click("[data-sort=order]");
    browser.click("[data-sort=order]");
    assert_eq!(
        browser.value_of(IDS),
        json!(["ORD-129", "ORD-126", "ORD-123", "ORD-120"])
    );
    let sorted = "document.querySelector('th.c-order').ariaSort";
    assert_eq!(browser.value_of(sorted), "descending");
    browser.empty("#order-company");

    browser.click(".legend [data-outcome=invalid]");
    browser.wait_until(&format!("{COUNT}.startsWith('{INVALID} of ')"));
    browser.click(".tile [data-outcome=left]");
    browser.wait_until(&format!("{COUNT}.startsWith('73 of ')"));
    opened.end();
}

#[test]
fn problems_are_searched_and_the_same_value_stands_there_once() {
    let Some(opened) = Opened::report() else {
        return;
    };
    let browser = &opened.browser;
    assert_eq!(browser.text("#problem-count"), "31 problems of 2 kinds");
    let lines = "[...document.querySelectorAll('.findings tbody tr')].map(row => row.innerText)";
    let told = browser.value_of(lines);
    assert_eq!(
        told[0],
        "E62, E72, E82 3 times\t<b>2nd</b>\tthe attempt is `<b>2nd</b>`, not a whole number of 0 or more"
    );
    browser.type_into("#problem-search", "2nd");
    browser.wait_until(
        "document.querySelector('#problem-count').textContent === '3 of 31 problems of 1 kind'",
    );
    browser.type_into("#problem-severity", "warnings");
    browser.wait_until("document.querySelectorAll('.findings').length === 0");
    opened.end();
}

#[test]
fn an_order_is_opened_by_keyboard_and_its_update_copied() {
    let Some(opened) = Opened::report() else {
        return;
    };
    let browser = &opened.browser;
    opened.search("ord-16", 10);
    browser.type_into("#order-rows tr:nth-child(1) .link", DOWN);
    let focused = browser.value_of("document.activeElement.textContent");
    assert_eq!(focused, "ORD-161");
    browser.click("#order-rows tr:nth-child(1) .link");
    assert_eq!(browser.text("#order-title"), "Order ORD-160");
    let detail = browser.text("#order-detail");
    assert!(detail.contains("it's <b>march.csv: row 162"), "{detail}");
    let attempts: Vec<&str> = detail
        .lines()
        .filter(|line| line.contains(" after "))
        .collect();
    assert_eq!(attempts.len(), 2, "{detail}");
    let [first, second] = [attempts[0], attempts[1]];
    assert!(
        first.contains(" UTC, 503 after ") && first.ends_with(": Down for maintenance."),
        "{first}"
    );
    assert!(second.contains(" UTC, 204 after "), "{second}");

    browser.wait_until("document.querySelector('.body').textContent.includes('</i>')");
    browser.click("#order-detail .copy");
    browser.wait_until("document.querySelector('#order-detail .copy').textContent === 'Copied'");
    browser.type_into("#order-close", ESCAPE);
    browser.wait_until("!document.querySelector('dialog').open");
    browser.empty("#order-search");
    browser.type_into("#order-search", &format!("{CONTROL}v"));
    let pasted = browser.value_of("document.querySelector('#order-search').value");
    let body: serde_json::Value = serde_json::from_str(pasted.as_str().unwrap()).unwrap();
    let test = &body["assessments"][0]["assessmentResults"]["tests"][0];
    assert_eq!(test["score"]["value"], "160");
    assert_eq!(test["score"]["description"], "<i>160</i>");
    opened.end();
}

#[test]
fn the_servers_words_and_the_problems_stand_at_their_order() {
    let Some(opened) = Opened::report() else {
        return;
    };
    let browser = &opened.browser;
    opened.search("ord-130", 1);
    browser.click("#order-rows .link");
    let said = browser.text("#order-detail .said");
    assert_eq!(said, "<img src=x onerror=alert(1)> \\u{202e}no");
    browser.click("#order-close");
    opened.search("ord-070", 1);
    browser.click("#order-rows .link");
    let found = browser.text("#order-detail .findings tbody");
    assert!(
        found.starts_with("E72 <b>2nd</b> the attempt is"),
        "{found}"
    );
    opened.end();
}

#[test]
fn hostile_texts_are_shown_as_text() {
    let Some(opened) = Opened::report() else {
        return;
    };
    let browser = &opened.browser;
    let shown = HOSTILE.map(|text| {
        text.replace('\u{202e}', "\\u{202e}")
            .replace('\u{2066}', "\\u{2066}")
    });
    for text in shown {
        // A mark that is shown as an escape is searched for by the words beside it.
        opened.search(
            text.trim_start_matches("\\u{202e}")
                .trim_end_matches("\\u{2066}"),
            1,
        );
        assert_eq!(browser.value_of(IDS), json!([text]));
        browser.click("#order-rows .link");
        assert_eq!(browser.text("#order-title"), format!("Order {text}"));
        browser.wait_until("document.querySelector('.body').textContent.includes('</i>')");
        browser.click("#order-close");
    }
    let long = "W".repeat(250);
    opened.search(&long, 1);
    browser.click("#order-rows .link");
    assert_eq!(browser.text("#order-title"), format!("Order {long}"));
    let is_too_wide = "document.querySelector('dialog').scrollWidth > document.querySelector('dialog').clientWidth";
    assert_eq!(browser.value_of(is_too_wide), false);
    assert_eq!(browser.count("script"), 2);
    assert_eq!(browser.count("img, b, i, iframe, object"), 0);
    opened.end();
}

#[test]
fn the_rows_of_an_order_stand_before_the_name_of_their_file_which_may_be_cut() {
    let bench = Bench::new();
    let name = format!("{}.csv", "long-name".repeat(20));
    bench.write(&name, orders_csv(3));
    bench.write("b.csv", orders_csv(5));
    let Some(browser) = Browser::start() else {
        return;
    };
    let ran = bench.run(&["validate", &name, "b.csv", "--report", "r.html"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    browser.open_file(&bench.path("r.html"));
    let cells = "[...document.querySelectorAll('td.c-rows')].map(cell => cell.textContent)";
    let both = |row| format!("{row} in {name}; {row} in b.csv");
    let expected = json!([both(2), both(3), both(4), "5 in b.csv", "6 in b.csv"]);
    assert_eq!(browser.value_of(cells), expected);
}

#[test]
fn a_page_of_50_000_orders_draws_the_few_that_are_in_sight() {
    let bench = Bench::new();
    let orders = 50_000;
    let row = |index| format!("B6001,ORD-{index:05},A1,T1,1,{index}\n");
    let rows: String = (0..orders).map(row).collect();
    bench.write(
        "many.csv",
        "company_id,order_id,assessment_id,test_id,attempt,score\n".to_owned() + &rows,
    );
    let Some(browser) = Browser::start() else {
        return;
    };
    let ran = bench.run(&["validate", "many.csv", "--report", "r.html"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    browser.open_file(&bench.path("r.html"));
    assert_eq!(browser.text("#order-count"), "50,000 orders");
    let drawn = || browser.count("#order-rows tr");
    assert!((10..100).contains(&drawn()), "{}", drawn());
    browser.value_of("document.querySelector('#order-box').scrollTop = 1e9");
    browser.wait_until(&format!("{IDS}.includes('ORD-49999')"));
    assert!((10..100).contains(&drawn()), "{}", drawn());
    browser.type_into("#order-search", "ord-4999");
    browser.wait_until(&format!("{COUNT} === '10 of 50,000 orders'"));
    assert_eq!(drawn(), 10);
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
fn the_page_follows_an_import_until_it_is_the_finished_report() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let sandbox = sandbox();
    let followed = Followed::begin(&sandbox, 120);
    let url = followed.url();
    browser.open("about:blank");
    browser.requests();
    browser.open(&url);
    let accepted = "Number(document.querySelector('.tile.is-good .figure')?.textContent ?? 0)";
    browser.wait_until(&format!("{accepted} > 0 && {accepted} < 120"));
    let sentence = "document.querySelector('#sentence').textContent";
    assert_eq!(
        browser.value_of(&format!("{sentence}.startsWith('Delivering: ')")),
        true
    );
    // What has its turn yet to come is no failure.
    assert_eq!(browser.count(".tile.is-bad, .summary.is-open"), 0);
    browser.wait_until(&format!("{sentence} === 'All 120 orders are delivered.'"));
    assert_eq!(followed.end().0, 0);
    assert_eq!(
        browser.text("#live"),
        "The import has ended: this is the finished report."
    );
    // It is whole without the server, which is gone.
    browser.type_into("#order-outcome", "accepted");
    browser.type_into("#order-search", "ord-119");
    browser.wait_until(&format!("{COUNT} === '1 of 120 orders'"));
    browser.click("#order-rows .link");
    browser.wait_until("document.querySelector('.body').textContent.includes('\"119\"')");
    assert_eq!(browser.console(), Vec::<String>::new());
    assert!(
        browser
            .requests()
            .iter()
            .all(|asked| asked.starts_with(&url))
    );
}
