//! How a CSV is written: what stands between its columns and around its texts. Told by its first records, or set.

use std::borrow::Cow;
use std::collections::HashMap;

use csv::{Reader, ReaderBuilder};

use super::delimiter::{self, Delimiter};
use crate::input::header::{HEADER_WITHIN_ROWS, holds_order_id};
use crate::input::values::cell::Cell;
use crate::schema::header_names::HeaderNames;

/// How a CSV is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    delimiter: Delimiter,
    quote: u8,
}

impl Dialect {
    const fn new(delimiter: Delimiter, quote: u8) -> Self {
        Self { delimiter, quote }
    }

    /// Says what was assumed of the signs around texts.
    fn quote_note(self) -> Option<Cow<'static, str>> {
        let words = "assumed ' around texts, as it opens and closes cells and \" does not";
        (self.quote == b'\'').then_some(words.into())
    }

    /// Returns what stands around texts.
    pub(crate) const fn quote(self) -> u8 {
        self.quote
    }

    /// Returns what stands between columns.
    pub(crate) const fn delimiter(self) -> u8 {
        self.delimiter.0
    }

    /// Tells whether a byte stands between columns.
    pub(crate) const fn parts_cells(self, byte: u8) -> bool {
        self.delimiter.0 == byte
    }

    /// Makes a reader of all records, whatever their width.
    pub(crate) fn reader(self, text: &str) -> Reader<&[u8]> {
        ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter.0)
            .quote(self.quote)
            .from_reader(text.as_bytes())
    }
}

/// How a text is written, where its records begin, and what had to be assumed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told<'a> {
    pub(crate) dialect: Dialect,
    /// The first line, where it only names the delimiter; it is no data.
    pub(crate) preamble: &'a str,
    /// The text after it.
    pub(crate) body: &'a str,
    pub(crate) note: Option<Cow<'static, str>>,
}

/// Tells how a text is written, which may be cut. What was `set` counts more than what its first line says, and that
/// more than a guess.
pub(crate) fn told<'a>(
    text: &'a str,
    is_cut: bool,
    set: Option<Delimiter>,
    names: &HeaderNames,
) -> Told<'a> {
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
        // What is so unusual must hold as far as can be seen.
        let whole = Sample { text: body, is_cut };
        guess.dialect.quote = whole.quote(guess.dialect.delimiter);
    }
    let note = match known {
        Some(_) => guess.dialect.quote_note(),
        None if sample.text.trim().is_empty() => None,
        None => guess.note().or_else(|| guess.dialect.quote_note()),
    };
    Told {
        dialect: guess.dialect,
        preamble,
        body,
        note,
    }
}

/// The first records of a text.
struct Sample<'a> {
    text: &'a str,
    /// Whether the text goes on, so that the last record may be cut.
    is_cut: bool,
}

/// As much of a text is looked at.
const SAMPLE_BYTES: usize = 64 << 10;
/// So many records of it.
const SAMPLE_RECORDS: usize = 200;

/// How a text looks when it is read in one way. The order of the fields is that of their weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    /// How many cells of the header are names of columns; 0 where there is no order id among them.
    names: usize,
    /// How many records are as wide as most; 0 where that is one column.
    even: usize,
}

/// The best way to read a sample.
struct Guess {
    dialect: Dialect,
    look: Look,
    /// Another delimiter that looks as good.
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

    /// Finds the delimiter that makes the most of the sample; the earlier one where two are equal.
    fn guess(&self, delimiters: &[Delimiter], names: &HeaderNames) -> Guess {
        let mut best: Option<Guess> = None;
        for delimiter in delimiters {
            let dialect = Dialect::new(*delimiter, self.quote(*delimiter));
            let look = self.look(dialect, names);
            match &mut best {
                Some(best) if best.look == look => best.rival = Some(*delimiter),
                Some(best) if best.look > look => {}
                _ => {
                    best = Some(Guess {
                        dialect,
                        look,
                        rival: None,
                    });
                }
            }
        }
        best.unwrap_or_else(|| Guess {
            dialect: Dialect::new(Delimiter(b','), b'"'),
            look: Look { names: 0, even: 0 },
            rival: None,
        })
    }

    fn look(&self, dialect: Dialect, names: &HeaderNames) -> Look {
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
        Look {
            names: header.unwrap_or_default(),
            even: most
                .filter(|(_, width)| *width > 1)
                .map_or(0, |(count, _)| count),
        }
    }

    /// Returns what stands around texts: `'` where it opens and closes cells, and `"` never does.
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
        let is_used = opened >= LEAST_QUOTED && closed <= opened && opened - closed <= may_be_cut;
        if is_used { b'\'' } else { b'"' }
    }
}

/// So many cells between single quotes are no accident.
const LEAST_QUOTED: usize = 2;

/// Counts the names of columns in a record, if there is an order id among them.
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
            _ if self.look.even == 0 && self.look.names < 2 => Some(
                format!("assumed `{name}` between columns, as there is only one; --delimiter names another")
                    .into(),
            ),
            Some(rival) => Some(
                format!(
                    "assumed `{name}` between columns, and not `{}`; --delimiter names another",
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
        let told = told(text, false, None, &HeaderNames::default());
        let Dialect { delimiter, quote } = told.dialect;
        (
            char::from(delimiter.0),
            char::from(quote),
            told.note.is_some(),
        )
    }

    #[test]
    fn the_header_with_an_order_id_decides() {
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
    fn without_such_a_header_even_rows_decide() {
        assert_eq!(dialect("name;points\na,b;1\nc;2\n"), (';', '"', false));
        assert_eq!(dialect("x\n1,2\n3,4\n"), (',', '"', false));
    }

    #[test]
    fn a_doubtful_delimiter_is_told() {
        assert_eq!(dialect("order_id\n1\n2\n"), (',', '"', true));
        assert_eq!(dialect("a;b,c\n1;2,3\n"), (',', '"', true));
        assert_eq!(dialect("\r\n"), (',', '"', false));
    }

    #[test]
    fn a_first_line_may_name_the_delimiter() {
        let names = HeaderNames::default();
        for (preamble, delimiter) in [
            ("sep=;\r\n", b';'),
            ("SEP=\t\n", b'\t'),
            ("\"sep=|\"\r", b'|'),
            ("sep=^\n", b'^'),
            ("sep=;,,,\n", b';'),
        ] {
            let text = format!("{preamble}order_id,a\n");
            let told = told(&text, false, None, &names);
            assert_eq!(told.dialect.delimiter.0, delimiter, "{preamble}");
            assert_eq!((told.preamble, told.body), (preamble, "order_id,a\n"));
        }
        for text in [
            "sep=ab\n1",
            "sep=\n1",
            "separate,order_id\n",
            "sé=;\n",
            "se",
        ] {
            assert_eq!(told(text, false, None, &names).body, text);
        }
        let set = told("sep=;\na|b", false, Some(Delimiter(b'|')), &names);
        assert_eq!((set.dialect.delimiter.0, set.body), (b'|', "a|b"));
    }

    #[test]
    fn single_quotes_count_where_they_open_and_close() {
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
    fn single_quotes_must_hold_to_the_end() {
        let text = "order_id,'x'\n".repeat(9000) + "1,\"y\"\n";
        assert_eq!(dialect(&text), (',', '"', false));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(sep=)?[\\PC\t\n\r]{0,60}") {
            let _ = told(&text, false, None, &HeaderNames::default());
        }
    }
}
