//! Credentials: where they are set, and how the secret is read once it is needed. No flag has a part in this.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Environment;
use super::file::ConfigFile;
use crate::error::Error;
use crate::paylocity::credentials::{Credentials, Secret};
use crate::system::command;
use crate::system::command::CommandLine;
use crate::text::shell;

pub(crate) const CLIENT_ID: &str = "SCORELOAD_CLIENT_ID";
pub(crate) const CLIENT_SECRET: &str = "SCORELOAD_CLIENT_SECRET";
/// Where systemd puts the credentials of a service (`systemd.exec(5)`).
const OF_SYSTEMD: &str = "CREDENTIALS_DIRECTORY";

/// How long the command may take that prints the secret: a key store may ask a person first.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most that is read of a file: a secret is one short line.
const LONGEST_SECRET: u64 = 64 * 1024;

/// Credentials that are set; the secret is not read yet.
#[derive(Debug)]
pub(crate) struct Configured {
    client_id: (String, From),
    secret: (SecretPlace, From),
}

/// Where a part of the credentials is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum From {
    /// An environment variable.
    Variable(&'static str),
    /// A key of a profile.
    Profile(String, &'static str),
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Profile(profile, key) => write!(f, "profile {profile}, {key}"),
        }
    }
}

#[derive(Debug)]
enum SecretPlace {
    Here(Secret),
    /// A file; `is_of_systemd` where systemd has put it into the service's own directory.
    File {
        path: PathBuf,
        is_of_systemd: bool,
    },
    Command(CommandLine),
}

impl Configured {
    /// Finds what is set: of each half the variable goes before the profile.
    ///
    /// # Errors
    /// When one half is missing, or the profile names two places for the secret.
    pub(crate) fn find(
        file: &ConfigFile,
        environment: Environment<'_>,
    ) -> Result<Option<Self>, Error> {
        match (client_id(file, environment), secret(file, environment)?) {
            (None, None) => Ok(None),
            (Some(client_id), Some(secret)) => Ok(Some(Self { client_id, secret })),
            (Some((_, from)), None) => Err(lone(&from, CLIENT_SECRET)),
            (None, Some((_, from))) => Err(lone(&from, CLIENT_ID)),
        }
    }

    /// Returns where the client's id is set.
    pub(crate) const fn client_id_from(&self) -> &From {
        &self.client_id.1
    }

    /// Returns where the secret is set.
    pub(crate) const fn secret_from(&self) -> &From {
        &self.secret.1
    }

    /// Reads the secret.
    ///
    /// # Errors
    /// When its file cannot be read or is open to others, its command fails, or there is nothing in it.
    pub(crate) fn read(&self) -> Result<Credentials, Error> {
        let client_secret = match &self.secret.0 {
            SecretPlace::Here(secret) => secret.clone(),
            SecretPlace::File {
                path,
                is_of_systemd,
            } => of_file(path, *is_of_systemd)?,
            SecretPlace::Command(words) => of_command(words)?,
        };
        Ok(Credentials {
            client_id: self.client_id.0.clone(),
            client_secret,
        })
    }
}

fn client_id(file: &ConfigFile, environment: Environment<'_>) -> Option<(String, From)> {
    let variable = || Some((environment(CLIENT_ID)?, From::Variable(CLIENT_ID)));
    let profile = || {
        let text = file.defaults.client_id.as_deref()?.trim();
        let from = From::Profile(file.profile()?.to_owned(), "client_id");
        (!text.is_empty()).then(|| (text.to_owned(), from))
    };
    variable().or_else(profile)
}

fn secret(
    file: &ConfigFile,
    environment: Environment<'_>,
) -> Result<Option<(SecretPlace, From)>, Error> {
    if let Some(text) = environment(CLIENT_SECRET) {
        let place = SecretPlace::Here(Secret::new(text));
        return Ok(Some((place, From::Variable(CLIENT_SECRET))));
    }
    let profile = file.profile().unwrap_or_default();
    let from = |key| From::Profile(profile.to_owned(), key);
    let settings = &file.defaults;
    match (
        &settings.client_secret_file,
        &settings.client_secret_command,
    ) {
        (None, None) => Ok(None),
        (Some(path), None) => {
            let given = environment(OF_SYSTEMD).map(PathBuf::from);
            let place = SecretPlace::File {
                path: path.clone(),
                is_of_systemd: given.is_some_and(|directory| path.parent() == Some(&directory)),
            };
            Ok(Some((place, from("client_secret_file"))))
        }
        (None, Some(words)) => {
            let place = SecretPlace::Command(words.clone());
            Ok(Some((place, from("client_secret_command"))))
        }
        (Some(_), Some(_)) => Err(Error::usage(
            format!(
                "the profile `{profile}` has both client_secret_file and client_secret_command"
            ),
            "leave one of them out",
        )),
    }
}

fn lone(set: &From, missing: &str) -> Error {
    let (is, help) = match set {
        From::Variable(name) => (
            format!("{name} is set"),
            "set both, or neither to try the built-in sandbox".to_owned(),
        ),
        From::Profile(profile, key) => (
            format!("{key} is set in the profile `{profile}`"),
            "the profile takes client_id, and client_secret_file or client_secret_command"
                .to_owned(),
        ),
    };
    Error::usage(format!("{is} and {missing} is not"), help)
}

