//! A directory with files of an earlier version, and the binary in an environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The target that the fixtures name; it is reached through the recorder as a proxy.
pub(crate) const TARGET: &str = "http://assessments.example";
const LEDGER: &str = "state/scoreload/ledger.db";

pub(crate) struct World {
    dir: TempDir,
}

pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    /// Makes a directory with the inputs of the fixtures.
    pub(crate) fn new() -> Self {
        let world = Self {
            dir: TempDir::new().unwrap(),
        };
        for entry in fs::read_dir(fixture("inputs")).unwrap() {
            let path = entry.unwrap().path();
            world.copy(&path, path.file_name().unwrap().to_str().unwrap());
        }
        world
    }

    /// Makes a directory in whose state directory the ledger of an earlier version is.
    pub(crate) fn with_ledger() -> Self {
        Self::new().with("ledger.db", LEDGER)
    }

    /// Makes a directory with the ledger as a killed importer left it: its last intent is in the write-ahead log.
    pub(crate) fn with_ledger_of_killed_importer() -> Self {
        Self::new()
            .with("ledger-wal/ledger.db", LEDGER)
            .with("ledger-wal/ledger.db-wal", &format!("{LEDGER}-wal"))
    }

    /// Adds a fixture under a name of its own.
    pub(crate) fn with(self, name: &str, to: &str) -> Self {
        self.copy(&fixture(name), to);
        self
    }

    fn copy(&self, from: &Path, to: &str) {
        let content = fs::read(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        self.write(to, content);
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Returns the binary with nothing of the caller's environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("scoreload"));
        command
            .env_clear()
            .env("HOME", self.dir.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .current_dir(self.dir.path())
            .args(args);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::from(self.command(args).output().unwrap())
    }

    /// Runs a command that delivers to the target through a proxy.
    pub(crate) fn deliver(&self, proxy: &str, args: &[&str]) -> Run {
        let mut command = self.command(args);
        command
            .arg("--insecure-http")
            .env("http_proxy", proxy)
            .env("SCORELOAD_CLIENT_ID", "compatibility")
            .env("SCORELOAD_CLIENT_SECRET", "wh1sper");
        Run::from(command.output().unwrap())
    }

    /// Imports one update after another, as fast as the server answers, and reports to `report.json`.
    pub(crate) fn import(&self, proxy: &str, args: &[&str]) -> Run {
        // A run never replaces the report of an earlier one.
        let _ = fs::remove_file(self.path("report.json"));
        let flags = "import --report report.json --concurrency 1 --rate unlimited --target";
        let mut all: Vec<&str> = flags.split(' ').collect();
        all.push(TARGET);
        all.extend(args);
        self.deliver(proxy, &all)
    }

    /// Returns each order of the last report with its outcome.
    pub(crate) fn outcomes(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let report = self.json("report.json");
        let orders = report["orders"].as_array().unwrap().iter();
        orders
            .map(|order| (text(&order["order_id"]), text(&order["outcome"])))
            .collect()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// Returns what `--format json` printed: an object a line.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Fails with the output unless the run ended with this exit code.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        self
    }
}

pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    repository("tests/compatibility/fixtures").join(name)
}

/// Lists what imports are expected to come to.
pub(crate) fn outcomes(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = expected.iter();
    owned
        .map(|(order, outcome)| ((*order).to_owned(), (*outcome).to_owned()))
        .collect()
}
