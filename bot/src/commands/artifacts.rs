//! `artifacts`: what a run left behind, with where each file is.

use engine::model::RunId;

use super::project::refused;
use super::speaker;
use crate::cli::{Exit, Global};
use crate::out;

pub(super) async fn run(global: &Global, run: &RunId) -> anyhow::Result<Exit> {
    let config = super::config_with_folder(global)?;
    let engine = super::engine_of_database(&config).await?;
    let actor = speaker::actor(&engine, global).await?;
    let found = match engine.run_files(run, &actor).await {
        Ok(found) => found,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    for file in &found.files {
        let size = chat::view::size(file.kept.size);
        out::line(&format!("{}  {size:>10}  {}/{}", file.kept.sha256, found.place, file.name));
    }
    for file in found.files.iter().filter(|file| file.hides) {
        out::aside(&format!(
            "{} holds the value of a secret that was not known as one when it was written: set that secret to another value",
            file.name
        ));
    }
    Ok(Exit::Fine)
}
