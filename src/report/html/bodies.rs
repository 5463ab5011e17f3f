//! The bodies of all orders, compressed in chunks so that a page with many orders still opens.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;
use serde::{Serialize, Serializer};

use crate::orders::{Batch, Order};

/// Bodies per chunk: enough to compress well, few enough to decompress at once.
pub(crate) const EACH: usize = 200;

/// The bodies of orders, built while they are written.
pub(crate) struct Bodies<'a>(pub(crate) &'a Batch);

impl Serialize for Bodies<'_> {
    /// Serializes a list of chunks, each a gzipped JSON list of bodies in base64.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Compressing into memory cannot fail.
        let parts = self.0.orders.par_chunks(EACH);
        let parts: Vec<String> = parts
            .map(|part| packed(self.0, part).unwrap_or_default())
            .collect();
        serializer.collect_seq(parts)
    }
}

fn packed(batch: &Batch, orders: &[Order]) -> io::Result<String> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    for (index, order) in orders.iter().enumerate() {
        out.write_all(if index == 0 { b"[" } else { b"," })?;
        out.write_all(&batch.body(order).to_json())?;
    }
    out.write_all(b"]")?;
    Ok(STANDARD.encode(out.finish()?))
}
