//! The committer: one task that writes everything. It takes what is waiting, up to a limit, into one transaction (one
//! sync to disk), each commit in a savepoint, so that a conflict in one leaves the others alone. The audit chain and
//! the order of happenings are continued in the same transaction.

use std::sync::Arc;

use sqlx::postgres::PgListener;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};

use super::presence::Presence;
use super::server::Server;
use super::value::{Statement, Value, guarded};
use super::{Fault, Room, StoreError, Write, listen, sql};
use crate::audit::{AuditEvent, GENESIS, Hash, link};
use crate::clock::EpochMs;
use crate::model::{Actor, EnvironmentKey, RunId};
use crate::run::Happening;

/// Most commits in one transaction: enough to share a sync, few enough that the first need not wait long.
const GROUP_MAX: usize = 256;
/// How often a group is written that the database gives up for the sake of somebody else's transaction.
const GROUP_TRIES: usize = 4;
/// Commits waiting; a writer beyond that waits itself.
pub(super) const QUEUE_MAX: usize = 4_096;

/// Writes that stand or fall together, with what they mean to watchers and to the record.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// When it is made.
    pub now_ms: EpochMs,
    /// What is written.
    pub writes: Vec<Write>,
    /// What watchers are told, in order.
    pub happenings: Vec<(RunId, Happening)>,
    /// What the record keeps, in order.
    pub audit: Vec<AuditEntry>,
    /// Guard: nothing has happened to this run since the happening with this number. For what replicas notice by themselves, each on its own.
    pub since: Option<(RunId, i64)>,
}

impl Commit {
    /// An empty one.
    pub fn at(now_ms: EpochMs) -> Self {
        Self { now_ms, ..Self::default() }
    }
}

/// A record entry before it gets its place in the chain.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// Who.
    pub actor: Actor,
    /// What they did: `run.requested`, `approval.refused`.
    pub action: &'static str,
    /// To what.
    pub subject: String,
    /// Where, when it is about an environment.
    pub environment: Option<EnvironmentKey>,
    /// On behalf of which run.
    pub run: Option<RunId>,
    /// The facts.
    pub data: serde_json::Value,
}

pub(super) struct Job {
    commit: Commit,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

/// What the committer is asked.
pub(super) enum Message {
    /// To write.
    Write(Job),
    /// To close its connection, take nothing more, and say when that is done.
    Close(oneshot::Sender<()>),
}

pub(super) async fn send(committer: &mpsc::Sender<Message>, commit: Commit) -> Result<(), StoreError> {
    let (answer, answered) = oneshot::channel();
    committer.send(Message::Write(Job { commit, answer })).await.map_err(|_| StoreError::Closed)?;
    answered.await.map_err(|_| StoreError::Closed)?
}

/// The ends of the two ordered logs, within a transaction.
struct Heads {
    audit_seq: i64,
    audit_hash: Hash,
    happenings_seq: i64,
}

macro_rules! committer {
    ($write_group:ident, $head:ident, $run_statement:ident, $connection:ty, $begin:expr) => {
        async fn $run_statement(
            connection: &mut $connection,
            text: &'static str,
            values: &[Value],
        ) -> Result<u64, sqlx::Error> {
            let mut query = sqlx::query(AssertSqlSafe(text));
            for value in values {
                query = match value {
                    Value::Text(text) => query.bind(text.clone()),
                    Value::Int(number) => query.bind(*number),
                };
            }
            Ok(query.execute(connection).await?.rows_affected())
        }

        async fn $head(
            connection: &mut $connection,
            name: &'static str,
        ) -> Result<(i64, String), sqlx::Error> {
            $run_statement(connection, sql::HEAD_TAKE, &[name.into()]).await?;
            sqlx::query_as(AssertSqlSafe(sql::HEAD_GET)).bind(name).fetch_one(connection).await
        }

        async fn $write_group(
            connection: &mut $connection,
            commits: &[&Commit],
            tell: Option<(&'static str, &str)>,
        ) -> Result<Vec<Result<(), StoreError>>, sqlx::Error> {
            let mut transaction = connection.begin_with($begin).await?;
            let (audit_seq, audit_hash) = $head(&mut transaction, "audit").await?;
            let (happenings_seq, _) = $head(&mut transaction, "happenings").await?;
            let audit_hash = match audit_seq {
                0 => GENESIS,
                // Going on from anywhere else would break the chain for good.
                _ => audit_hash.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            };
            let mut heads = Heads { audit_seq, audit_hash, happenings_seq };
            let mut results = Vec::with_capacity(commits.len());
            for commit in commits {
                let mut after = Heads { ..heads };
                let statements = match statements_of(commit, &mut after) {
                    Ok(statements) => statements,
                    Err(error) => {
                        results.push(Err(error));
                        continue;
                    }
                };
                let mut savepoint = transaction.begin().await?;
                let mut result = Ok(());
                for statement in &statements {
                    match $run_statement(&mut savepoint, statement.sql, &statement.values).await {
                        Ok(changed) if statement.must_change.is_none_or(|must| must == changed) => {}
                        Ok(_) => result = Err(statement.unmet()),
                        Err(error) if is_taken(&error) => result = Err(StoreError::Conflict),
                        Err(error) => return Err(error),
                    }
                    if result.is_err() {
                        break;
                    }
                }
                if result.is_ok() {
                    savepoint.commit().await?;
                    heads = after;
                } else {
                    savepoint.rollback().await?;
                }
                results.push(result);
            }
            let audit_hash = heads.audit_hash.to_string();
            $run_statement(
                &mut transaction,
                sql::HEAD_PUT,
                &["audit".into(), heads.audit_seq.into(), audit_hash.into()],
            )
            .await?;
            $run_statement(
                &mut transaction,
                sql::HEAD_PUT,
                &["happenings".into(), heads.happenings_seq.into(), "".into()],
            )
            .await?;
            if let Some((statement, origin)) = tell {
                $run_statement(&mut transaction, statement, &[origin.into()]).await?;
            }
            transaction.commit().await?;
            Ok(results)
        }
    };
}

committer!(sqlite_write_group, sqlite_head, sqlite_statement, SqliteConnection, "BEGIN IMMEDIATE");
committer!(postgres_write_group, postgres_head, postgres_statement, PgConnection, "BEGIN");

/// A unique key somebody else has: the commit was worked out from an older state.
fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// PostgreSQL gave the transaction up so that another could go on: nothing of it was written, and the same again works.
fn was_in_the_way(error: &sqlx::Error) -> bool {
    const DEADLOCK: &str = "40P01";
    const NOT_SERIALIZABLE: &str = "40001";
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| [DEADLOCK, NOT_SERIALIZABLE].contains(&&*code))
}

/// No room on the disk. SQLite says so in one code; where it can't even make the files it coordinates by, in others.
/// PostgreSQL has a state for it.
fn is_full(error: &sqlx::Error) -> bool {
    const SQLITE_FULL: &str = "13";
    const SQLITE_IOERR_SHMSIZE: &str = "4874";
    const POSTGRES_DISK_FULL: &str = "53100";
    match error {
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| [SQLITE_FULL, SQLITE_IOERR_SHMSIZE, POSTGRES_DISK_FULL].contains(&&*code)),
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::StorageFull,
        _ => false,
    }
}

