//! Errors of plan files and of applying them.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

/// A plan that cannot be read, or that must not be applied.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file cannot be read.
    #[error("cannot read the plan `{}`: {}", path.display(), crate::text::reason(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is not a plan.
    #[error("`{}` is not a plan: {source}", path.display())]
    NotAPlan {
        /// The file.
        path: PathBuf,
        /// The syntax error.
        source: serde_json::Error,
    },
    /// The plan has a format that this version does not know.
    #[error("`{}` has the format `{found}`, and this version reads `{known}`", path.display())]
    UnknownSchema {
        /// The file.
        path: PathBuf,
        /// The plan's format.
        found: String,
        /// The format of this version.
        known: &'static str,
    },
    /// The plan has a property that `scoreload plan` does not write, or lacks one.
    #[error("`{}` was edited: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The first difference.
        source: serde_json::Error,
    },
    /// The plan's checksum does not match its content.
    #[error("`{}` was edited: its checksum does not match", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
    },
    /// An input has changed since the plan was made.
    #[error("`{path}` has changed since the plan was made")]
    InputChanged {
        /// The input.
        path: String,
    },
    /// An input cannot be read any more.
    #[error("`{path}` can no longer be read: {}", crate::text::reason(source))]
    InputUnreadable {
        /// The input.
        path: String,
        /// The system's error.
        source: io::Error,
    },
    /// A flag or setting differs from the plan's.
    #[error("the plan was made with {option} `{planned}`, but `{requested}` was requested")]
    OptionDiffers {
        /// The flag or setting.
        option: &'static str,
        /// Its value in the plan.
        planned: String,
        /// Its value now.
        requested: String,
    },
    /// The plan was applied to its end.
    #[error(
        "the plan `{plan}` was already applied by run `{run}` at {}",
        finished_at.strftime("%Y-%m-%d %H:%M:%SZ")
    )]
    AlreadyApplied {
        /// The plan's id.
        plan: String,
        /// The run that applied it.
        run: String,
        /// When that run ended.
        finished_at: Timestamp,
    },
    /// An order was delivered by another run since the plan was made.
    #[error(
        "the plan is stale: order `{order_id}` of company `{company_id}` was delivered{} since the plan was made{}",
        by_run(run.as_deref()),
        and_more(*more)
    )]
    Stale {
        /// The company of the first such order.
        company_id: String,
        /// The first such order.
        order_id: String,
        /// The run that delivered it, if the ledger knows it.
        run: Option<String>,
        /// The number of further orders.
        more: usize,
    },
    /// This version plans another body than the one in the plan.
    #[error("this version would send a different body for order `{order_id}` than the plan has")]
    BodyDiffers {
        /// The order.
        order_id: String,
    },
}

impl PlanError {
    /// Returns the remedy.
    pub(crate) fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Read { .. } | Self::NotAPlan { .. } => {
                "make one with `scoreload plan INPUT -o PLAN.json`".into()
            }
            Self::UnknownSchema { .. } | Self::BodyDiffers { .. } => {
                "make the plan again with this version of Scoreload".into()
            }
            Self::Malformed { .. } | Self::Checksum { .. } => {
                "an edited plan is never delivered: change the inputs and make the plan again"
                    .into()
            }
            Self::InputChanged { .. } | Self::InputUnreadable { .. } => {
                "make the plan again; run apply in the directory where the plan was made".into()
            }
            Self::OptionDiffers { .. } => {
                "leave it out, or make another plan with this value".into()
            }
            Self::AlreadyApplied { run, .. } => format!(
                "`scoreload history {run}` lists what it delivered; make a new plan to see what is left"
            )
            .into(),
            Self::Stale { .. } => "make the plan again".into(),
        }
    }
}

fn by_run(run: Option<&str>) -> String {
    run.map_or_else(String::new, |run| format!(" by run `{run}`"))
}

fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        1 => "; 1 more order too".to_owned(),
        more => format!("; {more} more orders too"),
    }
}
