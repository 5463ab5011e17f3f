//! Texts without an end.

use std::fs::File;
use std::io::Write;
use std::process::Stdio;

use super::{
    HEADER, NO_TEXT, ROW, TOO_LARGE, UNREADABLE, assert_refused, held, refused, validated,
};
use crate::harness::{Bench, Ran};

const GB: u64 = 1 << 30;
const MB: usize = 1 << 20;

/// A file that begins so and goes on with zeros to a length, of which the disk holds the beginning.
fn sparse(bench: &Bench, name: &str, beginning: &[u8], length: u64) {
    let file = File::create(bench.path(name)).unwrap();
    (&file).write_all(beginning).unwrap();
    file.set_len(length).unwrap();
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_line_without_end_is_refused_where_it_begins() {
    let bench = Bench::new();
    // Behind it zeros come, which nobody gets as far as.
    let line = "x".repeat(17 * MB);
    let before = HEADER.to_owned() + ROW;
    let marked = [b"\xFF\xFE".to_vec(), wide(&before), wide(&line)].concat();
    let latin = [before.as_bytes(), b"B6001,\xE9\n", line.as_bytes()].concat();
    for (name, beginning, row) in [
        ("alone.csv", line.clone().into_bytes(), 1),
        ("below.csv", (before.clone() + &line).into_bytes(), 3),
        ("wide.csv", marked, 3),
        ("latin.csv", latin, 4),
    ] {
        sparse(&bench, name, &beginning, GB);
        let found = refused(&bench, name, TOO_LARGE);
        assert_eq!(found["row"], row, "{name}: {found}");
    }
}

#[test]
fn a_line_without_end_is_refused_as_it_comes_through_a_pipe() {
    let bench = Bench::new();
    for input in ["-", "/dev/stdin"] {
        let command = bench.command(&["validate", input, "--format", "json"]);
        let mut command = held(&command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(HEADER.as_bytes()).unwrap();
        let piece = vec![b'x'; MB];
        // It ends when nobody reads any more.
        let written = (0..1024)
            .take_while(|_| stdin.write_all(&piece).is_ok())
            .count();
        assert!(written < 64, "{written} MB were read");
        drop(stdin);
        let ran = Ran::from(child.wait_with_output().unwrap());
        let found = assert_refused(input, &ran, TOO_LARGE);
        assert_eq!(found["row"], 2, "{found}");
    }
}

#[test]
fn zeros_are_no_text_however_many_there_are() {
    let bench = Bench::new();
    sparse(&bench, "zeros.csv", b"", GB);
    refused(&bench, "zeros.csv", NO_TEXT);
    let rows = HEADER.to_owned() + &ROW.repeat(250_000);
    sparse(&bench, "behind.csv", rows.as_bytes(), GB);
    let found = refused(&bench, "behind.csv", NO_TEXT);
    assert_eq!(found["row"], 250_002, "{found}");
    refused(&bench, "/dev/zero", NO_TEXT);
}

#[test]
fn a_quote_that_swallows_everything_is_told() {
    let bench = Bench::new();
    let rows = ROW.repeat(9 * MB / ROW.len());
    bench.write(
        "quote.csv",
        format!("{HEADER}{ROW}B6001,18,\"A1,T1\n{rows}"),
    );
    let found = refused(&bench, "quote.csv", UNREADABLE);
    assert_eq!(found["row"], 3, "{found}");
}

#[test]
fn records_and_cells_past_every_bound_are_refused() {
    let bench = Bench::new();
    let rows = ROW.repeat(5 * MB / ROW.len());
    let cell = format!("B6001,18,A1,T1,1,{}\n", "9".repeat(MB + 1));
    let fields = format!("B6001,18,A1,T1,1,87{}x\n", ",".repeat(20_000));
    for (name, odd) in [("cell.csv", cell), ("fields.csv", fields)] {
        let found = [
            format!("{HEADER}{odd}"),
            format!("{HEADER}{rows}{odd}{rows}"),
        ]
        .map(|text| {
            bench.write(name, text);
            refused(&bench, name, TOO_LARGE)
        });
        assert_eq!(found[0]["row"], 2, "{name}: {found:?}");
        assert_eq!(found[1]["row"], 2 + rows.len() / ROW.len(), "{name}");
    }
    let ids = format!("B6001,{},A1,T1,1,87\n", "9".repeat(MB - 1));
    bench.write("ids.csv", format!("{HEADER}{ids}"));
    assert_eq!(validated(&bench, "ids.csv").code, 0);
}

#[test]
fn a_header_of_thousands_of_columns_is_read_and_told_in_few_words() {
    let bench = Bench::new();
    let columns: Vec<String> = (0..16_000).map(|column| format!(",h{column}")).collect();
    bench.write(
        "header.csv",
        format!("{}{}\n{ROW}", HEADER.trim_end(), columns.concat()),
    );
    let ran = validated(&bench, "header.csv");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let found = ran.diagnostics().remove(0);
    assert_eq!(found["code"], "column-ignored");
    let message = found["message"].as_str().unwrap();
    assert!(
        message.starts_with("16000 columns are ignored: `h0`, `h1`,"),
        "{message}"
    );
    assert!(message.ends_with("`h199` and 15800 more"), "{message}");
}
