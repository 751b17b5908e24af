//! The sample project, for a first start without anything of one's own.

use std::path::Path;

use anyhow::Context as _;
use engine::control::Engine;
use engine::model::{Actor, Identity};
use engine::store::StoreError;

/// Where the sample is made, within the data folder.
const FOLDER: &str = "sample";
/// What the sample project is called.
const PROJECT: &str = "invoice-perfect";
/// The people it brings along, and nobody else yet.
const PEOPLE: [&str; 4] = ["ana", "ben", "vera", "zoe"];
/// The one of them who speaks until somebody says otherwise.
const DEPLOYER: &str = "ana";

/// Makes and imports the sample project when the database holds neither project nor people yet; whether it did. Whoever
/// has made themselves known there is about to bring a project of their own.
pub(crate) async fn sample_ensure(
    engine: &Engine,
    data_dir: &Path,
    progress: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<bool> {
    let used =
        !engine.store().project_list().await?.is_empty() || !engine.store().user_list().await?.is_empty();
    if used {
        return Ok(false);
    }
    progress("making the sample project Invoice Perfect");
    let folder = std::path::absolute(data_dir.join(FOLDER))?;
    let made = tokio::task::spawn_blocking({
        let folder = folder.clone();
        move || samples::materialise(&folder)
    })
    .await??;
    let text = std::fs::read_to_string(&made.project_file)
        .with_context(|| format!("can't read {}", made.project_file.display()))?;
    let project = engine::project::import(&text, &folder)
        .map_err(|faults| faults.in_file(made.project_file.display().to_string()))?;
    engine.project_import(&project, &Actor::system()).await?;
    engine.secrets_generate_missing(&project, &Actor::system()).await?;
    Ok(true)
}

/// Who speaks on a front when nobody says: the system's user when they are known there; else, where nothing but the sample
/// project is, its deployer, so that trying it out needs no setting up; else the system's user, whoever that is.
pub(crate) async fn speaker_default(engine: &Engine, front: &str, name: &str) -> Result<String, StoreError> {
    let identity = Identity { front: front.to_owned(), external_id: name.to_owned() };
    if engine.store().identity_get(&identity).await?.is_some() {
        return Ok(name.to_owned());
    }
    let projects = engine.store().project_list().await?;
    let sample =
        projects.len() == 1 && projects.iter().all(|project| project.value.project.as_str() == PROJECT);
    let mut people: Vec<String> =
        engine.store().user_list().await?.iter().map(|person| person.name.to_string()).collect();
    people.sort();
    Ok(if sample && people == PEOPLE { DEPLOYER.to_owned() } else { name.to_owned() })
}
