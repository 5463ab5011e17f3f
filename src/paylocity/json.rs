//! Bodies straight to their JSON: what serde makes of the [`model`](super::model), byte for byte, in a third of the
//! time. A body is written for each request, and again for each note of it in the ledger.

use std::io::Write as _;

use super::model::{
    AssessmentResults, AssessmentUpdate, OrderUpdate, ReportLink, StatusUpdate, TestScore,
    TestUpdate, Text,
};

/// Something that has a form in JSON.
pub trait Json {
    /// Writes it, compact, behind what is there.
    fn write(&self, out: &mut Vec<u8>);
}

/// An object of JSON while it is written.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    begun: bool,
}

impl<'a> Object<'a> {
    /// Begins an object.
    pub(crate) fn begin(out: &'a mut Vec<u8>) -> Self {
        Self { out, begun: false }
    }

    /// Writes a property. Its name needs no escapes.
    pub(crate) fn put(&mut self, name: &str, value: &impl Json) {
        self.out.push(if self.begun { b',' } else { b'{' });
        self.begun = true;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        value.write(self.out);
    }

    /// Writes a property, if there is one.
    pub(crate) fn put_some<T: Json>(&mut self, name: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// Writes a list, unless it is empty.
    pub(crate) fn put_list<T: Json>(&mut self, name: &str, list: &Vec<T>) {
        if !list.is_empty() {
            self.put(name, list);
        }
    }

    /// Ends the object.
    pub(crate) fn end(self) {
        if !self.begun {
            self.out.push(b'{');
        }
        self.out.push(b'}');
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, entry) in self.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            entry.write(out);
        }
        out.push(b']');
    }
}

impl Json for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Json for u32 {
    fn write(&self, out: &mut Vec<u8>) {
        // Writing into memory does not fail.
        let _ = write!(out, "{self}");
    }
}

impl Json for usize {
    fn write(&self, out: &mut Vec<u8>) {
        // Writing into memory does not fail.
        let _ = write!(out, "{self}");
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

/// JSON that is written already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written<'a>(pub &'a [u8]);

impl Json for Written<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0);
    }
}

impl Json for Text {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_str().write(out);
    }
}

impl Json for &str {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        let mut rest = self.as_bytes();
        while let Some(at) = first_escaped(rest) {
            out.extend_from_slice(&rest[..at]);
            escape(rest[at], out);
            rest = &rest[at + 1..];
        }
        out.extend_from_slice(rest);
        out.push(b'"');
    }
}

/// Returns where the first byte is that JSON does not hold as it is. Eight are looked at in one go.
fn first_escaped(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let is_clean = |word: &&[u8; 8]| !holds_escaped(u64::from_ne_bytes(**word));
    let clean = words.iter().take_while(is_clean).count() * 8;
    let at = bytes[clean..].iter().position(|byte| is_escaped(*byte))?;
    Some(clean + at)
}

const fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Tells whether one of eight bytes is escaped: the highest bit of a byte of the sum shows it. A byte above 0x7F, part
/// of a longer character, shows none.
const fn holds_escaped(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xFF;
    const HIGH: u64 = ONES * 0x80;
    const fn below(word: u64, limit: u8) -> u64 {
        word.wrapping_sub(ONES * limit as u64) & !word & HIGH
    }
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    below(word, 0x20) | below(quote, 1) | below(backslash, 1) != 0
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        _ => {
            // Writing into memory does not fail.
            let _ = write!(out, "\\u{byte:04x}");
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

impl<T: Json> Json for OrderUpdate<T> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.put_some("partnerTrackingId", self.partner_tracking_id.as_ref());
        object.put_some("overallScore", self.overall_score.as_ref());
        let description = self.overall_score_description.as_ref();
        object.put_some("overallScoreDescription", description);
        object.put_list("overallReports", &self.overall_reports);
        object.put_list("assessments", &self.assessments);
        object.end();
    }
}

impl<T: Json> Json for AssessmentUpdate<T> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.put_some("assessmentId", self.assessment_id.as_ref());
        object.put_some("assessmentStatus", self.assessment_status.as_ref());
        object.put_some("assessmentResults", self.assessment_results.as_ref());
        object.end();
    }
}

