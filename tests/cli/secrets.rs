//! Secrets: whatever a server repeats of them, they stand in nothing that is printed or written, and what is written is
//! its owner's alone.

use std::io::{Cursor, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::harness::{Bench, Ran, orders_csv};
use crate::server::{Scripted, Server, answer};

/// Each with what needs another form in a URL, in JSON, in a page; and with a core that every form but base64 leaves.
const ID: &str = "cl1ent & \"id\" +/%é";
const SECRET: &str = "wh1sper + / % \" & é <x>' \\ end";
const TOKEN: &str =
    r#"{"access_token":"t0ken+/=.x-_~&%\"<y>","token_type":"Bearer","expires_in":3600}"#;
const CORES: [&str; 3] = ["wh1sper", "t0ken", "cl1ent"];

/// Bodies of answers that repeat what they were asked with.
const REPEATING: [&str; 6] = [
    "{as it is}",
    "<html><body>no: {as it is}</body></html>",
    r#"{"message":"no: {in JSON}"}"#,
    r#"{"unknown":"{in JSON}"}"#,
    "no: {in a URL}",
    r#"{"errors":[{"message":"no: {in base64}"}]}"#,
];

/// Everything that was printed, each with the command that printed it.
struct Printed<'a> {
    bench: &'a Bench,
    texts: Vec<(String, String)>,
}

impl Printed<'_> {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bench.command(args);
        command
            .env("SCORELOAD_CLIENT_ID", ID)
            .env("SCORELOAD_CLIENT_SECRET", SECRET)
            .env("SCORELOAD_RATE", "unlimited")
            .env("RUST_BACKTRACE", "full");
        command
    }

    fn run(&mut self, args: &[&str]) -> Ran {
        let ran = Ran::from(self.command(args).output().unwrap());
        let name = args.join(" ");
        self.texts
            .push((name, [&*ran.stdout, &*ran.stderr].concat()));
        ran
    }

    /// Imports to a server with everything that an import can leave behind, and returns the run's id.
    fn import(&mut self, url: &str, name: &str, flags: &[&str]) -> (i32, String) {
        let place = |form: &str| format!("{name}.{form}");
        let reports = ["html", "json", "csv", "xlsx", "md"].map(place);
        let mut args = vec!["import", "orders.csv", "--target", url, "--retries", "0"];
        args.extend(reports.iter().flat_map(|report| ["--report", report]));
        let rejects = place("rejects.xlsx");
        let notify = format!("sh -c 'env > {name}.env; cat /proc/$PPID/cmdline > {name}.line'");
        let metrics = place("prom");
        args.extend(["--rejects", &rejects, "--notify-command", &notify]);
        args.extend(["--metrics", &metrics]);
        args.extend(flags);
        let code = self.run(&args).code;
        let report = std::fs::read(self.bench.path(&place("json")));
        let run = report.map_or(String::new(), |report| {
            let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
            report["run"].as_str().unwrap().to_owned()
        });
        (code, run)
    }
}

fn token() -> Scripted {
    answer(200, TOKEN)
}

/// Every file below a directory, and every directory.
fn everything(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| {
        if path.is_dir() {
            [everything(&path), vec![path]].concat()
        } else {
            vec![path]
        }
    };
    paths.flat_map(below).collect()
}

/// Returns a core that shows in bytes, as they are or in what they hold in base64.
fn shown(bytes: &[u8], depth: u8) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let found = CORES.into_iter().find(|core| text.contains(core));
    if found.is_some() || depth == 0 {
        return found;
    }
    let in_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let mut words = bytes.split(|byte| !in_base64(byte));
    words.find_map(|word| {
        let starts = (0..4).filter(|start| word.len() > start + 8);
        let config = GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let mut decoded = starts.flat_map(|start| {
            let word = &word[start..];
            let word = &word[..word.len() - usize::from(word.len() % 4 == 1)];
            [&STANDARD, &URL_SAFE]
                .map(|alphabet| GeneralPurpose::new(alphabet, config).decode(word))
        });
        decoded.find_map(|bytes| shown(&bytes.ok()?, depth - 1))
    })
}

/// The parts of a file: itself, or what is packed in it.
fn parts(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes.clone())) else {
        return vec![bytes];
    };
    let count = archive.len();
    let part = |index| {
        let mut part = Vec::new();
        archive
            .by_index(index)
            .unwrap()
            .read_to_end(&mut part)
            .unwrap();
        part
    };
    (0..count).map(part).collect()
}

