//! The API credentials: where they are set, and how the secret is read. They are never set by a flag.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::credential_source::CredentialSource;
use super::environment::Environment;
use super::error::ConfigError;
use super::file::ConfigFile;
use crate::paylocity::credentials::{Credentials, Secret};
use crate::system::command;
use crate::system::command::CommandLine;
use crate::system::permissions;
use crate::text::shell;

pub(crate) const CLIENT_ID: &str = "SCORELOAD_CLIENT_ID";
pub(crate) const CLIENT_SECRET: &str = "SCORELOAD_CLIENT_SECRET";
/// The directory where systemd puts the credentials of a service (`systemd.exec(5)`).
const SYSTEMD_CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// The time limit of `client_secret_command`. A key store may ask a person first.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);
/// The most that is read of a secret file. A secret is one short line.
const MAX_SECRET_FILE: u64 = 64 * 1024;

/// Credentials that are set, but whose secret has not been read yet.
#[derive(Debug)]
pub(crate) struct ConfiguredCredentials {
    client_id: (String, CredentialSource),
    secret: (SecretLocation, CredentialSource),
}

#[derive(Debug)]
enum SecretLocation {
    /// The value of a variable.
    Value(Secret),
    File {
        path: PathBuf,
        /// The file is in the directory that systemd made for this service.
        is_from_systemd: bool,
    },
    Command(CommandLine),
}

impl ConfiguredCredentials {
    /// Finds the credentials that are set. For each half, the variable overrides the profile.
    ///
    /// # Errors
    /// Fails if only one half is set, or the profile names two locations of the secret.
    pub(crate) fn find(
        file: &ConfigFile,
        environment: Environment<'_>,
    ) -> Result<Option<Self>, ConfigError> {
        match (client_id(file, environment), secret(file, environment)?) {
            (None, None) => Ok(None),
            (Some(client_id), Some(secret)) => Ok(Some(Self { client_id, secret })),
            (Some((_, present)), None) => Err(ConfigError::IncompleteCredentials {
                present,
                missing: CLIENT_SECRET,
            }),
            (None, Some((_, present))) => Err(ConfigError::IncompleteCredentials {
                present,
                missing: CLIENT_ID,
            }),
        }
    }

    /// Returns where the client id is set.
    pub(crate) const fn client_id_source(&self) -> &CredentialSource {
        &self.client_id.1
    }

    /// Returns where the secret is set.
    pub(crate) const fn secret_source(&self) -> &CredentialSource {
        &self.secret.1
    }

    /// Reads the secret.
    ///
    /// # Errors
    /// Fails if its file cannot be read or is readable by others, if its command fails, or if it is empty.
    pub(crate) fn read(&self) -> Result<Credentials, ConfigError> {
        let client_secret = match &self.secret.0 {
            SecretLocation::Value(secret) => secret.clone(),
            SecretLocation::File {
                path,
                is_from_systemd,
            } => read_file(path, *is_from_systemd)?,
            SecretLocation::Command(command) => read_output(command)?,
        };
        Ok(Credentials {
            client_id: self.client_id.0.clone(),
            client_secret,
        })
    }
}

fn client_id(
    file: &ConfigFile,
    environment: Environment<'_>,
) -> Option<(String, CredentialSource)> {
    let variable = || {
        let source = CredentialSource::Variable(CLIENT_ID);
        Some((environment(CLIENT_ID)?, source))
    };
    let profile = || {
        let (name, keys) = file.profile_keys()?;
        let text = keys.client_id.as_deref()?.trim();
        let source = CredentialSource::Profile(name.to_owned(), "client_id");
        (!text.is_empty()).then(|| (text.to_owned(), source))
    };
    variable().or_else(profile)
}

fn secret(
    file: &ConfigFile,
    environment: Environment<'_>,
) -> Result<Option<(SecretLocation, CredentialSource)>, ConfigError> {
    if let Some(text) = environment(CLIENT_SECRET) {
        let location = SecretLocation::Value(Secret::new(text));
        return Ok(Some((location, CredentialSource::Variable(CLIENT_SECRET))));
    }
    let Some((profile, keys)) = file.profile_keys() else {
        return Ok(None);
    };
    let source = |key| CredentialSource::Profile(profile.to_owned(), key);
    match (&keys.client_secret_file, &keys.client_secret_command) {
        (None, None) => Ok(None),
        (Some(path), None) => {
            let systemd = environment(SYSTEMD_CREDENTIALS).map(PathBuf::from);
            let location = SecretLocation::File {
                path: path.clone(),
                is_from_systemd: systemd.is_some_and(|directory| path.parent() == Some(&directory)),
            };
            Ok(Some((location, source("client_secret_file"))))
        }
        (None, Some(command)) => {
            let location = SecretLocation::Command(command.clone());
            Ok(Some((location, source("client_secret_command"))))
        }
        (Some(_), Some(_)) => Err(ConfigError::TwoSecrets {
            profile: profile.to_owned(),
        }),
    }
}

