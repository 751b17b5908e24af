//! `artifacts`: what a run left behind, with where each file is; and what is in one of them.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use engine::artifacts::ArtifactName;
use engine::control::Engine;
use engine::model::{Actor, RunId};

use super::project::refused;
use super::speaker;
use crate::cli::{Exit, Global};
use crate::out;

/// Who may read a file that was fetched: its owner.
const MODE: u32 = 0o600;

pub(super) async fn run(
    global: &Global,
    run: &RunId,
    name: Option<&ArtifactName>,
    file: Option<&Path>,
) -> anyhow::Result<Exit> {
    let config = super::config_with_folder(global)?;
    let engine = super::engine_of_database(&config).await?;
    let actor = speaker::actor(&engine, global).await?;
    match name {
        Some(name) => fetch(&engine, run, name, &actor, file).await,
        None => list(&engine, run, &actor).await,
    }
}

async fn list(engine: &Engine, run: &RunId, actor: &Actor) -> anyhow::Result<Exit> {
    let found = match engine.run_files(run, actor).await {
        Ok(found) => found,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    for file in &found.files {
        let size = chat::view::size(file.kept.size);
        out::line(&format!("{}  {size:>10}  {}/{}", file.kept.sha256, found.place, file.name));
    }
    for file in found.files.iter().filter(|file| file.hides) {
        hides(&file.name);
    }
    Ok(Exit::Fine)
}

async fn fetch(
    engine: &Engine,
    run: &RunId,
    name: &ArtifactName,
    actor: &Actor,
    file: Option<&Path>,
) -> anyhow::Result<Exit> {
    let found = match engine.run_file(run, name, actor).await {
        Ok(found) => found,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    match file {
        None => out::file(&found.text),
        Some(path) => {
            let open = || File::options().write(true).create(true).truncate(true).mode(MODE).open(path);
            let written = open().and_then(|mut open| open.write_all(found.text.as_bytes()));
            written.with_context(|| format!("can't write {}", path.display()))?;
            let size = chat::view::size(found.text.len() as u64);
            out::aside(&format!("{name} of {run}, {size}, in {}", path.display()));
        }
    }
    if found.hides {
        hides(name);
        out::aside("It is shown without that, so its SHA-256 is not the listed one.");
    }
    Ok(Exit::Fine)
}

fn hides(name: &ArtifactName) {
    out::aside(&format!(
        "{name} holds the value of a secret that was not known as one when it was written: set that secret to another value"
    ));
}
