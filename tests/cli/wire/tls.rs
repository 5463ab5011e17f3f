//! HTTPS: trusted certificates, messages for untrusted servers, and proxies.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::{ServerConnection, StreamOwned, SupportedProtocolVersion};

use super::authority::{ANY, Authority, GOOD, Identity, Seen, listen};
use super::raw::{DONE, TOKEN, with_length};
use crate::harness::{Bench, Ran, SECRET, orders_csv};
use crate::server::read_message;

const HOST: &str = "api.scoreload.test";

/// Starts a server that accepts every update.
fn start(
    identity: &Identity,
    versions: &[&'static SupportedProtocolVersion],
) -> (SocketAddr, Seen) {
    let config = Arc::new(identity.config(versions));
    listen(move |stream, tell| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut reader = BufReader::new(StreamOwned::new(connection, stream));
        while let Some(request) = read_message(&mut reader) {
            let answer = if request.starts_with("POST") {
                with_length("200 OK", TOKEN.as_bytes())
            } else {
                DONE.to_vec()
            };
            tell(request);
            if reader.get_mut().write_all(&answer).is_err() {
                return;
            }
        }
    })
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(2));
    bench
}

/// Returns the number of connections and updates.
fn counts(seen: &Seen) -> (usize, usize) {
    let all: Vec<String> = seen.try_iter().collect();
    let of = |word| all.iter().filter(|one| one.starts_with(word)).count();
    (of("connected"), of("PATCH"))
}

