//! Quoting of command lines for a shell.

use std::ffi::OsStr;

use super::is_control;

/// Joins words into a command line that bash and zsh split into the same words.
pub(crate) fn line<W: AsRef<OsStr>>(words: &[W]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word.as_ref())).collect();
    words.join(" ")
}

fn quoted(word: &OsStr) -> String {
    match word.to_str() {
        Some(text) if is_plain(text) => text.to_owned(),
        Some(text) if !text.chars().any(is_control) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => escaped(word.as_encoded_bytes()),
    }
}

/// Returns whether a word needs no quotes. zsh expands a leading `=`.
fn is_plain(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    !text.is_empty() && !text.starts_with('=') && text.chars().all(is_plain)
}

/// Quotes a word with escapes for invalid UTF-8 and control characters.
fn escaped(bytes: &[u8]) -> String {
    let mut shown = "$'".to_owned();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' | '\\' => shown.extend(['\\', c]),
                c if is_control(c) => {
                    let bytes = c.encode_utf8(&mut [0; 4]).to_owned();
                    bytes.bytes().for_each(|byte| shown += &octal(byte));
                }
                c => shown.push(c),
            }
        }
        chunk
            .invalid()
            .iter()
            .for_each(|byte| shown += &octal(*byte));
    }
    shown + "'"
}

/// Writes a byte in a form that ends of itself, whatever follows.
fn octal(byte: u8) -> String {
    format!("\\{byte:03o}")
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_quoted_where_they_need_it() {
        let table: [(&[u8], &str); 8] = [
            (b"scores.xlsx", "scores.xlsx"),
            (b"--rate=3/s,180/m", "--rate=3/s,180/m"),
            (b"", "''"),
            (b"my scores.csv", "'my scores.csv'"),
            (b"it's", r"'it'\''s'"),
            (b"in/*.csv", "'in/*.csv'"),
            (b"a\nb", r"$'a\012b'"),
            (b"caf\xe9'", r"$'caf\351\''"),
        ];
        for (word, expected) in table {
            assert_eq!(line(&[OsStr::from_bytes(word)]), expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn a_shell_reads_the_words_back(words in proptest::collection::vec(proptest::collection::vec(1..=255_u8, 0..12), 1..5)) {
            let words: Vec<&OsStr> = words.iter().map(|word| OsStr::from_bytes(word)).collect();
            let script = format!("printf '%s\\0' {}", line(&words));
            let output = Command::new("bash").arg("-c").arg(script).output().unwrap();
            let expected: Vec<u8> = words.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect();
            prop_assert_eq!(output.stdout, expected);
        }
    }
}