#[test]
fn secrets_are_found_in_whatever_form_they_show() {
    let basic = base64::prelude::BASE64_STANDARD.encode("me:wh1sper");
    for text in ["x WH1SPER%2B", &format!("Basic {basic}"), &basic[1..]] {
        assert!(shown(text.as_bytes(), 2).is_some(), "{text}");
    }
    assert_eq!(shown(b"nothing of the kind, whatever it says", 2), None);
}

#[test]
fn a_crash_would_leave_no_memory_behind() {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(1));
    bench.write(
        "scoreload.toml",
        "[profiles.p]\nclient_id = \"x\"\n\
         client_secret_command = [\"sh\", \"-c\", \"ulimit -Sc > limit.txt; echo s3cret\"]\n",
    );
    let server = Server::start(answer(200, TOKEN), vec![answer(204, "")]);
    let url = server.url();
    let scoreload = bench.command(&["import", "orders.csv", "--profile", "p", "--target", &url]);
    let set = scoreload
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -Sc 8 && exec \"$@\"", "sh"])
        .arg(scoreload.get_program())
        .args(scoreload.get_args())
        .envs(set)
        .current_dir(bench.path(""));
    let ran = Ran::from(shell.output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let limit = std::fs::read_to_string(bench.path("limit.txt")).unwrap();
    assert_eq!(limit.trim(), "0");
}

#[test]
fn secrets_stand_in_nothing_that_is_printed_or_written() {
    let bench = Bench::new();
    bench.write(
        "orders.csv",
        orders_csv(3) + "B6001,ORD-X,A1,T1,first,5,,\n",
    );
    let mut printed = Printed {
        bench: &bench,
        texts: Vec::new(),
    };
    // Those that keep the ledger open show what stands beside it too.
    let good = Server::start(token(), vec![answer(204, "")]);
    let flags = ["-vv", "--log-file", "good.log", "--log-format", "json"];
    assert_eq!(printed.import(&good.url(), "good", &flags).0, 1);
    for (index, body) in REPEATING.into_iter().enumerate() {
        let level = ["-v", "-vv", "-q", "--color=always"][index % 4];
        let format = ["--log-format=json", "--format=json"][index % 2];
        for status in [400, 500] {
            let name = format!("{index}-{status}");
            let refusing = Server::start(answer(status, body), vec![answer(204, "")]);
            printed.import(&refusing.url(), &format!("token-{name}"), &[level, format]);
            printed.run(&["doctor", "--target", &refusing.url(), "-v"]);
            let server = Server::start(token(), vec![answer(status, body)]);
            let hold = ["--on-ambiguous", "hold", level, format];
            let (code, run) = printed.import(&server.url(), &format!("update-{name}"), &hold);
            assert_ne!(code, 0);
            printed.run(&["history", &run, "--format", "json"]);
            printed.run(&["resolve", &run, "--mark-delivered"]);
        }
    }
    let told = std::fs::read_to_string(bench.path("update-0-400.json")).unwrap();
    assert!(
        told.contains("[hidden]"),
        "the server's words are shown: {told}"
    );
    let url = good.url();
    let commands: [&[&str]; 8] = [
        &[
            "plan",
            "orders.csv",
            "--target",
            &url,
            "-o",
            "plan.json",
            "-vv",
        ],
        &["apply", "plan.json", "-vv", "--report", "applied.html"],
        &["config", "--target", &url],
        &["config", "--target", &url, "--format", "json"],
        &["history"],
        &["ledger", "export"],
        &["ledger", "export", "-o", "ledger.jsonl"],
        &["ledger", "verify", "orders.csv", "--target", &url],
    ];
    for command in commands {
        printed.run(command);
    }

    for (command, text) in &printed.texts {
        assert_eq!(
            shown(text.as_bytes(), 2),
            None,
            "scoreload {command}:\n{text}"
        );
    }
    let files = everything(&bench.path(""));
    assert!(
        files.iter().any(|path| path.ends_with("ledger.db")),
        "{files:?}"
    );
    for path in files {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            continue;
        }
        let extension = path.extension().and_then(|extension| extension.to_str());
        if !["env", "line", "prom"].contains(&extension.unwrap_or_default())
            && !path.ends_with("orders.csv")
        {
            assert_eq!(mode, 0o600, "{}", path.display());
        }
        for part in parts(&path) {
            assert_eq!(shown(&part, 2), None, "{}", path.display());
        }
    }
}
