//! Signatures of what vendors call: HMAC-SHA256 (RFC 2104). Written out, because the versions of `hmac` and `sha2` this program
//! has do not fit each other.

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What SHA-256 takes at a time, in bytes.
const BLOCK: usize = 64;

/// The HMAC-SHA256 of these parts, one behind the other, in hexadecimal.
pub fn hmac_sha256_hex(key: &SecretString, parts: &[&[u8]]) -> String {
    let key = key.expose_secret().as_bytes();
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut inner = Sha256::new_with_prefix(block.map(|byte| byte ^ 0x36));
    for part in parts {
        inner.update(part);
    }
    let outer = Sha256::new_with_prefix(block.map(|byte| byte ^ 0x5c)).chain_update(inner.finalize());
    hex::encode(outer.finalize())
}

/// Whether two signatures are the same, in a time that does not tell where they differ.
pub fn is_same_signature(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
