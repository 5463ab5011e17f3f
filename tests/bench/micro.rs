//! Parts of the reading side, one by one: bytes to rows, cells checked, bytes to orders, orders to bodies.

#![allow(clippy::expect_used)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Parser;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use jiff::Timestamp;
use scoreload::cli::{Cli, Command};
use scoreload::config::{self, Reading, file::ConfigFile};
use scoreload::input::{self, Cell, Each, Extent, Options};
use scoreload::orders;
use scoreload::orders::{Batch, value};
use scoreload::schema::columns::Column;
use tempfile::NamedTempFile;

const ORDERS: usize = 4_000;
const ROWS_OF_AN_ORDER: usize = 5;

fn main() {
    divan::main();
}

/// A file of orders that are all good.
struct Sample {
    file: NamedTempFile,
    length: usize,
    reading: Reading,
}

impl Sample {
    fn make() -> Self {
        let text = text();
        let mut file = NamedTempFile::new().expect("a file can be made");
        file.write_all(text.as_bytes())
            .expect("a file can be written");
        let cli = Cli::parse_from(["scoreload", "validate", "sample"]);
        let Command::Validate(args) = cli.command else {
            unreachable!("that is what was parsed");
        };
        let reading = config::reading(&args.input, &ConfigFile::default(), Timestamp::now());
        Self {
            file,
            length: text.len(),
            reading: reading.expect("the defaults are good"),
        }
    }

    fn options(&self) -> Options<'static> {
        Options {
            names: self.reading.names.clone(),
            wide: Vec::new(),
            sheets: Vec::new(),
            delimiter: None,
            encoding: None,
            warnings: self.reading.rules.warnings,
            extent: Extent::Whole,
            program: None,
            fingerprints: false,
            on_rows: &|_| {},
        }
    }

    fn paths(&self) -> [PathBuf; 1] {
        [self.file.path().to_owned()]
    }

    fn batch(&self) -> Batch {
        let batch = orders::gather(&self.paths(), &self.options(), &self.reading.rules);
        assert_eq!(
            (batch.orders.len(), batch.problems.len()),
            (ORDERS, 0),
            "the sample is good"
        );
        batch
    }
}

fn text() -> String {
    let mut text = String::from(
        "company_id,order_id,overall_score,assessment_id,assessment_status,assessment_status_updated_at,\
         test_id,attempt,test_score,test_score_description,test_status,test_status_updated_at,\
         test_report_name,test_report_url\n",
    );
    for order in 0..ORDERS {
        for test in 0..ROWS_OF_AN_ORDER {
            let score = 40 + (order * 7 + test * 13) % 60;
            // Writing into memory does not fail.
            let _ = writeln!(
                text,
                "B6001,A{order:07},87,COG-A,Complete,2026-03-04T17:06:00Z,NUM-{test},1,{score}.5,\
                 \"Above average, first sitting\",Complete,2026-03-04 16:20:05,Profile {test},\
                 https://r.example.com/A{order:07}/num-{test}.pdf"
            );
        }
    }
    text
}

#[divan::bench]
fn reading_bytes_to_rows(bencher: Bencher) {
    let sample = Sample::make();
    let turn = Each(|_: &_, row: &input::Row<'_>| row.cells.len());
    bencher
        .counter(BytesCount::new(sample.length))
        .bench_local(|| input::read_all(&sample.paths(), &sample.options(), &turn));
}

#[divan::bench]
fn checking_cells(bencher: Bencher) {
    let sample = Sample::make();
    let cells = [
        (Column::CompanyId, "B6001"),
        (Column::AssessmentStatus, "Complete - Review"),
        (Column::AssessmentStatusUpdatedAt, "2026-03-04T17:06:00Z"),
        (Column::Attempt, "1"),
        (Column::TestScore, "91.5"),
        (Column::TestScoreDescription, "Above average, first sitting"),
        (Column::TestStatusUpdatedAt, "3/14/2026 4:20 PM"),
        (
            Column::TestReportUrl,
            "https://r.example.com/A0000001/num-01.pdf?view=profile",
        ),
    ]
    .map(|(column, text)| (column, Cell::text(text)));
    bencher
        .counter(ItemsCount::new(cells.len()))
        .bench_local(|| {
            for (column, cell) in &cells {
                divan::black_box(value::read(*column, cell, &sample.reading.rules));
            }
        });
}

#[divan::bench]
fn grouping_bytes_to_checked_orders(bencher: Bencher) {
    let sample = Sample::make();
    bencher
        .counter(BytesCount::new(sample.length))
        .bench_local(|| sample.batch());
}

#[divan::bench]
fn writing_bodies(bencher: Bencher) {
    let batch = Sample::make().batch();
    bencher.counter(ItemsCount::new(ORDERS)).bench_local(|| {
        batch
            .orders
            .iter()
            .map(|order| batch.body(order).to_json().len())
            .sum::<usize>()
    });
}
