//! The parcel that a workbook comes in, looked through before anything in it is believed: what kind it is, whether it
//! is whole, and whether it stays within bounds.

use std::io::{self, Cursor};
use std::sync::Arc;

use zip::ZipArchive;

use crate::problem::{Code, Place, Problem, Source};

/// All parts of a workbook together, unpacked: several times the largest real export.
const MOST_UNPACKED: u64 = 2 << 30;
/// A part this small may be packed as tightly as it likes.
const SMALL_PART: u64 = 16 << 20;
/// A larger one that is packed more tightly is made to fill the memory; real sheets reach 30.
const MOST_EXPANSION: u64 = 200;
/// What encrypted workbooks keep their content in, as their directory writes it: UTF-16.
const ENCRYPTED_PACKAGE: &str = "EncryptedPackage";
/// What an .xls keeps its content in.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0";

/// Looks through a workbook's parcel.
///
/// # Errors
/// When it is encrypted, of a kind that is not read, damaged, cut short, or made to fill the memory.
pub(super) fn check(bytes: &[u8], source: &Arc<Source>) -> Result<(), Problem> {
    let refuse =
        |code, message: String, help: &str| Problem::new(code, Place::whole(source), message, help);
    if bytes.starts_with(COMPOUND) {
        return Err(if is_encrypted(bytes) {
            let help = "open it with its password, save it without one, and try again";
            refuse(
                Code::InputEncrypted,
                "the workbook is encrypted".to_owned(),
                help,
            )
        } else {
            not_read(source, "an .xls workbook")
        });
    }
    let damaged = |what: &str| {
        let help = "get the file again from where it came; or open it in a spreadsheet program and save it as .xlsx";
        refuse(
            Code::InputUnreadable,
            format!("the workbook is damaged or cut short: {what}"),
            help,
        )
    };
    let mut parts =
        ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error.to_string()))?;
    if let Some(kind) = other_kind(&parts) {
        return Err(not_read(source, kind));
    }
    let mut unpacked = 0;
    for index in 0..parts.len() {
        let mut part = parts
            .by_index(index)
            .map_err(|error| damaged(&error.to_string()))?;
        let name = part
            .name()
            .map_or_else(|_| format!("number {index}"), std::borrow::Cow::into_owned);
        let (packed, size) = (part.compressed_size().max(1), part.size());
        unpacked += size;
        if unpacked > MOST_UNPACKED || (size > SMALL_PART && size / packed > MOST_EXPANSION) {
            let message = format!("the workbook's part `{name}` would unpack to {size} bytes");
            return Err(refuse(
                Code::InputTooLarge,
                message,
                "split the workbook into several files",
            ));
        }
        // Reading to the end compares the part with its checksum, and with the size that it names.
        let read = io::copy(&mut part, &mut io::sink())
            .map_err(|error| damaged(&format!("`{name}`: {error}")))?;
        if read != size {
            return Err(damaged(&format!(
                "`{name}` holds {read} bytes instead of {size}"
            )));
        }
    }
    Ok(())
}

/// Tells whether a compound file is an encrypted workbook.
fn is_encrypted(bytes: &[u8]) -> bool {
    let name: Vec<u8> = ENCRYPTED_PACKAGE
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    bytes.windows(name.len()).any(|window| window == name)
}

/// Names a workbook of a kind that is not read.
fn other_kind(parts: &ZipArchive<Cursor<&[u8]>>) -> Option<&'static str> {
    const KINDS: [(&str, &str); 2] = [
        ("content.xml", "an .ods workbook"),
        ("xl/workbook.bin", "an .xlsb workbook"),
    ];
    let holds = |name: &str| parts.index_for_name(name).is_some();
    KINDS
        .into_iter()
        .find(|(name, _)| holds(name))
        .map(|(_, kind)| kind)
}

fn not_read(source: &Arc<Source>, kind: &str) -> Problem {
    let message = format!("this is {kind}, which is not read");
    let help = "open it in a spreadsheet program, save it as .xlsx, and try again";
    Problem::new(Code::InputUnreadable, Place::whole(source), message, help)
}
