//! Strict rate limits, shared by all processes that send to the same server with the same credentials.
//!
//! The server never sees more requests than the [`rate::Rate`] allows in any sliding window. The network delays each
//! request differently, so the time at which a request was sent does not bound when it arrives; the answer does. A
//! request therefore occupies its place in a window from when it gets its permit until one window after its answer,
//! minus the [`latency`] that the answers prove to be safe.
//!
//! Usage is kept in a [`state::WindowState`] outside the process: in a file next to the ledger, or in the team's
//! `PostgreSQL` database. It outlives the process, so a run that is killed and started again keeps within the rate.
//!
//! # Why this is not a crate
//!
//! Rate-limiting crates such as governor implement token buckets (GCRA). A bucket bounds the average and the burst but
//! not every window: at 3/s it grants 3 requests at once and refills one every 333 ms, so 5 requests pass within the
//! first second, and the API answers the fourth with 429. A bucket that cannot exceed the window, with a burst of 1,
//! cannot use the rate. They also count when a request leaves instead of when it arrives, and keep their state in
//! memory, where neither another process nor the next run sees it.
//!
//! # Structure
//!
//! - [`rate`]: the limits; [`window`]: when the next request may leave, a pure function of [`state`], [`throttle`] (what
//!   the server demanded) and [`latency`]
//! - [`limiter`]: the handle for workers; [`task`]: grants permits; [`permit`]: permits and the task's commands;
//!   [`gate`]: conditions that hold back requests that already have a permit
//! - [`store`]: where the state is kept: [`local_store`] in memory or a [`file_store`], [`postgres_store`] for teams

pub(crate) mod event;
mod file_store;
mod gate;
mod latency;
pub(crate) mod limiter;
mod local_store;
pub(crate) mod location;
pub(crate) mod permit;
mod postgres_store;
pub(crate) mod rate;
mod state;
pub(crate) mod store;
mod task;
#[cfg(test)]
mod tests;
mod throttle;
mod window;

pub(crate) use self::event::Event;
pub(crate) use self::limiter::RateLimiter;
pub(crate) use self::location::StateLocation;
pub(crate) use self::permit::Permit;