/// Reads the first line of a file that nobody else may read.
fn of_file(path: &Path, is_of_systemd: bool) -> Result<Secret, Error> {
    let shown = path.display();
    let unread = |error: io::Error| {
        let message = format!("client_secret_file `{shown}` cannot be read: {error}");
        Error::usage(message, "check the path, and that you may read the file")
    };
    let file = File::open(path).map_err(unread)?;
    let mode = file.metadata().map_err(unread)?.permissions().mode() & 0o777;
    // What systemd gives to one service, an access list gives it, which shows as the right of a group.
    let open_to_others = if is_of_systemd { 0o007 } else { 0o077 };
    if mode & open_to_others != 0 {
        let quoted = shell::line(&[OsStr::new("chmod"), OsStr::new("600"), path.as_os_str()]);
        let message =
            format!("client_secret_file `{shown}` is open to others: its mode is {mode:03o}");
        return Err(Error::usage(
            message,
            format!("take that from them: {quoted}"),
        ));
    }
    let mut text = Vec::new();
    file.take(LONGEST_SECRET)
        .read_to_end(&mut text)
        .map_err(unread)?;
    first_line(text).ok_or_else(|| {
        let message = format!("there is no secret in client_secret_file `{shown}`");
        Error::usage(message, "its first line is the secret")
    })
}

/// Runs a command and takes the first line that it prints.
fn of_command(words: &CommandLine) -> Result<Secret, Error> {
    let shown = words.program();
    let failed = |why: String| {
        let message = format!("client_secret_command `{shown}` gave no secret: {why}");
        let help = "run it yourself; it is run without a shell, and the first line that it prints is the secret";
        Error::usage(message, help)
    };
    let text = command::output(&mut words.command(), PATIENCE);
    let text = text.map_err(|error| failed(error.to_string()))?;
    first_line(text).ok_or_else(|| failed("it printed none".to_owned()))
}

fn first_line(text: Vec<u8>) -> Option<Secret> {
    let text = String::from_utf8(text).ok()?;
    let line = text.trim_start_matches('\u{feff}').lines().next()?.trim();
    (!line.is_empty()).then(|| Secret::new(line))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    fn found(profile: &str, variables: &[(&str, &str)]) -> Result<Option<Configured>, Error> {
        let file = ConfigFile::with_profile("nightly", profile);
        let environment = |name: &str| {
            let mut variables = variables.iter();
            let found = variables.find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Configured::find(&file, &environment)
    }

    fn wrong(profile: &str, variables: &[(&str, &str)]) -> String {
        let error = found(profile, variables).and_then(|found| found.unwrap().read());
        let error = error.unwrap_err();
        format!("{error} / {}", error.help())
    }

    #[test]
    fn each_half_comes_from_its_variable_or_else_from_the_profile() {
        let profile = "client_id = \"theirs\"\nclient_secret_command = [\"echo\", \"s3\"]";
        let both = [(CLIENT_ID, "mine"), (CLIENT_SECRET, "s1")];
        let read = |variables: &[(&str, &str)]| {
            let configured = found(profile, variables).unwrap().unwrap();
            let credentials = configured.read().unwrap();
            (
                credentials.client_id,
                credentials.client_secret.reveal().to_owned(),
                configured.secret_from().to_string(),
            )
        };
        let expected = |id: &str, secret: &str, from: &str| (id.into(), secret.into(), from.into());
        let of_profile = "profile nightly, client_secret_command";
        let of_variable = "variable SCORELOAD_CLIENT_SECRET";
        assert_eq!(read(&[]), expected("theirs", "s3", of_profile));
        assert_eq!(read(&both), expected("mine", "s1", of_variable));
        assert_eq!(read(&both[1..]), expected("theirs", "s1", of_variable));
        assert!(found("", &[]).unwrap().is_none());
    }

    #[test]
    fn half_of_the_credentials_is_refused() {
        let secret = [(CLIENT_SECRET, "s1")];
        assert!(
            wrong("", &secret)
                .starts_with("SCORELOAD_CLIENT_SECRET is set and SCORELOAD_CLIENT_ID is not")
        );
        let words = wrong("client_id = \"me\"", &[]);
        assert!(
            words.starts_with("client_id is set in the profile `nightly` and"),
            "{words}"
        );
        let words = wrong(
            "client_id = \"me\"\nclient_secret_file = \"a\"\nclient_secret_command = [\"b\"]",
            &[],
        );
        assert!(words.contains("has both"), "{words}");
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_remedy() {
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
                let words = wrong(&profile, &[]);
                assert!(words.contains(&format!("its mode is {mode:o}")), "{words}");
                assert!(words.contains("chmod 600 '"), "{words}");
            }
        }
        let systemd = [(OF_SYSTEMD, directory.path().to_str().unwrap())];
        assert!(wrong(&profile, &systemd).contains("its mode is 604"));
        fs::set_permissions(&path, Permissions::from_mode(0o440)).unwrap();
        assert!(found(&profile, &systemd).unwrap().unwrap().read().is_ok());
    }

    #[test]
    fn a_secret_that_is_not_to_be_had_is_told_without_what_was_printed() {
        let command = |words: &str| format!("client_id = \"me\"\nclient_secret_command = {words}");
        let words = wrong(&command(r#"["sh", "-c", "echo wh1sper; exit 7"]"#), &[]);
        assert!(
            words.contains("`sh` gave no secret: it ended with exit status: 7"),
            "{words}"
        );
        assert!(!words.contains("wh1sper"), "{words}");
        assert!(wrong(&command(r#"["echo"]"#), &[]).contains("it printed none"));
        assert!(wrong(&command(r#"["/nowhere/x"]"#), &[]).contains("it cannot be run"));
        let nowhere = "client_id = \"me\"\nclient_secret_file = \"/nowhere/x\"";
        assert!(wrong(nowhere, &[]).contains("cannot be read"));
    }

    #[test]
    fn credentials_show_no_secret() {
        let configured = found("", &[(CLIENT_ID, "me"), (CLIENT_SECRET, "wh1sper")]);
        let shown = format!("{configured:?}");
        assert!(!shown.contains("wh1sper"), "{shown}");
    }
}