#[test]
fn a_private_authority_can_be_set_by_flag_variable_and_configuration() {
    let (bench, authority) = (bench(), Authority::new());
    bench.write("ca.pem", &authority.pem);
    bench.write("config.toml", "[defaults]\nca_cert = \"ca.pem\"\n");
    let ways: [(&[&str], Option<&str>); 3] = [
        (&["--ca-cert", "ca.pem"], None),
        (&[], Some("ca.pem")),
        (&["--config", "config.toml"], None),
    ];
    for (flags, variable) in ways {
        let (address, seen) = start(&authority.identity("localhost", GOOD), ANY);
        let url = format!("https://localhost:{}", address.port());
        let mut command = bench.import_command(&url, &[&["orders.csv"], flags].concat());
        command.envs(variable.map(|path| ("SCORELOAD_CA_CERT", path)));
        let ran = Ran::from(command.output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(counts(&seen).1, 2);
        std::fs::remove_dir_all(bench.path("state")).unwrap();
    }
}

#[test]
fn a_certificate_file_may_hold_several_authorities_and_other_text() {
    let (bench, authority) = (bench(), Authority::new());
    let (_, key) = authority.identity("x.test", GOOD).pems();
    let all = format!("A note.\n{}{key}\n{}", Authority::new().pem, authority.pem);
    bench.write("all.pem", all);
    let (address, _seen) = start(
        &authority.identity("127.0.0.1", GOOD),
        &[&rustls::version::TLS12],
    );
    let url = format!("https://{address}");
    let ran = bench.import(&url, &["orders.csv", "--ca-cert", "all.pem"]);
    assert_eq!(ran.code, 0, "TLS 1.2 is enough too: {}", ran.stderr);
}

#[test]
fn an_untrusted_server_is_tried_once_and_explained_with_a_remedy() {
    let (bench, authority) = (bench(), Authority::new());
    bench.write("ca.pem", &authority.pem);
    let named: &[&str] = &["--ca-cert", "ca.pem"];
    let of = |host: &str, years| authority.identity(host, years);
    let table = [
        (
            of("localhost", GOOD),
            &[][..],
            "is not signed by a trusted authority",
            "--ca-cert FILE",
        ),
        (
            Authority::new().identity("localhost", GOOD),
            named,
            "is not signed by a trusted authority",
            "--ca-cert FILE",
        ),
        (
            of("localhost", (2000, 2020)),
            named,
            "expired on 2020-01-01",
            "check this machine's clock",
        ),
        (
            of("localhost", (2900, 3000)),
            named,
            "is not valid before 2900-01-01",
            "check this machine's clock",
        ),
        (
            of(HOST, GOOD),
            named,
            "is for `api.scoreload.test`, not for `localhost`",
            "the host in the target's URL",
        ),
    ];
    for (identity, flags, words, help) in table {
        let (address, seen) = start(&identity, ANY);
        let url = format!("https://localhost:{}", address.port());
        let ran = bench.import(&url, &[&["orders.csv"], flags].concat());
        assert_eq!(ran.code, 5, "{}", ran.stderr);
        assert!(
            ran.stderr.contains(words) && ran.stderr.contains(help),
            "{}",
            ran.stderr
        );
        assert_eq!(counts(&seen), (1, 0), "{words}");
        let args = [&["doctor", "--target", &url, "--format", "json"], flags].concat();
        let mut doctor = bench.command(&args);
        doctor
            .env("SCORELOAD_CLIENT_ID", "me")
            .env("SCORELOAD_CLIENT_SECRET", SECRET);
        let doctor = Ran::from(doctor.output().unwrap());
        let checks = doctor.diagnostics();
        let tls = checks.iter().find(|check| check["check"] == "tls").unwrap();
        assert_eq!((doctor.code, &tls["status"]), (5, &"fail".into()), "{tls}");
        let text = |part: &str| tls[part].as_str().unwrap().to_owned();
        assert!(
            text("message").contains(words) && text("help").contains(help),
            "{tls}"
        );
    }
}

#[test]
fn messages_distinguish_servers_without_tls_and_with_an_old_version() {
    let answers: [(&[u8], &str); 3] = [
        (
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            "does not use TLS",
        ),
        (
            b"\x15\x03\x01\0\x02\x02F",
            "neither TLS 1.2 nor a later version",
        ),
        (
            b"\x15\x03\x03\0\x02\x02(",
            "the TLS handshake failed: received fatal alert",
        ),
    ];
    for (answer, words) in answers {
        let (address, seen) = listen(move |mut stream, _| {
            let _ = stream
                .read(&mut [0; 4096])
                .and_then(|_| stream.write_all(answer));
        });
        let ran = bench().import(&format!("https://{address}"), &["orders.csv"]);
        assert_eq!((ran.code, counts(&seen).0), (5, 1), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

#[test]
fn invalid_certificate_files_are_refused_before_anything_is_sent() {
    let (bench, authority) = (bench(), Authority::new());
    let (certificate, key) = authority.identity("localhost", GOOD).pems();
    let cut = &certificate[..certificate.len() / 2];
    let noise = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let files: [(&str, Vec<u8>, &str, &str); 6] = [
        (
            "empty.pem",
            Vec::new(),
            "`empty.pem` contains no PEM certificate",
            "BEGIN CERTIFICATE",
        ),
        (
            "key.pem",
            key.into_bytes(),
            "`key.pem` contains no PEM certificate",
            "BEGIN CERTIFICATE",
        ),
        (
            "ca.der",
            vec![0x30, 0x82, 1, 2, 0xFF],
            "`ca.der` contains no PEM certificate",
            "-inform DER",
        ),
        (
            "cut.pem",
            cut.into(),
            "certificate `1` of `cut.pem` is damaged",
            "from its source again",
        ),
        (
            "noise.pem",
            format!("{}{noise}", authority.pem).into(),
            "certificate `2` of `noise.pem` is damaged",
            "from its source again",
        ),
        (
            "letters.pem",
            noise.replace("AAAA", "!!!!").into(),
            "certificate `1` of `letters.pem` is damaged",
            "from its source again",
        ),
    ];
    let (address, seen) = start(&authority.identity("localhost", GOOD), ANY);
    let url = format!("https://localhost:{}", address.port());
    let refused = |path: &str, words: &str, help: &str| {
        let ran = bench.import(&url, &["orders.csv", "--ca-cert", path]);
        assert_eq!(ran.code, 2, "{path}: {}", ran.stderr);
        assert!(
            ran.stderr.contains(words) && ran.stderr.contains(help),
            "{}",
            ran.stderr
        );
    };
    for (name, content, words, help) in files {
        bench.write(name, content);
        refused(name, words, help);
    }
    refused(
        "nowhere.pem",
        "cannot read the certificates in `nowhere.pem`: No such file",
        "check the path and your permission",
    );
    let ran = bench.run(&["history", "--ca-cert", "nowhere.pem"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(counts(&seen), (0, 0));
}

/// Starts a proxy that connects to `to` for any host.
fn proxy(to: SocketAddr) -> (SocketAddr, Seen) {
    listen(move |stream, tell| {
        let mut reader = BufReader::new(stream);
        let Some(request) = read_message(&mut reader) else {
            return;
        };
        tell(request);
        let mut client = reader.into_inner();
        let mut server = TcpStream::connect(to).unwrap();
        client
            .write_all(b"HTTP/1.1 200 Established\r\n\r\n")
            .unwrap();
        let (mut from, mut back) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from, &mut server));
        let _ = std::io::copy(&mut back, &mut client);
    })
}

#[test]
fn the_environments_proxy_is_used_unless_no_proxy_excludes_the_host() {
    let (bench, authority) = (bench(), Authority::new());
    bench.write("ca.pem", &authority.pem);
    let (server, _seen) = start(&authority.identity(HOST, GOOD), ANY);
    let (address, seen) = proxy(server);
    let import = |excepted: &str| {
        let flags = [
            "orders.csv",
            "--ca-cert",
            "ca.pem",
            "--retries",
            "0",
            "--ledger",
            "none",
        ];
        let mut command = bench.import_command(&format!("https://{HOST}"), &flags);
        command
            .env("HTTPS_PROXY", format!("http://{address}"))
            .env("NO_PROXY", excepted);
        Ran::from(command.output().unwrap())
    };
    let ran = import("elsewhere.test");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let requests: Vec<String> = seen.try_iter().collect();
    let connect = format!("CONNECT {HOST}:443 HTTP/1.1\r\n");
    assert!(requests[1].starts_with(&connect), "{requests:?}");
    assert!(!requests.concat().contains("t0ken") && !requests.concat().contains(SECRET));
    let ran = import("scoreload.test");
    assert_eq!((ran.code, counts(&seen).0), (5, 0), "{}", ran.stderr);
}

#[test]
fn plain_http_to_another_machine_needs_permission_and_causes_a_warning() {
    let (bench, warning) = (
        bench(),
        "plain HTTP: credentials and scores are exposed to the network",
    );
    let url = format!("http://{HOST}:8085");
    let ran = bench.import(&url, &["orders.csv"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--insecure-http"), "{}", ran.stderr);
    // A proxy simulates the remote machine.
    let server = super::raw::Server::start(|_, stream| {
        stream.write_all(DONE)?;
        Ok(super::raw::Then::GoOn)
    });
    bench.write("config.toml", "[defaults]\ninsecure_http = true\n");
    let ways: [(&[&str], Option<&str>); 3] = [
        (&["--insecure-http"], None),
        (&[], Some("1")),
        (&["--config", "config.toml"], None),
    ];
    for (flags, variable) in ways {
        let mut command = bench.import_command(
            &url,
            &[&["orders.csv", "-q", "--ledger", "none"], flags].concat(),
        );
        command
            .env("HTTP_PROXY", server.url())
            .env("http_proxy", server.url())
            .envs(variable.map(|on| ("SCORELOAD_INSECURE_HTTP", on)));
        let ran = Ran::from(command.output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(ran.stderr, format!("warning      {warning}\n"));
        assert_eq!(bench.report()["notice"], warning);
    }
    assert_eq!(server.count(Some(0)), 3);
    let here = bench.import(&server.url(), &["orders.csv", "--insecure-http"]);
    assert_eq!(here.code, 0, "{}", here.stderr);
    assert!(
        !here.stderr.contains(warning),
        "nothing leaves this machine: {}",
        here.stderr
    );
}
