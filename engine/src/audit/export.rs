//! The record as lines of JSON.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chain::{AuditEvent, Hash, canonical_value};
use super::checkpoint::{Checkpoint, PublicKey};
use crate::canonical::canonical_json;

/// The version of the format written and read.
pub const FORMAT_VERSION: u32 = 1;

/// What the header says the file is.
pub(super) const FORMAT: &str = "infra-chat-audit";

/// Longest line, in bytes: whoever verifies needs memory for one line, whatever the file holds. Events are metadata.
pub(super) const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Why the record can't be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file can't be written.
    #[error("the audit export can't be written")]
    Write(#[from] io::Error),
    /// An event is longer than any verifier reads.
    #[error("audit event {seq} takes {bytes} bytes, more than the {LINE_BYTES_MAX} a line may have")]
    TooLong {
        /// The event.
        seq: i64,
        /// What its line would take.
        bytes: usize,
    },
}

/// A line of an export.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Line {
    Header(Header),
    Event(LinkedEvent),
    Checkpoint(Checkpoint),
    End(End),
}

/// What the file is, and the key its checkpoints are signed with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) public_key: PublicKey,
}

/// An event with its hash.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkedEvent {
    pub(super) body: AuditEvent,
    pub(super) hash: Hash,
}

/// How much the file should hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) events: u64,
    pub(super) checkpoints: u64,
}

impl Line {
    /// The one way to write it.
    pub(super) fn canonical(&self) -> String {
        canonical_json(&match self {
            Self::Header(Header { format, version, public_key }) => {
                json!({ "header": { "format": format, "version": version, "public_key": public_key.to_string() } })
            }
            Self::Event(LinkedEvent { body, hash }) => event_value(body, hash),
            Self::Checkpoint(checkpoint) => checkpoint_value(checkpoint),
            Self::End(End { events, checkpoints }) => {
                json!({ "end": { "events": events, "checkpoints": checkpoints } })
            }
        })
    }
}

fn event_value(body: &AuditEvent, hash: &Hash) -> Value {
    json!({ "event": { "body": canonical_value(body), "hash": hash.to_string() } })
}

fn checkpoint_value(checkpoint: &Checkpoint) -> Value {
    let Checkpoint { seq, hash, at_ms, key_id, signature } = checkpoint;
    json!({ "checkpoint": {
        "seq": seq,
        "hash": hash.to_string(),
        "at_ms": at_ms,
        "key_id": key_id,
        "signature": signature.to_string(),
    } })
}

/// Writes an export: events in order, each checkpoint after the event it signs, then [`Exporter::finish`].
#[derive(Debug)]
pub struct Exporter<W> {
    to: W,
    written: End,
}

impl<W: Write> Exporter<W> {
    /// Begins an export whose checkpoints are signed by this key.
    pub fn start(to: W, public_key: &PublicKey) -> Result<Self, ExportError> {
        let mut exporter = Self { to, written: End::default() };
        let header = Header { format: FORMAT.to_owned(), version: FORMAT_VERSION, public_key: *public_key };
        exporter.line(&Line::Header(header).canonical())?;
        Ok(exporter)
    }

    /// Writes the next event with the hash it has in the store. Nothing is checked here: a broken chain is exported as
    /// it is, for [`verify`](super::verify()) to find.
    pub fn event(&mut self, event: &AuditEvent, hash: &Hash) -> Result<(), ExportError> {
        let line = canonical_json(&event_value(event, hash));
        if line.len() > LINE_BYTES_MAX {
            return Err(ExportError::TooLong { seq: event.seq, bytes: line.len() });
        }
        self.line(&line)?;
        self.written.events += 1;
        Ok(())
    }

    /// Writes a checkpoint of the event written last.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), ExportError> {
        self.line(&canonical_json(&checkpoint_value(checkpoint)))?;
        self.written.checkpoints += 1;
        Ok(())
    }

    /// Writes the last line and gives the writer back, flushed.
    pub fn finish(mut self) -> Result<W, ExportError> {
        self.line(&Line::End(self.written).canonical())?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn line(&mut self, line: &str) -> Result<(), ExportError> {
        self.to.write_all(line.as_bytes())?;
        self.to.write_all(b"\n")?;
        Ok(())
    }
}
