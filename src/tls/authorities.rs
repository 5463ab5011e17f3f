//! Certificate authorities from a PEM file. Each certificate is parsed when the file is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Certificate authorities to trust in addition to the usual ones. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Authorities(Arc<[CertificateDer<'static>]>);

/// Why a certificate file cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthoritiesError {
    /// It cannot be read.
    #[error("cannot read the certificates in `{}`: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's message.
        message: String,
    },
    /// It contains no certificate.
    #[error("`{}` contains no PEM certificate", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// One of the certificates cannot be parsed.
    #[error("certificate `{number}` of `{}` is damaged: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Position in the file, starting at 1.
        number: usize,
        /// The parser's message.
        message: String,
    },
}

impl AuthoritiesError {
    /// Returns a remedy.
    pub(crate) const fn help(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "check the path and your permission to read the file",
            Self::Empty { .. } => {
                "PEM certificates begin with -----BEGIN CERTIFICATE-----; convert a binary one with \
                 `openssl x509 -inform DER -in FILE`"
            }
            Self::Damaged { .. } => "obtain the certificate from its source again",
        }
    }
}

impl Authorities {
    /// Reads all certificates of a PEM file and ignores its other contents.
    pub(crate) fn read(path: &Path) -> Result<Self, AuthoritiesError> {
        let pem = std::fs::read(path).map_err(|error| AuthoritiesError::Unreadable {
            path: path.to_owned(),
            message: error.to_string(),
        })?;
        let mut certificates = Vec::new();
        for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(&pem)) {
            let damaged = |message: String| AuthoritiesError::Damaged {
                path: path.to_owned(),
                number,
                message,
            };
            let certificate = certificate.map_err(|error| damaged(error.to_string()))?;
            let parsed = RootCertStore::empty().add(certificate.clone());
            parsed.map_err(|error| damaged(error.to_string()))?;
            certificates.push(certificate);
        }
        if certificates.is_empty() {
            let path = path.to_owned();
            return Err(AuthoritiesError::Empty { path });
        }
        Ok(Self(certificates.into()))
    }

    /// Returns the certificates.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = CertificateDer<'static>> {
        self.0.iter().cloned()
    }
}
