//! Whom TLS trusts: the roots that come along, and those of the machine, such as those of a company's proxy.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// Which certificates are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roots {
    /// Those that come along alone: nothing needs to be read.
    Bundled,
    /// Those of the machine too.
    OfMachine,
}

/// Makes the client's side of TLS.
///
/// # Errors
/// When there is no TLS to be had.
pub fn client(roots: Roots) -> Result<ClientConfig, String> {
    let mut trusted = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if roots == Roots::OfMachine {
        trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("no TLS: {error}"))?;
    Ok(builder
        .with_root_certificates(trusted)
        .with_no_client_auth())
}
