//! Error bodies: extracts the useful part from any shape of body, cuts it and redacts secrets.

use serde_json::Value;

use super::redact::Redactor;

/// Longest message that is shown or stored, in characters.
const MAX_LENGTH: usize = 500;

/// JSON properties that hold the useful part of an error, the most specific first: `errors[]`, RFC 9457, OAuth, others.
const MESSAGE_PROPERTIES: [&str; 10] = [
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

/// Common HTML entities. `&amp;` comes last, or `&amp;lt;` would be decoded twice.
const ENTITIES: [(&str, &str); 6] = [
    ("&nbsp;", " "),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&amp;", "&"),
];

/// Returns the useful part of a body, if any.
pub(super) fn message(body: &str, redactor: &Redactor) -> Option<String> {
    let text = match serde_json::from_str::<Value>(body) {
        Ok(value) if is_empty(&value) => String::new(),
        Ok(value) => json_message(&value).unwrap_or_else(|| value.to_string()),
        // Redacts before stripping too, because a secret may look like a tag.
        Err(_) => strip_tags(&redactor.redact(body)),
    };
    let text = redactor.redact(&text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| truncate(&text))
}

/// Returns whether a value holds no information.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn json_message(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Array(items) => {
            let parts: Vec<String> = items.iter().filter_map(json_message).collect();
            (!parts.is_empty()).then(|| parts.join("; "))
        }
        Value::Object(map) => {
            let message = MESSAGE_PROPERTIES.iter().find_map(|name| {
                let (_, value) = map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
                json_message(value)
            })?;
            let field = ["field", "path", "pointer", "property"]
                .iter()
                .find_map(|name| map.get(*name)?.as_str());
            Some(field.map_or(message.clone(), |field| format!("{field}: {message}")))
        }
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Null => None,
    }
}

/// Removes tags, scripts and styles, and everything before the body of an HTML page.
fn strip_tags(text: &str) -> String {
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
    ENTITIES
        .iter()
        .fold(shown + rest, |text, (entity, character)| {
            text.replace(entity, character)
        })
}

fn truncate(text: &str) -> String {
    match text.char_indices().nth(MAX_LENGTH) {
        None => text.to_owned(),
        Some(_) => text.chars().take(MAX_LENGTH - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paylocity::credentials::{Credentials, Secret};

    fn message_with_secret(body: &str, secret: &str) -> Option<String> {
        let credentials = Credentials {
            client_id: String::new(),
            client_secret: Secret::new(secret),
        };
        message(body, &Redactor::new(&credentials, Some("t0ken")))
    }

    #[test]
    fn finds_the_useful_part_of_any_shape_of_body() {
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
        for (body, expected) in table {
            let found = message_with_secret(body, "");
            assert_eq!(found.as_deref(), Some(expected), "{body}");
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
            assert_eq!(message_with_secret(body, ""), None, "{body:?}");
        }
    }

    #[test]
    fn a_message_is_truncated_and_redacted() {
        let long = message_with_secret(&"é".repeat(501), "").unwrap();
        assert_eq!(
            (long.chars().count(), long.chars().last()),
            (500, Some('…'))
        );
        assert_eq!(
            message_with_secret("bad secret s3cr3t for token t0ken", "s3cr3t").as_deref(),
            Some("bad secret [hidden] for token [hidden]")
        );
        for body in ["<b>no: a<b  c>d</b>", r#"{"message":"no: a<b  c>d"}"#] {
            let found = message_with_secret(body, "a<b  c>d");
            assert_eq!(found.as_deref(), Some("no: [hidden]"), "{body}");
        }
    }
}
