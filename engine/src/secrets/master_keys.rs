//! The master keys of an installation: the one that seals, and those from before it that still open what they sealed.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::key_file::{key_file_open, key_replace};
use super::{KeyFileError, MasterKey, SecretError};

/// One master key seals; older ones are kept so that what they sealed, and every backup from their time, still opens.
pub struct MasterKeys {
    newest: RwLock<Arc<MasterKey>>,
    kept: Kept,
}

/// Where keys are kept.
enum Kept {
    /// In this file the one that seals; beside it, each named after its id, those from before.
    File(PathBuf),
    /// In the environment, with those from before; only whoever starts the program replaces them.
    Given(Vec<Arc<MasterKey>>),
}

/// What became of a key that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// Its id.
    pub id: String,
    /// The file it is kept in from now on.
    pub file: PathBuf,
}

impl MasterKeys {
    /// The keys in a file and beside it. The file is made when it is not there; one that others can read is refused.
    pub fn in_file(file: &Path) -> Result<Self, SecretError> {
        let newest = RwLock::new(Arc::new(MasterKey::open_or_create(file)?));
        Ok(Self { newest, kept: Kept::File(file.to_owned()) })
    }

    /// Keys from the environment: the one that seals, and those from before it.
    pub fn given(newest: MasterKey, before: Vec<MasterKey>) -> Self {
        let before = before.into_iter().map(Arc::new).collect();
        Self { newest: RwLock::new(Arc::new(newest)), kept: Kept::Given(before) }
    }

    /// The key that seals. In a file it may have been replaced by another program since it was read.
    pub fn newest(&self) -> Arc<MasterKey> {
        if let Kept::File(file) = &self.kept {
            // One that can't be read now was read at the start: what it sealed is opened by it.
            match key_file_open(file) {
                Ok(Some(key)) => {
                    let key = MasterKey::from_bytes(&key);
                    if key.id() != self.read().id() {
                        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                    }
                }
                Ok(None) => tracing::warn!(file = %file.display(), "the file of the master key is gone"),
                Err(error) => tracing::warn!(%error, "the file of the master key can't be read"),
            }
        }
        self.read()
    }

    /// The key with this id; nothing where it is not kept.
    pub fn with_id(&self, id: &str) -> Result<Option<Arc<MasterKey>>, SecretError> {
        let newest = self.read();
        if newest.id() == id {
            return Ok(Some(newest));
        }
        match &self.kept {
            Kept::Given(before) => Ok(before.iter().find(|key| key.id() == id).cloned()),
            Kept::File(file) => {
                let newest = self.newest();
                if newest.id() == id {
                    return Ok(Some(newest));
                }
                let Some(beside) = beside(file, id) else { return Ok(None) };
                let key = key_file_open(&beside)?.map(|key| MasterKey::from_bytes(&key));
                Ok(key.filter(|key| key.id() == id).map(Arc::new))
            }
        }
    }

    /// Makes a fresh key the one that seals, and keeps the one before it beside it; nothing where keys are given from outside.
    /// Of several at once each makes one, in turn, and all are kept.
    pub fn replace(&self) -> Result<Option<KeptKey>, SecretError> {
        let Kept::File(file) = &self.kept else { return Ok(None) };
        let make = |source| KeyFileError::Make { file: file.clone(), source };
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let turn = File::open(folder).map_err(make)?;
        turn.lock().map_err(make)?;
        let before = MasterKey::open_or_create(file)?;
        let Some(kept) = beside(file, before.id()) else {
            return Err(make(io::Error::other("the key has no id")).into());
        };
        match fs::hard_link(file, &kept) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(make(error).into()),
            _ => {}
        }
        key_replace(file)?;
        turn.sync_all().map_err(make)?;
        Ok(Some(KeptKey { id: before.id().to_owned(), file: kept }))
    }

    fn read(&self) -> Arc<MasterKey> {
        // A poisoned lock still holds a whole key: it is replaced in one move.
        self.newest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<MasterKey> for MasterKeys {
    fn from(key: MasterKey) -> Self {
        Self::given(key, Vec::new())
    }
}

/// Where a key with this id is kept beside the file; nothing for what is no id, which may come from a row somebody wrote into.
fn beside(file: &Path, id: &str) -> Option<PathBuf> {
    let is_id = !id.is_empty() && id.len() <= 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".{id}"));
        PathBuf::from(name)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_replaced_key_is_kept_and_other_programs_find_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        let (ours, theirs) = (MasterKeys::in_file(&file).unwrap(), MasterKeys::in_file(&file).unwrap());
        let first = ours.newest().id().to_owned();
        let kept = ours.replace().unwrap().unwrap();
        assert_eq!((&kept.id, &kept.file), (&first, &folder.path().join(format!("master.key.{first}"))));
        assert_eq!(fs::metadata(&kept.file).unwrap().permissions().mode() & 0o777, 0o600);
        let second = theirs.newest().id().to_owned();
        assert_ne!(second, first);
        for keys in [&ours, &theirs, &MasterKeys::in_file(&file).unwrap()] {
            assert_eq!(keys.newest().id(), second);
            assert_eq!(keys.with_id(&first).unwrap().unwrap().id(), first);
            assert_eq!(keys.with_id(&second).unwrap().unwrap().id(), second);
            for none in ["00000000", "", "../master.key", "x"] {
                assert!(keys.with_id(none).unwrap().is_none(), "{none}");
            }
        }
    }

    #[test]
    fn keys_that_are_replaced_at_once_are_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        MasterKeys::in_file(&file).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| MasterKeys::in_file(&file).unwrap().replace().unwrap().unwrap());
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 9, "eight from before, and the newest");
    }

    #[test]
    fn a_key_file_that_vanishes_under_a_running_program_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        let keys = MasterKeys::in_file(&file).unwrap();
        let id = keys.newest().id().to_owned();
        fs::remove_file(&file).unwrap();
        assert_eq!(keys.newest().id(), id);
        assert!(!file.exists(), "looking makes no key");
    }
}
