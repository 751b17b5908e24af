//! The key all secrets are sealed under.

use std::fmt;
use std::path::Path;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::key_file::{KEY_BYTES, key_file_open_or_create, key_from_text};
use super::{KeyFileError, SecretError};

/// Block of SHA-256, in bytes: what HMAC pads its key to.
const BLOCK_BYTES: usize = 64;

/// The master key. Wiped from memory when dropped; its `Debug` shows its identifier alone.
pub struct MasterKey {
    id: String,
    sealing: Zeroizing<[u8; KEY_BYTES]>,
    fingerprinting: Zeroizing<[u8; KEY_BYTES]>,
}

impl MasterKey {
    /// The key in a file (mode 600), which is made when it is not there. A file that others can read is refused.
    pub fn open_or_create(file: &Path) -> Result<Self, SecretError> {
        let key = key_file_open_or_create(file)?;
        Ok(Self::from_bytes(&key))
    }

    /// The key as text, hexadecimal or base64: how it comes from the environment variable named `place`.
    pub fn from_text(place: &str, text: &str) -> Result<Self, KeyFileError> {
        let key = key_from_text(place, text)?;
        Ok(Self::from_bytes(&key))
    }

    /// Names the key without telling anything of it: 8 hexadecimal digits, kept with each sealed value.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// One key per purpose, so that what one purpose shows can never help against another.
    pub(super) fn from_bytes(key: &[u8; KEY_BYTES]) -> Self {
        let derive = |purpose: &str| Zeroizing::new(hmac_sha256(key, &[purpose.as_bytes()]));
        Self {
            id: hex::encode(&derive("infra-chat key id v1")[..4]),
            sealing: derive("infra-chat sealing v1"),
            fingerprinting: derive("infra-chat fingerprint v1"),
        }
    }

    pub(super) fn sealing(&self) -> &[u8; KEY_BYTES] {
        &self.sealing
    }

    pub(super) fn fingerprinting(&self) -> &[u8; KEY_BYTES] {
        &self.fingerprinting
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// HMAC-SHA-256 (RFC 2104) over the parts in turn. Written out because the `hmac` crate in the tree is for another `sha2`.
pub(super) fn hmac_sha256(key: &[u8; KEY_BYTES], parts: &[&[u8]]) -> [u8; 32] {
    let padded = |with: u8| {
        let mut block = Zeroizing::new([with; BLOCK_BYTES]);
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let mut inner = Sha256::new_with_prefix(padded(0x36).as_slice());
    for part in parts {
        inner.update(part);
    }
    Sha256::new_with_prefix(padded(0x5c).as_slice()).chain_update(inner.finalize()).finalize().into()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// RFC 4231, test case 1, whose 20-byte key is zero-padded just as HMAC itself would.
    #[test]
    fn the_keyed_hash_is_hmac() {
        let mut key = [0; KEY_BYTES];
        key[..20].fill(0x0b);
        assert_eq!(
            hex::encode(hmac_sha256(&key, &[b"Hi ", b"There"])),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    #[test]
    fn a_key_shows_nothing_of_itself() {
        let text = hex::encode([7; KEY_BYTES]);
        let key = MasterKey::from_text("here", &text).unwrap();
        assert_eq!(format!("{key:?}"), format!("MasterKey {{ id: \"{}\", .. }}", key.id()));
        assert!(!text.contains(key.id()));
        assert_eq!(key.id().len(), 8);
    }
}
