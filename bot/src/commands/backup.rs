//! `backup` and `restore`: the embedded database, made safe and put back.

use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use engine::model::EnvironmentKey;
use engine::secrets::MasterKey;
use engine::store::{AuditEntry, Commit, Contents, Store, StoreAddress, restore};
use secrecy::ExposeSecret;

use super::speaker;
use crate::cli::{Exit, Global};
use crate::config::Config;
use crate::out;
use crate::wiring::{Holder, HostLock, MASTER_KEY_FILE, SIGNING_KEY_FILE};

/// Runs that are named one by one.
const NAMED_MAX: usize = 5;

pub(super) async fn run(global: &Global, file: &Path, check: bool) -> anyhow::Result<Exit> {
    let config = super::config(global)?;
    if check {
        let contents = Contents::of(file).await?;
        show(&config, file, &contents);
        return Ok(if contents.broken_at.is_some() { Exit::Failed } else { Exit::Fine });
    }
    database_file(&config)?;
    let store = Store::open_reading(&config.database).await?;
    store.backup(file).await?;
    store.close().await;
    // What was just written is looked at as it will be when it is needed.
    let contents = Contents::of(file).await?;
    show(&config, file, &contents);
    beside(&config);
    Ok(Exit::Fine)
}

pub(super) async fn put_back(global: &Global, file: &Path) -> anyhow::Result<Exit> {
    let config = super::config_with_folder(global)?;
    let database = database_file(&config)?;
    let Some(lock) = HostLock::try_take(&config.data_dir, "restore")? else {
        let holder = Holder::read(&config.data_dir).map(|holder| format!(": {holder}")).unwrap_or_default();
        bail!(
            "infra-chat runs in {}{holder}. End it first; a database that is in use can't be put back",
            config.data_dir.display()
        );
    };
    // A damaged one would take the place of what may be better.
    let contents = Contents::of(file).await.context("nothing was put back")?;
    if !contents.secrets.is_empty() && sealed_otherwise(&config, &contents) != Some(0) {
        bail!(
            "nothing was put back: {} holds secrets that the master key here can't open. Put the {MASTER_KEY_FILE} that was kept from that time into \
             {} (or set INFRA_CHAT_MASTER_KEY), then do the same again",
            file.display(),
            config.data_dir.display()
        );
    }
    let now_ms = Utc::now().timestamp_millis();
    let was = restore(file, database, now_ms)?;
    let engine = super::engine_of_database(&config).await?;
    let actor = speaker::actor(&engine, global).await?;
    let mut commit = Commit::at(now_ms);
    commit.audit.push(AuditEntry {
        actor: actor.clone(),
        action: "database.restored",
        subject: file.display().to_string(),
        environment: None,
        run: None,
        data: serde_json::json!({ "events": contents.events, "newest_ms": contents.newest_ms }),
    });
    engine.store().commit(commit).await?;
    // They would go on at the next start, and nobody has said that they should: what they stand in the middle of may be long past.
    let mut held = Vec::new();
    for run in contents.under_way.iter().filter(|run| matches!(run.state.as_str(), "queued" | "running")) {
        match engine.pause(&run.id, &actor).await {
            Ok(_) => held.push(run.id.to_string()),
            Err(refusal) => out::aside(&format!("{} can't be held: {}", run.id, out::causes(&refusal))),
        }
    }
    engine.store().close().await;
    drop(lock);
    show(&config, file, &contents);
    out::line(&format!("It is the database of {} now.", config.data_dir.display()));
    if let Some(was) = was {
        out::line(&format!("What was there before is kept as {}.", was.display()));
    }
    if !held.is_empty() {
        out::line(&format!(
            "Held until somebody says: {}. Look what is true by now (status), then resume or cancel each.",
            held.join(", ")
        ));
    }
    out::aside(
        "The record goes on from the backup: checkpoints kept elsewhere since then say that what came after is missing, which is true.",
    );
    Ok(Exit::Fine)
}

/// The file of the embedded database.
fn database_file(config: &Config) -> anyhow::Result<&Path> {
    match &config.database {
        StoreAddress::Sqlite(file) => Ok(file),
        StoreAddress::Postgres(_) => Err(engine::store::BackupError::Server.into()),
    }
}

