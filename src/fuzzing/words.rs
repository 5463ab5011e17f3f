//! Texts that people and servers write: headers, times, answers, configurations, settings.

use std::sync::Arc;

use jiff::Timestamp;

use super::files::check;
use super::{options, reading, readings};
use crate::config::file;
use crate::delivery::limits::{MaxDuration, MaxFailures};
use crate::diagnostics::diagnostic::Source;
use crate::input::csv::delimiter::Delimiter;
use crate::input::fuzzing::Way;
use crate::input::values::timestamp;
use crate::input::values::timestamp::DateOrder;
use crate::input::{Cell, Header};
use crate::orders;
use crate::paylocity::auth::read_answer;
use crate::plan::MaxChange;
use crate::rate_limit::rate::Rate;
use crate::sandbox::{Faults, Latency};
use crate::storage::postgres::redact::redact_password;
use crate::storage::postgres::settings::ConnectionSettings;
use crate::system::command::CommandLine;

/// Reads a text as headers, a line each.
pub(crate) fn header(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let source = Arc::new(Source {
        path: "input".to_owned(),
        sheet: None,
    });
    for reading in readings() {
        let cells: Vec<_> = (0..).zip(text.lines().map(Cell::text)).collect();
        let (header, _) = Header::read(&source, 1, &cells, &reading.names, &reading.wide);
        for (column, field) in &header.fields {
            let text = header.text(*column).unwrap();
            assert_eq!(reading.names.find(text), Some(*field), "{text}");
            // A name that is shown is a name that is understood.
            assert_eq!(reading.names.find(&field.name()), Some(*field), "{text}");
        }
        for line in text.lines() {
            if let Some(near) = reading.names.nearest(line) {
                assert_eq!(reading.names.find(&near.name()), Some(near), "{line}");
            }
        }
    }
}

/// Reads a text as a time.
pub(crate) fn time(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for order in [
        None,
        Some(DateOrder::Mdy),
        Some(DateOrder::Dmy),
        Some(DateOrder::Ymd),
    ] {
        let Ok(read) = timestamp::read(&text, order) else {
            continue;
        };
        for reading in readings() {
            let Some(time) = timestamp::utc(read.time, read.offset, &reading.rules.zone) else {
                continue;
            };
            let written = time.to_string();
            assert_eq!(written.len(), 20, "{text:?} gives {written}");
            assert_eq!(written.parse::<Timestamp>().unwrap(), time, "{text:?}");
            // The last hours of 1999 may be of 2000 elsewhere.
            let again = timestamp::canonical(&written).unwrap_or(time);
            assert_eq!(again, time, "{text:?}");
        }
    }
}

/// Reads bytes as what a server answers.
pub(crate) fn answer(bytes: &[u8]) {
    read_answer(&String::from_utf8_lossy(bytes));
}

/// Reads a text as a configuration, and by it a file.
pub(crate) fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(config) = file::parse(&text) else {
        return;
    };
    if let Ok(reading) = reading(&config) {
        let scores = include_bytes!("../../samples/scores.csv");
        let options = options(&reading);
        check(&orders::gather_bytes(scores, Way::Whole, &options, &reading.rules).unwrap());
    }
}

/// Reads a text as each setting that has a form of its own.
pub(crate) fn setting(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    if let Ok(rate) = text.parse::<Rate>() {
        assert_eq!(rate.to_string().parse::<Rate>().unwrap(), rate, "{text}");
        let _ = rate.min_time(1_000_000);
    }
    let _ = text.parse::<CommandLine>();
    let _ = text.parse::<Delimiter>();
    let _ = text.parse::<Faults>();
    let _ = text.parse::<Latency>();
    let _ = text.parse::<MaxChange>();
    let _ = text.parse::<MaxFailures>();
    let _ = text.parse::<MaxDuration>();
    let _ = ConnectionSettings::parse(text, &|_| None);
    let shown = redact_password(text);
    assert_eq!(redact_password(&shown), shown, "{text}");
}
