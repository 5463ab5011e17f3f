//! Where a `PostgreSQL` database is, as its URL says, and how it is reached: passwords stay out of sight.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::passwords;
use crate::tls::Authorities;

/// How such a URL begins.
const SCHEMES: [&str; 2] = ["postgres", "postgresql"];
/// Where a server on the same machine listens, where the URL names no host.
const SOCKETS: &str = "/var/run/postgresql";
/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection on which nothing arrives for so long is looked after, and given up where that is not answered.
const QUIET: Duration = Duration::from_secs(10);
const UNANSWERED: Duration = Duration::from_secs(20);

/// A database, and how it is reached. It shows without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionSettings {
    pub(crate) config: Box<Config>,
    pub(crate) authorities: Authorities,
    shown: String,
}

/// What is wrong with a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` is no PostgreSQL database: {words}")]
pub struct UrlError {
    shown: String,
    words: String,
}

impl ConnectionSettings {
    /// Tells whether a text is the URL of a database, right or wrong.
    pub(crate) fn is_url(text: &str) -> bool {
        split_url(text).is_some()
    }

    /// Reads a URL. A password that it does not hold comes from `PGPASSWORD` or the password file, as for all of
    /// `PostgreSQL`'s own tools.
    ///
    /// # Errors
    /// When it cannot be understood, or asks for something that is not to be had.
    pub(crate) fn parse(
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, UrlError> {
        let shown = redact_password(text);
        let bad = |words: String| UrlError {
            shown: shown.clone(),
            words,
        };
        match split_url(text) {
            Some((scheme, _)) if SCHEMES.contains(&scheme) => {}
            _ => return Err(bad("it does not begin with `postgres://`".to_owned())),
        }
        let (url, ssl_mode) = take_ssl_mode(text).map_err(&bad)?;
        let mut config: Config = url
            .parse()
            .map_err(|error: tokio_postgres::Error| bad(words_of(&error)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            if Path::new(SOCKETS).exists() {
                config.host_path(SOCKETS);
            } else {
                config.host("localhost");
            }
        }
        config
            .ssl_mode(ssl_mode.unwrap_or(if is_on_this_machine(&config) {
                SslMode::Disable
            } else {
                SslMode::Require
            }))
            .application_name("scoreload")
            .keepalives_idle(QUIET)
            .tcp_user_timeout(UNANSWERED);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_password().is_none()
            && let Some(password) = passwords::of(&config, environment)
        {
            config.password(password);
        }
        Ok(Self {
            config: Box::new(config),
            authorities: Authorities::default(),
            shown,
        })
    }

    /// Returns the same database, whose server may have its certificate from these authorities too.
    pub(crate) fn trusting(self, authorities: Authorities) -> Self {
        Self {
            authorities,
            ..self
        }
    }
}

impl fmt::Display for ConnectionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ConnectionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionSettings({})", self.shown)
    }
}

/// Splits a URL into its scheme and the rest.
fn split_url(text: &str) -> Option<(&str, &str)> {
    let is_scheme = |scheme: &str| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    text.split_once("://")
        .filter(|(scheme, _)| is_scheme(scheme))
}

/// Returns a URL without its password. Any other text comes back as it is.
///
/// A password may hold any sign, also those that end it elsewhere, so that a URL may be read in more than one way: what
/// is a password in one of them is left out.
pub(crate) fn redact_password(text: &str) -> String {
    let Some((scheme, rest)) = split_url(text) else {
        return text.to_owned();
    };
    let (rest, has_lost_end) = without_secret_options(rest);
    let place = rest.split('?').next().unwrap_or_default();
    let has_credentials = place.contains(['@', ':']);
    let shown = match rest.rsplit_once('@') {
        Some((credentials, behind)) if has_credentials => {
            format!("{}@{behind}", user_of(credentials))
        }
        None if has_credentials && has_lost_end => user_of(place).to_owned(),
        _ => rest,
    };
    format!("{scheme}://{shown}")
}

fn user_of(credentials: &str) -> &str {
    credentials
        .split([':', '?', '&'])
        .next()
        .unwrap_or_default()
}

/// Leaves out the options that hold a password; tells whether one of them may hold the end of credentials.
fn without_secret_options(url: &str) -> (String, bool) {
    let is_secret = |option: &str| {
        let key = option.split('=').next().unwrap_or_default();
        let key = percent_decode_str(key).decode_utf8_lossy();
        key.to_ascii_lowercase().contains("password")
    };
    let end_of = |text: &str| text.find(['?', '&']).unwrap_or(text.len());
    let (start, mut left) = url.split_at(end_of(url));
    let (mut kept, mut has_lost_end) = (start.to_owned(), false);
    // The mark of an option that is left out goes to the next one.
    let mut mark_of_lost = None;
    while let Some(mark) = left.chars().next() {
        let (option, others) = left[1..].split_at(end_of(&left[1..]));
        let mark = mark_of_lost.take().unwrap_or(mark);
        if is_secret(option) {
            mark_of_lost = Some(mark);
            has_lost_end |= option.contains('@');
        } else {
            kept.push(mark);
            kept.push_str(option);
        }
        left = others;
    }
    (kept, has_lost_end)
}

