//! `audit`: the record, read, written out and verified.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::DateTime;
use engine::audit::{Checkpoint, Exporter, PublicKey, SigningKey, verify};
use engine::control::Engine;

use super::project::refused;
use super::speaker;
use crate::cli::{Audit, Exit, Global};
use crate::config::Config;
use crate::out;
use crate::wiring::SIGNING_KEY_FILE;

/// Events read at once while exporting.
const BATCH: i64 = 500;
/// The folder of checkpoints among the artifacts.
const CHECKPOINTS: &str = "checkpoints";
const HOUR_MS: i64 = 3_600_000;

pub(super) async fn run(global: &Global, command: Audit) -> anyhow::Result<Exit> {
    match command {
        Audit::Verify { file, key, anchors } => verdict(global, &file, key.as_deref(), &anchors),
        Audit::List { hours } => list(global, hours).await,
        Audit::Export { file } => {
            let config = super::config_with_folder(global)?;
            let engine = super::engine_of_database(&config).await?;
            // Whoever may read the record may write it out.
            let actor = speaker::actor(&engine, global).await?;
            if let Err(refusal) = engine.audit(None, engine.now_ms(), &actor).await {
                return Ok(refused(&refusal));
            }
            // What is exported ends with a signature, so that cutting the end off shows.
            let last_seq = engine.checkpoint().await?;
            export(&config, &engine, last_seq, file.as_deref()).await
        }
    }
}

async fn list(global: &Global, hours: u32) -> anyhow::Result<Exit> {
    let config = super::config_with_folder(global)?;
    let engine = super::engine_of_database(&config).await?;
    let actor = speaker::actor(&engine, global).await?;
    let since_ms = engine.now_ms() - i64::from(hours) * HOUR_MS;
    match engine.audit(None, since_ms, &actor).await {
        Ok(events) => {
            // Newest last, where the eye is.
            for event in events.iter().rev() {
                let at = DateTime::from_timestamp_millis(event.at_ms).unwrap_or_default();
                let by = &event.actor.name;
                out::line(&format!(
                    "{:>6}  {}  {by:12} {:20} {}",
                    event.seq,
                    at.format("%F %T"),
                    event.action,
                    event.subject
                ));
            }
            Ok(Exit::Fine)
        }
        Err(refusal) => Ok(refused(&refusal)),
    }
}

async fn export(
    config: &Config,
    engine: &Engine,
    last_seq: i64,
    file: Option<&Path>,
) -> anyhow::Result<Exit> {
    let key = SigningKey::open_or_create(&config.data_dir.join(SIGNING_KEY_FILE))?.public_key();
    let to: Box<dyn Write> = match file {
        Some(file) => {
            let open = File::options().write(true).create(true).truncate(true).mode(0o600).open(file);
            Box::new(open.with_context(|| format!("can't write {}", file.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let mut exporter = Exporter::start(BufWriter::new(to), &key)?;
    let mut checkpoints = engine.store().checkpoint_list().await?.into_iter().peekable();
    let mut seq = 0;
    while seq < last_seq {
        let events = engine.store().audit_after(seq, BATCH.min(last_seq - seq)).await?;
        if events.is_empty() {
            break;
        }
        for (event, hash) in events {
            seq = event.seq;
            exporter.event(&event, &hash.parse().context("the record holds an unreadable hash")?)?;
            while let Some(checkpoint) = checkpoints.next_if(|checkpoint| checkpoint.seq <= seq) {
                exporter.checkpoint(&checkpoint)?;
            }
        }
    }
    exporter.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?.flush()?;
    let name = file.map_or_else(|| "FILE".to_owned(), |file| file.display().to_string());
    out::aside(&format!("{seq} events. Keep the key elsewhere; with it anybody can verify the record:"));
    out::aside(&format!("  infra-chat audit verify {name} --key {key}"));
    Ok(Exit::Fine)
}

fn verdict(
    global: &Global,
    file: &Path,
    key: Option<&PublicKey>,
    anchors: &[PathBuf],
) -> anyhow::Result<Exit> {
    let (anchors, last_seq) = match anchors {
        // Ours go on after this export was made; how far it goes, its own last checkpoint says.
        [] => (anchors_here(global, key), last_signed(file)?),
        given => (given.to_vec(), i64::MAX),
    };
    let mut kept = Vec::new();
    for anchor in anchor_files(&anchors)? {
        let read = || format!("can't read the checkpoints in {}", anchor.display());
        for line in BufReader::new(File::open(&anchor).with_context(read)?).lines() {
            let line = line.with_context(read)?;
            if !line.trim().is_empty() {
                kept.push(serde_json::from_str::<Checkpoint>(&line).with_context(read)?);
            }
        }
    }
    kept.retain(|anchor: &Checkpoint| anchor.seq <= last_seq);
    let export = File::open(file).with_context(|| format!("can't read {}", file.display()))?;
    let verdict = verify(BufReader::new(export), key, &kept)?;
    out::line(&verdict.to_string());
    if matches!(verdict, engine::audit::Verdict::UnanchoredSince { .. }) && key.is_none() {
        out::line("Give the public key that was kept elsewhere: --key ed25519:…");
    }
    Ok(if verdict.is_intact() { Exit::Fine } else { Exit::Failed })
}

/// The anchors of the installation whose data folder this is, when the export is one of its own.
fn anchors_here(global: &Global, key: Option<&PublicKey>) -> Vec<PathBuf> {
    // Verifying must work where there is no installation, and nothing readable that says where one is.
    let Ok(config) = super::config(global) else { return Vec::new() };
    let key_file = config.data_dir.join(SIGNING_KEY_FILE);
    let folder = Path::new(&config.artifacts).join(CHECKPOINTS);
    if !key_file.exists() || !folder.is_dir() {
        return Vec::new();
    }
    let ours = SigningKey::open_or_create(&key_file).map(|ours| ours.public_key());
    let is_ours = ours.is_ok_and(|ours| key.is_none_or(|key| *key == ours));
    if is_ours { vec![folder] } else { Vec::new() }
}

/// The last event that a checkpoint of the export itself is for.
fn last_signed(file: &Path) -> anyhow::Result<i64> {
    let export = File::open(file).with_context(|| format!("can't read {}", file.display()))?;
    let mut last_seq = 0;
    for line in BufReader::new(export).lines().map_while(Result::ok) {
        if line.starts_with("{\"checkpoint\":") {
            let read = serde_json::from_str::<serde_json::Value>(&line).unwrap_or_default();
            last_seq = last_seq.max(read["checkpoint"]["seq"].as_i64().unwrap_or_default());
        }
    }
    Ok(last_seq)
}

/// The files with checkpoints: those given, and those in the folders given.
fn anchor_files(given: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for place in given {
        if !place.is_dir() {
            files.push(place.clone());
            continue;
        }
        // The artifacts as a whole may be given, too.
        let within = place.join(CHECKPOINTS);
        let folder = if within.is_dir() { &within } else { place };
        let listed = || format!("can't list the checkpoints in {}", folder.display());
        for entry in std::fs::read_dir(folder).with_context(listed)? {
            let path = entry.with_context(listed)?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                files.push(path);
            }
        }
    }
    Ok(files)
}
