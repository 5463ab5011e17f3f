//! The samples for operations: verified by systemd where that is there, and their command lines tried by the binary.

use std::process::Command;

use crate::harness::{Bench, repository};

/// The commands of the samples, as words behind the program's name.
fn commands() -> Vec<Vec<String>> {
    let read = |name: &str| std::fs::read_to_string(repository("samples/ops").join(name)).unwrap();
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let program = "/usr/local/bin/scoreload ";
    let behind = |text: &str, start: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(start))
            .unwrap()
            .to_owned();
        words(line.split_once(program).unwrap().1)
    };
    let container = read("Containerfile");
    let line = container.lines().find_map(|line| line.strip_prefix("CMD "));
    vec![
        behind(&read("scoreload.service"), "ExecStart="),
        behind(&read("scoreload.cron"), "30 2 "),
        serde_json::from_str(line.unwrap()).unwrap(),
    ]
}

#[test]
#[expect(clippy::print_stdout, reason = "that it was skipped must be seen")]
fn the_units_are_good_to_systemd_and_well_locked_up() {
    let bench = Bench::new();
    let found = Command::new("systemd-analyze").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no systemd-analyze here");
        return;
    }
    let binary = assert_cmd::cargo::cargo_bin!("scoreload")
        .display()
        .to_string();
    for name in ["scoreload.service", "scoreload.timer"] {
        let text = std::fs::read_to_string(repository("samples/ops").join(name)).unwrap();
        bench.write(name, text.replace("/usr/local/bin/scoreload", &binary));
    }
    let analyze = |args: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        let output = command
            .args(args)
            .current_dir(bench.path(""))
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let verified = analyze(&["verify", "./scoreload.service", "./scoreload.timer"]);
    assert_eq!(verified, (true, String::new()));
    // 10 is a service without any protection; the threshold is in tenths.
    let security = [
        "security",
        "--offline=yes",
        "--threshold=20",
        "./scoreload.service",
    ];
    let (is_safe, text) = analyze(&security);
    assert!(is_safe, "{text}");
}

#[test]
fn the_commands_of_the_samples_are_understood_with_the_sample_configuration() {
    let bench = Bench::new();
    let config = repository("samples/ops/scoreload.toml")
        .display()
        .to_string();
    for words in commands() {
        let import = words.iter().position(|word| word == "import").unwrap();
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        // `config` takes the flags of `import`, and touches nothing.
        words[import] = "config";
        let path = words
            .iter()
            .position(|word| *word == "/etc/scoreload/scoreload.toml");
        words[path.unwrap()] = &config;
        let ran = bench.run(&words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.stderr);
        for expected in [
            "target           production",
            "confirm          false",
            "client_secret    set",
        ] {
            assert!(ran.stdout.contains(expected), "{expected}\n{}", ran.stdout);
        }
        let inbox = words.iter().position(|word| *word == "--inbox").unwrap();
        assert!(words[inbox + 1].ends_with("inbox"));
    }
}

#[test]
fn the_container_file_copies_what_is_there() {
    let text = std::fs::read_to_string(repository("samples/ops/Containerfile")).unwrap();
    let copied = text.lines().filter_map(|line| line.strip_prefix("COPY "));
    let from_here = copied.filter(|words| !words.starts_with("--from"));
    let mut count = 0;
    for words in from_here {
        let mut words: Vec<&str> = words.split_whitespace().collect();
        words.pop();
        for path in words {
            assert!(repository(path).exists(), "{path}");
            count += 1;
        }
    }
    assert_eq!(count, 4);
}

#[test]
fn the_line_for_cron_has_its_fields_and_a_command_that_a_shell_reads() {
    let text = std::fs::read_to_string(repository("samples/ops/scoreload.cron")).unwrap();
    let line = text.lines().find(|line| line.starts_with("30 2 ")).unwrap();
    let fields: Vec<&str> = line.splitn(7, ' ').collect();
    assert_eq!(fields[..6], ["30", "2", "*", "*", "*", "scoreload"]);
    // To cron a `%` would be the end of the line.
    assert!(!fields[6].contains('%'));
    let read = Command::new("sh")
        .args(["-n", "-c", fields[6]])
        .status()
        .unwrap();
    assert!(read.success());
}