/// Takes `sslmode` out of a URL: what it asks for is asked of rustls, which always checks who answers.
fn take_ssl_mode(text: &str) -> Result<(String, Option<SslMode>), String> {
    let Some((place, options)) = text.split_once('?') else {
        return Ok((text.to_owned(), None));
    };
    let is_mode = |option: &&str| option.starts_with("sslmode=");
    let (modes, others): (Vec<&str>, Vec<&str>) = options.split('&').partition(is_mode);
    let mode = match modes.last().and_then(|mode| mode.split_once('=')) {
        None | Some((_, "allow" | "prefer")) => None,
        Some((_, "disable")) => Some(SslMode::Disable),
        Some((_, "require" | "verify-ca" | "verify-full")) => Some(SslMode::Require),
        Some((_, other)) => return Err(format!("`{other}` is no sslmode")),
    };
    Ok((format!("{place}?{}", others.join("&")), mode))
}

/// Tells whether nothing leaves the machine on the way to the database.
fn is_on_this_machine(config: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let address = name.parse().ok();
            name == "localhost" || address.is_some_and(|address: IpAddr| address.is_loopback())
        }
    };
    let mut addresses = config.get_hostaddrs().iter();
    config.get_hosts().iter().all(is_here) && addresses.all(IpAddr::is_loopback)
}

/// Returns what an error says, without the words about itself.
pub(crate) fn words_of(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_owned();
    }
    let mut source = std::error::Error::source(error);
    let mut words = error.to_string();
    while let Some(cause) = source {
        words = cause.to_string();
        source = cause.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> ConnectionSettings {
        ConnectionSettings::parse(text, &|_| None).unwrap()
    }

    #[test]
    fn a_password_never_shows() {
        let table = [
            (
                "postgres://ada:s3cret@db.example:5433/scores",
                "postgres://ada@db.example:5433/scores",
            ),
            (
                "postgresql://ada:s3:cr@t@db/x?password=s3cret",
                "postgresql://ada@db/x",
            ),
            (
                "postgres://db/x?sslmode=disable",
                "postgres://db/x?sslmode=disable",
            ),
            ("postgres:///x?host=/tmp", "postgres:///x?host=/tmp"),
            (
                "postgres://ada:s3?cr&e@t@db/x?a=b",
                "postgres://ada@db/x?a=b",
            ),
            (
                "postgres://db/x?password=s3c@ret&a=b@c",
                "postgres://db/x?a=b@c",
            ),
            ("postgres://:s3cret@db/x", "postgres://@db/x"),
            (
                "postgres://ada:s3?cret@db/x?password=s3cret&a=b",
                "postgres://ada@db/x?a=b",
            ),
            (
                "postgres://ada@db/x?a=b&p%61ssword=s3cret",
                "postgres://ada@db/x?a=b",
            ),
            (
                "postgres://ada@db/x&sslpassword=s3cret?a=b",
                "postgres://ada@db/x&a=b",
            ),
            ("postgres://ada:s3?password=cr@et/x", "postgres://ada"),
            (
                "postgres://db/x?password=s3c@ret&a=b",
                "postgres://db/x?a=b",
            ),
            (
                "postgres://db:5432/x?password=s3cret",
                "postgres://db:5432/x",
            ),
            ("postgres://a&b:s3cret@db/x", "postgres://a@db/x"),
            ("MySQL://ada:s3cret@db/x", "MySQL://ada@db/x"),
            ("ledger.db?x:y@z", "ledger.db?x:y@z"),
        ];
        for (text, shown) in table {
            assert_eq!(redact_password(text), shown);
        }
        let address = address("postgres://ada:s3cret@db.example/scores");
        assert!(!format!("{address} {address:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_no_database_is_refused_and_its_password_never_shows() {
        for wrong in [
            "postgres://ada:s3cret@db:port/x",
            "mysql://ada:s3cret@db/x",
            "Postgres://ada:s3cret@db/x",
        ] {
            assert!(ConnectionSettings::is_url(wrong));
            let bad = ConnectionSettings::parse(wrong, &|_| None).unwrap_err();
            assert!(!bad.to_string().contains("s3cret"), "{bad}");
        }
    }

    #[test]
    fn only_the_same_machine_is_spoken_to_in_the_clear_unless_that_is_asked_for() {
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
        for (text, mode) in table {
            assert_eq!(address(text).config.get_ssl_mode(), mode, "{text}");
        }
        assert!(ConnectionSettings::parse("postgres://db/x?sslmode=maybe", &|_| None).is_err());
    }

    #[test]
    fn a_password_that_the_url_lacks_comes_from_the_environment() {
        let environment = |name: &str| (name == "PGPASSWORD").then(|| "of-env".to_owned());
        let password = |text: &str| {
            let address = ConnectionSettings::parse(text, &environment).unwrap();
            address.config.get_password().map(<[u8]>::to_vec)
        };
        assert_eq!(password("postgres://ada@db/x"), Some(b"of-env".to_vec()));
        assert_eq!(password("postgres://ada:own@db/x"), Some(b"own".to_vec()));
    }
}
