//! Connection settings of a `PostgreSQL` database, given by a URL and the environment.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::password_file;
use super::redact::{redact_password, split_scheme};
use crate::tls::Authorities;

const SCHEMES: [&str; 2] = ["postgres", "postgresql"];
/// The directory of the server's socket, used if the URL names no host.
const SOCKET_DIRECTORY: &str = "/var/run/postgresql";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time without traffic before the kernel probes a connection.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
/// Time without an acknowledgement before the kernel closes a connection.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(20);

/// How to connect to a database. It is displayed without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionSettings {
    pub(crate) config: Box<Config>,
    pub(crate) authorities: Authorities,
    redacted_url: String,
}

/// Why a text is not the URL of a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid PostgreSQL URL `{redacted_url}`: {reason}")]
pub struct UrlError {
    redacted_url: String,
    reason: String,
}

impl ConnectionSettings {
    /// Whether a text is a URL, valid or not.
    pub(crate) fn is_url(text: &str) -> bool {
        split_scheme(text).is_some()
    }

    /// Parses a URL. A missing password comes from `PGPASSWORD` or the password file, as in `PostgreSQL`'s own tools.
    ///
    /// # Errors
    /// When the URL is invalid or has an unsupported option.
    pub(crate) fn parse(
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, UrlError> {
        let redacted_url = redact_password(text);
        let invalid = |reason: String| UrlError {
            redacted_url: redacted_url.clone(),
            reason,
        };
        if !split_scheme(text).is_some_and(|(scheme, _)| SCHEMES.contains(&scheme)) {
            return Err(invalid("it does not begin with `postgres://`".to_owned()));
        }
        let (url, ssl_mode) = take_ssl_mode(text).map_err(&invalid)?;
        let mut config: Config = url
            .parse()
            .map_err(|error: tokio_postgres::Error| invalid(error_message(&error)))?;
        apply_defaults(&mut config, ssl_mode);
        if config.get_password().is_none()
            && let Some(password) =
                environment("PGPASSWORD").or_else(|| password_file::find(&config, environment))
        {
            config.password(password);
        }
        Ok(Self {
            config: Box::new(config),
            authorities: Authorities::default(),
            redacted_url,
        })
    }

    /// Adds certificate authorities to trust for the server's certificate.
    pub(crate) fn trusting(self, authorities: Authorities) -> Self {
        Self {
            authorities,
            ..self
        }
    }
}

impl fmt::Display for ConnectionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted_url)
    }
}

impl fmt::Debug for ConnectionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionSettings({})", self.redacted_url)
    }
}

/// Sets options that the URL does not contain.
fn apply_defaults(config: &mut Config, ssl_mode: Option<SslMode>) {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host(if Path::new(SOCKET_DIRECTORY).exists() {
            SOCKET_DIRECTORY
        } else {
            "localhost"
        });
    }
    let ssl_mode = ssl_mode.unwrap_or(if is_local(config) {
        SslMode::Disable
    } else {
        SslMode::Require
    });
    config
        .ssl_mode(ssl_mode)
        .application_name("scoreload")
        .keepalives_idle(KEEPALIVE_IDLE)
        .tcp_user_timeout(TCP_USER_TIMEOUT);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
}

/// Removes `sslmode` from a URL and returns it apart: `tokio_postgres` does not know all of its values, and rustls
/// always verifies the server's certificate.
fn take_ssl_mode(text: &str) -> Result<(String, Option<SslMode>), String> {
    let Some((authority, options)) = text.split_once('?') else {
        return Ok((text.to_owned(), None));
    };
    let is_ssl_mode = |option: &&str| option.starts_with("sslmode=");
    let (modes, options): (Vec<&str>, Vec<&str>) = options.split('&').partition(is_ssl_mode);
    let mode = match modes.last().and_then(|mode| mode.split_once('=')) {
        None | Some((_, "allow" | "prefer")) => None,
        Some((_, "disable")) => Some(SslMode::Disable),
        Some((_, "require" | "verify-ca" | "verify-full")) => Some(SslMode::Require),
        Some((_, other)) => return Err(format!("invalid sslmode `{other}`")),
    };
    Ok((format!("{authority}?{}", options.join("&")), mode))
}

/// Whether connections stay on this machine.
fn is_local(config: &Config) -> bool {
    let is_local = |host: &Host| {
        let Host::Tcp(name) = host else {
            return true;
        };
        let address = name.parse().ok();
        name == "localhost" || address.is_some_and(|address: IpAddr| address.is_loopback())
    };
    let mut addresses = config.get_hostaddrs().iter();
    config.get_hosts().iter().all(is_local) && addresses.all(IpAddr::is_loopback)
}

/// Returns the message of the server, or else of the innermost cause.
pub(crate) fn error_message(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_owned();
    }
    let mut source = std::error::Error::source(error);
    let mut message = error.to_string();
    while let Some(cause) = source {
        message = cause.to_string();
        source = cause.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> ConnectionSettings {
        ConnectionSettings::parse(text, &|_| None).unwrap()
    }

    #[test]
    fn settings_are_displayed_without_the_password() {
        let settings = settings("postgres://ada:s3cret@db.example/scores");
        assert!(!format!("{settings} {settings:?}").contains("s3cret"));
    }

    #[test]
    fn the_error_of_an_invalid_url_does_not_show_the_password() {
        for url in [
            "postgres://ada:s3cret@db:port/x",
            "mysql://ada:s3cret@db/x",
            "Postgres://ada:s3cret@db/x",
        ] {
            assert!(ConnectionSettings::is_url(url));
            let error = ConnectionSettings::parse(url, &|_| None).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn tls_is_required_for_remote_servers_unless_disabled() {
        let table = [
            ("postgres://localhost/x", SslMode::Disable),
            ("postgres://127.0.0.1/x?sslmode=prefer", SslMode::Disable),
            ("postgres:///x?host=/tmp", SslMode::Disable),
            ("postgres://localhost/x?sslmode=require", SslMode::Require),
            ("postgres://db.example/x", SslMode::Require),
            ("postgres://db.example/x?sslmode=prefer", SslMode::Require),
            (
                "postgres://db.example/x?sslmode=verify-full",
                SslMode::Require,
            ),
            ("postgres://db.example/x?sslmode=disable", SslMode::Disable),
        ];
        for (url, mode) in table {
            assert_eq!(settings(url).config.get_ssl_mode(), mode, "{url}");
        }
        let invalid = ConnectionSettings::parse("postgres://db/x?sslmode=maybe", &|_| None);
        assert!(invalid.is_err());
    }

    #[test]
    fn a_missing_password_comes_from_the_environment() {
        let environment = |name: &str| (name == "PGPASSWORD").then(|| "from-env".to_owned());
        let password = |url: &str| {
            let settings = ConnectionSettings::parse(url, &environment).unwrap();
            settings.config.get_password().map(<[u8]>::to_vec)
        };
        assert_eq!(password("postgres://ada@db/x"), Some(b"from-env".to_vec()));
        assert_eq!(password("postgres://ada:own@db/x"), Some(b"own".to_vec()));
    }
}
