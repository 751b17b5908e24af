//! Signed positions of the chain, and the keys that sign them.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use ed25519_dalek::{Signer, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::chain::{Hash, read_hex};
use crate::clock::EpochMs;
use crate::model::IdError;
use crate::secrets::{KeyFileError, key_file_open_or_create};

/// How public keys begin, so that a text says what it is.
const KEY_SCHEME: &str = "ed25519:";

/// Bytes of a key's identifier: enough that two keys of one installation never share it.
const KEY_ID_BYTES: usize = 8;

/// Why a checkpoint proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Another key signed it.
    #[error("checkpoint {seq} was signed by key {signed_by}, not by {expected}")]
    OtherKey {
        /// The position it is for.
        seq: i64,
        /// The key it names.
        signed_by: String,
        /// The key expected.
        expected: String,
    },
    /// The signature is not one of these fields by this key.
    #[error("checkpoint {seq} does not carry a valid signature of key {key_id}")]
    Signature {
        /// The position it is for.
        seq: i64,
        /// The key.
        key_id: String,
    },
}

/// A signed statement: at this time, the chain up to event `seq` had this hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The number of the last event it covers.
    pub seq: i64,
    /// The hash of that event.
    pub hash: Hash,
    /// When it was signed.
    pub at_ms: EpochMs,
    /// The key that signed it.
    pub key_id: String,
    /// Ed25519 over [`Checkpoint::signed_bytes`].
    pub signature: Signature,
}

impl Checkpoint {
    /// Signs a position of the chain.
    pub fn sign(key: &SigningKey, seq: i64, hash: Hash, at_ms: EpochMs) -> Self {
        let key_id = key.public_key().id();
        let signed = signed_bytes(seq, &hash, at_ms, &key_id);
        Self { seq, hash, at_ms, signature: Signature(key.0.sign(&signed).to_bytes()), key_id }
    }

    /// Whether the key signed exactly this.
    pub fn verify(&self, key: &PublicKey) -> Result<(), CheckpointError> {
        if self.key_id != key.id() {
            let (signed_by, expected) = (self.key_id.clone(), key.id());
            return Err(CheckpointError::OtherKey { seq: self.seq, signed_by, expected });
        }
        let signature = ed25519_dalek::Signature::from_bytes(&self.signature.0);
        key.0
            .verify_strict(&self.signed_bytes(), &signature)
            .map_err(|_| CheckpointError::Signature { seq: self.seq, key_id: self.key_id.clone() })
    }

    /// The bytes that are signed: a line that says what this is, then position, hash, time and key, a line each.
    pub fn signed_bytes(&self) -> Vec<u8> {
        signed_bytes(self.seq, &self.hash, self.at_ms, &self.key_id)
    }
}

fn signed_bytes(seq: i64, hash: &Hash, at_ms: EpochMs, key_id: &str) -> Vec<u8> {
    format!("infra-chat audit checkpoint v1\n{seq}\n{hash}\n{at_ms}\n{key_id}\n").into_bytes()
}

/// Signs checkpoints. Wiped from memory when dropped; its `Debug` shows the public half alone.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key in a file (mode 600), which is made when it is not there. A file that others can read is refused.
    pub fn open_or_create(file: &Path) -> Result<Self, KeyFileError> {
        let bytes = key_file_open_or_create(file)?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(&bytes)))
    }

    /// The half that everybody may have, to verify with.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public_key()).finish_non_exhaustive()
    }
}

/// Verifies checkpoints. Written `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Its short name, 16 hexadecimal digits of its SHA-256.
    pub fn id(&self) -> String {
        hex::encode(&Sha256::digest(self.0.as_bytes())[..KEY_ID_BYTES])
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{KEY_SCHEME}{}", hex::encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for PublicKey {
    type Err = IdError;
    fn from_str(given: &str) -> Result<Self, IdError> {
        let what = "a public key (`ed25519:` and 64 hexadecimal digits)";
        let bytes = read_hex(what, given.strip_prefix(KEY_SCHEME).unwrap_or_default());
        bytes
            .ok()
            .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
            .map(Self)
            .ok_or_else(|| IdError { what, given: given.chars().take(80).collect() })
    }
}

impl TryFrom<String> for PublicKey {
    type Error = IdError;
    fn try_from(given: String) -> Result<Self, IdError> {
        given.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> String {
        key.to_string()
    }
}

/// An Ed25519 signature. Written as 128 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signature(pub [u8; 64]);

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl TryFrom<String> for Signature {
    type Error = IdError;
    fn try_from(given: String) -> Result<Self, IdError> {
        read_hex("a signature (128 hexadecimal digits)", &given).map(Self)
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> String {
        signature.to_string()
    }
}
