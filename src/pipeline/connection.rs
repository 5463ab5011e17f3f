//! The connection to a target: its client, and the built-in sandbox if that is the target.

use crate::config::error::ConfigError;
use crate::config::{self, PlainHttp, Target};
use crate::error::Error;
use crate::paylocity::client::Client;
use crate::paylocity::credentials::{Credentials, Secret};
use crate::sandbox::{self, Sandbox};

/// The latency of the built-in sandbox, like that of a server not far away.
const SANDBOX_LATENCY: &str = "20ms..80ms";

/// Creates the client of the target, and starts the built-in sandbox if that is the target.
pub(crate) async fn open(
    setup: &config::Delivery,
    run: &str,
) -> Result<(Client, Option<Sandbox>), Error> {
    let (base, credentials, sandbox) = match &setup.target {
        Target::Server {
            base,
            credentials: Some(credentials),
            ..
        } => (base.clone(), credentials.clone(), None),
        Target::Server {
            name,
            credentials: None,
            ..
        } => {
            let target = name.clone();
            return Err(ConfigError::MissingCredentials { target }.into());
        }
        Target::BuiltInSandbox => {
            let latency = SANDBOX_LATENCY.parse().unwrap_or_default();
            let settings = sandbox::Settings {
                latency,
                ..sandbox::Settings::default()
            };
            let not_started = |source| Error::System {
                action: "start the built-in sandbox",
                source,
            };
            let sandbox = Sandbox::start(settings).await.map_err(not_started)?;
            let base = config::base(&sandbox.url(), PlainHttp::OnThisMachine)?;
            let credentials = Credentials {
                client_id: "sandbox".into(),
                client_secret: Secret::new(run),
            };
            (base, credentials, Some(sandbox))
        }
    };
    let client = Client::new(setup.endpoint(base, credentials))
        .map_err(|reason| Error::HttpClient { reason })?;
    Ok((client, sandbox))
}