impl<T: Json> Json for AssessmentResults<T> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.put_list("tests", &self.tests);
        object.put_some("score", self.score.as_ref());
        object.put_some("scoreDescription", self.score_description.as_ref());
        object.put_list("reports", &self.reports);
        object.end();
    }
}

impl<T: Json> Json for TestUpdate<T> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.put_some("id", self.id.as_ref());
        object.put_some("score", self.score.as_ref());
        object.put_some("testStatus", self.test_status.as_ref());
        object.end();
    }
}

impl<T: Json> Json for TestScore<T> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.put_some("value", self.value.as_ref());
        object.put_some("description", self.description.as_ref());
        object.put_some("attempt", self.attempt.as_ref());
        object.put_list("reports", &self.reports);
        object.end();
    }
}

impl<T: Json> Json for StatusUpdate<T> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.put_some("updatedAt", self.updated_at.as_ref());
        object.put_some("value", self.value.as_ref());
        object.end();
    }
}

impl<T: Json> Json for ReportLink<T> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.put_some("name", self.name.as_ref());
        object.put_some("url", self.url.as_ref());
        object.end();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: &impl Json) -> Vec<u8> {
        let mut out = Vec::new();
        value.write(&mut out);
        out
    }

    fn text() -> impl Strategy<Value = Option<Text>> {
        let wild = proptest::collection::vec(any::<char>(), 0..20);
        let plain = "[ -~\\t\\n\\r\"\\\\é\u{7f}\u{0}-\u{1f}]{0,40}";
        let text = prop_oneof![
            plain.prop_map(Text::from),
            wild.prop_map(|c| c.iter().collect())
        ];
        proptest::option::of(text)
    }

    fn links() -> impl Strategy<Value = Vec<ReportLink>> {
        let link = (text(), text()).prop_map(|(name, url)| ReportLink { name, url });
        proptest::collection::vec(link, 0..3)
    }

    fn status() -> impl Strategy<Value = Option<StatusUpdate>> {
        let status =
            (text(), text()).prop_map(|(updated_at, value)| StatusUpdate { updated_at, value });
        proptest::option::of(status)
    }

    fn test() -> impl Strategy<Value = TestUpdate> {
        let parts = (text(), text(), any::<Option<u32>>(), links());
        let score = parts.prop_map(|(value, description, attempt, reports)| TestScore {
            value,
            description,
            attempt,
            reports,
        });
        (text(), proptest::option::of(score), status()).prop_map(|(id, score, test_status)| {
            TestUpdate {
                id,
                score,
                test_status,
            }
        })
    }

    fn assessment() -> impl Strategy<Value = AssessmentUpdate> {
        let tests = proptest::collection::vec(test(), 0..3);
        let parts = (tests, text(), text(), links());
        let results =
            parts.prop_map(
                |(tests, score, score_description, reports)| AssessmentResults {
                    tests,
                    score,
                    score_description,
                    reports,
                },
            );
        (text(), status(), proptest::option::of(results)).prop_map(
            |(assessment_id, assessment_status, assessment_results)| AssessmentUpdate {
                assessment_id,
                assessment_status,
                assessment_results,
            },
        )
    }

    fn body() -> impl Strategy<Value = OrderUpdate> {
        let assessments = proptest::collection::vec(assessment(), 0..3);
        (text(), text(), text(), links(), assessments).prop_map(
            |(
                partner_tracking_id,
                overall_score,
                overall_score_description,
                overall_reports,
                assessments,
            )| OrderUpdate {
                partner_tracking_id,
                overall_score,
                overall_score_description,
                overall_reports,
                assessments,
            },
        )
    }

    proptest! {
        #[test]
        fn a_body_is_written_as_serde_writes_it(body in body()) {
            prop_assert_eq!(written(&body), serde_json::to_vec(&body).unwrap());
        }
    }

    #[test]
    fn each_byte_at_each_place_is_written_as_serde_writes_it() {
        for byte in 0..=0x7F_u8 {
            for place in 0..17 {
                let mut text = "äöüabcdefghi".repeat(2);
                text.insert(text.char_indices().nth(place).unwrap().0, char::from(byte));
                let text = Text::from(text);
                assert_eq!(
                    written(&text),
                    serde_json::to_vec(&text).unwrap(),
                    "{text:?}"
                );
            }
        }
    }
}
