//! Errors in flags, variables and the configuration file.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use super::credential_source::CredentialSource;
use super::file_error::FileError;
use crate::storage::postgres::settings::UrlError;
use crate::tls::AuthoritiesError;

/// A setting that cannot be followed, wherever it was given.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file `{}`: {source}", path.display())]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The configuration file has a syntax error, an unknown key or an invalid value.
    #[error("in the configuration file `{}`: {error}", path.display())]
    InvalidFile {
        /// The file.
        path: PathBuf,
        /// The line and the problem.
        error: FileError,
    },
    /// Parsing the command line again, with the values of the file as defaults, failed.
    #[error("{0}")]
    CommandLine(clap::Error),
    /// `--profile` names a profile that does not exist.
    #[error("unknown profile `{name}`")]
    UnknownProfile {
        /// The name that was given.
        name: String,
        /// The configuration file, if there is one.
        path: Option<PathBuf>,
        /// The profiles of that file.
        known: Vec<String>,
    },
    /// A setting maps a header to a column that does not exist.
    #[error("{setting} names the unknown column `{column}`")]
    UnknownColumn {
        /// The flag or the key.
        setting: String,
        /// The column as it was given.
        column: String,
        /// The names of all columns.
        known: Vec<&'static str>,
    },
    /// A setting maps a word to a status that does not exist.
    #[error("{setting} names the unknown status `{status}`")]
    UnknownStatus {
        /// The flag or the key.
        setting: String,
        /// The status as it was given.
        status: String,
    },
    /// A flag of the form `NAME=VALUE` lacks one of its sides.
    #[error("{flag} `{text}` does not have the form {form}")]
    InvalidPair {
        /// The flag.
        flag: &'static str,
        /// The value as it was given.
        text: String,
        /// The form, quoted for a shell.
        form: &'static str,
    },
    /// `--company-id` breaks a rule for company ids.
    #[error("--company-id: {message}")]
    InvalidCompanyId {
        /// The rule.
        message: String,
        /// The remedy.
        help: Cow<'static, str>,
    },
    /// The time zone is not in the IANA database.
    #[error("unknown time zone `{name}`")]
    UnknownTimeZone {
        /// The name as it was given.
        name: String,
    },
    /// A constant of a `[[wide]]` table breaks a rule of its column.
    #[error("the [[wide]] table of test `{test_id}`: {message}")]
    InvalidWideConstant {
        /// The table's test.
        test_id: String,
        /// The rule.
        message: String,
    },
    /// Production needs a confirmation and nobody can be asked.
    #[error("refusing to deliver to production without confirmation: stdin is not a terminal")]
    ConfirmationRequired,
    /// A profile names two sources for its client secret.
    #[error("the profile `{profile}` has both client_secret_file and client_secret_command")]
    TwoSecrets {
        /// The profile.
        profile: String,
    },
    /// Only one half of the credentials is set.
    #[error("{present} is set, but {missing} is not")]
    IncompleteCredentials {
        /// The half that is set, and where.
        present: CredentialSource,
        /// The variable of the half that is missing.
        missing: &'static str,
    },
    /// The file of the client secret cannot be read.
    #[error("cannot read client_secret_file `{}`: {source}", path.display())]
    ReadSecret {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Other users may read the file of the client secret.
    #[error("client_secret_file `{}` is readable by others: its mode is {mode:03o}", path.display())]
    SecretReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// The command that restricts them.
        chmod: String,
    },
    /// The file of the client secret has an empty first line.
    #[error("client_secret_file `{}` contains no secret", path.display())]
    EmptySecret {
        /// The file.
        path: PathBuf,
    },
    /// The command that prints the client secret failed.
    #[error("client_secret_command `{program}` returned no secret: {reason}")]
    SecretCommand {
        /// The program.
        program: String,
        /// How it failed.
        reason: String,
    },
    /// Credentials are configured, but no target is named.
    #[error("credentials are set, but no target is named")]
    MissingTarget,
    /// The target needs credentials and there are none.
    #[error("the target `{target}` needs credentials")]
    MissingCredentials {
        /// The target as it was named.
        target: String,
    },
    /// The target is neither a known name nor an http URL.
    #[error("invalid target `{text}`")]
    InvalidTarget {
        /// The target as it was given.
        text: String,
    },
    /// The target's URL has a user, a password, a query or a fragment.
    #[error("the target's URL must have only a scheme, a host, a port and a path")]
    TargetWithExtras,
    /// The target would get the credentials unencrypted.
    #[error("`{text}` would send the credentials unencrypted")]
    InsecureTarget {
        /// The target as it was given.
        text: String,
    },
    /// The file of `--ca-cert` cannot be used.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// The ledger's location is an invalid database address.
    #[error(transparent)]
    LedgerAddress(#[from] UrlError),
    /// The ledger needs a home directory.
    #[error("there is no home directory to keep the ledger in")]
    NoHomeDirectory,
}