/// All statements of a commit: its guard and its writes, then its happenings, then its part of the chain.
fn statements_of(commit: &Commit, heads: &mut Heads) -> Result<Vec<Statement>, StoreError> {
    let mut statements =
        Vec::with_capacity(1 + commit.writes.len() + commit.happenings.len() + commit.audit.len());
    if let Some((run, seq)) = &commit.since {
        statements.extend(guarded(sql::HAPPENED_NOTHING, vec![run.as_str().into(), (*seq).into()]));
    }
    for write in &commit.writes {
        statements.extend(write.statements()?);
    }
    for (run, what) in &commit.happenings {
        heads.happenings_seq += 1;
        let body = serde_json::to_string(what).map_err(|error| StoreError::corrupt("body", error))?;
        statements.push(Statement {
            sql: sql::HAPPENING_PUT,
            values: vec![heads.happenings_seq.into(), run.as_str().into(), commit.now_ms.into(), body.into()],
            must_change: Some(1),
        });
    }
    for entry in &commit.audit {
        heads.audit_seq += 1;
        let event = AuditEvent {
            seq: heads.audit_seq,
            at_ms: commit.now_ms,
            actor: entry.actor.clone(),
            action: entry.action.to_owned(),
            subject: entry.subject.clone(),
            environment: entry.environment.clone(),
            run: entry.run.clone(),
            data: entry.data.clone(),
        };
        heads.audit_hash = link(&heads.audit_hash, &event);
        let body = serde_json::to_string(&event).map_err(|error| StoreError::corrupt("body", error))?;
        let environment = entry.environment.as_ref();
        statements.push(Statement {
            sql: sql::AUDIT_PUT,
            values: vec![
                event.seq.into(),
                event.at_ms.into(),
                event.actor.name.as_str().into(),
                event.action.as_str().into(),
                environment.map(|key| key.project.to_string()).into(),
                environment.map(|key| key.environment.to_string()).into(),
                entry.run.as_ref().map(ToString::to_string).into(),
                body.into(),
                heads.audit_hash.to_string().into(),
            ],
            must_change: Some(1),
        });
    }
    Ok(statements)
}

/// What was waiting.
struct Waiting {
    group: Vec<Job>,
    /// Nothing follows; whoever asked for that is told when all is closed.
    close: Option<oneshot::Sender<()>>,
}

/// Takes the first job and whatever else is waiting.
async fn gather(messages: &mut mpsc::Receiver<Message>) -> Option<Waiting> {
    let mut next = Some(messages.recv().await?);
    let mut waiting = Waiting { group: Vec::new(), close: None };
    while let Some(message) = next {
        match message {
            Message::Write(job) => waiting.group.push(job),
            Message::Close(closing) => {
                messages.close();
                waiting.close = Some(closing);
                break;
            }
        }
        next = if waiting.group.len() < GROUP_MAX { messages.try_recv().ok() } else { None };
    }
    Some(waiting)
}

