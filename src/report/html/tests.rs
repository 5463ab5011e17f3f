//! The structure of the page, and that no data becomes markup in it.

use super::*;
use crate::report::model::tests::{HOSTILE, empty, hostile};

fn page(report: &Report) -> String {
    let mut out = Vec::new();
    write(report, &Batch::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Returns the text between two markers.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap();
    rest.split_once(to).unwrap().0
}

#[test]
fn hostile_data_never_becomes_markup() {
    let page = page(&hostile());
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert_eq!(page.matches("<style>").count(), 1);
    for markup in ["<img", "<b ", "<!--", "onerror=alert(1)>", "'alert(1)'"] {
        let outside = page.replace(between(&page, "id=\"data\">", "</script>"), "");
        assert!(!outside.contains(markup), "{markup}");
    }
    let markup = page.replace(between(&page, "id=\"data\">", "</script>"), "");
    assert!(!markup.contains(['\u{202e}', '\u{2028}', '\u{2066}']));
    assert!(markup.contains("\\u{202e}gnp.exe"));
}

#[test]
fn the_data_object_round_trips() {
    let page = page(&hostile());
    let island: serde_json::Value =
        serde_json::from_str(between(&page, "id=\"data\">", "</script>")).unwrap();
    let values: Vec<_> = island["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem[8].as_str().unwrap())
        .collect();
    assert_eq!(values, HOSTILE);
    assert_eq!(island["orders"][0][0], HOSTILE[0]);
    assert_eq!(island["orders"][0][6], serde_json::json!([[0, 2, 3, 4, 7]]));
}

#[test]
fn the_content_security_policy_allows_only_inline_style_and_script() {
    let page = page(&empty());
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    assert!(
        policy.starts_with("default-src &#39;none&#39;; "),
        "{policy}"
    );
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let style = between(&page, "<style>", "</style>");
    let script = between(&page, "<script type=\"module\">", "</script>");
    assert!(
        policy.replace("&#43;", "+").contains(&hash(style)),
        "{policy}"
    );
    assert!(
        policy.replace("&#43;", "+").contains(&hash(script)),
        "{policy}"
    );
    for loading in [
        "src=",
        "href=\"h",
        "@import",
        "url(",
        "fetch(",
        "://",
        " style=",
        " onclick=",
    ] {
        assert!(!page.contains(loading), "{loading}");
    }
}

#[test]
fn the_script_never_turns_text_into_markup() {
    for sink in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
    ] {
        assert!(!SCRIPT.contains(sink), "{sink}");
    }
    assert!(!SCRIPT.contains("</script") && !STYLE.contains("</style"));
}
