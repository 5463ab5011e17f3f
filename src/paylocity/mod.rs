//! Everything that is specific to Paylocity's Assessments API: wire model, client, authentication, responses.

pub(crate) mod auth;
pub(crate) mod client;
pub mod credentials;
pub(crate) mod error;
pub(crate) mod error_body;
pub(crate) mod model;
pub(crate) mod redact;
pub(crate) mod response;
pub mod status;
