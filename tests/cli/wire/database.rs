//! A ledger in a database whose certificate is from a private authority.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::authority::{ANY, Authority, GOOD, listen};
use crate::harness::{Bench, TestSandbox, orders_csv};
use crate::postgres;

/// Adds TLS to a database without it. `PostgreSQL` clients request TLS with eight bytes, and the server answers `S`.
fn tunnel(mut client: TcpStream, config: &Arc<ServerConfig>, to: SocketAddr) -> io::Result<()> {
    client.read_exact(&mut [0; 8])?;
    client.write_all(b"S")?;
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut server = TcpStream::connect(to)?;
    let moment = Some(Duration::from_millis(1));
    let mut client = StreamOwned::new(connection, client);
    while client.conn.is_handshaking() {
        client.conn.complete_io(&mut client.sock)?;
    }
    client.sock.set_read_timeout(moment)?;
    server.set_read_timeout(moment)?;
    while pass(&mut client, &mut server)? && pass(&mut server, &mut client)? {}
    Ok(())
}

/// Forwards the available bytes. Returns `false` at the end of the stream.
fn pass(from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
    let mut bytes = [0; 16384];
    match from.read(&mut bytes) {
        Ok(0) => Ok(false),
        Ok(count) => to.write_all(&bytes[..count]).map(|()| true),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

#[test]
fn ca_cert_applies_to_the_ledgers_database() {
    let Some(server) = postgres::shared() else {
        return;
    };
    let (bench, authority) = (Bench::new(), Authority::new());
    let config = Arc::new(authority.identity("localhost", GOOD).config(ANY));
    let url = server.database();
    let (_, place) = url.split_once('@').unwrap();
    let (address, name) = place.split_once('/').unwrap();
    let to: SocketAddr = address.parse().unwrap();
    let (address, _seen) = listen(move |stream, _| {
        // An error ends the tunnel like the end of its connection.
        let _ = tunnel(stream, &config, to);
    });
    let port = address.port();
    let ledger = format!("postgres://scoreload@localhost:{port}/{name}?sslmode=require");
    let sandbox = TestSandbox::start("unlimited", "");
    bench.write("ca.pem", &authority.pem);
    bench.write("orders.csv", orders_csv(2));
    let named = ["--ca-cert", "ca.pem"];
    let import = ["orders.csv", "--ledger", &ledger];
    let words = "its database refuses the connection: the server's certificate is not signed by a trusted authority; pass the certificate of the gateway's or company proxy's authority with --ca-cert FILE";
    let ran = bench.import(&sandbox.url(), &import);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    let ran = bench.import(&sandbox.url(), &[&import[..], &named].concat());
    assert_eq!(
        (ran.code, sandbox.updates().len()),
        (0, 2),
        "{}",
        ran.stderr
    );
    let history = ["history", "--ledger", &ledger];
    assert_eq!(bench.run(&history).code, 2);
    let ran = bench.run(&[&history[..], &named].concat());
    assert!(
        ran.stdout.contains("2 accepted"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
}
