//! The API's status words, and the words that people write for them.

use std::collections::HashMap;

use compact_str::CompactString;
use foldhash::fast::RandomState;

/// The statuses of an assessment (API.md, "The body of an update").
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

/// The statuses of a test (API.md, "The body of an update").
pub(crate) const TEST_STATUSES: [&str; 7] = [
    "Ordered",
    "InProgress",
    "Hold",
    "Complete",
    "RetestRecommended",
    "Expired",
    "Pending",
];

/// Words that mean a status without being its name.
const SYNONYMS: [(&str, &str); 3] = [
    ("Completed", "Complete"),
    ("Finished", "Complete"),
    ("On Hold", "Hold"),
];

/// Assessment statuses under which every test must be over (API.md, "How the server behaves").
pub(crate) const FINAL_ASSESSMENT_STATUSES: [&str; 3] = ["Complete", "CompleteReview", "Expired"];

/// Test statuses that count as over, for that rule.
pub(crate) const FINAL_TEST_STATUSES: [&str; 3] = ["Complete", "RetestRecommended", "Expired"];

/// The words that are understood as statuses.
#[derive(Debug, Clone)]
pub struct StatusWords {
    /// Whether a name of the API means what the API means by it: the user may have settled otherwise.
    are_names_kept: bool,
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
            are_names_kept: true,
            known: names.chain(synonyms).collect(),
        }
    }
}

impl StatusWords {
    /// Makes `word` mean the status `name`; tells whether there is such a status.
    pub(crate) fn add(&mut self, word: &str, name: &str) -> bool {
        let canonical = ASSESSMENT_STATUSES
            .iter()
            .chain(&TEST_STATUSES)
            .find(|known| simplified(known) == simplified(name));
        let Some(canonical) = canonical else {
            return false;
        };
        let earlier = self.known.insert(simplified(word), canonical);
        self.are_names_kept &= earlier.is_none_or(|earlier| earlier == *canonical);
        true
    }

    /// Returns the status among `allowed` that a text means, whatever its case, spaces and punctuation.
    pub(crate) fn find(&self, text: &str, allowed: &[&'static str]) -> Option<&'static str> {
        let name = allowed.iter().find(|name| **name == text).copied();
        if name.is_some() && self.are_names_kept {
            return name;
        }
        self.known
            .get(&simplified(text))
            .copied()
            .filter(|name| allowed.contains(name))
    }

    /// Returns the status among `allowed` that a text comes close to.
    pub(crate) fn nearest(&self, text: &str, allowed: &[&str]) -> Option<&'static str> {
        /// More are another word.
        const MOST_EDITS: usize = 2;
        let text = simplified(text);
        let length = text.chars().count();
        let distance = |(word, name): (&CompactString, &&'static str)| {
            (strsim::osa_distance(word, &text), *name)
        };
        let candidates = self
            .known
            .iter()
            .filter(|(_, name)| allowed.contains(name))
            .filter(|(word, _)| word.chars().count().abs_diff(length) <= MOST_EDITS)
            .map(distance);
        candidates
            .filter(|(distance, _)| *distance <= MOST_EDITS && *distance < text.len())
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
    fn statuses_match_whatever_their_dress() {
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
    fn a_slip_is_answered_with_the_status_it_was_meant_to_be() {
        let words = StatusWords::default();
        assert_eq!(words.nearest("Complte", &TEST_STATUSES), Some("Complete"));
        assert_eq!(words.nearest("Graded", &TEST_STATUSES), None);
    }

    #[test]
    fn a_word_can_be_added_for_a_status_that_exists() {
        let mut words = StatusWords::default();
        assert!(words.add("Graded", "complete"));
        assert!(!words.add("Graded", "Marked"));
        assert_eq!(words.find("graded", &TEST_STATUSES), Some("Complete"));
    }
}
