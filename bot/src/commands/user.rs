//! `user`: who people are and what they may do.

use engine::model::{Identity, User as Person, UserName};

use super::project::refused;
use super::speaker;
use crate::cli::{Exit, Global, User};
use crate::out;

pub(super) async fn run(global: &Global, command: User) -> anyhow::Result<Exit> {
    let config = super::config_with_folder(global)?;
    let engine = super::engine_of_database(&config).await?;
    let actor = speaker::actor(&engine, global).await?;
    let done = match command {
        User::List => {
            let identities = engine.store().identity_list().await?;
            for person in engine.store().user_list().await? {
                let theirs: Vec<String> = identities
                    .iter()
                    .filter(|(_, name)| *name == person.name)
                    .map(|(identity, _)| identity.to_string())
                    .collect();
                out::line(format!("{:12} {:9} {}", person.name, person.role, theirs.join(", ")).trim_end());
            }
            return Ok(Exit::Fine);
        }
        User::Add { name, role, mut identities } => {
            identities.extend(local_identities(&name));
            let says = format!("{name} is {role} now.");
            engine.user_put(&Person { name, role }, &identities, &actor).await.map(|()| says)
        }
        User::Link { name, identity } => match engine.store().user_get(name.as_str()).await? {
            Some(person) => {
                let says = format!("{identity} is {name} now.");
                engine.user_put(&person, &[identity], &actor).await.map(|()| says)
            }
            None => {
                out::problem(&format!("nobody is called {name}"));
                out::aside(&format!("  next: infra-chat user add {name} --role deployer --identity {identity}"));
                return Ok(Exit::Refused);
            }
        },
        User::Remove { name } => {
            engine.user_remove(&name, &actor).await.map(|()| format!("{name} is gone, with all identities."))
        }
    };
    Ok(match done {
        Ok(says) => {
            out::line(&says);
            Exit::Fine
        }
        Err(refusal) => refused(&refusal),
    })
}

/// Everybody is known by their own name on this machine.
fn local_identities(name: &UserName) -> [Identity; 2] {
    [crate::terminal::FRONT, speaker::FRONT]
        .map(|front| Identity { front: front.to_owned(), external_id: name.to_string() })
}
