//! A file with one 32-byte key in it that only its owner can read. The master key of secrets and the signing key of the
//! audit record are kept this way.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// Owner reads and writes, nobody else anything.
const PRIVATE_MODE: u32 = 0o600;

/// Longest key file read: a key takes 64 characters at most, anything much longer is some other file.
const FILE_BYTES_MAX: u64 = 1024;

/// Why a key can't be had. Never says anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file can be read by others.
    #[error(
        "others can read the key file {file} (mode {mode:03o}): type `chmod 600 {file}`, and replace the key if they may have"
    )]
    Exposed {
        /// The file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The text is no key.
    #[error("{place} does not hold a key: expected 32 bytes as 64 hexadecimal digits or in base64")]
    NotAKey {
        /// Where the text came from.
        place: String,
    },
    /// The file can't be read.
    #[error("the key file {file} can't be read")]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file can't be made.
    #[error("the key file {file} can't be made; check that its folder can be written to")]
    Make {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(String),
}

/// The key in a file; a fresh one is made when the file is not there. Of several programs that start at once, one makes the
/// key and all use it. A file that others can read is refused.
pub(crate) fn key_file_open_or_create(file: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    if let Some(key) = key_file_open(file)? {
        return Ok(key);
    }
    key_make(file)?;
    let gone = || KeyFileError::Read { file: file.to_owned(), source: ErrorKind::NotFound.into() };
    key_file_open(file)?.ok_or_else(gone)
}

/// The key in a file; nothing when it is not there. A file that others can read is refused.
pub(super) fn key_file_open(file: &Path) -> Result<Option<Zeroizing<[u8; KEY_BYTES]>>, KeyFileError> {
    match File::open(file) {
        Ok(open) => key_read(file, open).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KeyFileError::Read { file: file.to_owned(), source }),
    }
}

/// Puts a fresh key in the place of the one in a file. Nobody ever sees half a key; the one before is the caller's to keep.
pub(super) fn key_replace(file: &Path) -> Result<(), KeyFileError> {
    key_draft(file, |draft| fs::rename(draft, file))
}

/// A key written as 64 hexadecimal digits or in base64 (any alphabet, padded or not). `place` is named in the error.
pub(crate) fn key_from_text(place: &str, text: &str) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    let not_a_key = || KeyFileError::NotAKey { place: place.to_owned() };
    let text = text.trim();
    let decoded = if text.len() == 2 * KEY_BYTES {
        hex::decode(text).map_err(|_| not_a_key())?
    } else {
        let plain = Zeroizing::new(text.trim_end_matches('=').replace('-', "+").replace('_', "/") + "=");
        STANDARD.decode(plain.as_bytes()).map_err(|_| not_a_key())?
    };
    let decoded = Zeroizing::new(decoded);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if decoded.len() != KEY_BYTES {
        return Err(not_a_key());
    }
    key.copy_from_slice(&decoded);
    Ok(key)
}

/// Bytes nobody can guess.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], KeyFileError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| KeyFileError::Random(error.to_string()))?;
    Ok(bytes)
}

fn key_read(file: &Path, open: File) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    let read = |source| KeyFileError::Read { file: file.to_owned(), source };
    // Asked of the open file and not of its path, so that the file looked at is the file read.
    let mode = open.metadata().map_err(read)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed { file: file.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize));
    match open.take(FILE_BYTES_MAX).read_to_string(&mut text) {
        Err(source) if source.kind() != ErrorKind::InvalidData => Err(read(source)),
        _ => key_from_text(&file.display().to_string(), &text),
    }
}

/// Makes the file unless somebody else was faster: nobody's key is ever replaced.
fn key_make(file: &Path) -> Result<(), KeyFileError> {
    key_draft(file, |draft| {
        let linked = fs::hard_link(draft, file);
        fs::remove_file(draft)?;
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    })
}

/// Writes a fresh key beside the file, completely and to the disk, and only then has it given its name.
fn key_draft(file: &Path, name: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), KeyFileError> {
    let make = |source| KeyFileError::Make { file: file.to_owned(), source };
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(make)?;
    }
    let key = Zeroizing::new(random_bytes::<KEY_BYTES>()?);
    let text = Zeroizing::new(STANDARD.encode(key.as_slice()) + "\n");

    let unique: [u8; 8] = random_bytes()?;
    let mut draft = file.as_os_str().to_owned();
    draft.push(format!(".new-{}", hex::encode(unique)));
    let draft = PathBuf::from(draft);
    let written = (|| {
        let mut open = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_MODE).open(&draft)?;
        // The umask may have taken bits away from the owner.
        open.set_permissions(Permissions::from_mode(PRIVATE_MODE))?;
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        name(&draft)
    })();
    if written.is_err() {
        // What went wrong is what is told.
        let _ = fs::remove_file(&draft);
    }
    written.map_err(make)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_first_start_makes_a_private_key_and_the_second_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys/master.key");
        let first = key_file_open_or_create(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(*key_file_open_or_create(&file).unwrap(), *first);
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "the draft is gone");
    }

    #[test]
    fn programs_that_start_together_end_up_with_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| key_file_open_or_create(&file).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| **key == *keys[0]));
    }

    #[test]
    fn a_file_others_can_read_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        key_file_open_or_create(&file).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let said = key_file_open_or_create(&file).unwrap_err().to_string();
            assert!(said.contains(&format!("chmod 600 {}", file.display())), "{said}");
        }
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        key_file_open_or_create(&file).unwrap();
    }

    #[test]
    fn a_file_with_something_else_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        for content in [&b""[..], b"short", &[0xff; 32], &[b'a'; 5000]] {
            fs::write(&file, content).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
            let error = key_file_open_or_create(&file).unwrap_err();
            assert!(matches!(error, KeyFileError::NotAKey { .. }), "{error}");
            assert_eq!(fs::read(&file).unwrap(), content);
        }
    }

    #[test]
    fn hexadecimal_and_every_base64_say_the_same_key() {
        let bytes = [0xfb; KEY_BYTES];
        let padded = STANDARD.encode(bytes);
        let url = padded.replace('+', "-").replace('/', "_");
        for text in
            [&hex::encode(bytes), &hex::encode_upper(bytes), &padded, padded.trim_end_matches('='), &url]
        {
            assert_eq!(*key_from_text("here", text).unwrap(), bytes, "{text}");
        }
        for text in ["", "abc", &padded[..40], &hex::encode([0xfb; 31])] {
            let said = key_from_text("INFRA_CHAT_MASTER_KEY", text).unwrap_err().to_string();
            assert!(said.starts_with("INFRA_CHAT_MASTER_KEY does not hold a key"), "{said}");
        }
    }
}
