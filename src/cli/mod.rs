//! The command line. What its values mean is for [`crate::config`] and the commands.

mod commands;
mod delivery;
pub(crate) mod error;
mod history;
mod input;
mod ledger;
mod parse;
mod plan;
mod sandbox;
mod screen;
mod settings;
mod source;
mod template;
mod value_enums;
mod values;

pub use self::commands::{Cli, Command};
pub(crate) use self::delivery::{DeliveryArgs, ImportArgs, ResultArgs};
pub(crate) use self::history::{HistoryArgs, ResolveArgs};
pub(crate) use self::input::{ColumnsArgs, ColumnsFormat, InputArgs, ValidateArgs};
pub(crate) use self::ledger::{
    ExportArgs, LedgerArgs, LedgerCommand, MergeArgs, PruneArgs, VerifyArgs,
};
pub use self::parse::parse;
pub(crate) use self::parse::{command, command_with, parse_with, settings};
pub(crate) use self::plan::{ApplyArgs, PlanArgs};
pub(crate) use self::sandbox::SandboxArgs;
pub(crate) use self::screen::{LogFormat, ProgressStyle, ScreenArgs};
pub(crate) use self::settings::ConfigArgs;
pub(crate) use self::source::SourceArgs;
pub(crate) use self::template::{ExplainArgs, TemplateArgs};
pub(crate) use self::values::Format;
