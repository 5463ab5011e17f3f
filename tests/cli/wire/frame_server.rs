//! A server of HTTP/2 that writes whatever frames a test says.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::authority::{ANY, Authority, GOOD, listen};
use super::raw::TOKEN;

type Connection = StreamOwned<ServerConnection, TcpStream>;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RESET: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GO_AWAY: u8 = 7;
pub(super) const WINDOW: u8 = 8;
pub(super) const MORE: u8 = 9;

pub(super) const END: u8 = 1;
pub(super) const WHOLE: u8 = 4;

/// Heads, as RFC 7541 writes them.
pub(super) const OK_200: &[u8] = &[0x88];
pub(super) const OK_204: &[u8] = &[0x89];

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(super) fn done(stream: u32) -> Vec<u8> {
    frame(HEADERS, WHOLE | END, stream, OK_204)
}

/// What becomes of the connection after these bytes.
#[derive(Clone, Copy)]
pub(super) enum Then {
    GoOn,
    Close,
    /// Nothing is read or written any more, until the other side gives up.
    Mute,
    /// These frames again and again.
    Flood(fn(u32) -> Vec<u8>),
}

/// How often each order has arrived.
pub(super) type Attempts = Arc<Mutex<HashMap<usize, usize>>>;

/// Starts a server that answers the first sending of each order so, and takes all others; returns its address, and
/// how often each order arrived.
pub(super) fn start(
    authority: &Authority,
    act: impl Fn(usize, u32) -> (Vec<u8>, Then) + Send + Sync + 'static,
) -> (String, Attempts) {
    let mut config = authority.identity("localhost", GOOD).config(ANY);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (config, attempts) = (Arc::new(config), Attempts::default());
    let seen = Arc::clone(&attempts);
    let (address, _) = listen(move |stream, _| {
        // Whatever goes wrong with a connection ends it.
        let _ = serve(stream, &config, &seen, &act);
    });
    (format!("https://localhost:{}", address.port()), attempts)
}

fn serve(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    attempts: &Attempts,
    act: &impl Fn(usize, u32) -> (Vec<u8>, Then),
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    reader.read_exact(&mut [0; 24])?;
    reader.get_mut().write_all(&frame(SETTINGS, 0, 0, &[]))?;
    let mut bodies: HashMap<u32, Vec<u8>> = HashMap::new();
    loop {
        let (kind, flags, id, payload) = read_frame(&mut reader)?;
        let (bytes, then) = match (kind, flags & END) {
            (SETTINGS | PING, 0) => (frame(kind, END, 0, answer_to(kind, &payload)), Then::GoOn),
            (DATA, is_last) => {
                bodies.entry(id).or_default().extend(payload);
                if is_last == 0 {
                    continue;
                }
                match order_of(&bodies[&id]) {
                    None => (token(id), Then::GoOn),
                    Some(order) if arrived(attempts, order) == 1 => act(order, id),
                    Some(_) => (done(id), Then::GoOn),
                }
            }
            _ => continue,
        };
        reader.get_mut().write_all(&bytes)?;
        go_on(&mut reader, id, then)?;
    }
}

/// Does what is to follow; an error where the connection is to end.
fn go_on(reader: &mut BufReader<Connection>, id: u32, then: Then) -> io::Result<()> {
    match then {
        Then::GoOn => Ok(()),
        Then::Close => Err(io::ErrorKind::ConnectionAborted.into()),
        Then::Mute => {
            let mut unread = Vec::new();
            reader.get_mut().sock.read_to_end(&mut unread)?;
            Err(io::ErrorKind::ConnectionAborted.into())
        }
        Then::Flood(again) => {
            while !is_left(reader, id)? {
                reader.get_mut().write_all(&again(id).repeat(20))?;
            }
            Ok(())
        }
    }
}

/// Reads what the other side sends for a moment; tells whether it wants no more of a stream.
fn is_left(reader: &mut BufReader<Connection>, stream: u32) -> io::Result<bool> {
    let moment = Some(Duration::from_millis(5));
    loop {
        reader.get_ref().sock.set_read_timeout(moment)?;
        let is_there = !reader.buffer().is_empty() || reader.get_ref().sock.peek(&mut [0]).is_ok();
        reader.get_ref().sock.set_read_timeout(None)?;
        if !is_there {
            return Ok(false);
        }
        let (kind, _, id, _) = read_frame(reader)?;
        if (kind, id) == (RESET, stream) {
            return Ok(true);
        }
    }
}

fn read_frame(reader: &mut impl Read) -> io::Result<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    reader.read_exact(&mut head)?;
    let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
    let mut payload = vec![0; length];
    reader.read_exact(&mut payload)?;
    let id = u32::from_be_bytes(*head[5..].first_chunk().unwrap());
    Ok((head[3], head[4], id, payload))
}

/// What an acknowledgement repeats.
fn answer_to(kind: u8, payload: &[u8]) -> &[u8] {
    if kind == PING { payload } else { &[] }
}

fn token(id: u32) -> Vec<u8> {
    let head = frame(HEADERS, WHOLE, id, OK_200);
    [head, frame(DATA, END, id, TOKEN.as_bytes())].concat()
}

/// The number of an order, which is its score too; `None` for a token.
fn order_of(body: &[u8]) -> Option<usize> {
    let body = String::from_utf8_lossy(body);
    let (_, score) = body.split_once("\"value\":\"")?;
    score.split_once('"')?.0.parse().ok()
}

fn arrived(attempts: &Attempts, order: usize) -> usize {
    let mut attempts = attempts.lock().unwrap();
    let count = attempts.entry(order).or_default();
    *count += 1;
    *count
}
