//! A `PostgreSQL` server of the tests' own, from the installed packages, on a free port and in a directory that go with
//! the process.
//!
//! Where there is none the tests say that they are skipped; with `SCORELOAD_REQUIRE_POSTGRES=1` that is a failure.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server.
pub(crate) struct Server {
    programs: PathBuf,
    directory: PathBuf,
    port: u16,
    keeper: Child,
}

/// Starts a server again and again, each time that it is told to by a line, and takes everything away with it when
/// nobody is left who could tell it.
const KEEPER: &str = r#"
    trap '' INT
    while read -r signal; do
        if [ "$signal" = START ]; then
            "$@" >>"$0/log" 2>&1 & pid=$!
        else
            kill -s "$signal" "$pid"; wait "$pid"; pid=; echo ended
        fi
    done
    [ -z "$pid" ] || { kill -s QUIT "$pid"; wait "$pid"; }
    rm -rf "$0"
"#;

impl Server {
    /// Starts one; `None` where `PostgreSQL` is not installed and not required.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let is_required = std::env::var_os("SCORELOAD_REQUIRE_POSTGRES").is_some();
            assert!(!is_required, "there is no PostgreSQL");
            skipped();
            return None;
        };
        let directory = tempfile::tempdir().unwrap().keep();
        let own = own_user();
        if !own.is_empty() {
            let user = own.last().unwrap();
            succeeds(Command::new("chown").arg(user).arg(&directory));
        }
        let data = directory.join("data");
        let initdb = programs.join("initdb");
        succeeds(
            command(&initdb)
                .arg("-D")
                .arg(&data)
                .args(["-U", "scoreload", "-A", "trust", "-E", "UTF8"])
                .args(["--locale=C", "--no-sync"]),
        );
        let port = free_port();
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER]).arg(&directory);
        keeper.args(own_words());
        keeper.arg(programs.join("postgres")).arg("-D").arg(&data);
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            format!("unix_socket_directories={}", directory.display()),
            "fsync=off".to_owned(),
            "shared_buffers=16MB".to_owned(),
            "max_connections=200".to_owned(),
        ];
        for setting in settings {
            keeper.args(["-c", &setting]);
        }
        let keeper = keeper
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server = Self {
            programs,
            directory,
            port,
            keeper,
        };
        server.start_again();
        Some(server)
    }

    /// Starts it again, and waits until it answers.
    pub(crate) fn start_again(&mut self) {
        self.tell("START");
        self.wait();
    }

    /// Ends it: `INT` closes all connections, `QUIT` leaves everything as a crash would.
    pub(crate) fn end(&mut self, signal: &str) {
        self.tell(signal);
        let mut answer = [0; 6];
        let out = self.keeper.stdout.as_mut().unwrap();
        std::io::Read::read_exact(out, &mut answer).unwrap();
    }

    fn tell(&mut self, word: &str) {
        let keeper = self.keeper.stdin.as_mut().unwrap();
        std::io::Write::write_all(keeper, format!("{word}\n").as_bytes()).unwrap();
    }

    fn wait(&self) {
        let mut ready = Command::new(self.programs.join("pg_isready"));
        ready.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        ready.stdout(Stdio::null());
        let answers = (0..10_000).any(|_| ready.status().unwrap().success());
        let log = std::fs::read_to_string(self.directory.join("log"));
        assert!(answers, "{}", log.unwrap_or_default());
    }

    /// Makes a new database, and returns its URL.
    pub(crate) fn database(&self) -> String {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("scores{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        format!("postgres://scoreload@127.0.0.1:{}/{name}", self.port)
    }

    /// Asks a database something, and returns what `psql` prints.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
        psql.args(["-h", "127.0.0.1", "-U", "scoreload"]);
        psql.args(["-p", &self.port.to_string(), "-d", database, "-c", sql]);
        let output = psql.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        assert!(output.status.success(), "{sql}: {}", text(&output.stderr));
        text(&output.stdout)
    }
}

/// The server that tests share which leave it alone.
pub(crate) fn shared() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(Server::start).as_ref()
}

#[expect(clippy::print_stdout, reason = "whoever runs the tests is to know")]
fn skipped() {
    println!("skipped: PostgreSQL is not installed");
}

/// Where the server's programs are: Debian keeps them out of the path.
fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut places: Vec<PathBuf> = debian
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    places.sort();
    places.reverse();
    let path = std::env::var_os("PATH").unwrap_or_default();
    places.extend(std::env::split_paths(&path));
    let needed = ["initdb", "postgres", "pg_isready", "psql"];
    let has_all = |place: &PathBuf| needed.iter().all(|name| place.join(name).exists());
    places.into_iter().find(has_all)
}

/// The user that the server runs as, where it is not the one who runs the tests: it refuses root.
fn own_user() -> Vec<String> {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout.trim_ascii() != b"0" {
        return Vec::new();
    }
    let is_there = |user: &&str| {
        let mut id = Command::new("id");
        id.arg(user).stdout(Stdio::null()).stderr(Stdio::null());
        id.status().unwrap().success()
    };
    let user = ["postgres", "nobody"].into_iter().find(is_there);
    vec![user.unwrap().to_owned()]
}

fn own_words() -> Vec<String> {
    let own = own_user();
    let Some(user) = own.first() else {
        return Vec::new();
    };
    let words = ["setpriv", "--clear-groups", "--reuid", user, "--regid"];
    let group = Command::new("id").args(["-g", user]).output().unwrap();
    let group = String::from_utf8(group.stdout).unwrap().trim().to_owned();
    let mut words: Vec<String> = words.map(str::to_owned).into();
    words.push(group);
    words
}

fn command(program: &Path) -> Command {
    let own = own_words();
    let Some((first, rest)) = own.split_first() else {
        return Command::new(program);
    };
    let mut command = Command::new(first);
    command.args(rest).arg(program);
    command.current_dir("/");
    command
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