/// Reads the first line of a file that only its owner may read.
fn read_file(path: &Path, is_from_systemd: bool) -> Result<Secret, ConfigError> {
    let unreadable = |source: io::Error| ConfigError::ReadSecret {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let mode = permissions::mode(&metadata).unwrap_or(0o600);
    // systemd grants a service access by an ACL, whose mask shows as the permissions of the group.
    let forbidden = if is_from_systemd { 0o007 } else { 0o077 };
    if mode & forbidden != 0 {
        return Err(ConfigError::SecretReadableByOthers {
            path: path.to_owned(),
            mode,
            chmod: shell::line(&[OsStr::new("chmod"), OsStr::new("600"), path.as_os_str()]),
        });
    }
    let mut text = Vec::new();
    let mut file = file.take(MAX_SECRET_FILE);
    file.read_to_end(&mut text).map_err(unreadable)?;
    first_line(text).ok_or_else(|| ConfigError::EmptySecret {
        path: path.to_owned(),
    })
}

/// Runs a command and returns the first line of its output.
fn read_output(command: &CommandLine) -> Result<Secret, ConfigError> {
    let failed = |reason: String| ConfigError::SecretCommand {
        program: command.program().to_owned(),
        reason,
    };
    let text = command::output(&mut command.command(), COMMAND_TIMEOUT);
    let text = text.map_err(|error| failed(error.to_string()))?;
    first_line(text).ok_or_else(|| failed("its output is empty".to_owned()))
}

fn first_line(text: Vec<u8>) -> Option<Secret> {
    let text = String::from_utf8(text).ok()?;
    let line = text.trim_start_matches('\u{feff}').lines().next()?.trim();
    (!line.is_empty()).then(|| Secret::new(line))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn found(
        profile: &str,
        variables: &[(&str, &str)],
    ) -> Result<Option<ConfiguredCredentials>, ConfigError> {
        let file = ConfigFile::with_profile("nightly", profile);
        let environment = |name: &str| {
            let mut variables = variables.iter();
            let found = variables.find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        ConfiguredCredentials::find(&file, &environment)
    }

    fn error_of(profile: &str, variables: &[(&str, &str)]) -> String {
        let error = found(profile, variables).and_then(|found| found.unwrap().read());
        let error = error.unwrap_err();
        format!("{error} / {}", error.help())
    }

    #[test]
    fn each_half_comes_from_its_variable_or_the_profile() {
        let profile = "client_id = \"theirs\"\nclient_secret_command = [\"echo\", \"s3\"]";
        let both = [(CLIENT_ID, "mine"), (CLIENT_SECRET, "s1")];
        let read = |variables: &[(&str, &str)]| {
            let configured = found(profile, variables).unwrap().unwrap();
            let credentials = configured.read().unwrap();
            (
                credentials.client_id,
                credentials.client_secret.reveal().to_owned(),
                configured.secret_source().to_string(),
            )
        };
        let expected = |id: &str, secret: &str, from: &str| (id.into(), secret.into(), from.into());
        let from_profile = "profile nightly, client_secret_command";
        let from_variable = "variable SCORELOAD_CLIENT_SECRET";
        assert_eq!(read(&[]), expected("theirs", "s3", from_profile));
        assert_eq!(read(&both), expected("mine", "s1", from_variable));
        assert_eq!(read(&both[1..]), expected("theirs", "s1", from_variable));
        assert!(found("", &[]).unwrap().is_none());
    }

    #[test]
    fn incomplete_credentials_are_an_error() {
        let secret = [(CLIENT_SECRET, "s1")];
        assert!(error_of("", &secret).starts_with(
            "variable SCORELOAD_CLIENT_SECRET is set, but SCORELOAD_CLIENT_ID is not"
        ));
        let message = error_of("client_id = \"me\"", &[]);
        assert!(
            message.starts_with("profile nightly, client_id is set, but"),
            "{message}"
        );
        let message = error_of(
            "client_id = \"me\"\nclient_secret_file = \"a\"\nclient_secret_command = [\"b\"]",
            &[],
        );
        assert!(message.contains("has both"), "{message}");
    }

    #[test]
    fn a_secret_file_that_others_may_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("the secret");
        fs::write(&path, "\u{feff}s3cret \r\nsecond line\n").unwrap();
        let profile = format!("client_id = \"me\"\nclient_secret_file = {path:?}");
        for (mode, expected) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            if expected {
                let read = found(&profile, &[]).unwrap().unwrap().read().unwrap();
                assert_eq!(read.client_secret.reveal(), "s3cret");
            } else {
                let message = error_of(&profile, &[]);
                assert!(
                    message.contains(&format!("its mode is {mode:o}")),
                    "{message}"
                );
                assert!(message.contains("chmod 600 '"), "{message}");
            }
        }
        let systemd = [(SYSTEMD_CREDENTIALS, directory.path().to_str().unwrap())];
        assert!(error_of(&profile, &systemd).contains("its mode is 604"));
        fs::set_permissions(&path, Permissions::from_mode(0o440)).unwrap();
        assert!(found(&profile, &systemd).unwrap().unwrap().read().is_ok());
    }

    #[test]
    fn a_failing_secret_command_is_an_error_without_its_output() {
        let command =
            |command: &str| format!("client_id = \"me\"\nclient_secret_command = {command}");
        let message = error_of(&command(r#"["sh", "-c", "echo wh1sper; exit 7"]"#), &[]);
        assert!(
            message.contains("`sh` returned no secret: it ended with exit status: 7"),
            "{message}"
        );
        assert!(!message.contains("wh1sper"), "{message}");
        assert!(error_of(&command(r#"["echo"]"#), &[]).contains("its output is empty"));
        assert!(error_of(&command(r#"["/nowhere/x"]"#), &[]).contains("cannot run it"));
        let nowhere = "client_id = \"me\"\nclient_secret_file = \"/nowhere/x\"";
        assert!(error_of(nowhere, &[]).starts_with("cannot read client_secret_file"));
    }

    #[test]
    fn debug_output_does_not_contain_the_secret() {
        let configured = found("", &[(CLIENT_ID, "me"), (CLIENT_SECRET, "wh1sper")]);
        let shown = format!("{configured:?}");
        assert!(!shown.contains("wh1sper"), "{shown}");
    }
}
