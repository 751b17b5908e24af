//! A backup put in the place of the embedded database: first beside it, where everything is done that has to be done to it, and only then
//! under its name. Whoever is killed on the way has one or the other, whole.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};

use super::backup::{beside, folder_synced, synced};
use super::claim::lock_beside;
use super::{BackupError, sql};
use crate::clock::EpochMs;

/// A backup's copy beside the database whose place it is to take. Dropped before that, it is gone and nothing has happened.
#[derive(Debug)]
pub struct Staged {
    folder: PathBuf,
    database: PathBuf,
    /// Held until the end: no host begins in the meantime, of whatever data folder.
    _lock: File,
}

impl Staged {
    /// Copies a backup beside the database, which no host may have open: nothing when one has.
    pub fn of(backup: &Path, database: &Path) -> Result<Option<Self>, BackupError> {
        let lock = lock_beside(database).map_err(error("lock", database))?;
        let Some(lock) = lock else { return Ok(None) };
        let folder = beside(database, ".restoring");
        // What is left of one that was killed.
        match std::fs::remove_dir_all(&folder) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(error("remove", &folder)(source));
            }
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(&folder).map_err(error("make", &folder))?;
        let staged = Self { folder, database: database.to_owned(), _lock: lock };
        let copied = (|| {
            let mut from = File::open(backup)?;
            let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(staged.file())?;
            io::copy(&mut from, &mut to).map(drop)
        })();
        copied.map_err(error("write", &staged.file()))?;
        Ok(Some(staged))
    }

    /// The copy. Who opens it must have closed it before it takes its place.
    pub fn file(&self) -> PathBuf {
        self.folder.join("database.db")
    }

    /// Gives the copy the name of the database. What was there goes aside, under the name that is answered; nothing is lost.
    pub async fn put_in_place(self, now_ms: EpochMs) -> Result<Option<PathBuf>, BackupError> {
        let (file, database) = (self.file(), &self.database);
        for extension in LOGS {
            let log = beside(&file, extension);
            if log.exists() {
                let source = io::Error::other("somebody has it open");
                return Err(error("close", &log)(source));
            }
        }
        synced(&file).map_err(error("write", &file))?;
        let aside = beside(database, &format!(".before-restore-{now_ms}"));
        let was = database.exists();
        if was {
            log_folded(database).await;
            // There is a database under its name at every moment: whoever finds none makes a new one.
            std::fs::hard_link(database, &aside).map_err(error("keep", database))?;
        }
        // The log of one database beside another would tear it.
        for extension in LOGS {
            let log = beside(database, extension);
            if log.exists() {
                std::fs::rename(&log, beside(&aside, extension)).map_err(error("move", &log))?;
            }
        }
        std::fs::rename(&file, database).map_err(error("name", &file))?;
        folder_synced(database).map_err(error("write", database))?;
        Ok(was.then_some(aside))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What can't be removed now is at the next restore.
        let _left = std::fs::remove_dir_all(&self.folder);
    }
}

/// What SQLite keeps beside a file that is open, or was when its program was killed.
const LOGS: [&str; 2] = ["-wal", "-shm"];

/// The log of one who was killed goes into the file, as far as that can be read: file and log can't be moved at one moment.
async fn log_folded(database: &Path) {
    let options = SqliteConnectOptions::new().filename(database).create_if_missing(false);
    // A damaged one keeps its log beside it.
    if let Ok(mut connection) = SqliteConnection::connect_with(&options).await {
        let _read = sqlx::query(AssertSqlSafe(sql::SQLITE_NEWEST_MIGRATION)).execute(&mut connection).await;
        let _closed = connection.close().await;
    }
}

fn error(doing: &'static str, file: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let file = file.to_owned();
    move |source| BackupError::File { doing, file, source }
}
