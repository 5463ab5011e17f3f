//! The dialect of a CSV file: its delimiter and quote, detected from its first records unless set.
//!
//! Detection is done here because it can use the names of columns: the right delimiter is the one that makes an
//! order-id header appear. General sniffers count characters, and those tried panic on empty files or fail on files
//! with one column or only a header.

use std::borrow::Cow;
use std::collections::HashMap;

use csv::{Reader, ReaderBuilder};

use super::delimiter::{self, Delimiter};
use crate::input::header::{HEADER_WITHIN_ROWS, holds_order_id};
use crate::input::values::cell::Cell;
use crate::schema::header_names::HeaderNames;

/// How the fields of a CSV file are delimited and quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    delimiter: Delimiter,
    quote: u8,
}

impl Dialect {
    const fn new(delimiter: Delimiter, quote: u8) -> Self {
        Self { delimiter, quote }
    }

    /// Returns a note if the quote is unusual.
    fn quote_note(self) -> Option<Cow<'static, str>> {
        let words = "assumed ' as the quote, because cells begin and end with it and never with \"";
        (self.quote == b'\'').then_some(words.into())
    }

    /// Returns the quote.
    pub(crate) const fn quote(self) -> u8 {
        self.quote
    }

    /// Returns the delimiter.
    pub(crate) const fn delimiter(self) -> u8 {
        self.delimiter.0
    }

    /// Returns a reader of all records, regardless of their width.
    pub(crate) fn reader(self, text: &str) -> Reader<&[u8]> {
        ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter.0)
            .quote(self.quote)
            .from_reader(text.as_bytes())
    }
}

/// The dialect of a text, and where its records begin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Detected<'a> {
    pub(crate) dialect: Dialect,
    /// The first line, if it only names the delimiter.
    pub(crate) preamble: &'a str,
    /// The text after it.
    pub(crate) body: &'a str,
    /// A note on assumptions.
    pub(crate) note: Option<Cow<'static, str>>,
}

/// Detects the dialect of a text, which may be cut. The delimiter is the one that was `set`, else the one that the
/// first line names, else a guess.
pub(crate) fn detect<'a>(
    text: &'a str,
    is_cut: bool,
    set: Option<Delimiter>,
    names: &HeaderNames,
) -> Detected<'a> {
    let (named, preamble, body) = delimiter::named(text);
    let sample = Sample::of(body, is_cut);
    let known = set.or(named);
    let tried: &[Delimiter] = known.as_slice();
    let tried = if tried.is_empty() {
        &Delimiter::USUAL
    } else {
        tried
    };
    let mut guess = sample.guess(tried, names);
    if guess.dialect.quote == b'\'' {
        // Single quotes are so unusual that all of the text must use them consistently.
        let whole = Sample { text: body, is_cut };
        guess.dialect.quote = whole.quote(guess.dialect.delimiter);
    }
    let note = match known {
        Some(_) => guess.dialect.quote_note(),
        None if sample.text.trim().is_empty() => None,
        None => guess.note().or_else(|| guess.dialect.quote_note()),
    };
    Detected {
        dialect: guess.dialect,
        preamble,
        body,
        note,
    }
}

/// The first records of a text.
struct Sample<'a> {
    text: &'a str,
    /// Whether the text continues, so that the last record may be cut.
    is_cut: bool,
}

/// How much of a text is examined.
const SAMPLE_BYTES: usize = 64 << 10;
/// How many records are examined.
const SAMPLE_RECORDS: usize = 200;

/// How well a dialect fits a text. The derived order compares the fields in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// How many header cells are names of columns; 0 without an order id.
    names: usize,
    /// How many records have the most frequent width; 0 if that width is 1.
    same_width: usize,
}

/// The dialect that fits best.
struct Guess {
    dialect: Dialect,
    fit: Fit,
    /// Another delimiter that fits as well.
    rival: Option<Delimiter>,
}