impl ConfigError {
    /// Returns the remedy.
    pub(crate) fn help(&self) -> Cow<'_, str> {
        match self {
            Self::ReadFile { .. } | Self::ReadSecret { .. } => {
                "check the path and the file's permissions".into()
            }
            Self::InvalidFile { error, .. } => error.problem.help().into(),
            Self::CommandLine(_) => "see `scoreload --help`".into(),
            Self::UnknownProfile { path, known, .. } => match (path, known.as_slice()) {
                (None, _) => {
                    "there is no configuration file; `scoreload config --init` writes one".into()
                }
                (Some(path), []) => format!("`{}` has no [profiles.NAME]", path.display()).into(),
                (Some(path), known) => {
                    format!("`{}` has the profiles {}", path.display(), known.join(", ")).into()
                }
            },
            Self::UnknownColumn { known, .. } => {
                format!("the columns are {}", known.join(", ")).into()
            }
            Self::UnknownStatus { .. } => {
                "use a status of the API, such as Complete or InProgress".into()
            }
            Self::InvalidPair { flag, form, .. } => format!("write {flag} {form}").into(),
            Self::InvalidCompanyId { help, .. } => help.as_ref().into(),
            Self::UnknownTimeZone { .. } => {
                "use a name of the IANA database, such as America/New_York or UTC".into()
            }
            Self::InvalidWideConstant { .. } => "write the constant as a cell would hold it".into(),
            Self::ConfirmationRequired => {
                "pass --yes, or set `confirm = false` in the profile".into()
            }
            Self::TwoSecrets { .. } => "remove one of them".into(),
            Self::IncompleteCredentials { present, .. } => match present {
                CredentialSource::Variable(_) => {
                    "set both, or neither to use the built-in sandbox".into()
                }
                CredentialSource::Profile(..) => {
                    "a profile needs client_id, and client_secret_file or client_secret_command"
                        .into()
                }
            },
            Self::SecretReadableByOthers { chmod, .. } => {
                format!("restrict its permissions: {chmod}").into()
            }
            Self::EmptySecret { .. } => "write the secret on its first line".into(),
            Self::SecretCommand { .. } => {
                "run it yourself: it is started without a shell, and its first line of output is the secret".into()
            }
            Self::MissingTarget => {
                "pass --target demo, --target production or --target URL; --target sandbox imports into the built-in sandbox".into()
            }
            Self::MissingCredentials { .. } => {
                "set SCORELOAD_CLIENT_ID and SCORELOAD_CLIENT_SECRET, or use a profile with credentials; without --target the import goes to the built-in sandbox".into()
            }
            Self::InvalidTarget { .. } => {
                "use sandbox, demo, production, or a URL that begins with https://".into()
            }
            Self::TargetWithExtras => {
                "remove user, password, query and fragment; credentials come from the environment".into()
            }
            Self::InsecureTarget { .. } => {
                "use https://; plain http is for servers on this machine, unless --insecure-http allows it".into()
            }
            Self::Authorities(error) => error.help().into(),
            Self::LedgerAddress(_) => {
                "write postgres://USER@HOST/DATABASE with the password in PGPASSWORD or the password file, or name a file".into()
            }
            Self::NoHomeDirectory => {
                "pass --ledger PATH, or --ledger none to keep no ledger".into()
            }
        }
    }
}
