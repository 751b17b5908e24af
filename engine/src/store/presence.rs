//! Whether a SQLite file is still where it was opened. A file that is moved or deleted under a running program goes on
//! taking writes that nobody will ever see again, without a word.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file as it was when it was opened.
#[derive(Debug, Clone)]
pub(super) struct Presence {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    std::fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

impl Presence {
    /// The file that is there now.
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }

    /// Where it was.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// An error that says what to do when it is not there any more.
    pub(super) fn check(&self) -> Result<(), sqlx::Error> {
        let path = self.path.display();
        let say = match identity(&self.path) {
            Ok(now) if now == self.identity => return Ok(()),
            Ok(_) => format!(
                "another file has taken the place of the database {path}: put the one that was there back, or end \
                 infra-chat and start it again on this one"
            ),
            Err(error) => format!(
                "the database {path} is not there any more ({error}): put it back, or end infra-chat and start it \
                 again from a backup"
            ),
        };
        Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::NotFound, say)))
    }
}
