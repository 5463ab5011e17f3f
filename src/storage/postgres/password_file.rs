//! The `PostgreSQL` password file (`~/.pgpass`, or the file named by `PGPASSFILE`).

use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::system::permissions;

const DEFAULT_PORT: u16 = 5432;

/// Returns the password for a connection from the password file that the environment names.
pub(crate) fn find(
    config: &Config,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let named = environment("PGPASSFILE").map(PathBuf::from);
    let path = named.or_else(|| Some(std::env::home_dir()?.join(".pgpass")))?;
    find_in(&read_private(&path)?, config)
}

/// Reads a password file, unless others can read it too.
fn read_private(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let is_open = permissions::mode(&metadata).is_some_and(|mode| mode & 0o077 != 0);
    if !metadata.is_file() || is_open {
        tracing::warn!(path = %path.display(), "ignoring the password file: others can read it");
        return None;
    }
    fs::read_to_string(path).ok()
}

/// Returns the password of the first line that matches: `host:port:database:user:password`, where `*` matches anything.
fn find_in(text: &str, config: &Config) -> Option<String> {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.as_str(),
        _ => "localhost",
    };
    let port = config.get_ports().first().copied().unwrap_or(DEFAULT_PORT);
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    let wanted = [host, &port.to_string(), database, user];
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(split_fields)
        .find(|fields| {
            let mut pairs = fields.iter().zip(wanted);
            fields.len() == 5 && pairs.all(|(field, wanted)| field == "*" || field == wanted)
        })
        .and_then(|mut fields| fields.pop())
}

/// Splits a line at its first four colons; a backslash escapes the next character.
fn split_fields(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            ':' if fields.len() < 4 => fields.push(std::mem::take(&mut field)),
            '\\' => field.extend(chars.next()),
            char => field.push(char),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_matching_line_has_the_password() {
        let file =
            "# a comment\ndb:5432:other:ada:no\ndb:*:scores:ada:s\\:3c\\\\ret:x\n*:*:*:*:any\n";
        let password = |url: &str| find_in(file, &url.parse().unwrap());
        assert_eq!(
            password("postgres://ada@db/scores").as_deref(),
            Some("s:3c\\ret:x")
        );
        assert_eq!(password("postgres://bob@db/scores").as_deref(), Some("any"));
        let incomplete = find_in("db:5432:x:ada\n", &"postgres://ada@db/x".parse().unwrap());
        assert_eq!(incomplete, None);
    }
}
