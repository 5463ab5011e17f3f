//! The explain pages: for each [`Code`], its meaning and the remedy.
//!
//! The pages are Markdown files next to this one, one `## code` section per code: a summary line, paragraphs, and
//! examples indented by four spaces. [`crate::ui`] formats them.

use std::cmp::Reverse;

use serde::Serialize;

use crate::diagnostics::diagnostic::Code;

/// The files, by the subject of their codes.
const BOOKS: [&str; 4] = [
    include_str!("explain/files.md"),
    include_str!("explain/ids.md"),
    include_str!("explain/values.md"),
    include_str!("explain/orders.md"),
];

/// The start of a code's section.
const HEADING: &str = "\n## ";

/// The page of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Page {
    /// The code, in kebab case.
    pub(crate) code: &'static str,
    /// `error` or `warning`.
    pub(crate) severity: String,
    /// The summary, in one line.
    pub(crate) summary: &'static str,
    /// The rest of the page, as Markdown.
    pub(crate) text: &'static str,
}

/// Returns the page of a code, or `None` if it has not been written.
pub(crate) fn page(code: Code) -> Option<Page> {
    let (_, section) = sections().find(|(name, _)| *name == code.name())?;
    let (summary, text) = section.split_once("\n\n")?;
    Some(Page {
        code: code.name(),
        severity: code.severity().to_string(),
        summary,
        text,
    })
}

/// Returns all pages: errors, then warnings.
pub(crate) fn pages() -> Vec<Page> {
    Code::ALL.iter().filter_map(|code| page(*code)).collect()
}

/// Returns the code with this name, also in the form shown on screen: `error[attempt-invalid]`.
///
/// # Errors
/// Returns the nearest code, if any, when the name is unknown.
pub(crate) fn code_named(word: &str) -> Result<Code, Option<Code>> {
    let word = word.trim().to_lowercase().replace('_', "-");
    let word = word
        .split_once('[')
        .map_or(&*word, |(_, rest)| rest.trim_end_matches([']', ':']));
    let found = Code::ALL.iter().find(|code| code.name() == word);
    found.copied().ok_or_else(|| nearest(word))
}

/// Returns the code with the nearest name: by edit distance, or by a common part.
fn nearest(word: &str) -> Option<Code> {
    let distance = |code: &Code| strsim::osa_distance(code.name(), word);
    let slip = Code::ALL.iter().copied().min_by_key(distance);
    let shared = |code: &Code| {
        let parts = code.name().split('-');
        parts
            .filter(|part| part.len() > 2 && word.split('-').any(|own| own == *part))
            .count()
    };
    let related = Code::ALL
        .iter()
        .copied()
        .filter(|code| shared(code) > 0)
        .min_by_key(|code| (Reverse(shared(code)), distance(code)));
    slip.filter(|code| distance(code) <= 3 && distance(code) < word.chars().count())
        .or(related)
}

/// Returns the sections of all files: the name of the code, and the text under it.
fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_book = |book: &'static str| book.split(HEADING).skip(1);
    BOOKS
        .into_iter()
        .flat_map(of_book)
        .filter_map(|section| section.split_once("\n\n"))
        .map(|(name, text)| (name, text.trim_end()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_a_page_and_every_page_a_code() {
        let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        let written: BTreeSet<&str> = sections().map(|(name, _)| name).collect();
        assert_eq!(written, codes);
        assert_eq!(sections().count(), codes.len(), "a page stands there twice");
        assert_eq!(pages().len(), codes.len());
    }

    #[test]
    fn every_page_has_a_summary_and_a_remedy() {
        for page in pages() {
            let Page {
                code,
                summary,
                text,
                ..
            } = page;
            assert!(!summary.contains('\n'), "{code}: {summary}");
            assert!(summary.chars().count() <= 90, "{code}: {summary}");
            for part in [
                "What it means",
                "Example",
                "Why it matters",
                "How to fix it",
                "Settings",
            ] {
                assert!(text.contains(&format!("**{part}.**")), "{code}: {part}");
            }
            assert!(
                text.lines().all(|line| line.chars().count() <= 100),
                "{code}"
            );
        }
    }

    #[test]
    fn every_flag_that_a_page_names_exists() {
        let mut command = crate::cli::command();
        command.build();
        let flags: BTreeSet<&str> = command
            .get_subcommands()
            .flat_map(clap::Command::get_arguments)
            .filter_map(clap::Arg::get_long)
            .collect();
        for page in pages() {
            let words = page.text.split(['`', ' ', '\n']);
            for flag in words.filter_map(|word| word.strip_prefix("--")) {
                let is_placeholder = flag.trim_matches('-').is_empty();
                assert!(
                    is_placeholder || flags.contains(flag),
                    "{}: --{flag}",
                    page.code
                );
            }
        }
    }

    #[test]
    fn codes_are_found_in_the_form_shown_on_screen() {
        for word in [
            "attempt-invalid",
            "Attempt_Invalid",
            " error[attempt-invalid]:",
        ] {
            assert_eq!(code_named(word), Ok(Code::AttemptInvalid), "{word}");
        }
    }

    #[test]
    fn unknown_codes_suggest_the_nearest() {
        let table = [
            ("atempt-invalid", Some(Code::AttemptInvalid)),
            ("timestamp", Some(Code::TimestampInvalid)),
            ("unknown-column", Some(Code::ColumnUnknown)),
            ("xyzzy", None),
            ("", None),
        ];
        for (word, meant) in table {
            assert_eq!(code_named(word), Err(meant), "{word}");
        }
    }
}
