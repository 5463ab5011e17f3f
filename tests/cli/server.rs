//! A server that answers updates from a script, for what the sandbox does not do.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use url::form_urlencoded::byte_serialize;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// An answer: status line and headers, then the body.
#[derive(Clone)]
pub(crate) struct Scripted {
    pub(crate) status: u16,
    pub(crate) headers: &'static str,
    pub(crate) body: &'static str,
}

pub(crate) const fn answer(status: u16, body: &'static str) -> Scripted {
    Scripted {
        status,
        headers: "",
        body,
    }
}

/// The status of an answer that never comes.
pub(crate) const NEVER: u16 = 0;

/// Hands out tokens, and answers the n-th update by the n-th entry of the script, and all later ones by its last.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(token: Scripted, script: Vec<Scripted>) -> Self {
        Self::with_tokens(vec![token], script)
    }

    /// One that answers requests for tokens from a script too.
    pub(crate) fn with_tokens(tokens: Vec<Scripted>, script: Vec<Scripted>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&seen);
        let script = Arc::new(Mutex::new(script));
        let tokens = Arc::new(Mutex::new(tokens));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (tokens, script, shared) = (
                    Arc::clone(&tokens),
                    Arc::clone(&script),
                    Arc::clone(&shared),
                );
                std::thread::spawn(move || serve(stream.unwrap(), &tokens, &script, &shared));
            }
        });
        Self { address, seen }
    }

    /// One that gives a good token.
    pub(crate) fn answering(script: Vec<Scripted>) -> Self {
        Self::start(
            answer(
                200,
                r#"{"access_token":"t0ken-of-the-tests","token_type":"Bearer","expires_in":3600}"#,
            ),
            script,
        )
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests: each its first line, its headers and its body.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until so many requests of a method were seen.
    pub(crate) fn wait_for(&self, method: &str, count: usize) {
        while self.count(method) < count {
            std::thread::yield_now();
        }
    }

    pub(crate) fn count(&self, method: &str) -> usize {
        self.seen()
            .iter()
            .filter(|request| request.starts_with(method))
            .count()
    }
}

fn serve(
    stream: TcpStream,
    tokens: &Mutex<Vec<Scripted>>,
    script: &Mutex<Vec<Scripted>>,
    seen: &Mutex<Vec<String>>,
) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_message(&mut reader) {
        let is_token = request.starts_with("POST");
        let repeated = repeated(&request);
        seen.lock().unwrap().push(request);
        let scripted = next_of(if is_token { tokens } else { script });
        if scripted.status == NEVER {
            // The client gives up, and closes the connection.
            let _ = reader.read_line(&mut String::new());
            return;
        }
        let Scripted {
            status,
            headers,
            body,
        } = scripted;
        let body = repeated
            .iter()
            .fold(body.to_owned(), |body, (place, text)| {
                body.replace(place, text)
            });
        let length = if status == 204 {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let answer = format!("HTTP/1.1 {status} Scripted\r\n{headers}{length}\r\n{body}");
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// What an answer repeats of its request, where its body says so: the authorization and what was sent, in several forms.
fn repeated(request: &str) -> [(&'static str, String); 4] {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut headers = head.lines();
    let authorization = headers.find(|line| line.to_lowercase().starts_with("authorization"));
    let text = format!("{} {body}", authorization.unwrap_or_default());
    let json = serde_json::to_string(&text).unwrap();
    [
        ("{in base64}", BASE64_STANDARD.encode(&text)),
        ("{in a URL}", byte_serialize(text.as_bytes()).collect()),
        ("{in JSON}", json.trim_matches('"').to_owned()),
        ("{as it is}", text),
    ]
}

fn next_of(script: &Mutex<Vec<Scripted>>) -> Scripted {
    let mut script = script.lock().unwrap();
    if script.len() > 1 {
        script.remove(0)
    } else {
        script[0].clone()
    }
}

/// Reads a message of HTTP: its head and its body.
pub(crate) fn read_message(reader: &mut BufReader<impl Read>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8_lossy(&body))
}
