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
