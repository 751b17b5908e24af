#![doc = include_str!("README.md")]

mod chain;
mod checkpoint;
mod export;
mod raw;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod tests;
mod verdict;
mod verify;
mod walk;

pub use chain::{AuditEvent, GENESIS, Hash, canonical_bytes, link};
pub use checkpoint::{Checkpoint, CheckpointError, PublicKey, Signature, SigningKey};
pub use export::{ExportError, Exporter, FORMAT_VERSION};
pub use verdict::Verdict;
pub use verify::{VerifyError, verify};
