//! Who speaks on the command line. Whoever can run this program on the data folder could change the database as well, so
//! the name is taken as said; the record keeps it.

use engine::control::Engine;
use engine::model::{Actor, Identity};
use nix::unistd::{Uid, User};

use crate::cli::Global;
use crate::host::Session;
use crate::terminal::speaker_name;
use crate::wiring::speaker_default;

/// Whoever types here is the same person in the chat and on the command line.
pub(super) use crate::terminal::FRONT;

/// `--as`, else whoever speaks here when nobody says.
pub(super) async fn of_session(session: &Session, front: &str, global: &Global) -> anyhow::Result<String> {
    match &global.speaker {
        Some(name) => Ok(name.clone()),
        None => session.speaker(front, &system_name()).await,
    }
}

/// The actor on the command line, at this moment.
pub(super) async fn actor(engine: &Engine, global: &Global) -> anyhow::Result<Actor> {
    let name = match &global.speaker {
        Some(name) => name.clone(),
        None => speaker_default(engine, FRONT, &system_name()).await?,
    };
    let identity = Identity { front: FRONT.to_owned(), external_id: name };
    Ok(engine.actor(&identity).await?)
}

fn system_name() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .find_map(|variable| speaker_name(&std::env::var(variable).ok()?).ok())
        .or_else(name_of_account)
        .unwrap_or_else(|| format!("uid-{}", Uid::current()))
}

/// As the system's list of users has it: services and `env -i` bring no variables.
fn name_of_account() -> Option<String> {
    speaker_name(&User::from_uid(Uid::current()).ok()??.name).ok()
}
