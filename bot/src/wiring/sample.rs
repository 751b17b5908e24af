//! The sample project, for a first start without anything of one's own.

use std::path::Path;

use anyhow::Context as _;
use engine::control::Engine;
use engine::model::Actor;

/// Where the sample is made, within the data folder.
const FOLDER: &str = "sample";

/// Makes and imports the sample project when the database holds no project yet; whether it did.
pub(crate) async fn sample_ensure(
    engine: &Engine,
    data_dir: &Path,
    progress: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<bool> {
    if !engine.store().project_list().await?.is_empty() {
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
