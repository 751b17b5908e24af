//! `user`: who people are and what they may do.

use anyhow::Context as _;
use engine::control::{Engine, Refusal};
use engine::model::{Actor, Identity, User as Person, UserName};

use super::project::refused;
use super::speaker;
use crate::cli::{Exit, Global, User, Who};
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
        User::Add { who, role, mut identities, moves } => {
            let name = match who {
                Who::Name(name) => {
                    let local = local_identity(&name);
                    // Nobody asked for this one: whose it is, theirs it stays.
                    if engine.store().identity_get(&local).await?.is_none() {
                        identities.push(local);
                    }
                    name
                }
                Who::Identity(identity) => {
                    let known = engine.store().identity_get(&identity).await?;
                    let name = known.map_or_else(|| name_of(&identity), Ok)?;
                    identities.push(identity);
                    name
                }
            };
            let says = format!("{name} is {role} now.");
            put(&engine, &Person { name, role }, &identities, &actor, moves).await.map(|()| says)
        }
        User::Link { name, identity, moves } => {
            let Some(person) = engine.store().user_get(name.as_str()).await? else {
                out::problem(&format!("nobody is called {name}"));
                let next = format!("infra-chat user add {name} --role deployer --identity {identity}");
                out::aside(&format!("  next: {next}"));
                return Ok(Exit::Refused);
            };
            let says = format!("{identity} is {name} now.");
            put(&engine, &person, &[identity], &actor, moves).await.map(|()| says)
        }
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

async fn put(
    engine: &Engine,
    person: &Person,
    identities: &[Identity],
    actor: &Actor,
    moves: bool,
) -> Result<(), Refusal> {
    if moves {
        engine.user_put_moving(person, identities, actor).await
    } else {
        engine.user_put(person, identities, actor).await
    }
}

/// What somebody is called who is known by an identity alone; `user link` gives further identities to that name.
fn name_of(identity: &Identity) -> anyhow::Result<UserName> {
    let name = format!("{}-{}", identity.front, identity.external_id).to_lowercase();
    name.parse().with_context(|| {
        format!(
            "{identity} makes no name; give one: infra-chat user add NAME --role ROLE --identity {identity}"
        )
    })
}

/// Everybody is known by their own name on this machine.
fn local_identity(name: &UserName) -> Identity {
    Identity { front: speaker::FRONT.to_owned(), external_id: name.to_string() }
}
