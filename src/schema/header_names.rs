//! Matching headers to columns by name, in any spelling, and suggesting the column that a misspelled header means.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use crate::schema::columns::{COLUMNS, Column, Field};

/// The longest text, in bytes, that is compared with names; a line may have millions of bytes.
const MAX_HEADER_LENGTH: usize = 4096;

/// The names of columns: those of the table and those that the user adds.
#[derive(Debug, Clone)]
pub struct HeaderNames {
    known: HashMap<String, Field>,
    profiles: HashSet<Profile, RandomState>,
    ignored: HashSet<String>,
}

/// The names of the table: canonical names, aliases and API paths.
///
/// An API path may be shortened from the front, with or without `[]`, as long as two parts are left and the rest is
/// unique: `tests.score.attempt`, `assessmentStatus.value`.
static TABLE_NAMES: LazyLock<HashMap<String, Field>> = LazyLock::new(|| {
    let mut paths: HashMap<String, Option<Column>> = HashMap::new();
    for (column, spec) in Column::ALL.iter().zip(&COLUMNS) {
        for path in path_endings(spec.path) {
            let claim = paths.entry(path).or_insert(Some(*column));
            if *claim != Some(*column) {
                *claim = None;
            }
        }
    }
    let paths = paths
        .into_iter()
        .filter_map(|(path, column)| Some((path, column?)));
    let names = Column::ALL.iter().zip(&COLUMNS).flat_map(|(column, spec)| {
        let words = spec.aliases.iter().chain([&spec.name]);
        words.map(|word| (simplified(word), *column))
    });
    paths
        .chain(names)
        .map(|(name, column)| (name, column.into()))
        .collect()
});

fn path_endings(path: &str) -> Vec<String> {
    let parts: Vec<&str> = path.split('.').collect();
    let last_start = parts.len().saturating_sub(2);
    let endings = (0..=last_start).map(|start| parts[start..].join("."));
    endings
        .flat_map(|ending| [simplified(&ending), simplified(&ending.replace("[]", ""))])
        .collect()
}

impl Default for HeaderNames {
    fn default() -> Self {
        Self {
            known: TABLE_NAMES.clone(),
            profiles: TABLE_NAMES
                .keys()
                .filter_map(|name| Profile::new(name))
                .collect(),
            ignored: HashSet::new(),
        }
    }
}

impl HeaderNames {
    /// Makes `header` a name of `field`; replaces an earlier meaning.
    pub(crate) fn add(&mut self, header: &str, field: Field) {
        let name = simplified(header);
        self.profiles.extend(Profile::new(&name));
        self.known.insert(name, field);
    }

    /// Ignores `header` without a warning.
    pub(crate) fn ignore(&mut self, header: &str) {
        self.ignored.insert(simplified(header));
    }

    /// Whether a header is ignored without a warning: by the user's choice, or because Scoreload adds it to the files
    /// that it writes.
    pub(crate) fn ignores(&self, header: &str) -> bool {
        self.ignored.contains(&simplified(header)) || simplified(header).starts_with("scoreload")
    }

    /// Returns the field that a header means.
    ///
    /// Case, spaces, `_`, `-`, `.`, `#` and a trailing `*` are ignored. A report column may end in the number of the
    /// report: `Test Report URL 2`.
    pub(crate) fn find(&self, header: &str) -> Option<Field> {
        let is_unknown =
            || Profile::new(header).is_some_and(|profile| !self.profiles.contains(&profile));
        if header.len() > MAX_HEADER_LENGTH || is_unknown() {
            return None;
        }
        let name = simplified(header);
        if let Some(field) = self.known.get(&name) {
            return Some(*field);
        }
        let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let number: u16 = name[word.len()..]
            .parse()
            .ok()
            .filter(|number| *number > 0)?;
        let field = self
            .known
            .get(word)
            .filter(|field| field.column.is_of_report())?;
        Some(Field {
            column: field.column,
            number,
        })
    }

