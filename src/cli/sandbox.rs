//! The arguments of `sandbox`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use super::values::{seconds, whole_number};
use crate::rate_limit::rate::Rate;
use crate::sandbox::{Faults, Latency};

pub(super) const SANDBOX_EXAMPLES: &str = "\
Examples:
  scoreload sandbox
  scoreload sandbox --listen 127.0.0.1:8085 --latency 20ms..80ms --fault 'drop-after=2%,500=1%,429=5%'

Then, in another terminal:
  export SCORELOAD_CLIENT_ID=me SCORELOAD_CLIENT_SECRET=secret
  scoreload import scores.csv --target http://127.0.0.1:8085

It accepts any credentials, or only SCORELOAD_CLIENT_ID and SCORELOAD_CLIENT_SECRET if they are set in its environment.
GET /sandbox/orders returns the stored orders, GET /sandbox/requests the received requests and their times.";

/// `scoreload sandbox`
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Listen on this address and port; port 0 means any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8085", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Answer requests above this rate with 429
    #[arg(long, default_value_t = Rate::default())]
    pub(crate) rate: Rate,
    /// Delay each update by this long, or by a random time in a range: 50ms or 20ms..80ms
    #[arg(long, default_value = "0ms")]
    pub(crate) latency: Latency,
    /// Inject faults at these rates, such as drop-after=2%,500=1%,429=5%
    ///
    /// drop-before and drop-after close the connection without a response, before and after the update is applied;
    /// 500-after responds with 500 after applying the update; 401 revokes the token; slow responds after half a minute;
    /// 403, 429, 500, 502, 503 and 504 respond with that status and apply nothing.
    #[arg(long, value_name = "FAULTS", default_value = "none")]
    pub(crate) fault: Faults,
    /// Seed of the random latency and faults; the same seed gives the same sequence
    #[arg(long, default_value_t = 7, value_parser = whole_number::<u64>)]
    pub(crate) seed: u64,
    /// Let tokens expire after this long
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = seconds)]
    pub(crate) token_lifetime: Duration,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse();
    address.map_err(|_| "expected an IP address and a port, such as 127.0.0.1:8085".to_owned())
}
