//! Checks of the server: reachability, TLS, clock and token.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;

use super::Check;
use crate::config::{Delivery, Target};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::paylocity::auth::{Probe, TokenResponse};
use crate::pipeline::connection;
use crate::tls::UntrustedServer;

/// The greatest difference of the clocks. A greater one makes timestamps lie in the future and certificates invalid.
const MAX_CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_secs(60);

/// Checks the server, unless it is the built-in sandbox.
pub(crate) fn check(setup: &Delivery) -> Result<Vec<Check>, Error> {
    let Target::Server { base, .. } = &setup.target else {
        return Ok(Vec::new());
    };
    let runtime = Runtime::new().map_err(|source| Error::System {
        action: "ask the server",
        source,
    })?;
    let asked = runtime.block_on(async {
        let (client, _) = connection::open(setup, "doctor").await?;
        Ok::<_, Error>((client.probe(setup.policy.timeout).await, Timestamp::now()))
    });
    runtime.shutdown_timeout(Duration::ZERO);
    let (probe, now) = match asked {
        Ok(asked) => asked,
        Err(error) => return Ok(vec![Check::of_error("reachability", &error)]),
    };
    let host = base.host_str().unwrap_or_default();
    let is_encrypted = base.scheme() == "https";
    Ok(match probe {
        Probe::Unreachable(words) => vec![unreachable(host, &words)],
        Probe::Untrusted(server) => vec![
            Check::ok("reachability", format!("{host} can be reached")),
            untrusted(host, &server),
        ],
        Probe::Answered { date, token } => vec![
            Check::ok("reachability", format!("{host} answers")),
            trusted(setup, is_encrypted),
            clock(date, now),
            self::token(token, &setup.target),
        ],
    })
}

fn unreachable(host: &str, words: &str) -> Check {
    Check::fail(
        ("reachability", ExitCode::Unreachable),
        format!("cannot reach {host}: {words}"),
        "check the host name, the firewall and the proxy (HTTPS_PROXY)",
    )
}

fn untrusted(host: &str, server: &UntrustedServer) -> Check {
    Check::fail(
        ("tls", ExitCode::Unreachable),
        format!(
            "the connection to {host} cannot be trusted: {}",
            server.message
        ),
        server.help,
    )
}

fn trusted(setup: &Delivery, is_encrypted: bool) -> Check {
    if let Some(words) = setup.exposure_notice() {
        return Check::warn("tls", words, "use the server's https:// address");
    }
    let words = if is_encrypted {
        "the connection is encrypted and the certificate is valid"
    } else {
        "not used and not needed: the server is on this machine"
    };
    Check::ok("tls", words)
}

fn clock(date: Option<Timestamp>, now: Timestamp) -> Check {
    let Some(date) = date else {
        return Check::warn(
            "clock",
            "the server's responses have no date",
            "check this machine's clock",
        );
    };
    let ahead = now.duration_since(date);
    if ahead.abs() <= MAX_CLOCK_DIFFERENCE {
        return Check::ok("clock", "agrees with the server's clock");
    }
    let direction = if ahead.is_positive() {
        "ahead of"
    } else {
        "behind"
    };
    let seconds = ahead.abs().as_secs();
    Check::warn(
        "clock",
        format!("this machine's clock is {seconds} s {direction} the server's"),
        "set the clock, best by NTP: it decides which timestamps are in the future, and how long to wait until a date",
    )
}

fn token(token: TokenResponse, target: &Target) -> Check {
    match token {
        TokenResponse::Issued { .. } => Check::ok("token", "the server accepts the credentials"),
        TokenResponse::Refused(words) => {
            let help = target.hint_of_refusal();
            Check::fail(
                ("token", ExitCode::Refused),
                format!("the server refuses the credentials: {words}"),
                help.unwrap_or("check that the id and the secret are for this server"),
            )
        }
        TokenResponse::NoEndpoint(words) => Check::fail(
            ("token", ExitCode::Unreachable),
            words,
            "ask the operator of the server for the target's URL; no order can be delivered to this one",
        ),
        TokenResponse::Failed { message: words, .. } => Check::fail(
            ("token", ExitCode::Unreachable),
            format!("cannot get a token: {words}"),
            "try again later; if this persists, contact the operator of the server",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Status;

    #[test]
    fn a_wrong_clock_is_reported_with_its_direction() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let noon = at("2026-03-04T12:00:00Z");
        assert_eq!(
            clock(Some(at("2026-03-04T12:00:59Z")), noon).status,
            Status::Ok
        );
        let fast = clock(Some(at("2026-03-04T11:00:00Z")), noon);
        assert_eq!(fast.status, Status::Warn);
        assert_eq!(
            fast.message,
            "this machine's clock is 3600 s ahead of the server's"
        );
        let slow = clock(Some(at("2026-03-04T12:02:00Z")), noon);
        assert_eq!(
            slow.message,
            "this machine's clock is 120 s behind the server's"
        );
        assert_eq!(clock(None, noon).status, Status::Warn);
    }
}
