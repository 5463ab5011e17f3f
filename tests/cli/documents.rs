//! README, the guides and the samples' README: their commands run, the output they show is current, and their tables
//! agree with the code.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use scoreload::guide::GUIDES;
use scoreload::schema::columns::COLUMNS;

use crate::harness::{Bench, Ran, SECRET, TestSandbox, repository, sample};
use crate::postgres;

fn readme() -> String {
    fs::read_to_string(repository("README.md")).unwrap()
}

fn paths() -> Vec<PathBuf> {
    let guides = GUIDES.map(|guide| format!("src/guide/{}.md", guide.topic));
    let readmes = ["README.md", "samples/README.md"].map(str::to_owned);
    let all = readmes.into_iter().chain(guides);
    all.map(|path| repository(&path)).collect()
}

/// The fenced code blocks of a language.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fenced = document.split("```").skip(1).step_by(2);
    fenced
        .filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n'))
        .collect()
}

/// The commands of the shell blocks, block by block.
fn shell_commands(document: &str) -> Vec<Vec<String>> {
    let commands = |block: &str| {
        let lines = block.lines().map(str::trim);
        let ours = lines.filter(|line| line.starts_with("scoreload "));
        ours.map(str::to_owned).collect()
    };
    blocks(document, "sh").into_iter().map(commands).collect()
}

/// The commands in the text.
fn inline_commands(document: &str) -> Vec<String> {
    let prose: String = document.split("```").step_by(2).collect();
    let spans = prose.split('`').skip(1).step_by(2);
    spans
        .filter(|span| span.starts_with("scoreload "))
        .map(|span| span.replace("COMMAND", "import"))
        .collect()
}

/// Runs a line in a shell that finds the binary.
fn in_shell(bench: &Bench, line: &str) -> Ran {
    let binary = assert_cmd::cargo::cargo_bin!("scoreload");
    let directory = binary.parent().unwrap().display();
    let path = format!("{directory}:{}", std::env::var("PATH").unwrap());
    let mut shell = bench.program("sh");
    Ran::from(shell.env("PATH", path).args(["-c", line]).output().unwrap())
}

/// Replaces run ids and durations, which differ from run to run.
fn stable(output: &str) -> String {
    let is_id = |part: &str| part.starts_with("20") && part.split('-').count() == 3;
    let without_id = |line: &str| {
        let parts = line
            .char_indices()
            .filter_map(|(at, _)| line.get(at..at + 20));
        let id = parts
            .into_iter()
            .find(|part| is_id(part) && !part.contains(' '));
        id.map_or(line.to_owned(), |id| line.replace(id, "RUN"))
    };
    let lines = output.lines().map(|line| {
        if line.starts_with("time ") {
            "time".to_owned()
        } else {
            without_id(line)
        }
    });
    lines.map(|line| line + "\n").collect()
}

