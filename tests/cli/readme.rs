//! What README shows is what the program does.

use scoreload::schema::columns::COLUMNS;

use crate::harness::{Bench, repository};

fn readme() -> String {
    std::fs::read_to_string(repository("README.md")).unwrap()
}

/// The blocks of README that show a command and what it prints.
fn sessions() -> Vec<(String, String)> {
    let readme = readme();
    let blocks = readme.split("```").skip(1).step_by(2);
    let session = |block: &str| {
        let (command, output) = block.strip_prefix("console\n$ ")?.split_once('\n')?;
        Some((command.to_owned(), output.to_owned()))
    };
    blocks.filter_map(session).collect()
}

/// What a command of README prints now.
fn printed(bench: &Bench, command: &str) -> String {
    let args: Vec<&str> = command
        .strip_prefix("scoreload ")
        .unwrap()
        .split(' ')
        .collect();
    bench.run(&args).stdout
}

/// With README=overwrite in the environment, README is brought up to date instead.
#[test]
fn what_readme_shows_of_a_command_is_what_it_prints() {
    let bench = Bench::new();
    std::os::unix::fs::symlink(repository("samples"), bench.path("samples")).unwrap();
    let is_overwriting = std::env::var("README").is_ok_and(|mode| mode == "overwrite");
    let mut text = readme();
    for (command, output) in sessions() {
        let now = printed(&bench, &command);
        if is_overwriting {
            text = text.replace(
                &format!("$ {command}\n{output}```"),
                &format!("$ {command}\n{now}```"),
            );
        } else {
            assert_eq!(now, output, "{command}");
        }
    }
    if is_overwriting {
        std::fs::write(repository("README.md"), text).unwrap();
    }
}

#[test]
fn readme_shows_the_list_of_commands() {
    let shown = sessions();
    assert!(
        shown
            .iter()
            .any(|(command, _)| command == "scoreload --help")
    );
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
fn readme_and_help_show_the_same_pages() {
    let readme = readme();
    for name in scoreload::guide::names() {
        let page = Bench::new().run(&["help", name]);
        assert_eq!(page.code, 0, "{}", page.stderr);
        assert!(page.stdout.starts_with("## "), "{}", page.stdout);
        assert!(readme.contains(&page.stdout), "README lacks {name}");
    }
}

#[test]
fn help_is_about_commands_too_and_knows_no_others() {
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
    assert!(ran.stderr.contains("nightly, teams"), "{}", ran.stderr);
}

/// Writes a count of bytes as README does.
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
fn the_bounds_of_inputs_are_those_that_are_kept() {
    use scoreload::input::limits::*;
    assert_eq!(MOST_BYTES, MOST_UNPACKED);
    let count = |number: u32| grouped(number as usize);
    let rows = [
        (
            "a file, packed or not; all parts of a workbook, unpacked",
            bytes(MOST_BYTES),
        ),
        ("a workbook, packed", bytes(MOST_WORKBOOK_BYTES)),
        (
            "unpacked, times its packed size",
            MOST_EXPANSION.to_string(),
        ),
        ("a record of a CSV", bytes(LONGEST_RECORD as u64)),
        (
            "a cell of a CSV; of a workbook",
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
        ("different texts of an .xlsx", grouped(MOST_SHARED_TEXTS)),
        ("merged regions of a sheet", grouped(MOST_REGIONS)),
    ];
    let rows = rows.map(|(what, most)| format!("| {what} | {most} |\n"));
    let table = rows.concat();
    assert!(
        readme().contains(&format!("| --- | --- |\n{table}\n")),
        "{table}"
    );
}
