//! Who speaks on the command line. Whoever can run this program on the data folder could change the database as well, so
//! the name is taken as said; the record keeps it.

use engine::control::Engine;
use engine::model::{Actor, Identity};

use crate::cli::Global;
use crate::host::Session;

/// The front of the command line.
pub(super) const FRONT: &str = "cli";
/// The speaker of the sample project when nobody says who they are: a deployer.
const SAMPLE_SPEAKER: &str = "ana";

/// `--as`, else the operating system's name for the user.
pub(super) fn name(global: &Global) -> String {
    global.speaker.clone().unwrap_or_else(system_name)
}

/// The actor behind it, at this moment.
pub(super) async fn actor(engine: &Engine, global: &Global) -> anyhow::Result<Actor> {
    let identity = Identity { front: FRONT.to_owned(), external_id: name(global) };
    Ok(engine.actor(&identity).await?)
}

/// Who speaks in the terminal: `--as`, else the system's user when they are known, else the sample's deployer when the
/// sample is there, else the system's user anyway.
pub(super) async fn of_terminal(session: &Session, global: &Global) -> anyhow::Result<String> {
    let name = name(global);
    if global.speaker.is_some() || session.knows(crate::terminal::FRONT, &name).await? {
        return Ok(name);
    }
    let sample = session.knows(crate::terminal::FRONT, SAMPLE_SPEAKER).await?;
    Ok(if sample { SAMPLE_SPEAKER.to_owned() } else { name })
}

fn system_name() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .find_map(|variable| std::env::var(variable).ok().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| format!("uid-{}", rustix::process::getuid().as_raw()))
}
