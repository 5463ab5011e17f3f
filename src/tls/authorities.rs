//! Authorities that the user names: the certificates of a PEM file, each looked at before it is relied on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Authorities that are trusted beside all others. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Authorities(Arc<[CertificateDer<'static>]>);

/// What is wrong with a file of certificates.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It cannot be read; what the system says.
    #[error("the certificates `{}` cannot be read: {words}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        words: String,
    },
    /// There is none in it.
    #[error("`{}` holds no certificate in PEM", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// One of them is none.
    #[error("certificate `{number}` of `{}` is damaged: {words}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        words: String,
    },
}

impl Flaw {
    /// Returns the way out.
    pub(crate) const fn help(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "check the path, and that you may read the file",
            Self::Empty { .. } => {
                "each certificate begins with -----BEGIN CERTIFICATE-----; \
                 `openssl x509 -inform DER -in FILE` makes that of a binary one"
            }
            Self::Damaged { .. } => "take the certificate from its source again, whole",
        }
    }
}

impl Authorities {
    /// Reads the certificates of a PEM file, one or several; what else stands in it is passed over.
    ///
    /// # Errors
    /// When the file cannot be read, holds no certificate, or one that is damaged.
    pub(crate) fn read(path: &Path) -> Result<Self, Flaw> {
        let pem = std::fs::read(path).map_err(|error| Flaw::Unreadable {
            path: path.to_owned(),
            words: error.to_string(),
        })?;
        let mut certificates = Vec::new();
        for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(&pem)) {
            let damaged = |words: String| Flaw::Damaged {
                path: path.to_owned(),
                number,
                words,
            };
            let certificate = certificate.map_err(|error| damaged(error.to_string()))?;
            let looked_at = RootCertStore::empty().add(certificate.clone());
            looked_at.map_err(|error| damaged(error.to_string()))?;
            certificates.push(certificate);
        }
        if certificates.is_empty() {
            let path = path.to_owned();
            return Err(Flaw::Empty { path });
        }
        Ok(Self(certificates.into()))
    }

    /// Returns the certificates.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = CertificateDer<'static>> {
        self.0.iter().cloned()
    }
}
