//! Where imported files are moved.

/// Where a file is moved after an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// Everything in it was accepted.
    Done,
    /// Something in it was not accepted and needs a correction.
    Failed,
    /// A part is not sent yet: the file stays for the next run.
    Kept,
}

impl Disposition {
    /// Returns the name of the directory in the inbox, or `None` if the file stays.
    pub(crate) const fn directory(self) -> Option<&'static str> {
        match self {
            Self::Done => Some("done"),
            Self::Failed => Some("failed"),
            Self::Kept => None,
        }
    }
}
