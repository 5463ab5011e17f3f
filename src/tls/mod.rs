//! TLS client configuration: trusted certificate authorities, and explanations for untrusted servers.
//!
//! Trusted are the bundled roots, those of the machine (which include a company proxy's), and those of `--ca-cert`.

mod authorities;
mod untrusted;

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

pub(crate) use self::authorities::{Authorities, AuthoritiesError};
pub(crate) use self::untrusted::{UntrustedServer, untrusted_server};

/// The certificate authorities to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Only the bundled ones; reads nothing from the machine.
    Bundled,
    /// The bundled ones, those of the machine, and these.
    Machine(Authorities),
}

/// Returns the client configuration for TLS 1.2 or later.
///
/// # Errors
/// Returns a message if the cryptography provider supports no such version.
pub(crate) fn client(roots: &Roots) -> Result<ClientConfig, String> {
    let mut trusted = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Roots::Machine(more) = roots {
        trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        trusted.add_parsable_certificates(more.certificates());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("cannot initialise TLS: {error}"))?;
    Ok(builder
        .with_root_certificates(trusted)
        .with_no_client_auth())
}
