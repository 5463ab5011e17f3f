//! Access to a `PostgreSQL` server: connection settings, sessions that reconnect, and the schema.

mod password_file;
pub(crate) mod redact;
pub(crate) mod schema;
pub(crate) mod session;
pub(crate) mod settings;
