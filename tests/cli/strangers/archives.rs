//! Archives that unpack to more than they should.

use std::io::Write;

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{HEADER, NO_TEXT, ROW, TOO_LARGE, UNREADABLE, refused};
use crate::harness::Bench;
use crate::texts::gz;

const MB: usize = 1 << 20;

/// A frame of zstd that stands for so many times 128 KB of the same letter, and looks so far back.
fn repeated(blocks: u32, window: u8) -> Vec<u8> {
    let mut frame = b"\x28\xB5\x2F\xFD\0".to_vec();
    frame.push(window);
    for block in 1..=blocks {
        let header = (128 << 10 << 3) | (1 << 1) | u32::from(block == blocks);
        frame.write_all(&header.to_le_bytes()[..3]).unwrap();
        frame.push(b'x');
    }
    frame
}

#[test]
fn an_archive_that_unpacks_to_far_more_than_it_is_is_refused() {
    let bench = Bench::new();
    let line = gz(&vec![b'x'; 4 * MB]);
    let zeros = gz(&vec![0; 4 * MB]);
    let row = ROW.trim_end().to_owned() + &" ".repeat(4000) + "\n";
    let rows = gz(row.repeat(2 * MB / row.len()).as_bytes());
    let header = gz(HEADER.as_bytes());
    let wide = [b"\xFF\xFE".to_vec(), [b'x', 0].repeat(2 * MB)].concat();
    let files = [
        ("line.csv.gz", line.repeat(250), TOO_LARGE),
        ("zeros.csv.gz", zeros.repeat(250), NO_TEXT),
        (
            "rows.csv.gz",
            [header, rows.repeat(500)].concat(),
            TOO_LARGE,
        ),
        (
            "wide.csv.gz",
            [gz(&wide), gz(&wide[2..]).repeat(100)].concat(),
            TOO_LARGE,
        ),
        ("line.csv.zst", repeated(8000, 0x58), TOO_LARGE),
        ("window.csv.zst", repeated(8000, 0x80), TOO_LARGE),
        ("deep.csv.gz", gz(&gz(&gz(&gz(b"order_id\n")))), UNREADABLE),
        (
            "gz.csv.zst",
            compress_to_vec(&gz(ROW.as_bytes())[..], CompressionLevel::Fastest),
            UNREADABLE,
        ),
    ];
    for (name, bytes, code) in files {
        bench.write(name, bytes);
        refused(&bench, name, code);
    }
}
