//! Paylocity's Assessments API, endpoint "Update Assessment Order": wire model, client, authentication, responses.
//!
//! This page collects every known fact about the remote API. Each fact carries its source: *documented* (the vendor's
//! public developer pages), *observed* (in a vendor sample that makes one such call) or *inferred* (our reading). Code
//! must not rely on anything listed under [Unknown](#unknown).
//!
//! # Calls
//!
//! Base URLs: `https://dc1prodgwext.paylocity.com` (production), `https://dc1demogwext.paylocity.com` (demo). Clients
//! must be able to use TLS 1.2. Credentials belong to one environment; a secret expires after 365 days, and the vendor
//! sends mail 10 and 5 days before. A company that was just approved for a client can answer 403 for up to 15 minutes.
//! (documented)
//!
//! **Token**: `POST {base}/public/security/v1/token`, form-encoded
//! `grant_type=client_credentials&client_id=…&client_secret=…`. The sample also sends `Authorization: Basic
//! base64(id:secret)`; other vendor samples send the form fields alone. Sending both satisfies this vendor; servers
//! that enforce RFC 6749 §2.3 refuse both together. The response is JSON with `access_token`, `token_type` `Bearer` and
//! `expires_in` 3600. Scopes and refresh tokens are not used. (observed, documented)
//!
//! **Update**: `PATCH {base}/apiHub/performanceManagement/v1/companies/{companyId}/assessmentOrders/{orderId}` with
//! `Authorization: Bearer …` and `Content-Type: application/json`. The optional header `testMode: true` makes the
//! server mock its responses ("all responses are mocked and generated randomly"). Success is 204 without a body; any
//! 2xx is treated as success. The body is a plain JSON object, not RFC 6902. (observed, documented)
//!
//! **List orders** (not used):
//! `GET {base}/apiHub/performanceManagement/v1/companies/b6001/partner/assessmentOrders?filter=…&offset=0&limit=20`,
//! with `X-Pcty-Total-Count` on request. Filters: `companyid`, `assessmentorderid`, `status` (eq, ne, in), `createdat`
//! (gt, ge, eq, ne, lt, le), `requester/id`, `assessee/id` (eq), `billingcode` (eq, ne, in, sw). `b6001` is the
//! vendor's partner-level pseudo-company and never a customer. The response schema is in the vendor's `OpenAPI`
//! document, which was not available. (documented)
//!
//! # Body of an update
//!
//! Every property is optional, and the server keeps properties that are left out. (observed)
//!
//! ```text
//! { partnerTrackingId, overallScore, overallScoreDescription,
//!   overallReports: [{name, url}],
//!   assessments: [{
//!     assessmentId,
//!     assessmentStatus: {updatedAt, value},
//!     assessmentResults: {
//!       tests: [{ id,
//!                 score: {value, description, attempt, reports: [{name, url}]},
//!                 testStatus: {updatedAt, value} }],
//!       score, scoreDescription, reports: [{name, url}] } }] }
//! ```
//!
//! `attempt` and a test's `reports` are inside its `score`. Scores are strings, `attempt` is a number, `updatedAt` is
//! a string; it is sent as RFC 3339 in UTC, like `2023-01-04T04:23:11.586Z` in the vendor's related APIs.
//!
//! - `assessmentStatus.value`: `Ordered`, `WaitingOnAssessee`, `InProgress`, `Hold`, `Complete`, `CompleteReview`,
//!   `RetestRecommended`, `Expired`. (observed)
//! - `testStatus.value`: `Ordered`, `InProgress`, `Hold`, `Complete`, `RetestRecommended`, `Expired`,
//!   `Pending`. (observed)
//! - An order represents a package, which has no status; its assessments (batteries) and their tests have one.
//!   `Ordered` is the default and need not be sent. (documented)
//!
//! | field | limit | source |
//! | --- | --- | --- |
//! | companyId | required, at most 9 characters; examples `A00123`, `B6001`, six digits; ids that begin with `CS` name company sets and are never valid here | documented |
//! | orderId | required, plain string, no format stated | documented |
//! | overallScore, assessmentResults.score | 30 characters | documented |
//! | tests.score.value | 50 characters; optional since 2025-09-09 | documented |
//! | overallScoreDescription, scoreDescription, tests.score.description | 250 characters | documented |
//! | report name / report url | 50 / 250 characters (for a test's reports by analogy) | documented, inferred |
//! | tests.id | required in a test, 36 characters (a change in 2025 raised some "descriptor" lengths to 150 without naming them) | documented |
//! | tests.score.attempt | required with a test, integer; whether it starts at 0 or 1 is not stated, 1 is treated as the first | documented, inferred |
//! | partnerTrackingId, assessmentId | no limit stated | |
//!
//! # Server behaviour
//!
//! - A test is identified by (id, attempt): a new pair inserts, an existing pair updates. Sending the same scores again
//!   is therefore harmless. (documented)
//! - Reports are only ever appended. Sending the same report again adds a second copy, so a resend is safe for scores
//!   and statuses but not for reports. (documented)
//! - The Complete rule: when an assessment's status is `Complete`, `CompleteReview` or `Expired`, all its tests must be
//!   `Complete`, `RetestRecommended` or `Expired`. The rule does not name `RetestRecommended` as an assessment
//!   status, and does not say whether "all" includes stored tests that the body leaves out. (documented)
//! - Rate: 180 requests a minute in a sliding window, and at most 3 in a second; beyond that the server answers 429. An
//!   older page says 40,000 an hour and 403; the newest says "each endpoint has a limit" without a figure. The vendor
//!   advises throttling, and on 429 a pause and retries with exponential back-off. No limit header is documented;
//!   `Retry-After` is honoured if present. (documented)
//! - Errors: 301 the resource was replaced, and the message names the new one; 400 bad syntax or a missing parameter,
//!   with details in the body; 401 token missing or for another environment; 403 no permission (older pages: also rate
//!   lock-out); 404 no such record; 409; 415 wrong media type; 429. The schema of error bodies is not public, so any
//!   shape is accepted (JSON with `errors[]`, RFC 9457 problem details, plain text, HTML from a gateway, empty), and
//!   its useful part is shown, cut to 500 characters. (documented, inferred)
//! - `partnerTrackingId` is the only tracing aid; no idempotency key and no correlation header are documented.
//!
//! # Unknown
//!
//! Definitions of most statuses; status transition rules; whether `updatedAt` is required; the first value of
//! `attempt`; the lengths of `partnerTrackingId` and `assessmentId`; the schema of the list call; the error schema;
//! limit headers; the meaning of 422 and 5xx. A rule that rests on one of these is a warning, not an error.

pub(crate) mod auth;
pub(crate) mod backoff;
pub(crate) mod client;
pub mod credentials;
pub(crate) mod error;
pub(crate) mod error_body;
pub(crate) mod model;
pub(crate) mod redact;
pub(crate) mod response;
pub mod status;
pub(crate) mod token_source;
