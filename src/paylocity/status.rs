//! The statuses of the API, and the words that are accepted for them.

use std::collections::HashMap;

use compact_str::CompactString;
use foldhash::fast::RandomState;

/// The statuses of an assessment.
pub(crate) const ASSESSMENT_STATUSES: [&str; 8] = [
    "Ordered",
    "WaitingOnAssessee",
    "InProgress",
    "Hold",
    "Complete",
    "CompleteReview",
    "RetestRecommended",
    "Expired",
];

/// The statuses of a test.
pub(crate) const TEST_STATUSES: [&str; 7] = [
    "Ordered",
    "InProgress",
    "Hold",
    "Complete",
    "RetestRecommended",
    "Expired",
    "Pending",
];

/// Other words for statuses.
const SYNONYMS: [(&str, &str); 3] = [
    ("Completed", "Complete"),
    ("Finished", "Complete"),
    ("On Hold", "Hold"),
];

/// Assessment statuses that require a final status of every test.
pub(crate) const FINAL_ASSESSMENT_STATUSES: [&str; 3] = ["Complete", "CompleteReview", "Expired"];

/// Test statuses that satisfy that rule.
pub(crate) const FINAL_TEST_STATUSES: [&str; 3] = ["Complete", "RetestRecommended", "Expired"];

/// The words that are accepted as statuses.
#[derive(Debug, Clone)]
pub struct StatusWords {
    /// Whether every name of the API means itself; the user may redefine one.
    are_names_unchanged: bool,
    known: HashMap<CompactString, &'static str, RandomState>,
}

impl Default for StatusWords {
    fn default() -> Self {
        let names = ASSESSMENT_STATUSES
            .iter()
            .chain(&TEST_STATUSES)
            .map(|name| (simplified(name), *name));
        let synonyms = SYNONYMS
            .iter()
            .map(|(word, name)| (simplified(word), *name));
        Self {
            are_names_unchanged: true,
            known: names.chain(synonyms).collect(),
        }
    }
}

impl StatusWords {
    /// Makes `word` mean the status `name`; returns false if the status is unknown.
    pub(crate) fn add(&mut self, word: &str, name: &str) -> bool {
        let canonical = ASSESSMENT_STATUSES
            .iter()
            .chain(&TEST_STATUSES)
            .find(|known| simplified(known) == simplified(name));
        let Some(canonical) = canonical else {
            return false;
        };
        let earlier = self.known.insert(simplified(word), canonical);
        self.are_names_unchanged &= earlier.is_none_or(|earlier| earlier == *canonical);
        true
    }

    /// Returns the status among `allowed` that a text means, ignoring case, spaces and punctuation.
    pub(crate) fn find(&self, text: &str, allowed: &[&'static str]) -> Option<&'static str> {
        let name = allowed.iter().find(|name| **name == text).copied();
        if name.is_some() && self.are_names_unchanged {
            return name;
        }
        self.known
            .get(&simplified(text))
            .copied()
            .filter(|name| allowed.contains(name))
    }

    /// Returns the status among `allowed` that a misspelled text most likely means.
    pub(crate) fn nearest(&self, text: &str, allowed: &[&str]) -> Option<&'static str> {
        /// More edits make a different word.
        const MAX_EDITS: usize = 2;
        let text = simplified(text);
        let length = text.chars().count();
        let distance = |(word, name): (&CompactString, &&'static str)| {
            (strsim::osa_distance(word, &text), *name)
        };
        let candidates = self
            .known
            .iter()
            .filter(|(_, name)| allowed.contains(name))
            .filter(|(word, _)| word.chars().count().abs_diff(length) <= MAX_EDITS)
            .map(distance);
        candidates
            .filter(|(distance, _)| *distance <= MAX_EDITS && *distance < text.len())
            .min()
            .map(|(_, name)| name)
    }
}

fn simplified(text: &str) -> CompactString {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_match_in_any_case_and_punctuation() {
        let words = StatusWords::default();
        let table = [
            ("Complete - Review", Some("CompleteReview")),
            ("COMPLETED", Some("Complete")),
            ("finished", Some("Complete")),
            ("on-hold", Some("Hold")),
            ("waiting on assessee", Some("WaitingOnAssessee")),
            ("Pending", None),
            ("Done", None),
        ];
        for (text, expected) in table {
            assert_eq!(words.find(text, &ASSESSMENT_STATUSES), expected, "{text}");
        }
        assert_eq!(words.find("pending", &TEST_STATUSES), Some("Pending"));
    }

    #[test]
    fn a_misspelled_status_is_recognized() {
        let words = StatusWords::default();
        assert_eq!(words.nearest("Complte", &TEST_STATUSES), Some("Complete"));
        assert_eq!(words.nearest("Graded", &TEST_STATUSES), None);
    }

    #[test]
    fn a_word_can_be_added_for_a_known_status_only() {
        let mut words = StatusWords::default();
        assert!(words.add("Graded", "complete"));
        assert!(!words.add("Graded", "Marked"));
        assert_eq!(words.find("graded", &TEST_STATUSES), Some("Complete"));
    }
}
