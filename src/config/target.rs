//! The target of a delivery, with its credentials.

use url::Url;

use super::credentials::ConfiguredCredentials;
use super::error::ConfigError;
use super::purpose::Purpose;
use crate::paylocity::client::is_loopback;
use crate::paylocity::credentials::Credentials;

/// The URL of Paylocity's production environment.
pub(crate) const PRODUCTION: &str = "https://dc1prodgwext.paylocity.com";
/// The URL of Paylocity's demo environment.
const DEMO: &str = "https://dc1demogwext.paylocity.com";

/// The target of a delivery.
#[derive(Debug)]
pub(crate) enum Target {
    /// The sandbox inside this process. Nothing leaves the machine.
    BuiltInSandbox,
    /// A server.
    Server {
        /// The name as it was given, for screens and reports.
        name: String,
        /// The base URL of the API.
        base: Url,
        /// The credentials, or `None` if nothing is sent.
        credentials: Option<Credentials>,
    },
}

/// Where plain HTTP is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainHttp {
    /// Only to this machine.
    OnThisMachine,
    /// To any machine (`--insecure-http`).
    Anywhere,
}

impl PlainHttp {
    /// Converts the flag `--insecure-http`.
    pub(crate) const fn from_flag(is_allowed: bool) -> Self {
        if is_allowed {
            Self::Anywhere
        } else {
            Self::OnThisMachine
        }
    }
}

/// An environment of Paylocity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paylocity {
    Production,
    Demo,
}

impl Target {
    /// Resolves the target that is named. Without a name and credentials, it is the built-in sandbox.
    ///
    /// # Errors
    /// Fails if the target is invalid, lacks credentials, or is not named although there are credentials.
    pub(crate) fn resolve(
        name: Option<&str>,
        purpose: Purpose,
        configured: Option<&ConfiguredCredentials>,
        plain: PlainHttp,
    ) -> Result<Self, ConfigError> {
        let name = match name.map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) => name,
            None if configured.is_none() => return Ok(Self::BuiltInSandbox),
            None => return Err(ConfigError::MissingTarget),
        };
        let base = match name {
            "sandbox" => return Ok(Self::BuiltInSandbox),
            "demo" => base(DEMO, plain)?,
            "production" => base(PRODUCTION, plain)?,
            url => base(url, plain)?,
        };
        let credentials = match (purpose, configured) {
            (Purpose::Plan, _) => None,
            (Purpose::Deliver, Some(configured)) => Some(configured.read()?),
            (Purpose::Deliver, None) => {
                return Err(ConfigError::MissingCredentials {
                    target: name.to_owned(),
                });
            }
        };
        Ok(Self::Server {
            name: name.to_owned(),
            base,
            credentials,
        })
    }

    /// Returns whether this is Paylocity's production environment.
    pub(crate) fn is_production(&self) -> bool {
        self.environment() == Some(Paylocity::Production)
    }

    /// Returns whether this is one of Paylocity's own servers.
    pub(crate) fn is_paylocity(&self) -> bool {
        self.environment().is_some()
    }

    /// Returns the environment of Paylocity that the host belongs to, whatever name was given.
    fn environment(&self) -> Option<Paylocity> {
        let Self::Server { base, .. } = self else {
            return None;
        };
        // A fully qualified name with its final dot is the same host.
        let host = base.host_str()?.trim_end_matches('.');
        let known = [(PRODUCTION, Paylocity::Production), (DEMO, Paylocity::Demo)];
        let found = known
            .into_iter()
            .find(|(url, _)| url.strip_prefix("https://") == Some(host));
        found.map(|(_, environment)| environment)
    }

    /// Returns whether the updates are sent unencrypted over a network.
    pub(crate) fn is_exposed(&self) -> bool {
        matches!(self, Self::Server { base, .. } if base.scheme() == "http" && !is_loopback(base))
    }

    /// Returns a hint for refused credentials, if the target suggests one.
    pub(crate) fn hint_of_refusal(&self) -> Option<&'static str> {
        match self.environment()? {
            Paylocity::Production => Some("production refuses credentials of the demo environment"),
            Paylocity::Demo => Some("demo refuses credentials of the production environment"),
        }
    }

    /// Returns the key of the target in ledgers: its URL, whatever name was given.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::BuiltInSandbox => "sandbox",
            Self::Server { base, .. } => base.as_str(),
        }
    }

    /// Returns the name for screens and reports.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::BuiltInSandbox => "sandbox",
            Self::Server { name, .. } => name,
        }
    }

    /// Returns a notice if nothing is really delivered.
    pub(crate) fn notice(&self) -> Option<&'static str> {
        match self {
            Self::BuiltInSandbox => Some("the built-in sandbox: nothing left this machine"),
            Self::Server { .. } => None,
        }
    }
}

/// Parses the URL of a target.
///
/// # Errors
/// Fails if it is not an HTTP URL, would expose the credentials, or has a user, a query or a fragment.
pub(crate) fn base(text: &str, plain: PlainHttp) -> Result<Url, ConfigError> {
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let parsed = Url::parse(text).ok().filter(is_web);
    let mut url = parsed.ok_or_else(|| ConfigError::InvalidTarget {
        text: text.to_owned(),
    })?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(ConfigError::TargetWithExtras);
    }
    if url.scheme() == "http" && !is_loopback(&url) && plain == PlainHttp::OnThisMachine {
        return Err(ConfigError::InsecureTarget {
            text: text.to_owned(),
        });
    }
    // URLs that differ in a final slash share one ledger and one rate limit.
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}
