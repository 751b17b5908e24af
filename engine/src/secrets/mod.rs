#![doc = include_str!("README.md")]

mod envelope;
mod key_file;
mod master_key;
mod master_keys;
mod reference;

pub use envelope::{Sealed, fingerprint, generate, open, seal};
pub use key_file::KeyFileError;
pub(crate) use key_file::key_file_open_or_create;
pub use master_key::MasterKey;
pub use master_keys::{KeptKey, MasterKeys};
pub use reference::{SecretRef, SecretRefError};

/// Why a secret can't be sealed or opened. Never says anything of its value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The master key can't be had.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The row was sealed under another key.
    #[error(
        "{secret} was sealed with master key {sealed_with}, which is not here: this is key {have}; \
         start with the key that was in use when it was set (its file beside the key file, or INFRA_CHAT_MASTER_KEYS_BEFORE), or set the secret again"
    )]
    OtherKey {
        /// The secret.
        secret: SecretRef,
        /// The key that sealed it.
        sealed_with: String,
        /// The key at hand.
        have: String,
    },
    /// The row does not open: it was changed, or belongs to another secret or version.
    #[error(
        "{secret} version {version} does not open: its row was changed or swapped with another; set the secret again"
    )]
    Altered {
        /// The secret.
        secret: SecretRef,
        /// The version asked for.
        version: u32,
    },
    /// The value is longer than the cipher takes.
    #[error("the value of {secret} is too long to seal")]
    TooLong {
        /// The secret.
        secret: SecretRef,
    },
}
