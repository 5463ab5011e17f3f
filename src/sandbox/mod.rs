//! The API of API.md on this machine: what an import is tried and tested against.
//!
//! It answers over loopback as the vendor's pages say the remote one does, can be slow and unreliable on
//! purpose (`latency`, `fault`), and shows what it holds and what it was sent under `/sandbox/`. How its
//! command line is read is left to others.

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

/// How long [`Sandbox::stop`] waits for answers under way; a `slow` one is not worth more.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a sandbox is to behave.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How many updates it takes in how much time, before it answers 429.
    pub rate: Rate,
    /// How long requests and answers are under way.
    pub latency: Latency,
    /// What goes wrong on purpose, and how often.
    pub faults: Faults,
    /// Where tokens, latencies and faults are drawn from.
    pub seed: u64,
    /// How long a token is accepted.
    pub token_lifetime: Duration,
    /// The only credentials that are accepted; `None` accepts any that are not empty.
    pub credentials: Option<Credentials>,
}

impl Default for Settings {
    /// Gives a reliable sandbox with the limits and the token lifetime of API.md, on a free port.
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

/// A running sandbox; dropped, it stops accepting and lets answers under way finish.
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
    /// The address to listen on cannot be bound.
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

    /// Returns the address it listens on, with the port that it was given.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base of its URLs, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops accepting connections, and waits a moment for the answers under way.
    pub(crate) async fn stop(mut self) {
        // The server may have ended by itself; either way it is asked for nothing more.
        let _ = self.stopping.send(());
        if tokio::time::timeout(FAREWELL, &mut self.serving)
            .await
            .is_err()
        {
            self.serving.abort();
        }
    }
}