/// Says what is in a backup.
fn show(config: &Config, file: &Path, contents: &Contents) {
    let newest = contents.newest_ms.and_then(DateTime::from_timestamp_millis);
    let newest = newest.map_or_else(
        || "nothing has happened in it yet".to_owned(),
        |at| format!("as of {} UTC", at.format("%F %T")),
    );
    out::line(&format!("{}: whole, {}, {newest}.", file.display(), size(contents.size)));
    if contents.is_older {
        out::line("  made by an older infra-chat; putting it back brings it up to date");
    }
    for project in &contents.projects {
        let environments: Vec<_> = project.environments.keys().map(ToString::to_string).collect();
        out::line(&format!("  project {}: {}", project.project, environments.join(", ")));
    }
    out::line(&format!("  {}, {}", counted(contents.runs, "run"), under_way(contents)));
    out::line(&format!("  {}", secrets(config, contents)));
    out::line(&format!("  {}", counted_people(contents.users.len())));
    out::line(&match contents.broken_at {
        None => format!(
            "  record of {}, each following from the one before",
            counted(contents.events.unsigned_abs(), "event")
        ),
        Some(at) => format!(
            "  record of {}, BROKEN at {at}: it does not follow from the one before",
            counted(contents.events.unsigned_abs(), "event")
        ),
    });
}

fn under_way(contents: &Contents) -> String {
    let named: Vec<String> = contents
        .under_way
        .iter()
        .take(NAMED_MAX)
        .map(|run| format!("{} ({}, {})", run.id, run.environment().environment, run.state.as_str()))
        .collect();
    match contents.under_way.len() {
        0 => "none under way".to_owned(),
        all if all > named.len() => format!("under way: {} and {} more", named.join(", "), all - named.len()),
        _ => format!("under way: {}", named.join(", ")),
    }
}

/// How many secrets there are, and whether the key of this installation opens them.
fn secrets(config: &Config, contents: &Contents) -> String {
    let mut names: Vec<(&EnvironmentKey, &str)> =
        contents.secrets.iter().map(|secret| (&secret.environment, secret.name.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    let count = counted(names.len() as u64, "secret");
    match sealed_otherwise(config, contents) {
        _ if names.is_empty() => count,
        None => format!("{count}, sealed; there is no master key here that could open them"),
        Some(0) => format!("{count}, sealed under the master key that is here"),
        Some(others) => format!(
            "{count}, sealed; {} of them under another master key than the one here, which can't open them",
            counted(others, "version")
        ),
    }
}

/// How many versions of secrets the master key of this installation does not open; nothing where there is no key.
fn sealed_otherwise(config: &Config, contents: &Contents) -> Option<u64> {
    let file = config.data_dir.join(MASTER_KEY_FILE);
    let key = match &config.master_key {
        Some(key) => MasterKey::from_text("INFRA_CHAT_MASTER_KEY", key.expose_secret()).ok()?,
        // Looking makes no key.
        None if file.exists() => MasterKey::open_or_create(&file).ok()?,
        None => return None,
    };
    let others = contents.secrets.iter().filter(|secret| secret.key_id().is_none_or(|id| id != key.id()));
    Some(others.count() as u64)
}

/// Says what has to be kept besides.
fn beside(config: &Config) {
    let keys = match config.master_key {
        Some(_) => format!("the master key (INFRA_CHAT_MASTER_KEY) and {SIGNING_KEY_FILE}"),
        None => format!("{MASTER_KEY_FILE} and {SIGNING_KEY_FILE}, the keys"),
    };
    out::aside(&format!(
        "Not in it, in {}: {keys}; the artifacts ({}); builds and the data of services. Keep the keys apart from the backup: together they \
         open every secret.",
        config.data_dir.display(),
        config.artifacts
    ));
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn counted_people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

fn size(bytes: u64) -> String {
    /// Bytes in a megabyte, and in a kilobyte.
    const MB: u64 = 1_000_000;
    const KB: u64 = 1_000;
    if bytes >= MB {
        format!("{:.1} MB", bytes as f64 / MB as f64)
    } else {
        format!("{} kB", bytes.div_ceil(KB))
    }
}
