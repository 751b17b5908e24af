//! Backups of the embedded database: made while everything runs, and looked at before they are needed.
//!
//! A copy of the file alone would miss what is in its log, and might be torn. SQLite writes a whole one out of a single reading transaction
//! (`VACUUM INTO`, <https://www.sqlite.org/lang_vacuum.html#vacuuminto>), beside readers and the writer.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Row};

use super::open::SQLITE_MIGRATIONS;
use super::{Database, Fault, SealedSecret, Store, StoreAddress, StoreError, sql};
use crate::audit::{GENESIS, link};
use crate::clock::EpochMs;
use crate::model::{Project, User};
use crate::run::Run;

/// Events of the record read at once.
const EVENTS: i64 = 500;

/// Why there is no backup, or none that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// PostgreSQL has its own tools.
    #[error(
        "a database on a PostgreSQL server is backed up with that server's own tools: pg_dump --format=custom, pg_restore"
    )]
    Server,
    /// Nothing that is there is written over.
    #[error("there is something at {} already, and a backup writes over nothing: give another name", .0.display())]
    Taken(PathBuf),
    /// The file can't be written, read or moved.
    #[error("can't {doing} {}", .file.display())]
    File {
        /// What was to be done with it: `write`.
        doing: &'static str,
        /// Which.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// SQLite could not make it.
    #[error("the database could not be copied to {}", .0.display())]
    Copy(PathBuf, #[source] Fault),
    /// It is something else, or so damaged that nothing can be read.
    #[error("{} is no backup that can be read", .0.display())]
    Unreadable(PathBuf, #[source] Fault),
    /// Pages of it are not what they were.
    #[error("{} is damaged: {faults}", .file.display())]
    Damaged {
        /// Which.
        file: PathBuf,
        /// What SQLite found first.
        faults: String,
    },
    /// A database of something else.
    #[error("{} is a database, but none of infra-chat", .0.display())]
    Foreign(PathBuf),
    /// What is in it can't be read.
    #[error("what is in {} can't be read", .0.display())]
    Content(PathBuf, #[source] StoreError),
}

/// What a backup holds.
#[derive(Debug)]
pub struct Contents {
    /// In bytes.
    pub size: u64,
    /// Whether an older program made it, whose tables are brought up to date when it is put back. What is in it is read as far as both agree.
    pub is_older: bool,
    /// The last thing it knows of happened then; nothing, when it is empty.
    pub newest_ms: Option<EpochMs>,
    /// The projects.
    pub projects: Vec<Project>,
    /// All runs.
    pub runs: u64,
    /// Those that had not ended.
    pub under_way: Vec<Run>,
    /// Every version of every secret, sealed.
    pub secrets: Vec<SealedSecret>,
    /// The people.
    pub users: Vec<User>,
    /// Events of the record.
    pub events: i64,
    /// The first event that does not follow from the one before it.
    pub broken_at: Option<i64>,
}

impl Store {
    /// Writes the whole database as it is at this moment into a new file, which is its owner's alone and on the disk when this returns.
    /// Nothing has to stop for it.
    pub async fn backup(&self, file: &Path) -> Result<(), BackupError> {
        let Database::Sqlite(readers, _) = &self.database else { return Err(BackupError::Server) };
        if file.symlink_metadata().is_ok() {
            return Err(BackupError::Taken(file.to_owned()));
        }
        // Under another name until it is whole: what has the name can be trusted.
        let part = beside(file, ".part");
        let doing = |doing| {
            let part = part.clone();
            move |source| BackupError::File { doing, file: part, source }
        };
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
        made.map_err(doing("write"))?;
        let copied = sqlx::query(AssertSqlSafe(sql::SQLITE_BACKUP))
            .bind(part.to_string_lossy().into_owned())
            .execute(readers)
            .await;
        let whole = match copied {
            Ok(_) => synced(&part).map_err(doing("write")),
            Err(error) => Err(BackupError::Copy(file.to_owned(), error.into())),
        };
        // A link takes no place that somebody else took in the meantime.
        let named = whole.and_then(|()| {
            std::fs::hard_link(&part, file).map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => BackupError::Taken(file.to_owned()),
                _ => BackupError::File { doing: "name", file: file.to_owned(), source },
            })
        });
        let gone = std::fs::remove_file(&part).map_err(doing("remove"));
        named.and(gone)?;
        folder_synced(file).map_err(|source| BackupError::File {
            doing: "write",
            file: file.to_owned(),
            source,
        })
    }
}

impl Contents {
    /// Looks whether a backup is whole, and what is in it. Nothing is changed.
    pub async fn of(file: &Path) -> Result<Self, BackupError> {
        let size = std::fs::metadata(file)
            .map_err(|source| BackupError::File { doing: "read", file: file.to_owned(), source })?
            .len();
        let newest = whole(file).await?;
        let ours = SQLITE_MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
        let content = |error| BackupError::Content(file.to_owned(), error);
        if newest > ours {
            return Err(content(StoreError::Newer { found: newest, known: ours }));
        }
        let store = Store::open_reading(&StoreAddress::Sqlite(file.to_owned())).await.map_err(content)?;
        let mut contents = read(&store).await.map_err(content)?;
        store.close().await;
        contents.size = size;
        contents.is_older = newest < ours;
        Ok(contents)
    }
}

/// Has SQLite look at every page; answers the newest migration.
async fn whole(file: &Path) -> Result<i64, BackupError> {
    let unreadable = |error: sqlx::Error| BackupError::Unreadable(file.to_owned(), error.into());
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(unreadable)?;
    let checked = sqlx::query(AssertSqlSafe(sql::SQLITE_CHECK)).fetch_all(&mut connection).await;
    let faults: Vec<String> =
        checked.map_err(unreadable)?.iter().filter_map(|row| row.try_get::<String, _>(0).ok()).collect();
    if faults != ["ok"] {
        return Err(BackupError::Damaged { file: file.to_owned(), faults: faults.join("; ") });
    }
    let newest = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql::SQLITE_NEWEST_MIGRATION));
    let newest =
        newest.fetch_one(&mut connection).await.map_err(|_| BackupError::Foreign(file.to_owned()))?;
    // Only read.
    let _closed = connection.close().await;
    Ok(newest)
}

async fn read(store: &Store) -> Result<Contents, StoreError> {
    let runs = store.rows(sql::RUN_COUNT, Vec::new()).await?;
    let mut contents = Contents {
        size: 0,
        is_older: false,
        newest_ms: None,
        projects: store.project_list().await?.into_iter().map(|project| project.value).collect(),
        runs: runs.first().map(|row| row.int("runs")).transpose()?.unwrap_or_default().unsigned_abs(),
        under_way: store.run_live().await?,
        secrets: store.secret_all().await?,
        users: store.user_list().await?,
        events: 0,
        broken_at: None,
    };
    let mut last = GENESIS;
    loop {
        let events = store.audit_after(contents.events, EVENTS).await?;
        if events.is_empty() {
            return Ok(contents);
        }
        for (event, hash) in events {
            let expected = contents.events + 1;
            last = link(&last, &event);
            if contents.broken_at.is_none() && (event.seq != expected || last.to_string() != hash) {
                contents.broken_at = Some(expected);
            }
            contents.events = event.seq;
            contents.newest_ms = Some(event.at_ms);
        }
    }
}

/// A file of the same folder, with this behind its name.
pub(super) fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(extension);
    PathBuf::from(name)
}

pub(super) fn synced(file: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()
}

/// A name is on the disk when its folder is.
pub(super) fn folder_synced(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => synced(folder),
        _ => synced(Path::new(".")),
    }
}
