//! Whom TLS trusts: the roots that come along, those of the machine, such as those of a company's proxy, and those that
//! the user names; and why a server is not trusted.

mod authorities;
mod distrust;

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

pub(crate) use self::authorities::{Authorities, Flaw};
pub(crate) use self::distrust::{Distrust, distrust};

/// Which certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those that come along alone: nothing needs to be read.
    Bundled,
    /// Those of the machine too, and these.
    OfMachine(Authorities),
}

/// Makes the client's side of TLS, 1.2 or later.
///
/// # Errors
/// When there is no TLS to be had.
pub(crate) fn client(roots: &Roots) -> Result<ClientConfig, String> {
    let mut trusted = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Roots::OfMachine(more) = roots {
        trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        trusted.add_parsable_certificates(more.certificates());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("no TLS: {error}"))?;
    Ok(builder
        .with_root_certificates(trusted)
        .with_no_client_auth())
}
