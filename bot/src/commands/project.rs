//! `project`: a description comes in, or goes out.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use engine::control::Engine;
use engine::model::ProjectName;

use super::{counted, speaker};
use crate::cli::{Exit, Global};
use crate::out;

/// Projects.
#[derive(Debug, Subcommand)]
pub(crate) enum Project {
    /// Take a description into the database; what changes is shown
    Import {
        /// The file: infra-chat.project.yaml
        file: PathBuf,
    },
    /// Write a project as a description
    Export {
        /// Its name (default: the only one)
        name: Option<ProjectName>,
    },
}

pub(super) async fn run(global: &Global, command: Project) -> anyhow::Result<Exit> {
    match command {
        Project::Import { file } => import(global, &file).await,
        Project::Export { name } => {
            let config = super::config_with_folder(global)?;
            let engine = super::engine_of_database(&config).await?;
            match engine.project_get(name.as_ref()).await {
                Ok(project) => out::text(&engine::project::export(&project.value)),
                Err(refusal) => return Ok(refused(&refusal)),
            }
            Ok(Exit::Fine)
        }
    }
}

async fn import(global: &Global, file: &Path) -> anyhow::Result<Exit> {
    let text = std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?;
    let whole = std::path::absolute(file)?;
    let base = whole.parent().unwrap_or(&whole);
    // Looked at before anything is opened: most imports fail here.
    let project = match engine::project::import(&text, base) {
        Ok(project) => project,
        Err(faults) => {
            bail!(
                "the description was not taken, nothing has changed:\n{}",
                faults.in_file(file.display().to_string())
            )
        }
    };
    let config = super::config_with_folder(global)?;
    let engine = super::engine_of_database(&config).await?;
    let actor = speaker::actor(&engine, global).await?;
    let is_new = !engine.store().project_list().await?.iter().any(|old| old.value.project == project.project);
    let changes = match engine.project_import(&project, &actor).await {
        Ok(changes) => changes,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    let made = engine.secrets_generate_missing(&project, &actor).await?;
    let name = &project.project;
    match (is_new, changes.len()) {
        (true, _) => out::line(&format!(
            "{name} is new: {}, {}.",
            counted(project.services.len(), "service"),
            counted(project.environments.len(), "environment")
        )),
        (false, 0) => out::line(&format!("{name} is as it was: nothing differs.")),
        (false, count) => {
            out::line(&format!(
                "{name} has changed, {count} {}:",
                if count == 1 { "value" } else { "values" }
            ));
            for change in &changes {
                out::line(&format!("  {change}"));
            }
        }
    }
    for (environment, secret) in made {
        out::line(&format!("Made a random value for the secret {environment}/{secret}."));
    }
    for repository in repositories_missing(&engine, &project).await {
        out::aside(&format!(
            "{repository}: there is no git repository there that I can read; deploys fail until there is. Make one there, or mend \
             `source` in {} and import it again.",
            file.display()
        ));
    }
    Ok(Exit::Fine)
}

/// The repositories on this machine that a project names and that are not there, each once. Others are looked at by the
/// first deploy: whether they can be read depends on who logs in.
async fn repositories_missing(engine: &Engine, project: &engine::model::Project) -> Vec<String> {
    let services = project.services.values().filter_map(|service| service.source.as_ref());
    let mut named: Vec<&String> = Vec::new();
    for source in std::iter::once(&project.source).chain(services) {
        let here = source.repository.starts_with('/') || source.repository.starts_with("file://");
        if here && !named.contains(&&source.repository) {
            named.push(&source.repository);
        }
    }
    let mut missing = Vec::new();
    for repository in named {
        if !engine.repository_is_there(repository).await {
            missing.push(repository.clone());
        }
    }
    missing
}

/// Says a refusal with what to type, for commands that ask the engine directly.
pub(super) fn refused(refusal: &engine::control::Refusal) -> Exit {
    out::problem(&out::causes(refusal));
    if let engine::control::Refusal::NotAllowed { because, .. } = refusal {
        for line in because {
            out::aside(&format!("  {line}"));
        }
    }
    if !refusal.next().is_empty() {
        out::aside(&format!("  next: {}", refusal.next()));
    }
    Exit::Refused
}
