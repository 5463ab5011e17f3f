//! A local server that implements the API, for trials and tests.
//!
//! It behaves like the remote API as described in [`crate::paylocity`], can be slow and faulty on demand (`latency`,
//! `fault`), and shows its orders and the requests it received under `/sandbox/`.

mod check;
mod connection;
mod credentials;
mod fault;
mod latency;
mod merge;
mod orders;
mod request;
mod requests;
mod response;
mod schema;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod token;
mod violations;
mod windows;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) use self::fault::Faults;
pub(crate) use self::latency::Latency;
use crate::paylocity::credentials::Credentials;
use crate::rate_limit::rate::Rate;

/// How long [`Sandbox::stop`] waits for pending responses; a `slow` one is not waited for.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// The behaviour of a sandbox.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address to listen on; port 0 picks a free port.
    pub listen: SocketAddr,
    /// The rate limit; updates above it are answered with 429.
    pub rate: Rate,
    /// The latency of requests and responses.
    pub latency: Latency,
    /// The faults to inject, and how often.
    pub faults: Faults,
    /// The seed of tokens, latencies and faults.
    pub seed: u64,
    /// The lifetime of a token.
    pub token_lifetime: Duration,
    /// The only accepted credentials; `None` accepts any that are not empty.
    pub credentials: Option<Credentials>,
}

impl Default for Settings {
    /// Returns a reliable sandbox with the documented rate limit and token lifetime, on a free port.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            rate: Rate::default(),
            latency: Latency::default(),
            faults: Faults::default(),
            seed: 7,
            token_lifetime: Duration::from_hours(1),
            credentials: None,
        }
    }
}

/// A running sandbox. When dropped, it stops accepting connections and lets pending responses finish.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    stopping: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
}

impl Sandbox {
    /// Starts a sandbox on the current tokio runtime; it accepts connections once this returns.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let (stopping, stopped) = oneshot::channel();
        let serving = tokio::spawn(server::serve(listener, settings, stopped));
        Ok(Self {
            address,
            stopping,
            serving,
        })
    }

    /// Returns the address it listens on, with the actual port.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its base URL, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops accepting connections, and waits briefly for pending responses.
    pub(crate) async fn stop(mut self) {
        // The send fails if the server has already ended.
        let _ = self.stopping.send(());
        if tokio::time::timeout(STOP_TIMEOUT, &mut self.serving)
            .await
            .is_err()
        {
            self.serving.abort();
        }
    }
}