    /// Returns the field that an unknown header most likely means: one whose name of five or more letters is one
    /// edit away (an insertion, deletion, replacement or swap of neighbors), or whose name is left once a bracketed or
    /// `/100` tail is dropped.
    pub(crate) fn nearest(&self, header: &str) -> Option<Field> {
        if header.len() > MAX_HEADER_LENGTH {
            return None;
        }
        if let Some(field) = without_tail(header).and_then(|head| self.find(head)) {
            return Some(field);
        }
        let name = simplified(header);
        // `Test Report ULR 2` is near `test_report_url`.
        let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_meant = |(known, field): &(&String, &Field)| {
            field.column.is_of_report() && is_near(known, word)
        };
        let report = self
            .known
            .iter()
            .filter(is_meant)
            .min_by_key(|(known, _)| *known);
        if let (Some((_, field)), Ok(number @ 1..)) = (report, name[word.len()..].parse()) {
            return Some(Field {
                column: field.column,
                number,
            });
        }
        let known = self
            .known
            .keys()
            .filter(|known| is_near(known, &name))
            .min()?;
        self.known.get(known).copied()
    }
}

/// The length and the ends of a header, equal for all its spellings; rules out most cells without an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Profile {
    /// The number of significant characters, without trailing digits.
    length: u16,
    first: u8,
    last: u8,
}

impl Profile {
    /// Returns the profile of a header; `None` if it needs a full comparison.
    fn new(header: &str) -> Option<Self> {
        let mut profile = Self {
            length: 0,
            first: 0,
            last: 0,
        };
        let mut digits = 0;
        for byte in header.bytes() {
            match byte {
                0x80.. => return None,
                b'_' | b'-' | b'.' | b'#' | b'*' | b' ' | b'\t'..=b'\r' | 0x1C..=0x1F => {}
                b'0'..=b'9' => digits += 1,
                _ => {
                    let byte = byte.to_ascii_lowercase();
                    profile.length += digits + 1;
                    digits = 0;
                    profile.last = byte;
                    if profile.length == 1 {
                        profile.first = byte;
                    }
                }
            }
            if profile.length + digits > MAX_PROFILE_LENGTH {
                return None;
            }
        }
        Some(profile)
    }
}

/// A longer header is compared in full.
const MAX_PROFILE_LENGTH: u16 = 1024;

/// Whether a simplified header is one edit (insertion, deletion, replacement or swap of neighbors) away from a known
/// name of five or more letters.
pub(crate) fn is_near(known: &str, name: &str) -> bool {
    known.chars().count() >= 5
        && known.len().abs_diff(name.len()) <= 4
        && strsim::osa_distance(known, name) == 1
}

/// Returns the significant characters of a header, in lower case.
pub(crate) fn simplified(header: &str) -> String {
    let significant =
        |c: &char| !c.is_whitespace() && !is_invisible(*c) && !matches!(c, '_' | '-' | '.' | '#');
    let name: String = header
        .chars()
        .filter(significant)
        .flat_map(char::to_lowercase)
        .collect();
    let bare = name.trim_end_matches('*');
    if bare.is_empty() {
        header.trim().to_lowercase()
    } else {
        bare.to_owned()
    }
}