/// Who is told what became of commits, beside those who made them.
#[derive(Clone)]
pub(super) struct Told {
    /// The number grows with every commit.
    pub(super) changed: Arc<watch::Sender<u64>>,
    /// Why nothing can be written, while the disk is full.
    pub(super) full: Arc<watch::Sender<Option<Room>>>,
}

impl Told {
    /// Notes how the disk is; true when that is news.
    fn room(&self, room: Option<Room>) -> bool {
        self.full.send_if_modified(|before| {
            // How much is left changes all the time; that it is full does not.
            let news = before.is_some() != room.is_some();
            if news {
                *before = room;
            }
            news
        })
    }
}

/// Tells everybody of a group what became of theirs; `room` looks how much there is.
fn answer(
    group: Vec<Job>,
    outcome: Result<Vec<Result<(), StoreError>>, sqlx::Error>,
    told: &Told,
    room: impl Fn() -> Room,
) {
    match outcome {
        Ok(results) => {
            // Asked of the disk only while it was full the last time.
            if told.full.borrow().is_some() && room().is_enough() {
                told.room(None);
            }
            told.changed.send_modify(|count| *count += 1);
            for (job, result) in group.into_iter().zip(results) {
                // Who asked may be gone; what was committed stands all the same.
                let _gone = job.answer.send(result);
            }
        }
        Err(error) => {
            let (source, full) = (Fault::from(&error), is_full(&error).then(room));
            // A full disk is said once; everything is tried again until there is room.
            if full.is_none() || told.room(full.clone()) {
                tracing::warn!(%error, commits = group.len(), "the database refused a group of commits");
            }
            for job in group {
                let source = source.clone();
                let refused = match &full {
                    Some(room) => StoreError::Full { room: room.clone(), source },
                    None if was_in_the_way(&error) => StoreError::Crossed { tries: GROUP_TRIES, source },
                    None => StoreError::Unavailable { doing: "be written", source },
                };
                let _gone = job.answer.send(Err(refused));
            }
        }
    }
}

pub(super) async fn run_sqlite(
    connection: SqliteConnection,
    options: SqliteConnectOptions,
    presence: Presence,
    mut messages: mpsc::Receiver<Message>,
    told: Told,
) {
    let mut connection = Some(connection);
    let mut closing = None;
    while closing.is_none()
        && let Some(Waiting { group, close }) = gather(&mut messages).await
    {
        closing = close;
        if group.is_empty() {
            continue;
        }
        let commits: Vec<&Commit> = group.iter().map(|job| &job.commit).collect();
        let open = match presence.check() {
            Ok(()) => open_again(connection.take(), &options).await,
            Err(gone) => Err(gone),
        };
        let outcome = match open {
            Ok(mut open) => {
                let outcome = sqlite_write_group(&mut open, &commits, None).await;
                // A connection that failed may be left inside its transaction (a full disk does that): the next group
                // gets a fresh one, so that writing goes on as soon as there is room again.
                if outcome.is_ok() {
                    connection = Some(open);
                }
                outcome
            }
            Err(error) => Err(error),
        };
        answer(group, outcome, &told, || Room::beside(presence.path()));
    }
    if let Some(connection) = connection
        && let Err(error) = connection.close().await
    {
        tracing::warn!(%error, "the database connection did not close cleanly");
    }
    if let Some(closing) = closing {
        // Whoever asked may have gone.
        let _gone = closing.send(());
    }
}

async fn open_again(
    connection: Option<SqliteConnection>,
    options: &SqliteConnectOptions,
) -> Result<SqliteConnection, sqlx::Error> {
    match connection {
        Some(connection) => Ok(connection),
        None => SqliteConnection::connect_with(options).await,
    }
}

pub(super) async fn run_postgres(
    server: Server,
    listener: PgListener,
    origin: String,
    mut messages: mpsc::Receiver<Message>,
    told: Told,
) {
    let listening = listen::run(listener, server.pool().clone(), origin.clone(), Arc::clone(&told.changed));
    let listening = tokio::spawn(listening);
    let mut closing = None;
    while closing.is_none()
        && let Some(Waiting { group, close }) = gather(&mut messages).await
    {
        closing = close;
        if group.is_empty() {
            continue;
        }
        let commits: Vec<&Commit> = group.iter().map(|job| &job.commit).collect();
        let outcome = match server.connection().await {
            Ok(mut connection) => {
                let tell = Some((sql::POSTGRES_NOTIFY, origin.as_str()));
                let mut tries = 1;
                loop {
                    match postgres_write_group(&mut connection, &commits, tell).await {
                        Err(error) if tries < GROUP_TRIES && was_in_the_way(&error) => tries += 1,
                        outcome => break outcome,
                    }
                }
            }
            Err(error) => Err(error),
        };
        answer(group, outcome, &told, Room::of_server);
    }
    listening.abort();
    if let Some(closing) = closing {
        // Whoever asked may have gone.
        let _gone = closing.send(());
    }
}
