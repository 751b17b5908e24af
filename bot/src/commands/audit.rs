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
const HOUR_MS: i64 = 3_600_000;

pub(super) async fn run(global: &Global, command: Audit) -> anyhow::Result<Exit> {
    match command {
        Audit::Verify { file, key, anchors } => verdict(&file, key.as_ref(), &anchors),
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
            engine.checkpoint().await?;
            export(&config, &engine, file.as_deref()).await
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
                out::line(&format!("{:>6}  {}  {by:12} {:20} {}", event.seq, at.format("%F %T"), event.action, event.subject));
            }
            Ok(Exit::Fine)
        }
        Err(refusal) => Ok(refused(&refusal)),
    }
}

async fn export(config: &Config, engine: &Engine, file: Option<&Path>) -> anyhow::Result<Exit> {
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
    loop {
        let events = engine.store().audit_after(seq, BATCH).await?;
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

fn verdict(file: &Path, key: Option<&PublicKey>, anchors: &[PathBuf]) -> anyhow::Result<Exit> {
    let mut kept = Vec::new();
    for anchor in anchors {
        let read = || format!("can't read the checkpoints in {}", anchor.display());
        for line in BufReader::new(File::open(anchor).with_context(read)?).lines() {
            let line = line.with_context(read)?;
            if !line.trim().is_empty() {
                kept.push(serde_json::from_str::<Checkpoint>(&line).with_context(read)?);
            }
        }
    }
    let export = File::open(file).with_context(|| format!("can't read {}", file.display()))?;
    let verdict = verify(BufReader::new(export), key, &kept)?;
    out::line(&verdict.to_string());
    if matches!(verdict, engine::audit::Verdict::UnanchoredSince { .. }) && key.is_none() {
        out::line("Give the public key that was kept elsewhere: --key ed25519:…");
    }
    Ok(if verdict.is_intact() { Exit::Fine } else { Exit::Failed })
}
