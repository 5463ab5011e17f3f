//! The diagnostics of a row that lacks a required id or attempt.

use crate::diagnostics::diagnostic::Code;

/// The diagnostic of a missing field.
pub(crate) struct MissingField {
    pub(crate) code: Code,
    pub(crate) message: &'static str,
    pub(crate) help: &'static str,
}

pub(crate) const MISSING_ORDER_ID: MissingField = MissingField {
    code: Code::OrderIdMissing,
    message: "the row names no order",
    help: "enter the order id; without it nothing can be updated",
};
pub(crate) const MISSING_COMPANY_ID: MissingField = MissingField {
    code: Code::CompanyIdMissing,
    message: "the row names no company",
    help: "enter the company id; for files without that column pass --company-id ID",
};
pub(crate) const MISSING_TEST_ID: MissingField = MissingField {
    code: Code::TestIdMissing,
    message: "the row has fields of a test and names no test",
    help: "enter the test id, or clear the test's fields if the row is about the assessment alone",
};
pub(crate) const MISSING_ATTEMPT: MissingField = MissingField {
    code: Code::AttemptMissing,
    message: "the row names a test without its attempt",
    help: "enter the number of the attempt (1 is the first), or pass --default-attempt 1",
};
