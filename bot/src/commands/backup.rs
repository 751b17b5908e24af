//! `backup`: the embedded database, made safe while everything runs, and what is in a backup.

use std::path::Path;

use chrono::DateTime;
use engine::model::EnvironmentKey;
use engine::store::{Contents, SealedSecret, Store, StoreAddress};

use super::counted;
use crate::cli::{Exit, Global};
use crate::config::Config;
use crate::out;
use crate::wiring::{MASTER_KEY_FILE, SIGNING_KEY_FILE, master_keys};

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

/// The file of the embedded database.
pub(super) fn database_file(config: &Config) -> anyhow::Result<&Path> {
    match &config.database {
        StoreAddress::Sqlite(file) => Ok(file),
        StoreAddress::Postgres(_) => Err(engine::store::BackupError::Server.into()),
    }
}

/// Says what is in a backup.
pub(super) fn show(config: &Config, file: &Path, contents: &Contents) {
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
        None => {
            format!("  record of {}, each following from the one before", counted(contents.events, "event"))
        }
        Some(at) => format!(
            "  record of {}, BROKEN at {at}: it does not follow from the one before",
            counted(contents.events, "event")
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
    let count = counted(names.len(), "secret");
    match sealed_otherwise(config, contents) {
        _ if names.is_empty() => count,
        None => format!("{count}, sealed; there is no master key here that could open them"),
        Some(others) if others.is_empty() => format!("{count}, sealed under a master key that is here"),
        Some(others) => format!(
            "{count}, sealed; {} of them under a master key that is not here",
            counted(others.len() as u64, "version")
        ),
    }
}

/// The secrets no master key of this installation opens; nothing where there is no key.
pub(super) fn sealed_otherwise<'a>(config: &Config, contents: &'a Contents) -> Option<Vec<&'a SealedSecret>> {
    // Looking makes no key.
    if config.master_key.is_none() && !config.data_dir.join(MASTER_KEY_FILE).exists() {
        return None;
    }
    let keys = master_keys(config).ok()?;
    let has = |secret: &SealedSecret| {
        let id = secret.key_id();
        id.is_some_and(|id| keys.with_id(&id).is_ok_and(|key| key.is_some()))
    };
    Some(contents.secrets.iter().filter(|secret| !has(secret)).collect())
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
