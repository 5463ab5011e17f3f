//! Validates a body against the schema and collects all violations.

use serde::Serialize;
use serde_json::Value;

use super::schema::{Property, Shape};
use crate::schema::columns::Limit;

/// One reason for a refusal. The vendor's error format is not public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Violation {
    /// The kind of violation, in snake case.
    pub(crate) code: &'static str,
    /// The path of the property, such as `assessments[0].assessmentId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// The message.
    pub(crate) message: String,
}

/// The violations of one request, in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Violations(pub(crate) Vec<Violation>);

impl Violations {
    /// Adds a violation; an empty path means the whole body.
    pub(crate) fn add(&mut self, code: &'static str, field: &str, message: impl Into<String>) {
        self.0.push(Violation {
            code,
            field: (!field.is_empty()).then(|| field.to_owned()),
            message: message.into(),
        });
    }

    /// Validates a value against the properties of an object.
    pub(crate) fn object(&mut self, at: &str, value: &Value, properties: &[Property]) {
        let Some(found) = value.as_object() else {
            return self.add("wrong_type", at, "must be an object");
        };
        for name in found.keys() {
            if properties.iter().all(|property| property.name != name) {
                self.add("unknown_property", &join(at, name), "is not known");
            }
        }
        for property in properties {
            let at = join(at, property.name);
            match found.get(property.name) {
                Some(value) => self.value(&at, value, property),
                None if property.is_required => self.missing(&at, &property.shape),
                None => (),
            }
        }
    }

    /// Reports a missing object by the properties that it requires: `score.attempt`, not `score`.
    fn missing(&mut self, at: &str, shape: &Shape) {
        match shape {
            Shape::Object(properties) => {
                self.object(at, &Value::Object(<_>::default()), properties);
            }
            _ => self.add("required", at, "is required"),
        }
    }

    /// `null` is the wrong type for every property: a property that does not change is left out.
    fn value(&mut self, at: &str, value: &Value, property: &Property) {
        match &property.shape {
            Shape::Text(limit) => self.text(at, value, *limit, property.is_required),
            Shape::Word(words) => self.word(at, value, words),
            Shape::Count => self.count(at, value),
            Shape::Object(properties) => self.object(at, value, properties),
            Shape::List(properties) => self.list(at, value, properties),
        }
    }

    fn text(&mut self, at: &str, value: &Value, limit: Limit, required: bool) {
        let most = limit.documented().unwrap_or(usize::MAX);
        match value.as_str() {
            None => self.add("wrong_type", at, "must be a string"),
            Some("") if required => self.add("required", at, "must not be empty"),
            Some(text) => match text.chars().count() {
                length if length > most => {
                    let message =
                        format!("must be at most {most} characters long, but has {length}");
                    self.add("too_long", at, message);
                }
                _ => (),
            },
        }
    }

    fn word(&mut self, at: &str, value: &Value, words: &[&str]) {
        match value.as_str() {
            None => self.add("wrong_type", at, "must be a string"),
            Some(word) if words.contains(&word) => (),
            Some(_) => {
                let message = format!("must be one of {}", words.join(", "));
                self.add("unknown_status", at, message);
            }
        }
    }

    fn count(&mut self, at: &str, value: &Value) {
        if value.as_i64().is_some_and(|number| number < 0) {
            self.add("negative", at, "must be 0 or more");
        } else if value
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .is_none()
        {
            self.add("wrong_type", at, "must be a whole number of 32 bits");
        }
    }

    fn list(&mut self, at: &str, value: &Value, properties: &[Property]) {
        let Some(list) = value.as_array() else {
            return self.add("wrong_type", at, "must be a list");
        };
        for (index, item) in list.iter().enumerate() {
            self.object(&format!("{at}[{index}]"), item, properties);
        }
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}
