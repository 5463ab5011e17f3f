//! `scoreload sandbox`: serves the API on this machine until it is interrupted.

use tokio::runtime::Runtime;

use crate::cli::SandboxArgs;
use crate::cli::error::CommandLineError;
use crate::config::credentials::ConfiguredCredentials;
use crate::config::environment::variable;
use crate::config::file::ConfigFile;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::pipeline::signals::Signals;
use crate::sandbox::{Sandbox, Settings};
use crate::ui::{self, Screen};

pub(crate) fn run(args: SandboxArgs, screen: Screen) -> Result<ExitCode, Error> {
    let configured = ConfiguredCredentials::find(&ConfigFile::default(), &variable)?;
    let credentials = configured.map(|configured| configured.read()).transpose()?;
    let settings = Settings {
        listen: args.listen,
        rate: args.rate,
        latency: args.latency,
        faults: args.fault,
        seed: args.seed,
        token_lifetime: args.token_lifetime,
        credentials,
    };
    let runtime = Runtime::new().map_err(|source| Error::System {
        action: "start the sandbox",
        source,
    })?;
    runtime.block_on(async {
        let cannot_listen = |source| CommandLineError::Listen {
            address: args.listen,
            flag: "--listen",
            source,
        };
        let sandbox = Sandbox::start(settings).await.map_err(cannot_listen)?;
        let mut signals = Signals::listen()?;
        ui::answer(|out| writeln!(out, "{}", sandbox.url()))?;
        screen.note(|out| {
            writeln!(
                out,
                "the sandbox is listening; see /sandbox/orders and /sandbox/requests"
            )
        });
        signals.next().await;
        sandbox.stop().await;
        Ok(ExitCode::Success)
    })
}
