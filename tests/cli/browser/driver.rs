//! A headless Chromium, driven by chromedriver over its own protocol (`WebDriver`).

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::read_message;

/// Where this is set, a browser that is missing is a failure.
const REQUIRED: &str = "SCORELOAD_REQUIRE_BROWSER";

/// What keeps Chromium to itself, and lets it start in a container.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The key that goes with others, and the one that leaves.
pub(crate) const CONTROL: &str = "\u{e009}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
pub(crate) const DOWN: &str = "\u{e015}";

/// A browser with one empty tab and nothing remembered.
pub(crate) struct Browser {
    driver: Child,
    host: String,
    session: String,
    _profile: TempDir,
}

/// Starts the driver, and returns the port that it listens on.
///
/// It chooses a free port and takes it only then, for IPv4 and IPv6: another program may have been quicker.
fn listening() -> std::io::Result<(Child, u16)> {
    const TRIES: usize = 20;
    for _ in 0..TRIES {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        if let Some(port) = port {
            return Ok((driver, port));
        }
        let _ = driver.kill();
        driver.wait()?;
    }
    Err(std::io::Error::other("it finds no port to listen on"))
}

impl Browser {
    /// Starts a browser; `None`, told aloud, where there is none and none is required.
    pub(crate) fn start() -> Option<Self> {
        match listening() {
            Ok((driver, port)) => Some(Self::drive(driver, port)),
            Err(error) => {
                assert!(
                    std::env::var_os(REQUIRED).is_none(),
                    "chromedriver: {error}"
                );
                let thread = std::thread::current();
                let test = thread.name().unwrap_or_default();
                // Past the capture of the test's output, which nobody sees of a test that passes.
                let told = format!(
                    "skipped {test}: no chromedriver ({error})
"
                );
                std::io::stderr().write_all(told.as_bytes()).unwrap();
                None
            }
        }
    }

    fn drive(driver: Child, port: u16) -> Self {
        let profile = TempDir::new().unwrap();
        let own = format!("--user-data-dir={}", profile.path().display());
        let mut browser = Self {
            driver,
            host: format!("127.0.0.1:{port}"),
            session: String::new(),
            _profile: profile,
        };
        let flags: Vec<&str> = FLAGS.into_iter().chain([own.as_str()]).collect();
        let wanted = json!({
            "goog:chromeOptions": {"args": flags},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "timeouts": {"script": 30_000},
        });
        let begun = browser.ask(
            "POST",
            "/session",
            &json!({"capabilities": {"alwaysMatch": wanted}}),
        );
        begun["sessionId"]
            .as_str()
            .unwrap()
            .clone_into(&mut browser.session);
        browser
    }

    /// Sends a command to the driver and returns the value of its answer.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let asked = body;
        let answer = self.exchange(method, path, body).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 200"),
            "{method} {path} {asked}: {body}"
        );
        serde_json::from_str::<Value>(body).unwrap()["value"].take()
    }

    /// Sends a command to the driver and returns its answer as it came, if one did.
    fn exchange(&self, method: &str, path: &str, body: &Value) -> Option<String> {
        let body = if method == "POST" {
            body.to_string()
        } else {
            String::new()
        };
        let mut stream = TcpStream::connect(&self.host).ok()?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        stream.write_all([head, body].concat().as_bytes()).ok()?;
        read_message(&mut BufReader::new(stream))
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("/session/{}{path}", self.session), body)
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) fn open(&self, url: &str) {
        self.command("/url", &json!({"url": url}));
    }

    /// Opens a file from disk.
    pub(crate) fn open_file(&self, path: &Path) {
        self.open(&format!("file://{}", path.display()));
    }

    /// What an expression comes to in the page.
    pub(crate) fn value_of(&self, expression: &str) -> Value {
        let script = format!("return {expression};");
        self.command("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until an expression holds in the page.
    pub(crate) fn wait_until(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0];
             const look = () => ({expression}) ? done(null) : setTimeout(look, 10);
             look();"
        );
        self.command("/execute/async", &json!({"script": script, "args": []}));
    }

    /// How many elements a selector finds.
    pub(crate) fn count(&self, selector: &str) -> u64 {
        self.value_of(&format!("document.querySelectorAll({selector:?}).length"))
            .as_u64()
            .unwrap()
    }

    /// The text that an element shows.
    pub(crate) fn text(&self, selector: &str) -> String {
        let path = format!(
            "/session/{}/element/{}/text",
            self.session,
            self.element(selector)
        );
        self.ask("GET", &path, &Value::Null)
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn element(&self, selector: &str) -> String {
        let found = self.command(
            "/element",
            &json!({"using": "css selector", "value": selector}),
        );
        let reference = found.as_object().unwrap().values().next().unwrap();
        reference.as_str().unwrap().to_owned()
    }

    /// Clicks an element, as a person would: it must be in sight.
    pub(crate) fn click(&self, selector: &str) {
        self.command(
            &format!("/element/{}/click", self.element(selector)),
            &json!({}),
        );
    }

    /// Types into an element, behind what it holds.
    pub(crate) fn type_into(&self, selector: &str, keys: &str) {
        let path = format!("/element/{}/value", self.element(selector));
        self.command(&path, &json!({"text": keys}));
    }

    /// Empties a field.
    pub(crate) fn empty(&self, selector: &str) {
        self.type_into(selector, &format!("{CONTROL}a{CONTROL}\u{e003}"));
    }

    /// What the console was told since it was asked last: words of any weight.
    pub(crate) fn console(&self) -> Vec<String> {
        let entries = self.command("/se/log", &json!({"type": "browser"}));
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The addresses of all requests since it was asked last.
    pub(crate) fn requests(&self) -> Vec<String> {
        let entries = self.command("/se/log", &json!({"type": "performance"}));
        let told = entries.as_array().unwrap().iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let event = &event["message"];
            let is_request = event["method"] == "Network.requestWillBeSent";
            is_request.then(|| {
                event["params"]["request"]["url"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
        });
        told.collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Left to itself, the browser would outlive its driver.
        let _ = self.exchange(
            "DELETE",
            &format!("/session/{}", self.session),
            &Value::Null,
        );
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
