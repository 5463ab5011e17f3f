//! The keys of the configuration file that are not settings.

/// The keys of the top level that are not tables.
pub(super) const TOP_LEVEL_KEYS: [&str; 2] = ["missing", "ignore"];

/// The keys that only a profile may have.
pub(super) const PROFILE_KEYS: [&str; 4] = [
    "confirm",
    "client_id",
    "client_secret_file",
    "client_secret_command",
];
