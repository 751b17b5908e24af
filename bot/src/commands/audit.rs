//! `audit`: the record, read, written out and verified.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::DateTime;
use engine::audit::{Checkpoint, Exporter, PublicKey, SigningKey, Verdict, verify};
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
        Audit::Verify { file, key, anchors } => Ok(verdict(global, &file, key.as_deref(), &anchors)),
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
                let glass = event.glass_broken().map(|why| format!("  GLASS BROKEN: {why}"));
                out::line(&format!(
                    "{:>6}  {}  {by:12} {:20} {}{}",
                    event.seq,
                    at.format("%F %T"),
                    event.action,
                    event.subject,
                    glass.unwrap_or_default()
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

/// What an export says of itself before anything of it is believed.
#[derive(Debug, Default)]
struct Claims {
    /// The key it names.
    key: Option<PublicKey>,
    /// The last event that a checkpoint of its own is for.
    last_signed: i64,
}

impl Claims {
    fn read(file: &Path) -> anyhow::Result<Self> {
        let export = File::open(file).with_context(|| format!("can't read {}", file.display()))?;
        let mut claims = Self::default();
        for line in BufReader::new(export).lines().map_while(Result::ok) {
            let is = |what: &str| line.starts_with(&format!("{{\"{what}\":"));
            if !is("header") && !is("checkpoint") {
                continue;
            }
            let said = serde_json::from_str::<serde_json::Value>(&line).unwrap_or_default();
            if let Some(key) = said["header"]["public_key"].as_str() {
                claims.key = claims.key.or(key.parse().ok());
            }
            claims.last_signed =
                claims.last_signed.max(said["checkpoint"]["seq"].as_i64().unwrap_or_default());
        }
        Ok(claims)
    }
}

/// What vouches for an export.
#[derive(Debug, Default)]
struct Vouchers {
    key: Option<PublicKey>,
    anchors: Vec<Checkpoint>,
    /// Where key and anchors come from, or why there are none, for whoever reads the verdict.
    aside: String,
}

/// Says what an export is worth. The exit code tells intact (0) from altered or truncated (1) and from everything that proves
/// nothing (2).
fn verdict(global: &Global, file: &Path, key: Option<&PublicKey>, anchors: &[PathBuf]) -> Exit {
    match verdict_of(global, file, key, anchors) {
        Ok((verdict, aside)) => {
            out::line(&verdict.to_string());
            if !aside.is_empty() {
                out::line(&aside);
            }
            match verdict {
                intact if intact.is_intact() => Exit::Fine,
                damaged if damaged.is_damaged() => Exit::Failed,
                _ => Exit::Refused,
            }
        }
        Err(error) => {
            out::problem(&format!("nothing is proved about {}: {error:#}", file.display()));
            Exit::Refused
        }
    }
}

fn verdict_of(
    global: &Global,
    file: &Path,
    key: Option<&PublicKey>,
    anchors: &[PathBuf],
) -> anyhow::Result<(Verdict, String)> {
    let claims = Claims::read(file)?;
    let vouchers = if anchors.is_empty() {
        let mut here = vouchers_here(global, key, &claims)?;
        // Ours go on after this export was made; how far it goes, its own last checkpoint says.
        here.anchors.retain(|anchor| anchor.seq <= claims.last_signed);
        here
    } else {
        Vouchers { key: key.copied(), anchors: anchors_read(anchors)?, aside: String::new() }
    };
    let export = File::open(file).with_context(|| format!("can't read {}", file.display()))?;
    Ok((verify(BufReader::new(export), vouchers.key.as_ref(), &vouchers.anchors)?, vouchers.aside))
}

/// What the installation whose data folder this is can vouch with, when the export is one of its own.
fn vouchers_here(global: &Global, key: Option<&PublicKey>, claims: &Claims) -> anyhow::Result<Vouchers> {
    let given = |aside: &str| Vouchers { key: key.copied(), anchors: Vec::new(), aside: aside.to_owned() };
    // Verifying must work where there is no installation, and nothing readable that says where one is.
    let ours = super::config(global).ok().and_then(|config| {
        let file = config.data_dir.join(SIGNING_KEY_FILE);
        let key = file.exists().then(|| SigningKey::open_or_create(&file).ok())??.public_key();
        Some((config, key))
    });
    let is_ours = |ours: &PublicKey| claims.key.as_ref() == Some(ours);
    match (ours, key) {
        (Some((config, ours)), given_key) if is_ours(&ours) && given_key.is_none_or(|key| *key == ours) => {
            let folder = Path::new(&config.artifacts).join(CHECKPOINTS);
            let mut anchors = if folder.is_dir() { anchors_read(&[folder])? } else { Vec::new() };
            // A key that was lost and made anew left anchors that say nothing about what the new one signed.
            anchors.retain(|anchor| anchor.verify(&ours).is_ok());
            let aside = match given_key {
                Some(_) => String::new(),
                None => format!(
                    "Verified with the key in {}. Whoever can write there could have made it fit: for proof against them, \
                     give the key that was kept elsewhere with --key ed25519:…",
                    config.data_dir.display()
                ),
            };
            Ok(Vouchers { key: Some(ours), anchors, aside })
        }
        (_, Some(_)) => Ok(given("")),
        (Some((config, ours)), None) => Ok(given(&format!(
            "It is signed by another key than the one in {} ({}): another installation's export, or one that was made up. Give the \
             public key that was kept elsewhere, --key ed25519:…, or that installation's folder, --data-dir DIR",
            config.data_dir.display(),
            ours.id()
        ))),
        (None, None) => Ok(given("Give the public key that was kept elsewhere: --key ed25519:…")),
    }
}

/// The checkpoints in these files and folders.
fn anchors_read(places: &[PathBuf]) -> anyhow::Result<Vec<Checkpoint>> {
    let mut kept = Vec::new();
    for anchor in anchor_files(places)? {
        let read = || format!("can't read the checkpoints in {}", anchor.display());
        for line in BufReader::new(File::open(&anchor).with_context(read)?).lines() {
            let line = line.with_context(read)?;
            if !line.trim().is_empty() {
                kept.push(serde_json::from_str::<Checkpoint>(&line).with_context(read)?);
            }
        }
    }
    Ok(kept)
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
