//! Events and how each is bound to the one before.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::canonical::canonical_json;
use crate::clock::EpochMs;
use crate::model::{Actor, EnvironmentKey, IdError, Role, RunId};

/// Something that was done, refused or decided.
///
/// Numbers in `data` should be whole: fractions are recorded as text (see [`canonical_json`]), so a store that keeps `data`
/// as JSON text keeps its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEvent {
    /// Its number, from 1, without gaps.
    pub seq: i64,
    /// When.
    pub at_ms: EpochMs,
    /// Who.
    #[serde(with = "StrictActor")]
    pub actor: Actor,
    /// What was done, as `run.approved`.
    pub action: String,
    /// To what, as people call it.
    pub subject: String,
    /// The environment it concerned, if one.
    pub environment: Option<EnvironmentKey>,
    /// The run it belonged to, if one.
    pub run: Option<RunId>,
    /// Whatever else is worth keeping; redacted by whoever records it.
    pub data: Value,
}

impl AuditEvent {
    /// Why the glass was broken for what was asked here, when it was: those who read the record must see that.
    pub fn glass_broken(&self) -> Option<&str> {
        self.data["break_glass"].as_str()
    }
}

/// An actor as the record reads it: with the fields that are hashed, and no others.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Actor", deny_unknown_fields)]
struct StrictActor {
    name: String,
    role: Option<Role>,
    front: String,
}

/// SHA-256, the link of the chain. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash(pub [u8; 32]);

/// What the first event is linked to.
pub const GENESIS: Hash = Hash([0; 32]);

/// The bytes that are hashed: canonical JSON of every field; absent ones are `null`.
pub fn canonical_bytes(event: &AuditEvent) -> Vec<u8> {
    canonical_json(&canonical_value(event)).into_bytes()
}

/// The hash of an event, given the hash of the one before it.
pub fn link(prev: &Hash, event: &AuditEvent) -> Hash {
    Hash(Sha256::new_with_prefix(prev.0).chain_update(canonical_bytes(event)).finalize().into())
}

/// Takes the structs apart by name, so that a new field can't be left out of the hash.
pub(super) fn canonical_value(event: &AuditEvent) -> Value {
    let AuditEvent { seq, at_ms, actor, action, subject, environment, run, data } = event;
    let Actor { name, role, front } = actor;
    json!({
        "seq": seq,
        "at_ms": at_ms,
        "actor": { "name": name, "role": role.map(Role::as_str), "front": front },
        "action": action,
        "subject": subject,
        "environment": environment.as_ref().map(ToString::to_string),
        "run": run.as_ref().map(RunId::as_str),
        "data": data,
    })
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = IdError;
    fn from_str(given: &str) -> Result<Self, IdError> {
        read_hex("a hash (64 hexadecimal digits)", given).map(Self)
    }
}

impl TryFrom<String> for Hash {
    type Error = IdError;
    fn try_from(given: String) -> Result<Self, IdError> {
        given.parse()
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> String {
        hash.to_string()
    }
}

/// Reads exactly `N` bytes.
pub(super) fn read_hex<const N: usize>(what: &'static str, given: &str) -> Result<[u8; N], IdError> {
    let mut bytes = [0; N];
    match hex::decode_to_slice(given, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(IdError { what, given: given.chars().take(40).collect() }),
    }
}
