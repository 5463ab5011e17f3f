//! A server that accepts every update and keeps its bytes.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

const TOKEN: &str = r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":3600}"#;

/// An update as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// Serves as the proxy between Scoreload and any `http` target.
pub(crate) struct Recorder {
    pub(crate) url: String,
    updates: Arc<Mutex<Vec<Update>>>,
}

impl Recorder {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let updates = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&updates);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || serve(stream.unwrap(), &seen));
            }
        });
        Self { url, updates }
    }

    pub(crate) fn updates(&self) -> Vec<Update> {
        self.updates.lock().unwrap().clone()
    }

    /// Returns the bodies, which are JSON.
    pub(crate) fn bodies(&self) -> Vec<String> {
        let updates = self.updates().into_iter();
        updates
            .map(|update| String::from_utf8(update.body).unwrap())
            .collect()
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<Update>>) {
    let mut reader = BufReader::new(stream);
    while let Some((method, update)) = read_request(&mut reader) {
        let answer = if method == "POST" {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{TOKEN}",
                TOKEN.len()
            )
        } else {
            seen.lock().unwrap().push(update);
            "HTTP/1.1 204 No Content\r\n\r\n".to_owned()
        };
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<(String, Update)> {
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let first = lines.next()?;
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let length = headers.iter().find_map(|header| {
        let (name, value) = header.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let mut words = first.split(' ');
    let (method, url) = (words.next()?, words.next()?);
    let path = url
        .split_once("://")
        .map_or(url, |(_, rest)| &rest[rest.find('/').unwrap_or(0)..]);
    let update = Update {
        path: path.to_owned(),
        body,
    };
    Some((method.to_owned(), update))
}