/// Whether a character has no width: zero-width spaces and joiners, the byte order mark.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// Returns the header without a tail in brackets or such as `/100`.
pub(crate) fn without_tail(header: &str) -> Option<&str> {
    let header =
        header.trim_end_matches(|c: char| c.is_whitespace() || is_invisible(c) || c == '*');
    let opening = match header.chars().last()? {
        ')' => '(',
        ']' => '[',
        '}' => '{',
        _ => {
            let head = header.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_whitespace());
            return head.strip_suffix('/').filter(|_| head.len() < header.len());
        }
    };
    header.rfind(opening).map(|start| &header[..start])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(header: &str) -> Option<String> {
        HeaderNames::default().find(header).map(Field::name)
    }

    proptest::proptest! {
        #[test]
        fn a_profile_rules_out_no_known_name(name in "[a-zé0-9_ *]{1,12}", padding in "[ _.#*-]{0,3}", number in "[0-9]{0,2}") {
            let mut names = HeaderNames::default();
            names.add(&name, Column::TestReportUrl.into());
            let written = format!("{padding}{}{padding}", name.to_uppercase());
            if simplified(&written) == simplified(&name) {
                proptest::prop_assert!(names.find(&written).is_some());
            }
            let numbered = format!("{name}{number}");
            let by_hand = names.known.contains_key(&simplified(&numbered));
            proptest::prop_assert!(!by_hand || names.find(&numbered).is_some());
        }
    }

    #[test]
    fn no_name_means_two_columns() {
        let mut seen = HashMap::new();
        for (column, spec) in Column::ALL.iter().zip(&COLUMNS) {
            for name in spec.aliases.iter().chain([&spec.name]) {
                assert_eq!(seen.insert(simplified(name), *column), None, "{name}");
            }
            for name in [spec.name, spec.path] {
                let found = HeaderNames::default().find(name);
                assert_eq!(found, Some((*column).into()), "{name}");
            }
        }
    }

    #[test]
    fn case_spaces_and_punctuation_are_ignored() {
        for header in [
            "order_id",
            "Order ID",
            "ORDER-ID",
            "order.id",
            "Order\nID",
            "Order\u{a0}Id *",
            "Order #",
            "orderId",
            "\u{feff}order id",
        ] {
            assert_eq!(found(header).as_deref(), Some("order_id"), "{header:?}");
        }
        assert_eq!(found("#"), None);
    }

    #[test]
    fn an_api_path_may_be_shortened_while_it_is_unique() {
        let table = [
            ("assessmentStatus.value", Some("assessment_status")),
            ("tests.score.attempt", Some("attempt")),
            (
                "assessments[].assessmentResults.tests[].score.value",
                Some("test_score"),
            ),
            (
                "assessmentResults.tests.testStatus.updatedAt",
                Some("test_status_updated_at"),
            ),
            ("tests.id", Some("test_id")),
            ("score.reports.url", Some("test_report_url")),
            (
                "assessmentResults.reports.url",
                Some("assessment_report_url"),
            ),
            ("reports.url", None),
            ("value", None),
            ("id", None),
        ];
        for (header, expected) in table {
            assert_eq!(found(header).as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn only_report_columns_may_have_a_number() {
        assert_eq!(
            found("Test Report URL 2").as_deref(),
            Some("test_report_url_2")
        );
        assert_eq!(
            found("report_name_13").as_deref(),
            Some("test_report_name_13")
        );
        assert_eq!(found("report_url_1").as_deref(), Some("test_report_url"));
        assert_eq!(found("report_url_0"), None);
        assert_eq!(found("test_score_2"), None);
    }

    #[test]
    fn a_misspelled_header_is_recognized() {
        let names = HeaderNames::default();
        let table = [
            ("attemptt", Some("attempt")),
            ("atempt", Some("attempt")),
            ("attmept", Some("attempt")),
            ("Test Score (%)", Some("test_score")),
            ("Test Score / 100", Some("test_score")),
            ("score [points]", Some("test_score")),
            ("Test Report ULR 2", Some("test_report_url_2")),
            ("candidate", None),
            ("orde", Some("order_id")),
            ("Test Report ULR 0", None),
            ("100", None),
            ("(%)", None),
        ];
        for (header, expected) in table {
            assert_eq!(
                names.nearest(header).map(Field::name).as_deref(),
                expected,
                "{header}"
            );
        }
    }

    #[test]
    fn a_name_of_the_user_replaces_that_of_the_table() {
        let mut names = HeaderNames::default();
        names.add("Score", Column::OverallScore.into());
        assert_eq!(
            names.find("SCORE").map(|field| field.column),
            Some(Column::OverallScore)
        );
    }
}
