//! What README shows is what the program does.

use scoreload::columns::COLUMNS;

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

#[test]
fn what_readme_shows_of_a_command_is_what_it_prints() {
    let bench = Bench::new();
    let samples = repository("samples");
    std::os::unix::fs::symlink(samples, bench.path("samples")).unwrap();
    let sessions = sessions();
    assert!(sessions.len() >= 4, "{sessions:?}");
    for (command, output) in sessions {
        let args: Vec<&str> = command
            .strip_prefix("scoreload ")
            .unwrap()
            .split(' ')
            .collect();
        let ran = bench.run(&args);
        assert_eq!(ran.stdout, output, "{command}");
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
            .map(|limit| limit.to_string())
            .unwrap_or_default();
        let row = format!(
            "| `{}` | {} | {} | {limit} |",
            spec.name,
            aliases.join(" "),
            spec.about
        );
        assert!(readme.contains(&row), "README lacks this row:\n{row}");
    }
}

#[test]
fn readme_names_every_exit_code() {
    let readme = readme();
    for code in [0, 1, 2, 3, 4, 5, 130] {
        assert!(readme.contains(&format!("| `{code}` |")), "{code}");
    }
}
