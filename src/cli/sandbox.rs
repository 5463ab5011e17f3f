//! What may be typed for `sandbox`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use super::{seconds, whole_number};
use crate::rate_limit::rate::Rate;
use crate::sandbox::{Faults, Latency};

pub(crate) const SANDBOX_EXAMPLES: &str = "\
Examples:
  scoreload sandbox
  scoreload sandbox --listen 127.0.0.1:8085 --latency 20ms..80ms --fault 'drop-after=2%,500=1%,429=5%'

Then, in another terminal:
  export SCORELOAD_CLIENT_ID=me SCORELOAD_CLIENT_SECRET=secret
  scoreload import scores.csv --target http://127.0.0.1:8085

It takes any credentials, unless SCORELOAD_CLIENT_ID and SCORELOAD_CLIENT_SECRET are set where it runs: then only
those. GET /sandbox/orders shows what it holds, GET /sandbox/requests what it was sent and when.";
/// `scoreload sandbox`
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8085", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// The most requests in any window of time; more are answered with 429
    #[arg(long, default_value_t = Rate::default())]
    pub(crate) rate: Rate,
    /// How long an update takes: 50ms, or 20ms..80ms for a random time between
    #[arg(long, default_value = "0ms")]
    pub(crate) latency: Latency,
    /// How often what goes wrong: a list such as drop-after=2%,500=1%,429=5%
    ///
    /// drop-before and drop-after close the connection without an answer, before and after the update is applied;
    /// 500-after answers 500 after applying it; 401 forgets the token; slow answers after half a minute; 429, 500,
    /// 502, 503, 504 and 403 are answered with nothing applied.
    #[arg(long, value_name = "FAULTS", default_value = "none")]
    pub(crate) fault: Faults,
    /// What the latency and the faults are drawn from: the same seed, the same draws
    #[arg(long, default_value_t = 7, value_parser = whole_number::<u64>)]
    pub(crate) seed: u64,
    /// How long a token is good for
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = seconds)]
    pub(crate) token_lifetime: Duration,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let words = "an address of this machine and a port are expected, such as 127.0.0.1:8085";
    text.parse().map_err(|_| words.to_owned())
}
