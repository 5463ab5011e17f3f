//! Tests that combine flags, variables and profiles.

use std::ffi::OsString;

use jiff::Timestamp;

use super::credentials::{CLIENT_ID, CLIENT_SECRET};
use super::file::ConfigFile;
use super::target::PRODUCTION;
use super::*;
use crate::cli::{self, Command, ImportArgs};

fn import(flags: &[&str]) -> ImportArgs {
    import_with(&ConfigFile::default(), flags)
}

fn import_with(file: &ConfigFile, flags: &[&str]) -> ImportArgs {
    let line = ["scoreload", "import", "a.csv"].iter().chain(flags);
    let line: Vec<OsString> = line.map(OsString::from).collect();
    let cli = cli::parse(line.clone()).unwrap();
    match file.complete(cli, line).unwrap().command {
        Command::Import(args) => args,
        other => panic!("{other:?}"),
    }
}

fn resolved(
    flags: &[&str],
    variables: &[(&str, &str)],
    is_terminal: bool,
) -> Result<String, String> {
    let environment = |name: &str| {
        if name == "HOME" {
            return Some("/home/ada".to_owned());
        }
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    let args = import(flags);
    let purpose = if args.dry_run {
        Purpose::Plan
    } else {
        Purpose::Deliver
    };
    let file = ConfigFile::default();
    match delivery(&args.delivery, &file, &environment, (purpose, is_terminal)) {
        Ok(Delivery {
            target, consent, ..
        }) => Ok(format!("{} {consent:?}", target.name())),
        Err(error) => Err(error.to_string()),
    }
}

const BOTH: &[(&str, &str)] = &[(CLIENT_ID, "id"), (CLIENT_SECRET, "secret")];

#[test]
fn the_target_follows_from_flags_and_credentials() {
    type Case<'a> = (
        &'a [&'a str],
        &'a [(&'a str, &'a str)],
        bool,
        Result<&'a str, &'a str>,
    );
    #[rustfmt::skip]
    let table: &[Case<'_>] = &[
        (&[], &[], false, Ok("sandbox Given")),
        (&[], BOTH, false, Err("credentials are set, but no target is named")),
        (&["--dry-run"], BOTH, false, Err("credentials are set, but no target is named")),
        (&["--target", "sandbox"], BOTH, false, Ok("sandbox Given")),
        (&["--target", "demo"], BOTH, false, Ok("demo Given")),
        (&["--target", "demo"], &[], false, Err("the target `demo` needs credentials")),
        (&["--target", "demo", "--dry-run"], &[], false, Ok("demo Given")),
        (&["--target", "demo"], &BOTH[..1], false, Err("variable SCORELOAD_CLIENT_ID is set, but SCORELOAD_CLIENT_SECRET is not")),
        (&["--target", "production"], BOTH, true, Ok("production Ask")),
        (&["--target", "production", "--yes"], BOTH, false, Ok("production Given")),
        (&["--target", "production"], BOTH, false, Err("refusing to deliver to production without confirmation: stdin is not a terminal")),
        (&["--target", PRODUCTION], BOTH, true, Ok("https://dc1prodgwext.paylocity.com Ask")),
        (&["--target", "https://dc1prodgwext.paylocity.com./"], BOTH, true, Ok("https://dc1prodgwext.paylocity.com./ Ask")),
        (&["--target", "http://127.0.0.1:8085"], BOTH, false, Ok("http://127.0.0.1:8085 Given")),
        (&["--target", "http://gateway.example"], BOTH, false, Err("`http://gateway.example` would send the credentials unencrypted")),
        (&["--target", "http://gateway.example", "--insecure-http"], BOTH, false, Ok("http://gateway.example Given")),
        (&["--target", "gateway"], BOTH, false, Err("invalid target `gateway`")),
        (&["--target", "https://u:p@x.example"], BOTH, false, Err("the target's URL must have only a scheme, a host, a port and a path")),
    ];
    for (flags, variables, is_terminal, expected) in table {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(
            resolved(flags, variables, *is_terminal),
            expected,
            "{flags:?}"
        );
    }
}

#[test]
fn settings_with_unknown_names_are_refused() {
    let message = |flags: &[&str]| {
        input_options(
            &import(flags).input,
            &ConfigFile::default(),
            Timestamp::UNIX_EPOCH,
        )
        .unwrap_err()
        .to_string()
    };
    assert_eq!(
        message(&["--map", "Result=tset_score"]),
        "--map names the unknown column `tset_score`"
    );
    assert_eq!(
        message(&["--map", "Result"]),
        "--map `Result` does not have the form 'HEADER=COLUMN'"
    );
    assert_eq!(
        message(&["--status", "Graded=Marked"]),
        "--status names the unknown status `Marked`"
    );
    assert_eq!(
        message(&["--timezone", "Mars/Base"]),
        "unknown time zone `Mars/Base`"
    );
    assert!(message(&["--company-id", "B600123456"]).starts_with("--company-id: "));
}

#[test]
fn a_map_is_split_at_its_last_equals_sign() {
    let names = input_options(
        &import(&["--map", "a=b=test_score"]).input,
        &ConfigFile::default(),
        Timestamp::UNIX_EPOCH,
    )
    .unwrap()
    .names;
    assert_eq!(
        names
            .find("A=B")
            .map(crate::schema::columns::Field::name)
            .as_deref(),
        Some("test_score")
    );
}

#[test]
fn urls_that_differ_in_final_slashes_are_the_same_target() {
    for (written, expected) in [
        ("https://x.example", "https://x.example/"),
        ("https://X.example:443//", "https://x.example/"),
        ("https://x.example/gateway", "https://x.example/gateway"),
        ("https://x.example/gateway/", "https://x.example/gateway"),
    ] {
        assert_eq!(
            base(written, PlainHttp::OnThisMachine).unwrap().as_str(),
            expected,
            "{written}"
        );
    }
}

#[test]
fn refused_credentials_get_a_hint_about_the_environment() {
    let hint = |name: &str| {
        let target = Target::resolve(Some(name), Purpose::Plan, None, PlainHttp::OnThisMachine);
        let target = target.unwrap();
        target.hint_of_refusal().unwrap_or_default().to_owned()
    };
    for name in ["production", PRODUCTION] {
        assert!(hint(name).contains("refuses credentials of the demo"));
    }
    assert!(hint("demo").contains("refuses credentials of the production"));
    assert_eq!(hint("https://gateway.example") + &hint("sandbox"), "");
}

#[test]
fn a_profile_can_turn_confirmation_off() {
    let profile = "target = \"production\"\nconfirm = CONFIRM\nclient_id = \"me\"\nclient_secret_command = [\"echo\", \"s\"]";
    let consent = |confirm: &str, is_terminal| {
        let file = ConfigFile::with_profile("nightly", &profile.replace("CONFIRM", confirm));
        let args = import_with(&file, &[]).delivery;
        let how = (Purpose::Deliver, is_terminal);
        let setup = delivery(&args, &file, &|_| None, how);
        setup
            .map(|setup| setup.consent)
            .map_err(|error| error.to_string())
    };
    assert_eq!(consent("false", false), Ok(Consent::Given));
    assert_eq!(consent("true", true), Ok(Consent::Ask));
    assert!(
        consent("true", false)
            .unwrap_err()
            .contains("without confirmation")
    );
}
