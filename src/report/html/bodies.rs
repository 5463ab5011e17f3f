//! The bodies of all orders, small: compressed by the hundred, so that a page of many orders stays one that opens.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;
use serde::{Serialize, Serializer};

use crate::orders::{Batch, Order};

/// So many orders share a part: enough to compress well, few enough to open at once.
pub(crate) const EACH: usize = 200;

/// The bodies of orders, made as they are written.
pub(crate) struct Bodies<'a>(pub(crate) &'a Batch);

impl Serialize for Bodies<'_> {
    /// Gives a list of parts, each the gzip of a JSON list of bodies, in base64.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Nothing that is compressed into memory can fail.
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
