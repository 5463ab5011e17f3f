//! Passwords that a URL does not hold: of the environment, or of the password file (`PostgreSQL`'s "The Password File").

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// The port of a server where none is named.
const PORT: u16 = 5432;

/// Returns the password of a database, if there is one.
pub(crate) fn of(config: &Config, environment: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    environment("PGPASSWORD").or_else(|| {
        let named = environment("PGPASSFILE").map(PathBuf::from);
        let file = named.or_else(|| Some(std::env::home_dir()?.join(".pgpass")))?;
        of_file(&private_text(&file)?, config)
    })
}

/// Reads a password file, unless others may read it too.
fn private_text(path: &Path) -> Option<String> {
    let found = fs::metadata(path).ok()?;
    let others = found.mode() & 0o077;
    if !found.is_file() || others != 0 {
        tracing::warn!(path = %path.display(), "the password file is not its owner's alone, so it is left out");
        return None;
    }
    fs::read_to_string(path).ok()
}

/// Finds the first line for a database: `host:port:database:user:password`, where `*` stands for anything.
fn of_file(text: &str, config: &Config) -> Option<String> {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(_)) | None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(PORT);
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    let wanted = [host.as_str(), &port.to_string(), database, user];
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(fields)
        .find(|fields| {
            let mut pairs = fields.iter().zip(wanted);
            fields.len() == 5 && pairs.all(|(field, wanted)| field == "*" || field == wanted)
        })
        .and_then(|mut fields| fields.pop())
}

/// Splits a line at its colons; a backslash takes the next sign as it is.
fn fields(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        match sign {
            ':' if fields.len() < 4 => fields.push(std::mem::take(&mut field)),
            '\\' => field.extend(signs.next()),
            sign => field.push(sign),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let file =
            "# a comment\ndb:5432:other:ada:no\ndb:*:scores:ada:s\\:3c\\\\ret:x\n*:*:*:*:any\n";
        let password = |url: &str| of_file(file, &url.parse().unwrap());
        assert_eq!(
            password("postgres://ada@db/scores").as_deref(),
            Some("s:3c\\ret:x")
        );
        assert_eq!(password("postgres://bob@db/scores").as_deref(), Some("any"));
        assert_eq!(
            of_file("db:5432:x:ada\n", &"postgres://ada@db/x".parse().unwrap()),
            None
        );
    }
}
