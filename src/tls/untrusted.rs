//! Explains failed TLS handshakes: why the server is not trusted, and the remedy.

use std::error::Error as StdError;
use std::io;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

/// Names of a certificate to show; a content network's certificate may have hundreds.
const MAX_NAMES: usize = 3;

/// Why a server is not trusted, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UntrustedServer {
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

const CLOCK: &str =
    "check this machine's clock; if it is right, the server needs a new certificate";
const AUTHORITY: &str = "pass the certificate of the gateway's or company proxy's authority with --ca-cert FILE; \
     if there is no such gateway or proxy, someone may be impersonating the server";
const NAME: &str = "check the host in the target's URL";
const NO_TLS: &str = "check the target's URL and port; the server there does not seem to use HTTPS";
const OLD: &str = "the server must support TLS 1.2 or later";
const REPLACE: &str = "ask the server's operator to replace the certificate";

/// Returns why a server is not trusted, if an error of rustls is among the sources of `error`.
pub(crate) fn untrusted_server(error: &(dyn StdError + 'static)) -> Option<UntrustedServer> {
    rustls_error(error)
        .map(explain_handshake)
        .or_else(|| untrusted_server(error.source()?))
}

/// Downcasts to an error of rustls, which may be wrapped in an I/O error.
fn rustls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    let wrapper = error.downcast_ref::<io::Error>();
    match wrapper.and_then(io::Error::get_ref) {
        Some(inner) => rustls_error(inner),
        None => error.downcast_ref(),
    }
}

fn explain_handshake(error: &Error) -> UntrustedServer {
    let (message, help) = match error {
        Error::InvalidCertificate(error) => explain_certificate(error),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )
        | Error::AlertReceived(AlertDescription::ProtocolVersion) => (
            "the server supports neither TLS 1.2 nor a later version".to_owned(),
            OLD,
        ),
        Error::InvalidMessage(_) => ("the server does not use TLS".to_owned(), NO_TLS),
        other => (format!("the TLS handshake failed: {other}"), NO_TLS),
    };
    UntrustedServer { message, help }
}

fn explain_certificate(error: &CertificateError) -> (String, &'static str) {
    match error {
        // BadSignature: an authority of the same name is trusted, but did not sign.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            let message = "the server's certificate is not signed by a trusted authority";
            (message.to_owned(), AUTHORITY)
        }
        CertificateError::Expired => ("the server's certificate has expired".to_owned(), CLOCK),
        CertificateError::ExpiredContext { not_after, .. } => {
            let message = format!("the server's certificate expired on {}", day(*not_after));
            (message, CLOCK)
        }
        CertificateError::NotValidYet => (
            "the server's certificate is not valid yet".to_owned(),
            CLOCK,
        ),
        CertificateError::NotValidYetContext { not_before, .. } => {
            let message = format!(
                "the server's certificate is not valid before {}",
                day(*not_before)
            );
            (message, CLOCK)
        }
        CertificateError::NotValidForName => (
            "the server's certificate is for another name".to_owned(),
            NAME,
        ),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => (
            format!(
                "the server's certificate is for {}, not for `{}`",
                names(presented),
                expected.to_str()
            ),
            NAME,
        ),
        CertificateError::Revoked => ("the server's certificate was revoked".to_owned(), REPLACE),
        other => (
            format!("the server's certificate is invalid: {other}"),
            REPLACE,
        ),
    }
}

fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).map_or_else(
        |_| "a day out of range".to_owned(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}

/// Formats the names of a certificate. rustls gives them in debug format: `DnsName("api.example")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest);
        let inner = inner.trim_end_matches(')').trim_matches('"');
        format!("`{inner}`")
    };
    let shown: Vec<String> = presented.iter().take(MAX_NAMES).map(bare).collect();
    match presented.len().checked_sub(MAX_NAMES) {
        None | Some(0) if shown.is_empty() => "no name at all".to_owned(),
        None | Some(0) => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;

    use super::*;

    fn message(error: CertificateError) -> String {
        explain_handshake(&Error::InvalidCertificate(error)).message
    }

    #[test]
    fn a_message_names_the_day_or_the_names_of_the_certificate() {
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let expired = CertificateError::ExpiredContext {
            time: at(1_800_000_000),
            not_after: at(1_577_836_800),
        };
        assert_eq!(
            message(expired),
            "the server's certificate expired on 2020-01-01"
        );
        let early = CertificateError::NotValidYetContext {
            time: at(0),
            not_before: at(u64::MAX),
        };
        assert!(message(early).ends_with("a day out of range"));
        let other = |presented: &[&str]| {
            message(CertificateError::NotValidForNameContext {
                expected: ServerName::try_from("api.example").unwrap(),
                presented: presented.iter().map(ToString::to_string).collect(),
            })
        };
        let expected =
            |names: &str| format!("the server's certificate is for {names}, not for `api.example`");
        let (a, b) = ("DnsName(\"a.example\")", "IpAddress(10.0.0.1)");
        assert_eq!(other(&[]), expected("no name at all"));
        assert_eq!(other(&[a, b]), expected("`a.example`, `10.0.0.1`"));
        assert_eq!(
            other(&[a, a, a, a, a]),
            expected("`a.example`, `a.example`, `a.example` and 2 more")
        );
    }
}