impl<'a> Sample<'a> {
    fn of(text: &'a str, is_cut: bool) -> Self {
        let end = text.floor_char_boundary(SAMPLE_BYTES);
        Self {
            text: &text[..end],
            is_cut: is_cut || end < text.len(),
        }
    }

    /// Returns the delimiter that fits the sample best, the earlier one of two that fit equally.
    fn guess(&self, delimiters: &[Delimiter], names: &HeaderNames) -> Guess {
        let mut best: Option<Guess> = None;
        for delimiter in delimiters {
            let dialect = Dialect::new(*delimiter, self.quote(*delimiter));
            let fit = self.fit(dialect, names);
            match &mut best {
                Some(best) if best.fit == fit => best.rival = Some(*delimiter),
                Some(best) if best.fit > fit => {}
                _ => {
                    best = Some(Guess {
                        dialect,
                        fit,
                        rival: None,
                    });
                }
            }
        }
        best.unwrap_or_else(|| Guess {
            dialect: Dialect::new(Delimiter(b','), b'"'),
            fit: Fit {
                names: 0,
                same_width: 0,
            },
            rival: None,
        })
    }

    fn fit(&self, dialect: Dialect, names: &HeaderNames) -> Fit {
        let mut reader = dialect.reader(self.text);
        let mut records: Vec<_> = reader
            .byte_records()
            .map_while(Result::ok)
            .take(SAMPLE_RECORDS)
            .collect();
        if self.is_cut && records.len() < SAMPLE_RECORDS {
            records.pop();
        }
        let mut widths: HashMap<usize, usize> = HashMap::new();
        for record in &records {
            *widths.entry(record.len()).or_default() += 1;
        }
        let most = widths
            .into_iter()
            .map(|(width, count)| (count, width))
            .max();
        let header = records
            .iter()
            .take(HEADER_WITHIN_ROWS as usize)
            .find_map(|record| names_in(record, names));
        Fit {
            names: header.unwrap_or_default(),
            same_width: most
                .filter(|(_, width)| *width > 1)
                .map_or(0, |(count, _)| count),
        }
    }

    /// Returns the quote: `'` if cells begin and end with it and never with `"`.
    fn quote(&self, delimiter: Delimiter) -> u8 {
        let is_edge = |byte: Option<&u8>| match byte {
            None => true,
            Some(byte) => [delimiter.0, b'\r', b'\n'].contains(byte),
        };
        let bytes = self.text.as_bytes();
        let (mut opened, mut closed) = (0, 0);
        for at in (0..bytes.len()).filter(|at| matches!(bytes[*at], b'\'' | b'"')) {
            let opens = is_edge(at.checked_sub(1).map(|before| &bytes[before]));
            if opens && bytes[at] == b'"' {
                return b'"';
            }
            opened += usize::from(opens && bytes[at] == b'\'');
            closed += usize::from(bytes[at] == b'\'' && is_edge(bytes.get(at + 1)));
        }
        let may_be_cut = usize::from(self.is_cut);
        let is_used = opened >= MIN_QUOTED && closed <= opened && opened - closed <= may_be_cut;
        if is_used { b'\'' } else { b'"' }
    }
}

/// How many cells must be in single quotes.
const MIN_QUOTED: usize = 2;

/// Counts the names of columns in a record that has an order id.
fn names_in(record: &csv::ByteRecord, names: &HeaderNames) -> Option<usize> {
    let texts: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
    let cells: Vec<_> = (0..)
        .zip(texts.iter().map(|text| Cell::text(text)))
        .collect();
    let known = |text: &str| names.find(text).is_some();
    holds_order_id(&cells, names).then(|| {
        cells
            .iter()
            .filter(|(_, cell)| known(&cell.shown()))
            .count()
    })
}

