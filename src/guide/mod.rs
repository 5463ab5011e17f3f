//! Ways of use that take more than one command, each as a page that README has too.

const PAGES: [(&str, &str); 2] = [
    ("nightly", include_str!("nightly.md")),
    ("teams", include_str!("teams.md")),
];

/// Returns the names of the pages.
pub fn names() -> Vec<&'static str> {
    PAGES.iter().map(|(name, _)| *name).collect()
}

/// Returns a page, if there is one of that name.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    let page = PAGES.iter().find(|(known, _)| *known == name);
    page.map(|(_, text)| *text)
}
