//! Why a server is not trusted, in the words of whoever has to do something about it.

use std::error::Error as StdError;
use std::io;

use jiff::Timestamp;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

/// The names of a certificate that are told; one for a content network may have hundreds.
const MOST_NAMES: usize = 3;

/// Why a server is not trusted, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Distrust {
    /// What is wrong.
    pub(crate) words: String,
    /// What to do.
    pub(crate) help: &'static str,
}

const CLOCK: &str =
    "see whether this machine's clock is right; if it is, the server needs another certificate";
const AUTHORITY: &str = "name the certificate of the authority with --ca-cert FILE: that of the gateway, or of a company's proxy; \
     if neither is known, somebody else may be answering";
const NAME: &str = "see whether the host in the target's URL is the one that is meant";
const NO_TLS: &str = "see whether the target's URL is right, its port too: something else than HTTPS seems to answer there";
const OLD: &str = "the server has to speak TLS 1.2 or later";
const REPLACE: &str = "the server needs another certificate: tell whoever runs it";

/// Says why a server is not trusted, where an error is about that: rustls says so, several sources down.
pub(crate) fn distrust(error: &(dyn StdError + 'static)) -> Option<Distrust> {
    of_rustls(error)
        .map(of_handshake)
        .or_else(|| distrust(error.source()?))
}

/// Returns the error of rustls that an error is, or that one of the system's holds.
fn of_rustls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    let held = error.downcast_ref::<io::Error>();
    match held.and_then(io::Error::get_ref) {
        Some(held) => of_rustls(held),
        None => error.downcast_ref(),
    }
}

fn of_handshake(error: &Error) -> Distrust {
    let (words, help) = match error {
        Error::InvalidCertificate(flaw) => of_certificate(flaw),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )
        | Error::AlertReceived(AlertDescription::ProtocolVersion) => (
            "the server speaks neither TLS 1.2 nor a later version".to_owned(),
            OLD,
        ),
        Error::InvalidMessage(_) => ("what answers does not speak TLS".to_owned(), NO_TLS),
        other => (format!("TLS failed: {other}"), NO_TLS),
    };
    Distrust { words, help }
}

fn of_certificate(flaw: &CertificateError) -> (String, &'static str) {
    match flaw {
        // An authority of that name is trusted, and another one signed.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            let words = "the server's certificate is signed by nobody whom this machine trusts";
            (words.to_owned(), AUTHORITY)
        }
        CertificateError::Expired => ("the server's certificate has expired".to_owned(), CLOCK),
        CertificateError::ExpiredContext { not_after, .. } => {
            let words = format!("the server's certificate expired on {}", day(*not_after));
            (words, CLOCK)
        }
        CertificateError::NotValidYet => (
            "the server's certificate is not valid yet".to_owned(),
            CLOCK,
        ),
        CertificateError::NotValidYetContext { not_before, .. } => {
            let words = format!(
                "the server's certificate is not valid before {}",
                day(*not_before)
            );
            (words, CLOCK)
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
                "the server's certificate is for {}, and not for `{}`",
                names(presented),
                name_of(expected)
            ),
            NAME,
        ),
        CertificateError::Revoked => ("the server's certificate was revoked".to_owned(), REPLACE),
        other => (
            format!("the server's certificate is not good: {other}"),
            REPLACE,
        ),
    }
}

fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).map_or_else(
        |_| "a day beyond all calendars".to_owned(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}

fn name_of(name: &ServerName<'_>) -> String {
    name.to_str().into_owned()
}

/// Returns the names of a certificate, which rustls tells as it does in its tests: `DnsName("api.example")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest);
        let inner = inner.trim_end_matches(')').trim_matches('"');
        format!("`{inner}`")
    };
    let told: Vec<String> = presented.iter().take(MOST_NAMES).map(bare).collect();
    match presented.len().checked_sub(MOST_NAMES) {
        None | Some(0) if told.is_empty() => "no name at all".to_owned(),
        None | Some(0) => told.join(", "),
        Some(more) => format!("{} and {more} more", told.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(error: CertificateError) -> String {
        of_handshake(&Error::InvalidCertificate(error)).words
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_said_with_its_day_and_names() {
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let expired = CertificateError::ExpiredContext {
            time: at(1_800_000_000),
            not_after: at(1_577_836_800),
        };
        assert_eq!(
            words(expired),
            "the server's certificate expired on 2020-01-01"
        );
        let early = CertificateError::NotValidYetContext {
            time: at(0),
            not_before: at(u64::MAX),
        };
        assert!(words(early).ends_with("a day beyond all calendars"));
        let other = |presented: &[&str]| {
            words(CertificateError::NotValidForNameContext {
                expected: ServerName::try_from("api.example").unwrap(),
                presented: presented.iter().map(ToString::to_string).collect(),
            })
        };
        let told = |names: &str| {
            format!("the server's certificate is for {names}, and not for `api.example`")
        };
        let (a, b) = ("DnsName(\"a.example\")", "IpAddress(10.0.0.1)");
        assert_eq!(other(&[]), told("no name at all"));
        assert_eq!(other(&[a, b]), told("`a.example`, `10.0.0.1`"));
        assert_eq!(
            other(&[a, a, a, a, a]),
            told("`a.example`, `a.example`, `a.example` and 2 more")
        );
    }
}
