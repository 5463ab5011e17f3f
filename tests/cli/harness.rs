//! Runs the binary in a directory of its own, against a sandbox of its own.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use scoreload::sandbox::{Sandbox, Settings};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::postgres;

thread_local! {
    /// The ledger of benches that are made on this thread, where it is not the user's file.
    static LEDGER: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A directory to work in, and the binary.
pub(crate) struct Bench {
    dir: TempDir,
    ledger: Option<String>,
}

/// Lets a story happen once more with a ledger in `PostgreSQL`, if there is a server.
pub(crate) fn once_more_on_postgres(story: fn()) {
    let Some(server) = postgres::shared() else {
        return;
    };
    LEDGER.set(Some(server.database()));
    story();
    LEDGER.set(None);
}

/// Stories that must end the same whatever keeps the ledger.
macro_rules! on_postgres {
    ($($story:ident),* $(,)?) => {
        mod on_postgres {
            $(
                #[test]
                fn $story() {
                    $crate::harness::once_more_on_postgres(super::$story);
                }
            )*
        }
    };
}
pub(crate) use on_postgres;

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
            ledger: LEDGER.with_borrow(Clone::clone),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The binary in this directory, with nothing of the caller's settings.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program(assert_cmd::cargo::cargo_bin!("scoreload"));
        command.args(args);
        command
    }

    /// A program in this directory, with nothing of the caller's settings.
    pub(crate) fn program(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SCORELOAD_")) {
            command.env_remove(name);
        }
        command
            .envs(self.ledger.iter().map(|place| ("SCORELOAD_LEDGER", place)))
            .env("XDG_STATE_HOME", self.dir.path().join("state"))
            .env("XDG_CONFIG_HOME", self.dir.path().join("config"))
            .current_dir(self.dir.path())
            .stdin(std::process::Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    /// Imports to a server, with credentials, and reports to `report.json`.
    pub(crate) fn import(&self, url: &str, args: &[&str]) -> Ran {
        Ran::from(self.import_command(url, args).output().unwrap())
    }

    pub(crate) fn import_command(&self, url: &str, args: &[&str]) -> Command {
        let _ = std::fs::remove_file(self.path("report.json"));
        let mut all = vec!["import", "--target", url, "--report", "report.json"];
        all.extend(args);
        let mut command = self.command(&all);
        command
            .env("SCORELOAD_CLIENT_ID", "me")
            .env("SCORELOAD_CLIENT_SECRET", SECRET);
        command
    }

    pub(crate) fn report(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("report.json")).unwrap()).unwrap()
    }
}

pub(crate) const SECRET: &str = "wh1sper-of-the-tests";

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Ran {
    /// The findings that `--format json` prints.
    pub(crate) fn diagnostics(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// A sandbox in this process.
pub(crate) struct TestSandbox {
    sandbox: Sandbox,
    _runtime: Runtime,
}

impl TestSandbox {
    pub(crate) fn start(rate: &str, faults: &str) -> Self {
        let settings = Settings {
            rate: rate.parse().unwrap(),
            faults: faults.parse().unwrap(),
            ..Settings::default()
        };
        Self::with(settings)
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let runtime = Runtime::new().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(settings)).unwrap();
        Self {
            sandbox,
            _runtime: runtime,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.sandbox.url()
    }

    /// What it holds, by (company, order).
    pub(crate) fn orders(&self) -> Vec<Value> {
        get(self.sandbox.address(), "/sandbox/orders")
    }

    /// The requests that it was sent, in the order of their arrival.
    pub(crate) fn requests(&self) -> Vec<Value> {
        get(self.sandbox.address(), "/sandbox/requests")
    }

    /// The updates among them.
    pub(crate) fn updates(&self) -> Vec<Value> {
        self.requests()
            .into_iter()
            .filter(|request| request["method"] == "PATCH")
            .collect()
    }

    /// How many requests were answered with a status.
    pub(crate) fn answered(&self, status: u16) -> usize {
        self.requests()
            .iter()
            .filter(|request| request["status"] == status)
            .count()
    }
}

fn get(address: SocketAddr, path: &str) -> Vec<Value> {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: sandbox\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn sample(name: &str) -> String {
    repository("samples").join(name).display().to_string()
}

/// What was written by hand and is compared with.
pub(crate) fn expected(name: &str) -> Vec<Value> {
    let path = repository("tests/cli/expected").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A CSV file of so many orders, a test and a report each.
pub(crate) fn orders_csv(count: usize) -> String {
    let header = "company_id,order_id,assessment_id,test_id,attempt,score,report_name,report_url\n"
        .to_owned();
    let row =
        |index| format!("B6001,ORD-{index},A1,T1,1,{index},Result,https://r.example/{index}\n");
    header + &(0..count).map(row).collect::<Vec<_>>().concat()
}
