//! `restore`: a backup put in the place of the embedded database.

use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::Utc;
use engine::model::Actor;
use engine::run::RunState;
use engine::store::{AuditEntry, Commit, Contents, Staged, StoreAddress};

use super::backup::{database_file, sealed_otherwise, show};
use super::speaker;
use crate::cli::{Exit, Global};
use crate::config::Config;
use crate::out;
use crate::wiring::{Holder, HostLock, MASTER_KEY_FILE};

/// What to do about a master key that a backup's secrets are sealed under and that is not here.
fn key_missing(config: &Config, contents: &Contents) -> Option<String> {
    if contents.secrets.is_empty() {
        return None;
    }
    let Some(others) = sealed_otherwise(config, contents) else {
        return Some(format!(
            "Put the {MASTER_KEY_FILE} that was kept from that time into {} (or set INFRA_CHAT_MASTER_KEY)",
            config.data_dir.display()
        ));
    };
    let id = others.first()?.key_id().unwrap_or_else(|| "ID".to_owned());
    Some(match config.master_key {
        Some(_) => format!("Give the key of that time, {id}, in INFRA_CHAT_MASTER_KEYS_BEFORE"),
        None => format!(
            "Put the {MASTER_KEY_FILE} that was kept from that time into {} as {MASTER_KEY_FILE}.{id}",
            config.data_dir.display()
        ),
    })
}

/// Why a run that was waiting for its turn is not begun.
const WITHDRAWN: &str = "the database was restored from a backup";

pub(super) async fn run(global: &Global, file: &Path) -> anyhow::Result<Exit> {
    let mut config = super::config_with_folder(global)?;
    let database = database_file(&config)?.to_owned();
    let Some(lock) = HostLock::try_take(&config.data_dir, "restore", &config.database)? else {
        let holder = Holder::read(&config.data_dir).map(|holder| format!(": {holder}")).unwrap_or_default();
        bail!(
            "infra-chat runs in {}{holder}. End it first; a database that is in use can't be put back",
            config.data_dir.display()
        );
    };
    // A damaged one would take the place of what may be better.
    let contents = Contents::of(file).await.context(NOTHING)?;
    if let Some(key) = key_missing(&config, &contents) {
        bail!(
            "{NOTHING}: {} holds secrets that no master key here opens. {key}, then do the same again",
            file.display()
        );
    }
    let Some(staged) = Staged::of(file, &database).context(NOTHING)? else {
        bail!(
            "infra-chat of another data folder runs on {}. End it first; a database that is in use can't be put back",
            database.display()
        );
    };
    config.database = StoreAddress::Sqlite(staged.file());
    let held = prepared(global, &config, file, &contents).await.context(NOTHING)?;
    let was = staged.put_in_place(Utc::now().timestamp_millis()).await?;
    drop(lock);
    show(&config, file, &contents);
    out::line(&format!("It is the database of {} now.", config.data_dir.display()));
    if let Some(was) = was {
        out::line(&format!("What was there before is kept as {}.", was.display()));
    }
    held.say();
    out::aside(
        "The record goes on from the backup: checkpoints kept elsewhere since then say that what came after is missing, which is true.",
    );
    Ok(Exit::Fine)
}

/// Said of whatever goes wrong before the backup takes its place.
const NOTHING: &str = "nothing was put back";

/// Runs that do not go on by themselves.
#[derive(Default)]
struct Held {
    paused: Vec<String>,
    withdrawn: Vec<String>,
    /// A way back that was begun is gone to its end: half of it is worse than either.
    undoing: Vec<String>,
}

impl Held {
    fn say(&self) {
        if !self.paused.is_empty() {
            out::line(&format!(
                "Held until somebody says: {}. Look what is true by now (status), then resume or cancel each.",
                self.paused.join(", ")
            ));
        }
        if !self.withdrawn.is_empty() {
            out::line(&format!(
                "Not begun, and cancelled: {}. Retry what is still wanted.",
                self.withdrawn.join(", ")
            ));
        }
        if !self.undoing.is_empty() {
            out::line(&format!(
                "On the way back, and goes on with that at the next start: {}.",
                self.undoing.join(", ")
            ));
        }
    }
}

/// Brings the copy of a backup up to date: its tables, the record, and the runs that were under way. They would go on at the next start, and nobody has
/// said that they should: what they stand in the middle of may be long past.
async fn prepared(
    global: &Global,
    config: &Config,
    file: &Path,
    contents: &Contents,
) -> anyhow::Result<Held> {
    let engine = super::engine_of_database(config).await?;
    let done = async {
        let mut commit = Commit::at(Utc::now().timestamp_millis());
        commit.audit.push(AuditEntry {
            actor: speaker::actor(&engine, global).await?,
            action: "database.restored",
            subject: file.display().to_string(),
            environment: None,
            run: None,
            data: serde_json::json!({ "events": contents.events, "newest_ms": contents.newest_ms }),
        });
        engine.store().commit(commit).await?;
        let mut held = Held::default();
        // Whoever may put a database back may not have a role in it: nobody who is hurried should be stopped by that.
        let system = Actor::system();
        for run in &contents.under_way {
            let id = run.id.to_string();
            match run.state {
                RunState::Running { .. } => {
                    engine.pause(&run.id, &system).await.with_context(|| format!("{id} can't be held"))?;
                    held.paused.push(id);
                }
                RunState::Queued { .. } => {
                    let cancelled = engine.cancel(&run.id, &system, Some(WITHDRAWN)).await;
                    cancelled.with_context(|| format!("{id} can't be cancelled"))?;
                    held.withdrawn.push(id);
                }
                RunState::Undoing { .. } => held.undoing.push(id),
                _ => {}
            }
        }
        anyhow::Ok(held)
    }
    .await;
    engine.store().close().await;
    done
}
