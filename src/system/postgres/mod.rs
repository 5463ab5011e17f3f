//! How a `PostgreSQL` server is reached: its address and its password.

pub(crate) mod address;
pub(crate) mod passwords;
