//! HTTP/2, where a server over TLS offers it: one connection, the same pace, nothing told that should not be.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::http::{Method, Response, StatusCode, Version};
use h2::server::{Builder, SendResponse};
use rustls::ServerConfig;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use super::authority::{ANY, Authority, GOOD};
use super::raw::TOKEN;
use crate::harness::{Bench, SECRET, orders_csv};

/// What a server saw.
#[derive(Default)]
struct Seen {
    connections: usize,
    /// When each update arrived.
    updates: Vec<Instant>,
}

/// How many streams a server allows at a time, and how long it takes for an update.
type How = (u32, Duration);

/// A server of HTTP/2.
struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    runtime: Runtime,
}

impl Server {
    fn start(authority: &Authority, how: How) -> Self {
        let mut config = authority.identity("localhost", GOOD).config(ANY);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            runtime,
        };
        let seen = Arc::clone(&server.seen);
        server.runtime.spawn(accept(listener, config, seen, how));
        server
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }
}

async fn accept(listener: TcpListener, config: ServerConfig, seen: Arc<Mutex<Seen>>, how: How) {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        seen.lock().unwrap().connections += 1;
        tokio::spawn(serve(acceptor.clone(), stream, Arc::clone(&seen), how));
    }
}

async fn serve(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    seen: Arc<Mutex<Seen>>,
    (streams, latency): How,
) {
    let stream = acceptor.accept(stream).await.unwrap();
    let mut builder = Builder::new();
    let handshake = builder.max_concurrent_streams(streams).handshake(stream);
    let mut connection = handshake.await.unwrap();
    while let Some(Ok((request, respond))) = connection.accept().await {
        assert_eq!(request.version(), Version::HTTP_2);
        let is_update = request.method() == Method::PATCH;
        if is_update {
            seen.lock().unwrap().updates.push(Instant::now());
        }
        tokio::spawn(async move {
            if is_update {
                tokio::time::sleep(latency).await;
            }
            answer(respond, is_update);
        });
    }
}

fn answer(mut respond: SendResponse<axum::body::Bytes>, is_update: bool) {
    let mut response = Response::new(());
    if is_update {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    let body = respond.send_response(response, is_update).unwrap();
    if !is_update {
        let mut body = body;
        body.send_data(TOKEN.into(), true).unwrap();
    }
}

fn bench(authority: &Authority, orders: usize) -> Bench {
    let bench = Bench::new();
    bench.write("ca.pem", &authority.pem);
    bench.write("orders.csv", orders_csv(orders));
    bench
}

#[test]
fn all_orders_go_over_one_connection_and_no_log_holds_a_secret_or_a_score() {
    let authority = Authority::new();
    let bench = bench(&authority, 40);
    let server = Server::start(&authority, (100, Duration::from_millis(5)));
    let flags = [
        "orders.csv",
        "--ca-cert",
        "ca.pem",
        "--rate",
        "unlimited",
        "-vv",
    ];
    let ran = bench.import(&server.url(), &flags);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.connections, seen.updates.len()), (1, 40));
    assert!(ran.stderr.contains("h2::"), "{}", ran.stderr);
    for hidden in [SECRET, "t0ken-of-the-tests", "r.example"] {
        assert!(!ran.stderr.contains(hidden), "{hidden}: {}", ran.stderr);
    }
}

/// How many answers the pace has taken to tell of the way.
fn answers_that_count(bench: &Bench) -> usize {
    let state = std::fs::read_dir(bench.path("state/scoreload")).unwrap();
    let mut paths = state.map(|entry| entry.unwrap().path());
    let path = paths.find(|path| path.extension().is_some_and(|it| it == "state"));
    let text = std::fs::read_to_string(path.unwrap()).unwrap();
    let content: Value = serde_json::from_str(text.split_once('\n').unwrap().1).unwrap();
    content["uses"]["answers"].as_array().unwrap().len()
}

/// Beyond the streams that the server allows, requests wait within the client, after their turn: how long an answer took
/// then tells nothing of the way.
#[test]
fn a_server_of_few_streams_sees_no_more_requests_in_any_window_than_the_rate_allows() {
    let authority = Authority::new();
    let bench = bench(&authority, 40);
    let server = Server::start(&authority, (1, Duration::from_millis(30)));
    let flags = ["orders.csv", "--ca-cert", "ca.pem", "--rate", "20/s"];
    let ran = bench.import(&server.url(), &flags);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.connections, seen.updates.len()), (1, 40));
    for window in seen.updates.windows(21) {
        let took = window[20] - window[0];
        assert!(took >= Duration::from_secs(1), "{took:?}");
    }
    assert!(
        (1..30).contains(&answers_that_count(&bench)),
        "most waited for another"
    );
}

#[test]
fn the_time_to_answer_of_a_request_that_was_alone_tells_of_the_way_over_http2_too() {
    let authority = Authority::new();
    let bench = bench(&authority, 20);
    let server = Server::start(&authority, (1, Duration::ZERO));
    let flags = [
        "orders.csv",
        "--ca-cert",
        "ca.pem",
        "--rate",
        "100/s",
        "--concurrency",
        "1",
    ];
    let ran = bench.import(&server.url(), &flags);
    assert_eq!(
        (ran.code, answers_that_count(&bench)),
        (0, 20),
        "{}",
        ran.stderr
    );
}
