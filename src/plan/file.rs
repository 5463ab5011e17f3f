//! The plan file: one order a line, with a checksum that detects edits.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, Serializer};
use sha2::{Digest, Sha256};

use super::model::{Plan, SCHEMA};
use crate::input::hex;
use crate::plan::error::PlanError;

impl Plan {
    /// Adds the checksum.
    pub(crate) fn sealed(mut self) -> Self {
        self.checksum.clear();
        self.checksum = self.digest();
        self
    }

    /// Writes the plan, one order a line.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        let mut writer = Serializer::with_formatter(&mut out, LinePerEntry::default());
        self.serialize(&mut writer)?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Reads a plan file.
    ///
    /// # Errors
    /// The file cannot be read, is not a plan, has another format version, or was edited.
    pub(crate) fn read(path: &Path) -> Result<Self, PlanError> {
        let bytes = fs::read(path).map_err(|source| PlanError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::from_bytes(&bytes, path)
    }

    /// Parses the content of the file at `path`.
    pub(crate) fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, PlanError> {
        let path = || path.to_owned();
        let not_a_plan = |source| PlanError::NotAPlan {
            path: path(),
            source,
        };
        let head: Head = serde_json::from_slice(bytes).map_err(not_a_plan)?;
        if head.schema != SCHEMA {
            return Err(PlanError::UnknownSchema {
                path: path(),
                found: head.schema,
                known: SCHEMA,
            });
        }
        let malformed = |source| PlanError::Malformed {
            path: path(),
            source,
        };
        let mut plan: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        let checksum = std::mem::take(&mut plan.checksum);
        if checksum != plan.digest() {
            return Err(PlanError::Checksum { path: path() });
        }
        Ok(Self { checksum, ..plan })
    }

    /// Returns the checksum of a plan whose `checksum` is empty. It does not depend on the file's whitespace.
    fn digest(&self) -> String {
        let mut digest = DigestWriter(Sha256::new());
        // Texts and numbers always serialize, and a digest accepts all bytes.
        let _ = serde_json::to_writer(&mut digest, self);
        format!("sha256:{}", hex(&digest.0.finalize()))
    }
}

/// The property that identifies a plan; anything else is ignored.
#[derive(Deserialize)]
struct Head {
    schema: String,
}

struct DigestWriter(Sha256);

impl Write for DigestWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Formats JSON with one line for each top-level property and for each entry of its lists.
#[derive(Default)]
struct LinePerEntry {
    depth: usize,
}

impl LinePerEntry {
    fn begin(&mut self, out: &mut (impl Write + ?Sized), bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        out.write_all(bracket)
    }

    fn end(&mut self, out: &mut (impl Write + ?Sized), bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.depth == 0 {
            out.write_all(b"\n")?;
        }
        out.write_all(bracket)
    }

    /// Writes the separator before an entry; entries at `depth` get their own line.
    fn separate(
        &self,
        out: &mut (impl Write + ?Sized),
        first: bool,
        depth: usize,
    ) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        if self.depth == depth {
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

impl Formatter for LinePerEntry {
    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"}")
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"]")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.separate(out, first, 1)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.separate(out, first, 2)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Returns a plan with one order that has this score.
    fn plan(score: &str) -> Plan {
        let target = json!({
            "name": "demo", "base": "https://x.example/", "on_ambiguous": "hold", "resend": false, "test_mode": false,
        });
        let order = json!({
            "company_id": "B1", "order_id": "A1", "change": "new", "rows": [{"input": 0, "row": 2}],
            "ledger": null, "body": {"overallScore": score},
        });
        let plan = json!({
            "schema": SCHEMA, "plan": "20260304-170600-abcd", "tool_version": "1.0.0",
            "made_at": "2026-03-04T17:06:00Z", "target": target, "corrects": null, "inputs": [], "orderless": [],
            "orders": [order], "diagnostics": [], "checksum": "",
        });
        serde_json::from_value::<Plan>(plan).unwrap().sealed()
    }

    fn read(bytes: &[u8]) -> Result<Plan, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        Plan::read(file.path()).map_err(|error| error.to_string())
    }

    fn written(plan: &Plan) -> Vec<u8> {
        let mut bytes = Vec::new();
        plan.write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn reading_a_plan_restores_it_whatever_its_whitespace() {
        for score in ["87", "\"}]\n, é😀\\", ""] {
            let bytes = written(&plan(score));
            assert_eq!(written(&read(&bytes).unwrap()), bytes);
            let laid_out: Value = serde_json::from_slice(&bytes).unwrap();
            let laid_out = serde_json::to_vec_pretty(&laid_out).unwrap();
            assert_eq!(written(&read(&laid_out).unwrap()), bytes);
        }
    }

    #[test]
    fn each_order_is_on_its_own_line() {
        let text = String::from_utf8(written(&plan("87"))).unwrap();
        let orders = text.lines().filter(|line| line.contains("\"order_id\""));
        assert_eq!(orders.count(), 1);
        assert!(text.lines().all(|line| line.len() < 200), "{text}");
    }

    #[test]
    fn the_checksum_detects_every_edit() {
        let bytes = written(&plan("87"));
        let text = String::from_utf8(bytes).unwrap();
        let edits = [
            ("\"87\"", "\"88\""),
            ("\"row\":2", "\"row\":3"),
            ("\"hold\"", "\"resend\""),
            ("-abcd\"", "-abce\""),
            (
                "\"orderless\":[]",
                "\"orderless\":[{\"input\":0,\"row\":9}]",
            ),
            ("sha256:", "sha256:0"),
        ];
        for (from, to) in edits {
            assert!(text.contains(from), "{from}");
            let refused = read(text.replace(from, to).as_bytes()).unwrap_err();
            assert!(
                refused.ends_with("its checksum does not match"),
                "{refused}"
            );
        }
    }
}
