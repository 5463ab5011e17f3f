//! Sheet names for rejected rows: the user's own, within the limits of the format.

use crate::diagnostics::diagnostic::Source;

/// Returns the sheet name for the rows of a sheet; a file without sheets gives its own name.
pub(crate) fn of(source: &Source) -> String {
    /// The format's limit, minus room for ` (99)`.
    const LONGEST: usize = 26;
    if let Some(sheet) = &source.sheet {
        return sheet.clone();
    }
    if source.path == "-" {
        return "standard input".to_owned();
    }
    let stem = std::path::Path::new(&source.path)
        .file_stem()
        .map(|stem| stem.to_string_lossy())
        .unwrap_or_default();
    let name: String = stem
        .chars()
        .map(|c| {
            if c.is_control() || "[]:*?/\\'".contains(c) {
                '_'
            } else {
                c
            }
        })
        .take(LONGEST)
        .collect();
    match name.trim() {
        // Excel reserves the name History.
        "" | "History" | "history" => "rows".to_owned(),
        name => name.to_owned(),
    }
}

/// Returns a name that is not taken yet; `taken` is in lower case.
pub(crate) fn unique(name: String, taken: &[String]) -> String {
    let is_free = |name: &String| !taken.contains(&name.to_lowercase());
    if is_free(&name) {
        return name;
    }
    let short: String = name.chars().take(26).collect();
    // One more candidate than names taken, so one is free.
    (2..taken.len() + 3)
        .map(|number| format!("{short} ({number})"))
        .find(is_free)
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_keeps_its_name_and_a_file_gives_its_own() {
        let name = |path: &str, sheet: Option<&str>| {
            of(&Source {
                path: path.into(),
                sheet: sheet.map(str::to_owned),
            })
        };
        assert_eq!(name("a/b.xlsx", Some("März [1]")), "März [1]");
        assert_eq!(name("a/scores.csv", None), "scores");
        assert_eq!(name("-", None), "standard input");
        assert_eq!(name("it's [new]?.csv", None), "it_s _new__");
        assert_eq!(name("History.csv", None), "rows");
        assert_eq!(name(&"x".repeat(40), None).len(), 26);
    }

    #[test]
    fn equal_sheet_names_get_numbers() {
        let taken = ["sheet1".to_owned(), "sheet1 (2)".to_owned()];
        assert_eq!(unique("Sheet1".into(), &taken), "Sheet1 (3)");
        assert_eq!(unique("Sheet2".into(), &taken), "Sheet2");
        assert_eq!(unique("y".repeat(31), &["y".repeat(31)]).len(), 30);
    }
}