/// Returns whether output is as shown, where a line `...` matches any lines.
fn is_as_shown(output: &str, shown: &str) -> bool {
    let parts: Vec<&str> = shown.split("...\n").collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return output == shown;
    };
    let Some(mut rest) = output.strip_prefix(first) else {
        return false;
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// With `README=overwrite` in the environment, the documents are updated.
#[test]
fn documents_show_what_commands_print() {
    let is_overwriting = std::env::var("README").is_ok_and(|mode| mode == "overwrite");
    for path in paths() {
        let document = fs::read_to_string(&path).unwrap();
        for block in blocks(&document, "console") {
            let bench = Bench::new();
            std::os::unix::fs::symlink(repository("samples"), bench.path("samples")).unwrap();
            let (command, shown) = block.strip_prefix("$ ").unwrap().split_once('\n').unwrap();
            let ran = in_shell(&bench, command);
            let printed = ran.stdout + &ran.stderr;
            if is_as_shown(&stable(&printed), &stable(shown)) {
                continue;
            }
            assert!(is_overwriting, "{}: $ {command}\n{printed}", path.display());
            let now = fs::read_to_string(&path).unwrap();
            fs::write(
                &path,
                now.replace(block, &format!("$ {command}\n{printed}")),
            )
            .unwrap();
        }
    }
}

/// A directory with the files that the documents name, and credentials for a sandbox that has their orders.
fn working_directory(sandbox: &TestSandbox) -> Bench {
    let bench = Bench::new();
    std::os::unix::fs::symlink(repository("samples"), bench.path("samples")).unwrap();
    let copy = |from: &str, to: &str| fs::copy(sample(from), bench.path(to)).unwrap();
    for to in ["scores.xlsx", "march.xlsx", "february.xlsx"] {
        copy("scores.xlsx", to);
    }
    for directory in ["exports", "inbox"] {
        fs::create_dir(bench.path(directory)).unwrap();
    }
    for to in [
        "scores.csv",
        "january.csv",
        "exports/scores.csv",
        "inbox/scores.csv",
    ] {
        copy("scores.csv", to);
    }
    let arrived = fs::File::options()
        .append(true)
        .open(bench.path("inbox/scores.csv"));
    let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
    arrived.unwrap().set_modified(an_hour_ago).unwrap();
    copy("wide.csv", "export.csv");
    bench.write(
        "results.csv",
        "order_id,company_id,test_id,attempt,Candidate result\n1,A00123,NUM-01,1,82\n",
    );
    let profile = |name: &str| format!("[profiles.{name}]\ntarget = \"{}\"\n", sandbox.url());
    bench.write(
        "scoreload.toml",
        ["demo", "nightly", "acme"].map(profile).concat(),
    );
    let delivered = bench.import(&sandbox.url(), &["scores.csv", "--rate", "unlimited"]);
    assert_eq!(delivered.code, 0, "{}", delivered.stderr);
    bench
}

/// Commands that need a PostgreSQL server only run if one is available.
#[test]
fn commands_in_shell_blocks_run() {
    let sandbox = TestSandbox::start("unlimited", "");
    let database = postgres::shared().map(postgres::Server::database);
    for path in paths() {
        for commands in shell_commands(&fs::read_to_string(&path).unwrap()) {
            let bench = working_directory(&sandbox);
            for command in commands {
                let needs_database = command.contains("postgres://");
                let is_server = command.starts_with("scoreload sandbox");
                if is_server || needs_database && database.is_none() {
                    continue;
                }
                let line = command
                    .replace("--target demo", &format!("--target {}", sandbox.url()))
                    .replace(
                        "--target production",
                        &format!("--target {}", sandbox.url()),
                    )
                    .replace("http://127.0.0.1:8085", &sandbox.url())
                    .replace("/srv/scoreload/inbox", "inbox")
                    .replace(
                        "postgres://importer@db.example/scoreload",
                        database.as_deref().unwrap_or_default(),
                    );
                let settings = format!(
                    "export SCORELOAD_CLIENT_ID=me SCORELOAD_CLIENT_SECRET={SECRET} SCORELOAD_RATE=unlimited"
                );
                let ran = in_shell(&bench, &format!("{settings}\n{line}"));
                let rejects_rows = ["samples/mistakes.csv", "import rejects."];
                let rejects_rows = rejects_rows.iter().any(|part| line.contains(part));
                let (path, stderr) = (path.display(), ran.stderr);
                assert_eq!(
                    ran.code,
                    i32::from(rejects_rows),
                    "{path}: {command}\n{stderr}"
                );
            }
        }
    }
}

#[test]
fn commands_in_documents_have_flags_that_exist() {
    let bench = Bench::new();
    for path in paths() {
        let document = fs::read_to_string(&path).unwrap();
        let blocks = shell_commands(&document).into_iter().flatten();
        for command in blocks.chain(inline_commands(&document)) {
            let parts = command.split('|').map(str::trim);
            for part in parts.filter(|part| part.starts_with("scoreload ")) {
                let ends = [" #", " > ", " < "].iter();
                let end = ends.filter_map(|sign| part.find(sign)).min();
                let part = &part[..end.unwrap_or(part.len())];
                let ran = in_shell(&bench, &format!("{part} --help"));
                assert_eq!(ran.code, 0, "{}: {command}\n{}", path.display(), ran.stderr);
            }
        }
    }
}

#[test]
fn readme_has_the_table_of_columns() {
    let readme = readme();
    for spec in &COLUMNS {
        let aliases: Vec<String> = spec
            .aliases
            .iter()
            .map(|alias| format!("`{alias}`"))
            .collect();
        let limit = spec
            .limit
            .max()
            .map(|limit| limit.to_string())
            .unwrap_or_default();
        let row = format!(
            "| `{}` | {} | {} | {limit} |",
            spec.name,
            aliases.join(" "),
            spec.description
        );
        assert!(readme.contains(&row), "README lacks this row:\n{row}");
    }
}

#[test]
fn readme_names_every_exit_code() {
    let readme = readme();
    for code in [0, 1, 2, 3, 4, 5, 6, 130] {
        assert!(readme.contains(&format!("| `{code}` |")), "{code}");
    }
}

#[test]
fn help_prints_each_guide_and_lists_all() {
    let bench = Bench::new();
    let (list, readme) = (bench.run(&["help"]).stdout, readme());
    for guide in GUIDES {
        let ran = bench.run(&["help", guide.topic]);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, guide.text));
        assert!(guide.text.starts_with("# "), "{}", guide.topic);
        for line in guide.text.lines() {
            assert!(line.chars().count() <= 120, "{}: {line}", guide.topic);
        }
        assert!(list.contains(&format!("\n  {} ", guide.topic)), "{list}");
        assert!(list.contains(guide.summary), "{list}");
        let link = format!("| [`{0}`](src/guide/{0}.md) |", guide.topic);
        assert!(readme.contains(&link), "README lacks {link}");
    }
}

