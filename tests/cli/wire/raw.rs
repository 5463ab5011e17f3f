//! A server that writes the bytes a test provides, and ends the connection as the test requires.

use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::server::read_message;

/// A request, and how often it has arrived.
pub(super) struct Request {
    pub(super) is_token: bool,
    /// The order's number in `orders_csv`.
    pub(super) order: usize,
    /// Starts at 1.
    pub(super) attempt: usize,
}

/// What to do with the connection after an answer.
pub(super) enum Then {
    GoOn,
    Close,
    /// The client gets an error instead of the end of the stream.
    Reset,
}

/// How requests are answered.
pub(super) trait Conduct:
    Fn(&Request, &mut TcpStream) -> io::Result<Then> + Send + Sync + 'static
{
}

impl<F: Fn(&Request, &mut TcpStream) -> io::Result<Then> + Send + Sync + 'static> Conduct for F {}

pub(super) const TOKEN: &str =
    r#"{"access_token":"t0ken-of-the-tests","token_type":"Bearer","expires_in":3600}"#;

pub(super) const DONE: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// Returns a response with `Content-Length`.
pub(super) fn with_length(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub(super) struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    seen: Arc<Mutex<HashMap<Option<usize>, usize>>>,
}

impl Server {
    /// Starts a server that issues valid tokens.
    pub(super) fn start(conduct: impl Conduct) -> Self {
        Self::with_tokens(move |request, stream| {
            if request.is_token {
                stream.write_all(&with_length("200 OK", TOKEN.as_bytes()))?;
                return Ok(Then::GoOn);
            }
            conduct(request, stream)
        })
    }

    /// Starts a server whose token responses are up to the test.
    pub(super) fn with_tokens(conduct: impl Conduct) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            seen: Arc::default(),
        };
        let (connections, seen) = (Arc::clone(&server.connections), Arc::clone(&server.seen));
        let conduct = Arc::new(conduct);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                connections.fetch_add(1, Ordering::Relaxed);
                let (conduct, seen) = (Arc::clone(&conduct), Arc::clone(&seen));
                // Whatever goes wrong with a connection ends it.
                std::thread::spawn(move || serve(stream.unwrap(), &*conduct, &seen));
            }
        });
        server
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns how often the update of an order arrived, or token requests for `None`.
    pub(super) fn count(&self, order: Option<usize>) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.get(&order).copied().unwrap_or_default()
    }
}

fn serve(
    stream: TcpStream,
    conduct: &impl Conduct,
    seen: &Mutex<HashMap<Option<usize>, usize>>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // The client has closed the connection.
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    let mut reader = BufReader::new(stream);
    while let Some(text) = read_message(&mut reader) {
        let order = order_of(&text);
        let attempt = {
            let mut seen = seen.lock().unwrap();
            let count = seen.entry(order).or_default();
            *count += 1;
            *count
        };
        let request = Request {
            is_token: order.is_none(),
            order: order.unwrap_or_default(),
            attempt,
        };
        match conduct(&request, reader.get_mut())? {
            Then::GoOn => {}
            Then::Close => return Ok(()),
            Then::Reset => {
                let socket = socket2::SockRef::from(reader.get_ref());
                return socket.set_linger(Some(Duration::ZERO));
            }
        }
    }
    Ok(())
}

fn order_of(request: &str) -> Option<usize> {
    let (_, rest) = request.split_once("/assessmentOrders/ORD-")?;
    rest.split_once(' ')?.0.parse().ok()
}
