//! One program at a time runs the services of a data folder: the one that holds `host.lock`. The system frees the lock
//! when its holder dies, however it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use engine::store::StoreAddress;
use serde::{Deserialize, Serialize};

/// The lock's file.
const FILE_NAME: &str = "host.lock";
/// How many programs may share the runs of a host: more than a machine has use for.
const REPLICAS_MAX: u32 = 32;

/// Who holds the lock, as it wrote itself down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    /// Its process.
    pub(crate) pid: u32,
    /// The subcommand it was started with.
    pub(crate) command: String,
    /// The database it is on, without its password. An older one does not say.
    #[serde(default)]
    pub(crate) database: String,
}

impl Holder {
    /// The holder's note; nothing when it can't be read yet.
    pub(crate) fn read(data_dir: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(data_dir.join(FILE_NAME)).ok()?).ok()
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`infra-chat {}` (process {})", self.command, self.pid)
    }
}

/// The lock, held until dropped.
#[derive(Debug)]
pub(crate) struct HostLock(#[expect(dead_code, reason = "held for its lock")] File);

impl HostLock {
    /// Takes the lock; nothing when another program has it.
    pub(crate) fn try_take(
        data_dir: &Path,
        command: &str,
        database: &StoreAddress,
    ) -> anyhow::Result<Option<Self>> {
        let path = data_dir.join(FILE_NAME);
        let lock = || format!("can't lock {}", path.display());
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .with_context(lock)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error).with_context(lock),
        }
        let note = serde_json::to_vec(&Holder {
            pid: std::process::id(),
            command: command.to_owned(),
            database: database.shown(),
        })?;
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)).map(drop))
            .and_then(|()| file.write_all(&note))
            .with_context(lock)?;
        Ok(Some(Self(file)))
    }

    /// Takes the first free place among those that share the host's runs, and returns its number, from 1 on. It outlives
    /// whoever had it: one that was killed and is back has the runs it had.
    pub(crate) fn replica_take(data_dir: &Path) -> anyhow::Result<(Self, u32)> {
        for number in 1..=REPLICAS_MAX {
            let path = data_dir.join(format!("replica-{number}.lock"));
            let lock = || format!("can't lock {}", path.display());
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
            let file = file.with_context(lock)?;
            match file.try_lock() {
                Ok(()) => return Ok((Self(file), number)),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error).with_context(lock),
            }
        }
        bail!("{REPLICAS_MAX} others share the runs of {} already; end one of them", data_dir.display())
    }

    /// Whether some program holds it right now.
    pub(crate) fn is_taken(data_dir: &Path) -> bool {
        let Ok(mut file) = File::open(data_dir.join(FILE_NAME)) else { return false };
        let mut note = String::new();
        let written = file.read_to_string(&mut note).is_ok() && !note.is_empty();
        written && matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn each_replica_has_a_place_and_one_that_is_back_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (first, one) = HostLock::replica_take(folder.path()).unwrap();
        let (_second, two) = HostLock::replica_take(folder.path()).unwrap();
        assert_eq!((one, two), (1, 2));
        drop(first);
        assert_eq!(HostLock::replica_take(folder.path()).unwrap().1, 1);
    }

    #[test]
    fn one_holds_it_and_says_who_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let on = StoreAddress::from_url("postgres://me:secret@db/shop").unwrap();
        assert!(!HostLock::is_taken(folder.path()));
        let lock = HostLock::try_take(folder.path(), "serve", &on).unwrap().unwrap();
        assert!(HostLock::is_taken(folder.path()));
        assert!(HostLock::try_take(folder.path(), "chat", &on).unwrap().is_none());
        let holder = Holder::read(folder.path()).unwrap();
        assert_eq!(
            holder,
            Holder { pid: std::process::id(), command: "serve".to_owned(), database: on.shown() }
        );
        drop(lock);
        assert!(!HostLock::is_taken(folder.path()));
        assert!(HostLock::try_take(folder.path(), "chat", &on).unwrap().is_some());
    }
}
