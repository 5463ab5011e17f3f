//! What the body of an update may hold, as API.md has it: properties, types, lengths, status words.
//!
//! Written down apart from the importer's own tables on purpose: what checks must not share a slip with what is
//! checked.

/// One property of an object.
pub(crate) struct Property {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What its value may be.
    pub(crate) shape: Shape,
    /// Whether the object is refused without it.
    pub(crate) required: bool,
}

/// What a value may be.
pub(crate) enum Shape {
    /// A string of at most so many Unicode scalar values.
    Text(usize),
    /// A string that is one of these words.
    Word(&'static [&'static str]),
    /// A whole number of 0 or more.
    Count,
    /// An object with these properties.
    Object(&'static [Property]),
    /// A list of objects with these properties.
    List(&'static [Property]),
}

/// API.md states no length, so none is made up.
const ANY_LENGTH: usize = usize::MAX;
const SCORE_LENGTH: usize = 30;
const TEST_SCORE_LENGTH: usize = 50;
const DESCRIPTION_LENGTH: usize = 250;
const REPORT_NAME_LENGTH: usize = 50;
const REPORT_URL_LENGTH: usize = 250;
/// A change of 2025 may have raised this one; until the vendor says so, the stated length holds.
const TEST_ID_LENGTH: usize = 36;

const ASSESSMENT_STATUSES: &[&str] = &[
    "Ordered",
    "WaitingOnAssessee",
    "InProgress",
    "Hold",
    "Complete",
    "CompleteReview",
    "RetestRecommended",
    "Expired",
];

/// The words for the status of a test.
pub(crate) const TEST_STATUSES: &[&str] = &[
    "Ordered",
    "InProgress",
    "Hold",
    "Complete",
    "RetestRecommended",
    "Expired",
    "Pending",
];

/// The statuses of an assessment under which all its tests must have ended.
pub(crate) const CLOSING_STATUSES: &[&str] = &["Complete", "CompleteReview", "Expired"];

/// The statuses of a test that has ended.
pub(crate) const ENDED_STATUSES: &[&str] = &["Complete", "RetestRecommended", "Expired"];

/// The body of an update.
pub(crate) const ORDER: &[Property] = &[
    text("partnerTrackingId", ANY_LENGTH),
    text("overallScore", SCORE_LENGTH),
    text("overallScoreDescription", DESCRIPTION_LENGTH),
    optional("overallReports", Shape::List(REPORT)),
    optional("assessments", Shape::List(ASSESSMENT)),
];

const ASSESSMENT: &[Property] = &[
    text("assessmentId", ANY_LENGTH),
    optional("assessmentStatus", Shape::Object(ASSESSMENT_STATUS)),
    optional("assessmentResults", Shape::Object(RESULTS)),
];

const ASSESSMENT_STATUS: &[Property] = &[
    text("updatedAt", ANY_LENGTH),
    optional("value", Shape::Word(ASSESSMENT_STATUSES)),
];

const RESULTS: &[Property] = &[
    optional("tests", Shape::List(TEST)),
    text("score", SCORE_LENGTH),
    text("scoreDescription", DESCRIPTION_LENGTH),
    optional("reports", Shape::List(REPORT)),
];

const TEST: &[Property] = &[
    required("id", Shape::Text(TEST_ID_LENGTH)),
    required("score", Shape::Object(TEST_SCORE)),
    optional("testStatus", Shape::Object(TEST_STATUS)),
];

const TEST_SCORE: &[Property] = &[
    text("value", TEST_SCORE_LENGTH),
    text("description", DESCRIPTION_LENGTH),
    required("attempt", Shape::Count),
    optional("reports", Shape::List(REPORT)),
];

const TEST_STATUS: &[Property] = &[
    text("updatedAt", ANY_LENGTH),
    optional("value", Shape::Word(TEST_STATUSES)),
];

const REPORT: &[Property] = &[
    text("name", REPORT_NAME_LENGTH),
    text("url", REPORT_URL_LENGTH),
];

const fn text(name: &'static str, most: usize) -> Property {
    optional(name, Shape::Text(most))
}

const fn optional(name: &'static str, shape: Shape) -> Property {
    Property {
        name,
        shape,
        required: false,
    }
}

const fn required(name: &'static str, shape: Shape) -> Property {
    Property {
        name,
        shape,
        required: true,
    }
}
