//! The application's own command for its migrations: a process in a release's built code with its service's variables, one at a
//! time for each database. On a server it runs under the lock that our own migrations take, too.
//!
//! A file says that it runs: after a kill, the process is ended with the other leftovers, and the file tells that it was.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::model::EnvironmentKey;
use engine::ports::{Database, DatabaseAt, MigrateCommand, MigrateState, PortError, Receipt};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use tokio::io::BufReader;
use tokio_util::sync::CancellationToken;

use super::database::LocalDatabase;
use super::environment::{Environment, locked};
use super::files::{append_open, file_remove, folder_ensure, json_write};
use super::machine::Machine;
use super::process::{Launch, Process};

/// How long one that is ended may take to go: it may be in the middle of a statement.
const GRACE: Duration = Duration::from_secs(10);
/// How many that are over are remembered in an environment.
const REMEMBERED: usize = 20;
/// How long is waited before a database is asked again that somebody else migrates, or that can't be reached.
const PAUSE: Duration = Duration::from_secs(1);

/// A command under way, or over.
pub(super) struct MigrateJob {
    last_line: Mutex<String>,
    ended: Mutex<Option<MigrateState>>,
    stop: CancellationToken,
    done: CancellationToken,
}

/// How running it came out.
enum Ran {
    Over(MigrateState),
    /// The platform closes: the next one tells that it was in the middle of it.
    Closing,
}

fn over(well: bool, how: impl Into<String>, tail: Vec<String>) -> Ran {
    Ran::Over(MigrateState::Ended { well, how: how.into(), tail })
}

/// The file that says that it runs.
fn note_path(environment: &Environment, key: &str) -> PathBuf {
    let name = hex::encode(&Sha256::digest(key.as_bytes())[..16]);
    environment.folder.join("migrating").join(format!("{name}.json"))
}

impl Machine {
    /// Starts it unless it was asked for under that key.
    pub(super) async fn migrate_begin(
        self: &Arc<Self>,
        key: &EnvironmentKey,
        idempotency_key: &str,
        command: &MigrateCommand,
    ) -> Result<Receipt, PortError> {
        let environment = self.environment_ensure(key)?;
        let slot = (key.clone(), idempotency_key.to_owned());
        if locked(&self.migrations).contains_key(&slot) {
            return Ok(Receipt::new("the migrations run already"));
        }
        // What would keep it from starting is told at once.
        self.build_folder_check(&command.build)?;
        self.variables(&environment, &command.service, command.release).await?;
        let note = note_path(&environment, idempotency_key);
        folder_ensure(note.parent().unwrap_or(Path::new(".")))?;
        let job = Arc::new(MigrateJob {
            last_line: Mutex::new("waiting for its turn".to_owned()),
            ended: Mutex::default(),
            stop: CancellationToken::new(),
            done: CancellationToken::new(),
        });
        json_write(&note, command).await?;
        {
            let mut jobs = locked(&self.migrations);
            if jobs.contains_key(&slot) {
                return Ok(Receipt::new("the migrations run already"));
            }
            let is_over = |(environment, _): &&(EnvironmentKey, String), job: &Arc<MigrateJob>| {
                environment == key && locked(&job.ended).is_some()
            };
            let past: Vec<_> =
                jobs.iter().filter(|(slot, job)| is_over(slot, job)).map(|(slot, _)| slot.clone()).collect();
            if past.len() >= REMEMBERED {
                for slot in past {
                    jobs.remove(&slot);
                }
            }
            jobs.insert(slot, Arc::clone(&job));
        }
        let receipt = Receipt::new(format!("started `{}` in {}", command.command, command.service));
        let (machine, command) = (Arc::clone(self), command.clone());
        self.spawn(async move {
            let ran = machine.migrate_run(&environment, &command, &job).await;
            let state = match ran {
                Ok(Ran::Over(state)) => state,
                Ok(Ran::Closing) => {
                    job.done.cancel();
                    return;
                }
                Err(error) => {
                    let hint =
                        if let PortError::Fail { hint, .. } = &error { hint.clone() } else { String::new() };
                    let tail = Some(hint).filter(|hint| !hint.is_empty()).into_iter().collect();
                    MigrateState::Ended { well: false, how: error.to_string(), tail }
                }
            };
            *locked(&job.ended) = Some(state);
            if let Err(error) = file_remove(&note) {
                tracing::warn!(%error, "the note of migrations that are over stays");
            }
            job.done.cancel();
        });
        Ok(receipt)
    }