impl Guess {
    fn note(&self) -> Option<Cow<'static, str>> {
        let name = self.dialect.delimiter.name();
        match self.rival {
            _ if self.fit.same_width == 0 && self.fit.names < 2 => Some(
                format!("assumed `{name}` as the delimiter, because there is only one column; pass --delimiter if that is wrong")
                    .into(),
            ),
            Some(rival) => Some(
                format!(
                    "assumed `{name}` as the delimiter, not `{}`; pass --delimiter if that is wrong",
                    rival.name()
                )
                .into(),
            ),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dialect(text: &str) -> (char, char, bool) {
        let detected = detect(text, false, None, &HeaderNames::default());
        let Dialect { delimiter, quote } = detected.dialect;
        (
            char::from(delimiter.0),
            char::from(quote),
            detected.note.is_some(),
        )
    }

    #[test]
    fn the_delimiter_that_shows_an_order_id_header_wins() {
        let table = [
            ("order_id,score\n1;2;3,4\n5;6;7,8\n", ','),
            ("order_id;score\n1;80,5\n2;90,5\n", ';'),
            ("Results, 2026, all\n\nOrder ID\tScore\n1\ta,b,c\n", '\t'),
            ("order_id|score|note\n1|5|a,b,c,d\n", '|'),
            ("\"order_id\";\"a,b,c,d\"\n1;2\n", ';'),
            ("order_id;score", ';'),
        ];
        for (text, delimiter) in table {
            assert_eq!(dialect(text), (delimiter, '"', false), "{text}");
        }
    }

    #[test]
    fn without_an_order_id_header_rows_of_equal_width_decide() {
        assert_eq!(dialect("name;points\na,b;1\nc;2\n"), (';', '"', false));
        assert_eq!(dialect("x\n1,2\n3,4\n"), (',', '"', false));
    }

    #[test]
    fn an_uncertain_delimiter_is_noted() {
        assert_eq!(dialect("order_id\n1\n2\n"), (',', '"', true));
        assert_eq!(dialect("a;b,c\n1;2,3\n"), (',', '"', true));
        assert_eq!(dialect("\r\n"), (',', '"', false));
    }

    #[test]
    fn a_sep_line_names_the_delimiter() {
        let names = HeaderNames::default();
        for (preamble, delimiter) in [
            ("sep=;\r\n", b';'),
            ("SEP=\t\n", b'\t'),
            ("\"sep=|\"\r", b'|'),
            ("sep=^\n", b'^'),
            ("sep=;,,,\n", b';'),
        ] {
            let text = format!("{preamble}order_id,a\n");
            let detected = detect(&text, false, None, &names);
            assert_eq!(detected.dialect.delimiter.0, delimiter, "{preamble}");
            assert_eq!(
                (detected.preamble, detected.body),
                (preamble, "order_id,a\n")
            );
        }
        for text in [
            "sep=ab\n1",
            "sep=\n1",
            "separate,order_id\n",
            "sé=;\n",
            "se",
        ] {
            assert_eq!(detect(text, false, None, &names).body, text);
        }
        let set = detect("sep=;\na|b", false, Some(Delimiter(b'|')), &names);
        assert_eq!((set.dialect.delimiter.0, set.body), (b'|', "a|b"));
    }

    #[test]
    fn single_quotes_are_detected_if_they_open_and_close_cells() {
        assert_eq!(dialect("'order_id','name'\n'1','a,b'\n"), (',', '\'', true));
        assert_eq!(
            dialect("order_id;name\n1;'a;b'\n2;'it''s'\n"),
            (';', '\'', true)
        );
        assert_eq!(
            dialect("order_id,name\n'00123,'x\n'00124,y\n"),
            (',', '"', false)
        );
        assert_eq!(
            dialect("order_id,name\n1,'x'\n2,'y'\n3,\"z\"\n"),
            (',', '"', false)
        );
        assert_eq!(dialect("order_id,name\n1,O'Brien\n"), (',', '"', false));
    }

    #[test]
    fn single_quotes_must_be_used_throughout() {
        let text = "order_id,'x'\n".repeat(9000) + "1,\"y\"\n";
        assert_eq!(dialect(&text), (',', '"', false));
    }

    proptest! {
        #[test]
        fn detection_never_panics(text in "(sep=)?[\\PC\t\n\r]{0,60}") {
            let _ = detect(&text, false, None, &HeaderNames::default());
        }
    }
}