#[test]
fn help_prints_the_help_of_commands() {
    let bench = Bench::new();
    let help = |args: &[&str]| bench.run(args).stdout;
    assert_eq!(help(&["help", "import"]), help(&["import", "--help"]));
    assert_eq!(
        help(&["help", "ledger", "prune"]),
        help(&["ledger", "prune", "--help"])
    );
    assert_eq!(help(&["help"]), help(&["-h"]));
    let ran = bench.run(&["help", "nigthly"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("`nigthly`"), "{}", ran.stderr);
}

#[test]
fn the_guide_to_security_names_tests_that_exist() {
    let guide = GUIDES.iter().find(|guide| guide.topic == "security");
    let spans = guide.unwrap().text.split('`').skip(1).step_by(2);
    let paths: Vec<&str> = spans
        .filter(|span| span.starts_with("tests/") || span.starts_with(".ci/"))
        .collect();
    assert!(paths.len() > 5, "{paths:?}");
    for path in paths {
        assert!(repository(path).exists(), "{path}");
    }
}

/// Writes a count of bytes as the guide does.
fn bytes(count: u64) -> String {
    match count {
        _ if count.is_multiple_of(1 << 30) => format!("{} GiB", count >> 30),
        _ if count.is_multiple_of(1 << 20) => format!("{} MiB", count >> 20),
        _ => format!("{} KiB", count >> 10),
    }
}

/// Writes a number with commas between its thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|it| str::from_utf8(it).unwrap())
        .collect();
    groups.join(",")
}

#[test]
fn the_guide_to_files_states_the_limits_that_apply() {
    use scoreload::input::limits::*;
    assert_eq!(MOST_BYTES, MOST_UNPACKED);
    let count = |number: u32| grouped(number as usize);
    let rows = [
        (
            "file, compressed or not; all parts of a workbook, unpacked",
            bytes(MOST_BYTES),
        ),
        ("workbook, as stored", bytes(MOST_WORKBOOK_BYTES)),
        (
            "expansion ratio of compressed data",
            MOST_EXPANSION.to_string(),
        ),
        ("CSV record", bytes(LONGEST_RECORD as u64)),
        (
            "cell of a CSV; of a workbook",
            format!(
                "{}; {}",
                bytes(LONGEST_CELL as u64),
                bytes(LONGEST_TEXT as u64)
            ),
        ),
        ("columns", count(MOST_COLUMNS)),
        (
            "rows of a sheet; cells of a workbook",
            format!(
                "{}; {}",
                count(MOST_ROWS),
                grouped(usize::try_from(MOST_CELLS).unwrap())
            ),
        ),
        (
            "sheets; parts of a workbook",
            format!("{}; {}", grouped(MOST_SHEETS), grouped(MOST_PARTS)),
        ),
        ("distinct texts of an .xlsx", grouped(MOST_SHARED_TEXTS)),
        ("merged regions of a sheet", grouped(MOST_REGIONS)),
    ];
    let rows = rows.map(|(what, limit)| format!("| {what} | {limit} |\n"));
    let table = format!("| --- | --- |\n{}\n", rows.concat());
    let guide = GUIDES.iter().find(|guide| guide.topic == "files").unwrap();
    assert!(guide.text.contains(&table), "{table}");
}
