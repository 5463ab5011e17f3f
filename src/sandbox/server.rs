//! The routes of the sandbox: each waits for its latency, lets `state` decide, and responds.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, Uri};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::Settings;
use super::connection::{Exchange, Line};
use super::state::Held;
use crate::sandbox::request::Arrival;
use crate::sandbox::response::Answer;

/// More than any update needs; keeps a faulty client from filling the memory.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

const TOKEN: &str = "/public/security/v1/token";
const UPDATE: &str =
    "/apiHub/performanceManagement/v1/companies/{company_id}/assessmentOrders/{order_id}";

#[derive(Clone)]
struct Shared(Arc<Mutex<Held>>);

impl Shared {
    /// Locks the state, briefly and never across an `await`.
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until it is stopped or the sandbox is dropped.
pub(crate) async fn serve(
    listener: TcpListener,
    settings: Settings,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let routes = routes(Shared(Arc::new(Mutex::new(Held::new(settings)))));
    let service = routes.into_make_service_with_connect_info::<Line>();
    axum::serve(Exchange(listener), service)
        .with_graceful_shutdown(async {
            // An error means that the sandbox was dropped, which also stops the server.
            let _ = stopped.await;
        })
        .await
}

fn routes(shared: Shared) -> Router {
    Router::new()
        .route(TOKEN, post(token))
        .route(UPDATE, patch(update))
        .route("/sandbox/orders", get(orders))
        .route("/sandbox/requests", get(requests))
        .fallback(async || Answer::not_found())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(shared)
}

async fn token(State(shared): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Answer {
    let journey = shared.lock().journey();
    pause(journey.inbound).await;
    let answer = granted(&shared, &headers, &body, uri.path());
    pause(journey.outbound).await;
    answer
}

async fn update(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    arrival: Arrival,
) -> Answer {
    let journey = shared.lock().journey();
    pause(journey.inbound).await;
    let answer = arrive(&shared, &arrival);
    pause(answer.delay + journey.outbound).await;
    if answer.status.is_none() {
        line.cut();
    }
    answer
}

fn granted(shared: &Shared, headers: &HeaderMap, body: &[u8], path: &str) -> Answer {
    let mut held = shared.lock();
    held.token(Instant::now(), headers, body, path)
}

/// The arrival time is taken under the lock, so that requests are logged and admitted in order of arrival.
fn arrive(shared: &Shared, arrival: &Arrival) -> Answer {
    let mut held = shared.lock();
    held.update(Instant::now(), arrival)
}

async fn orders(State(shared): State<Shared>) -> Json<Value> {
    let held = shared.lock();
    Json(json!(held.orders()))
}

async fn requests(State(shared): State<Shared>) -> Json<Value> {
    let held = shared.lock();
    Json(json!(held.requests()))
}

/// Even a zero sleep would wait for the timer's next tick.
async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}
