//! The server's own words: taken from a body of any shape, cut to a sane length, credentials blotted out.

use serde_json::Value;

use crate::paylocity::redact::Traces;

/// The longest message that is shown or kept, in characters.
const LONGEST: usize = 500;

/// Properties that hold the useful part of an error, the most telling first: `errors[]`, RFC 9457, OAuth, others.
const TELLING: [&str; 10] = [
    "errors",
    "error_description",
    "detail",
    "message",
    "description",
    "title",
    "error",
    "reason",
    "text",
    "fault",
];

/// What a page writes for signs of its own; the one that begins all others comes last.
const ENTITIES: [(&str, &str); 6] = [
    ("&nbsp;", " "),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&amp;", "&"),
];

/// Returns the useful part of an answer's body; `None` where there is none.
pub(crate) fn of_body(body: &str, secrets: &Traces) -> Option<String> {
    let words = match serde_json::from_str::<Value>(body) {
        Ok(value) if is_bare(&value) => String::new(),
        Ok(value) => of_json(&value).unwrap_or_else(|| value.to_string()),
        // Hidden first: a secret may look like a tag.
        Err(_) => without_tags(&secrets.blotted_out_of(body)),
    };
    let words = secrets.blotted_out_of(&words);
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then(|| cut(&words))
}

/// Tells whether a value says nothing at all.
fn is_bare(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_bare),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn of_json(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Array(items) => {
            let words: Vec<String> = items.iter().filter_map(of_json).collect();
            (!words.is_empty()).then(|| words.join("; "))
        }
        Value::Object(map) => {
            let words = TELLING.iter().find_map(|name| {
                let (_, value) = map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
                of_json(value)
            })?;
            let field = ["field", "path", "pointer", "property"]
                .iter()
                .find_map(|name| map.get(*name)?.as_str());
            Some(field.map_or(words.clone(), |field| format!("{field}: {words}")))
        }
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Null => None,
    }
}

/// Drops what stands in angle brackets, and what a page does not show.
fn without_tags(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text.split_once("<body").map_or(text, |(_, body)| {
        body.split_once('>').map_or("", |(_, rest)| rest)
    });
    while let Some((before, tag)) = rest.split_once('<') {
        shown.push_str(before);
        if !tag.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) {
            shown.push('<');
            rest = tag;
            continue;
        }
        shown.push(' ');
        let hidden = ["style", "script"].into_iter().find(|name| {
            tag.get(..name.len())
                .is_some_and(|s| s.eq_ignore_ascii_case(name))
        });
        let tag = hidden
            .and_then(|name| tag.split_once(&format!("</{name}")))
            .map_or(tag, |(_, after)| after);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    ENTITIES.iter().fold(shown + rest, |text, (entity, sign)| {
        text.replace(entity, sign)
    })
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some(_) => text.chars().take(LONGEST - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paylocity::credentials::{Credentials, Secret};

    /// The words of a body that may hold a secret, or a token.
    fn said(body: &str, secret: &str) -> Option<String> {
        let credentials = Credentials {
            client_id: String::new(),
            client_secret: Secret::new(secret),
        };
        of_body(body, &Traces::of(&credentials, Some("t0ken")))
    }

    #[test]
    fn the_useful_part_of_any_shape_is_found() {
        let table = [
            (
                r#"{"errors":[{"field":"score","message":"too long"},{"message":"no test"}]}"#,
                "score: too long; no test",
            ),
            (r#"{"errors":["one","two"]}"#, "one; two"),
            (
                r#"{"type":"about:blank","title":"Bad Request","detail":"no such order","status":400}"#,
                "no such order",
            ),
            (
                r#"{"error":"invalid_client","error_description":"wrong secret"}"#,
                "wrong secret",
            ),
            (
                r#"{"Message":"An error has occurred."}"#,
                "An error has occurred.",
            ),
            (r#"{"error":{"code":7,"message":"inner"}}"#, "inner"),
            (r#"{"code":7}"#, r#"{"code":7}"#),
            ("plain\n words ", "plain words"),
            (
                "a score < 0 or > 100 is refused",
                "a score < 0 or > 100 is refused",
            ),
            (
                "<html><title>502</title><style>p{}</style><body class='x'><h1>502</h1><p>Bad&nbsp;Gate &amp;lt; way</p></body></html>",
                "502 Bad Gate &lt; way",
            ),
        ];
        for (body, words) in table {
            assert_eq!(said(body, "").as_deref(), Some(words), "{body}");
        }
        for body in [
            "",
            "  \n",
            "<p></p>",
            "{}",
            "null",
            "[]",
            r#""""#,
            "[null, {}]",
        ] {
            assert_eq!(said(body, ""), None, "{body:?}");
        }
    }

    #[test]
    fn a_message_is_cut_and_holds_no_credentials() {
        let long = said(&"é".repeat(501), "").unwrap();
        assert_eq!(
            (long.chars().count(), long.chars().last()),
            (500, Some('…'))
        );
        assert_eq!(
            said("bad secret s3cr3t for token t0ken", "s3cr3t").as_deref(),
            Some("bad secret [hidden] for token [hidden]")
        );
        for body in ["<b>no: a<b  c>d</b>", r#"{"message":"no: a<b  c>d"}"#] {
            let told = said(body, "a<b  c>d");
            assert_eq!(told.as_deref(), Some("no: [hidden]"), "{body}");
        }
    }
}
