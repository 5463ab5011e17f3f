//! Resolves the command line, the environment and the configuration file into what a run needs.
//!
//! A flag wins over a variable, a variable over the profile, the profile over `[defaults]`, and those over the built-in
//! default. The command line is parsed again with the values of the file as defaults ([`crate::cli`]), so that most code
//! only sees the final values.

pub(crate) mod credential_source;
pub(crate) mod credentials;
mod delivery;
pub(crate) mod effective;
pub(crate) mod environment;
pub(crate) mod error;
pub mod file;
mod file_error;
mod input_options;
mod keys;
mod ledger_location;
mod profile;
mod purpose;
mod settings;
pub(crate) mod source;
mod target;
pub(crate) mod template;
#[cfg(test)]
mod tests;
mod wide;

pub(crate) use self::delivery::{Consent, Delivery, PartialDelivery, delivery};
pub(crate) use self::input_options::{InputOptions, input_options};
pub(crate) use self::ledger_location::{LedgerContext, authorities};
pub(crate) use self::purpose::Purpose;
pub(crate) use self::target::{PlainHttp, Target, base};
