//! The live report of a running delivery, served on this machine under a secret path while the run lasts.
//!
//! The server has its own thread and never blocks the delivery, however slow or many the browsers are.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::delivery::Delivery;
use crate::report::html::LivePage;
use crate::report::model::{Report, Requests};

/// The shortest interval between two updates of a browser.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long the end of a run waits for browsers to receive its last state.
const FINAL_UPDATE_TIMEOUT: Duration = Duration::from_secs(1);

/// The server of the live report.
#[derive(Debug)]
pub(crate) struct Live {
    url: String,
    news: mpsc::UnboundedSender<News>,
    runtime: Runtime,
    stopping: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
}

/// Sends outcomes to the live report without waiting.
#[derive(Debug, Clone)]
pub(crate) struct Feed(mpsc::UnboundedSender<News>);

#[derive(Debug)]
enum News {
    Settled(Vec<(usize, Delivery)>, Requests, Duration),
    Finished(Box<Report>),
}

#[derive(Debug, Clone)]
struct Shared {
    page: Arc<Mutex<LivePage>>,
    /// The version of the page, and whether it is the last one.
    version: watch::Sender<(u64, bool)>,
    address: SocketAddr,
    secret: Arc<str>,
}

impl Live {
    /// Serves a page on an address of this machine; port 0 picks a free port.
    ///
    /// # Errors
    /// The address cannot be used, or the system has no random numbers for the path.
    pub(crate) fn start(address: SocketAddr, page: LivePage) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("live")
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let shared = Shared {
            version: watch::Sender::new((page.version(), false)),
            page: Arc::new(Mutex::new(page)),
            address: listener.local_addr()?,
            secret: secret()?.into(),
        };
        let url = format!("http://{}/{}/", shared.address, shared.secret);
        let (news, received) = mpsc::unbounded_channel();
        runtime.spawn(receive(shared.clone(), received));
        let routes = Router::new().fallback(answer).with_state(shared);
        let (stopping, stopped) = oneshot::channel();
        let serving = runtime.spawn(async {
            axum::serve(listener, routes)
                .with_graceful_shutdown(async {
                    // An error means that the sender is gone, which is also a reason to stop.
                    let _ = stopped.await;
                })
                .await
        });
        Ok(Self {
            url,
            news,
            runtime,
            stopping,
            serving,
        })
    }

    /// Returns the address of the page.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the sender of outcomes.
    pub(crate) fn feed(&self) -> Feed {
        Feed(self.news.clone())
    }

    /// Replaces the page by the finished report, and stops once all connected browsers have it or a timeout is over.
    pub(crate) fn finish(self, report: Report) {
        // An error means that the server has stopped.
        let _ = self.news.send(News::Finished(Box::new(report)));
        // An error means that the server has stopped.
        let _ = self.stopping.send(());
        let serving = self.serving;
        let _ = self
            .runtime
            .block_on(async { tokio::time::timeout(FINAL_UPDATE_TIMEOUT, serving).await });
        self.runtime.shutdown_background();
    }
}

impl Feed {
    /// Sends outcomes by the index of their order, the request counts, and the duration of the delivery.
    pub(crate) fn send(
        &self,
        settled: Vec<(usize, Delivery)>,
        requests: Requests,
        duration: Duration,
    ) {
        // An error means that the server has stopped.
        let _ = self.0.send(News::Settled(settled, requests, duration));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, LivePage> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, news: News) {
        let mut page = self.lock();
        match news {
            News::Settled(settled, requests, duration) => {
                for (order, delivery) in &settled {
                    page.settle(*order, delivery);
                }
                page.count(requests, duration.as_secs_f64());
            }
            News::Finished(report) => page.finish(*report),
        }
        self.version
            .send_replace((page.version(), page.is_finished()));
    }
}

/// Applies the news of the run until all senders are gone.
async fn receive(shared: Shared, mut received: mpsc::UnboundedReceiver<News>) {
    while let Some(news) = received.recv().await {
        shared.change(news);
    }
}

/// Returns 128 random bits from the system, in hexadecimal.
fn secret() -> io::Result<String> {
    let mut bytes = [0; 16];
    let provider = rustls::crypto::ring::default_provider();
    let drawn = provider.secure_random.fill(&mut bytes);
    drawn.map_err(|_| io::Error::other("the system has no random numbers"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Answers requests that have the secret path and this server's own host name. Other host names are refused, which
/// prevents DNS rebinding.
async fn answer(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let port = shared.address.port();
    let names = [shared.address.to_string(), format!("localhost:{port}")];
    if !host.is_some_and(|host| names.iter().any(|name| name.eq_ignore_ascii_case(host))) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    let path = uri.path().strip_prefix('/').unwrap_or_default();
    match path.strip_prefix(&*shared.secret) {
        Some("/" | "/events") if method != Method::GET => {
            StatusCode::METHOD_NOT_ALLOWED.into_response()
        }
        Some("/") => page(&shared),
        Some("/events") => events(shared, seen(&uri, &headers)),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn page(shared: &Shared) -> Response {
    let policy = LivePage::policy();
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy.as_str()),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let page = shared.lock().page();
    (headers, page).into_response()
}

/// Returns the version that a browser has: of its last event, else of its page.
fn seen(uri: &Uri, headers: &HeaderMap) -> u64 {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let of_page = uri.query().and_then(|query| query.strip_prefix("since="));
    last.or(of_page)
        .and_then(|version| version.parse().ok())
        .unwrap_or_default()
}

/// Streams changes, always to the newest state, until the page is the finished report. A slow browser skips states; the
/// stream ends when the browser disconnects.
fn events(shared: Shared, seen: u64) -> Response {
    let versions = shared.version.subscribe();
    let begin = Some((shared, versions, seen, Instant::now()));
    let stream = stream::unfold(begin, |state| async {
        let (shared, mut versions, seen, due) = state?;
        versions
            .wait_for(|(version, _)| *version > seen)
            .await
            .ok()?;
        // Waits for the end of the interval, unless the last version is there.
        let _ = timeout_at(due, versions.wait_for(|(_, is_last)| *is_last)).await;
        let (update, version, is_last) = {
            let page = shared.lock();
            (page.update_since(seen), page.version(), page.is_finished())
        };
        let event = Event::default().id(version.to_string()).data(update);
        let due = Instant::now() + INTERVAL;
        let rest = (!is_last).then_some((shared, versions, version, due));
        Some((Ok::<_, Infallible>(event), rest))
    });
    let stream = Sse::new(stream).keep_alive(KeepAlive::default());
    ([(CACHE_CONTROL, "no-store")], stream).into_response()
}
