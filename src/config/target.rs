//! Where updates go, and with which credentials.

use url::Url;

use super::Purpose;
use super::credentials::{CLIENT_ID, CLIENT_SECRET, Configured};
use crate::error::Error;
use crate::paylocity::client::is_loopback;
use crate::paylocity::credentials::Credentials;

/// Paylocity's production environment (API.md, "The calls").
pub(crate) const PRODUCTION: &str = "https://dc1prodgwext.paylocity.com";
/// Paylocity's demo environment (API.md, "The calls").
const DEMO: &str = "https://dc1demogwext.paylocity.com";

/// Where updates go.
#[derive(Debug)]
pub(crate) enum Target {
    /// The API inside this process: nothing leaves the machine.
    BuiltInSandbox,
    /// A server.
    Server {
        /// How it is called on screens and in reports.
        name: String,
        /// What the API's paths are added to.
        base: Url,
        /// What its token is asked for with; `None` only where nothing is to be sent.
        credentials: Option<Credentials>,
    },
}

/// Whether credentials and scores may travel so that others can read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainHttp {
    /// Only within this machine.
    OnThisMachine,
    /// Anywhere: somebody has asked for it.
    Anywhere,
}

impl PlainHttp {
    /// Returns what follows from `--insecure-http`.
    pub(crate) const fn of(is_allowed: bool) -> Self {
        if is_allowed {
            Self::Anywhere
        } else {
            Self::OnThisMachine
        }
    }
}

/// One of Paylocity's environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paylocity {
    Production,
    Demo,
}

impl Target {
    /// Resolves the target that is named, or the one that is meant where none is.
    pub(crate) fn resolve(
        name: Option<&str>,
        purpose: Purpose,
        configured: Option<&Configured>,
        plain: PlainHttp,
    ) -> Result<Self, Error> {
        let name = match name.map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) => name,
            None if configured.is_none() => return Ok(Self::BuiltInSandbox),
            None => {
                let help = "pass --target demo, --target production or --target URL; --target sandbox tries it on this machine";
                return Err(Error::usage("there are credentials and no target", help));
            }
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
                let message = format!("the target `{name}` needs credentials");
                let help = format!(
                    "set {CLIENT_ID} and {CLIENT_SECRET}, or a profile with credentials; without a target the import is tried on this machine"
                );
                return Err(Error::usage(message, help));
            }
        };
        Ok(Self::Server {
            name: name.to_owned(),
            base,
            credentials,
        })
    }

    /// Tells whether updates to it reach people's records.
    pub(crate) fn is_production(&self) -> bool {
        self.environment() == Some(Paylocity::Production)
    }

    /// Tells whether it is one of Paylocity's own servers.
    pub(crate) fn is_paylocity(&self) -> bool {
        self.environment().is_some()
    }

    /// Returns which of Paylocity's environments it is, if it is one, whatever it is called.
    fn environment(&self) -> Option<Paylocity> {
        let Self::Server { base, .. } = self else {
            return None;
        };
        // A dot at the end of a name changes nothing.
        let host = base.host_str()?.trim_end_matches('.');
        let known = [(PRODUCTION, Paylocity::Production), (DEMO, Paylocity::Demo)];
        let found = known
            .into_iter()
            .find(|(url, _)| url.strip_prefix("https://") == Some(host));
        found.map(|(_, environment)| environment)
    }

    /// Tells whether others can read what is sent to it.
    pub(crate) fn is_exposed(&self) -> bool {
        matches!(self, Self::Server { base, .. } if base.scheme() == "http" && !is_loopback(base))
    }

    /// Returns what to look at first where the credentials are refused, if anything is known of that.
    pub(crate) fn hint_of_refusal(&self) -> Option<&'static str> {
        match self.environment()? {
            Paylocity::Production => Some(
                "credentials are for one environment: those for demo are refused by production",
            ),
            Paylocity::Demo => Some(
                "credentials are for one environment: those for production are refused by demo",
            ),
        }
    }

    /// Returns the name under which a ledger keeps its orders: the server itself, whatever it is called.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::BuiltInSandbox => "sandbox",
            Self::Server { base, .. } => base.as_str(),
        }
    }

    /// Returns how the target is called on screens and in reports.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::BuiltInSandbox => "sandbox",
            Self::Server { name, .. } => name,
        }
    }

    /// Returns what a reader must know first.
    pub(crate) fn notice(&self) -> Option<&'static str> {
        match self {
            Self::BuiltInSandbox => Some("the built-in sandbox: nothing left this machine"),
            Self::Server { .. } => None,
        }
    }
}

/// Reads the URL of a target.
///
/// # Errors
/// When it is none, would send the credentials in the clear, or holds more than a place.
pub(crate) fn base(text: &str, plain: PlainHttp) -> Result<Url, Error> {
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let Some(mut url) = Url::parse(text).ok().filter(is_web) else {
        let help = "use sandbox, demo, production, or a URL that begins with https://";
        return Err(Error::usage(format!("`{text}` is no target"), help));
    };
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        let help =
            "leave out user, password, query and fragment; credentials come from the environment";
        let message = "the target's URL holds more than a place";
        return Err(Error::usage(message, help));
    }
    if url.scheme() == "http" && !is_loopback(&url) && plain == PlainHttp::OnThisMachine {
        let help = "use https://; plain http is for servers on this machine, unless --insecure-http allows it";
        let message = format!("`{text}` would send the credentials in the clear");
        return Err(Error::usage(message, help));
    }
    // The same place has one name in the ledger and one pace.
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}