    /// How far it is.
    pub(super) fn migrate_state(&self, key: &EnvironmentKey, idempotency_key: &str) -> MigrateState {
        let slot = (key.clone(), idempotency_key.to_owned());
        if let Some(job) = locked(&self.migrations).get(&slot) {
            let ended = locked(&job.ended).clone();
            return ended
                .unwrap_or_else(|| MigrateState::Running { last_line: locked(&job.last_line).clone() });
        }
        let there = self.environment(key).is_some_and(|it| note_path(&it, idempotency_key).is_file());
        if there { MigrateState::Interrupted } else { MigrateState::Absent }
    }

    /// Ends it and waits for its end.
    pub(super) async fn migrate_end(&self, key: &EnvironmentKey, idempotency_key: &str) -> Receipt {
        let job = locked(&self.migrations).get(&(key.clone(), idempotency_key.to_owned())).cloned();
        match job {
            Some(job) if locked(&job.ended).is_none() => {
                job.stop.cancel();
                job.done.cancelled().await;
                Receipt::new("ended the migrations")
            }
            _ => Receipt::new("no migrations run"),
        }
    }

    /// Waits until none of them runs.
    pub(super) async fn migrations_settle(&self) {
        let jobs: Vec<Arc<MigrateJob>> = locked(&self.migrations).values().cloned().collect();
        for job in jobs {
            job.done.cancelled().await;
        }
    }

    async fn migrate_run(
        &self,
        environment: &Environment,
        command: &MigrateCommand,
        job: &MigrateJob,
    ) -> Result<Ran, PortError> {
        let at_most = Duration::from_secs(command.timeout_s.into());
        let too_long = || format!("it took longer than {} s and was ended", command.timeout_s);
        let late = tokio::time::sleep(at_most);
        tokio::pin!(late);
        let turn = {
            let mut turns = locked(&self.migrate_turns);
            let whose = (environment.key.clone(), command.database.component.clone());
            Arc::clone(turns.entry(whose).or_default())
        };
        let database = self.database();
        let waited = tokio::select! {
            () = job.stop.cancelled() => return Ok(over(false, "ended before it began", Vec::new())),
            () = self.closing.cancelled() => return Ok(Ran::Closing),
            () = &mut late => {
                return Ok(over(false, "others migrated the whole time it had", Vec::new()));
            }
            locked = async {
                let turn = turn.lock_owned().await;
                locked_by(&database, &environment.key, &command.database, job).await.map(|lock| (turn, lock))
            } => locked?,
        };
        let (_turn, _lock) = waited;
        let applied = database.migrations_applied(&environment.key, &command.database).await?;
        let is_applied = |version: &String| applied.iter().any(|had| had.version == *version);
        if command.versions.iter().all(is_applied) {
            return Ok(over(true, "somebody else applied them meanwhile", Vec::new()));
        }
        let log = environment.log_path(&command.service, command.release, "migrate");
        folder_ensure(log.parent().unwrap_or(Path::new(".")))?;
        let mut log = append_open(&log)?;
        let mut process = Process::start(Launch {
            command: command.command.clone(),
            folder: self.build_folder_check(&command.build)?,
            variables: self.variables(environment, &command.service, command.release).await?,
            limits: command.limits.clone(),
            niceness: 0,
            marker: self.root_id.job(&environment.key, &command.service),
            output: None,
        })?;
        let mut tail = VecDeque::new();
        let ending = {
            let reading = async {
                if let Some(output) = process.output_take() {
                    self.lines_read(BufReader::new(output), &job.last_line, &mut log, &mut tail).await;
                }
                process.wait().await
            };
            tokio::select! {
                ending = reading => Ok(ending),
                () = job.stop.cancelled() => Err(Some("it was ended, as asked".to_owned())),
                () = &mut late => Err(Some(too_long())),
                () = self.closing.cancelled() => Err(None),
            }
        };
        match ending {
            Ok(ending) => {
                process.end_rest().await;
                Ok(over(ending.code == Some(0), ending.how, tail.into()))
            }
            Err(why) => {
                process.end(GRACE).await;
                Ok(why.map_or(Ran::Closing, |why| over(false, why, tail.into())))
            }
        }
    }

    fn database(&self) -> LocalDatabase {
        LocalDatabase::new(
            &self.root,
            Arc::clone(&self.clock),
            Arc::clone(&self.secrets),
            Arc::clone(&self.redactor),
        )
    }
}

/// Takes the lock of migrations as soon as it is free; none where the database is a file, which only this platform has.
async fn locked_by(
    database: &LocalDatabase,
    environment: &EnvironmentKey,
    at: &DatabaseAt,
    job: &MigrateJob,
) -> Result<Option<PgConnection>, PortError> {
    loop {
        match database.lock(environment, at).await {
            Err(PortError::Retry { what, .. }) => {
                *locked(&job.last_line) = format!("waiting: {what}");
                tokio::time::sleep(PAUSE).await;
            }
            answer => return answer,
        }
    }
}
