//! `secret`: values come from standard input or a hidden prompt, never from the command line, where every program of the
//! machine could read them.

use std::io::{IsTerminal, Read};
use std::str::FromStr;

use anyhow::{Context as _, bail};
use chat::view;
use clap::Subcommand;
use engine::control::{Engine, Rekeyed};
use engine::model::{Actor, EnvironmentKey, SecretName};
use engine::secrets::SecretRef;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::SecretString;

use super::project::refused;
use super::speaker;
use crate::cli::{Exit, Global};
use crate::config::Config;
use crate::out;
use crate::wiring::MASTER_KEY_FILE;

/// Longest value taken, in bytes: certificates fit, dumps do not.
const VALUE_BYTES_MAX: u64 = 64 * 1024;

/// Secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum Secret {
    /// Set a secret; its value is read from standard input or asked for
    #[command(after_help = "Services get the new value when they are deployed or restarted:\n  \
                      openssl rand -hex 32 | infra-chat secret set invoice-perfect/staging/session-secret")]
    Set {
        /// Which
        #[arg(value_name = "PROJECT/ENV/NAME")]
        secret: SecretPath,
    },
    /// Which secrets there are, with when and by whom they were set; never their values
    List {
        /// Of one environment (default: of all)
        #[arg(value_name = "PROJECT/ENV")]
        environment: Option<EnvironmentKey>,
    },
    /// Seal every secret under another master key
    #[command(after_help = "The key it was is kept beside the new one and opens backups from its time:\n\
                      delete it with the last of those. Where INFRA_CHAT_MASTER_KEY gives the key,\n\
                      start with the new one there and the old one in\n\
                      INFRA_CHAT_MASTER_KEYS_BEFORE, then type this.\n\n\
                      Programs that run meanwhile go on. Killed on the way, say it again.")]
    Rekey,
    /// Take a secret away for good that nothing uses any more
    Remove {
        /// Which
        #[arg(value_name = "PROJECT/ENV/NAME")]
        secret: SecretPath,
        /// Don't ask once more
        #[arg(long)]
        yes: bool,
    },
}

/// `project/environment/name`.
#[derive(Debug, Clone)]
pub(crate) struct SecretPath {
    environment: EnvironmentKey,
    name: SecretName,
}

impl FromStr for SecretPath {
    type Err = String;
    fn from_str(given: &str) -> Result<Self, String> {
        let path = given.trim_start_matches("secretref://");
        match format!("secretref://{path}").parse::<SecretRef>() {
            Ok(SecretRef { environment, name }) => Ok(Self { environment, name }),
            // The text may be a value in the wrong place, so it is not repeated.
            Err(_) => Err("write project/environment/name, and the value on standard input".to_owned()),
        }
    }
}

pub(super) async fn run(global: &Global, command: Secret) -> anyhow::Result<Exit> {
    let config = super::config_with_folder(global)?;
    match command {
        Secret::Set { secret: SecretPath { environment, name } } => {
            let value = if std::io::stdin().is_terminal() { asked(&name)? } else { piped()? };
            let engine = super::engine_of_database(&config).await?;
            let actor = speaker::actor(&engine, global).await?;
            Ok(match engine.secret_set(&environment, &name, value, &actor).await {
                Ok(version) => {
                    let opens = chat::Desk::new(engine).secret_opens(&environment, &name).await?;
                    let verify =
                        opens.map(|connect| format!(" `infra-chat run \"{connect}\"` tries it out."));
                    done(&format!(
                        "{environment}/{name} is set, version {version}.{}",
                        verify.unwrap_or_default()
                    ))
                }
                Err(refusal) => refused(&refusal),
            })
        }
        Secret::List { environment } => {
            let engine = super::engine_of_database(&config).await?;
            list(&engine, environment, &speaker::actor(&engine, global).await?).await
        }
        Secret::Rekey => {
            let engine = super::engine_of_database(&config).await?;
            let actor = speaker::actor(&engine, global).await?;
            Ok(match engine.secrets_rekey(&actor).await {
                Ok(rekeyed) => rekey_told(&config, &rekeyed),
                Err(refusal) => refused(&refusal),
            })
        }
        Secret::Remove { secret: SecretPath { environment, name }, yes } => {
            if !yes && !confirmed(&environment, &name)? {
                return Ok(Exit::Refused);
            }
            let engine = super::engine_of_database(&config).await?;
            let actor = speaker::actor(&engine, global).await?;
            Ok(match engine.secret_remove(&environment, &name, &actor).await {
                Ok(1) => done(&format!("{environment}/{name} is removed.")),
                Ok(versions) => done(&format!("{environment}/{name} is removed, all {versions} versions.")),
                Err(refusal) => refused(&refusal),
            })
        }
    }
}

fn done(says: &str) -> Exit {
    out::line(says);
    Exit::Fine
}

/// What became of the keys, and what is to be kept or done besides.
fn rekey_told(config: &Config, rekeyed: &Rekeyed) -> Exit {
    let Rekeyed { key_id, versions, kept } = rekeyed;
    let anew = match versions {
        0 => "no secret had to be sealed anew".to_owned(),
        1 => "1 version of a secret is sealed anew".to_owned(),
        many => format!("{many} versions of secrets are sealed anew"),
    };
    out::line(&format!("{anew}; the master key is {key_id}."));
    match kept {
        Some(kept) => out::aside(&format!(
            "The key it was, {}, is kept as {}: it opens backups from its time. Keep a copy of {MASTER_KEY_FILE} apart from the \
             database, and delete the old one with the last of those backups.",
            kept.id,
            kept.file.display()
        )),
        None if config.master_key.is_some() && *versions == 0 => out::aside(
            "To replace it, start with the new key in INFRA_CHAT_MASTER_KEY and this one in INFRA_CHAT_MASTER_KEYS_BEFORE, then say \
             this again.",
        ),
        None if config.master_key.is_some() => {
            out::aside(
                "Programs that run need the new key too; then INFRA_CHAT_MASTER_KEYS_BEFORE is only for backups.",
            );
        }
        None => out::aside("The key had been replaced already; say it again for a fresh one."),
    }
    Exit::Fine
}

/// A line for each secret: its newest version, when that was set and by whom, and how many before it are kept.
async fn list(engine: &Engine, of: Option<EnvironmentKey>, actor: &Actor) -> anyhow::Result<Exit> {
    let environments = if let Some(environment) = of {
        vec![environment]
    } else {
        let projects = engine.store().project_list().await?;
        let keys = projects.iter().flat_map(|project| {
            let project = &project.value;
            let names = project.environments.keys();
            names.map(|name| EnvironmentKey::new(project.project.clone(), name.clone()))
        });
        keys.collect()
    };
    let mut lines = Vec::new();
    for environment in &environments {
        let versions = match engine.secret_list(environment, actor).await {
            Ok(versions) => versions,
            Err(refusal) => return Ok(refused(&refusal)),
        };
        for same in versions.chunk_by(|one, next| one.name == next.name) {
            let Some(newest) = same.last() else { continue };
            let when = newest.made_ms.map(|at_ms| format!("  {}", view::clock(at_ms))).unwrap_or_default();
            let by = newest.made_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            let before = match same.len() - 1 {
                0 => String::new(),
                older => format!("  ({older} older)"),
            };
            let name = format!("{environment}/{}", newest.name);
            lines.push(format!("{name:48} version {:<3}{when}{by}{before}", newest.version));
        }
    }
    match (lines.as_slice(), environments.as_slice()) {
        ([], [one]) => out::line(&format!("{one} has no secrets.")),
        ([], _) => out::line("There are no secrets."),
        (lines, _) => lines.iter().for_each(|line| out::line(line)),
    }
    Ok(Exit::Fine)
}

/// Asks once more: what is removed can't be brought back.
fn confirmed(environment: &EnvironmentKey, name: &SecretName) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        out::problem(&format!("{environment}/{name} would be gone for good; nothing was removed"));
        out::aside(&format!("  next: infra-chat secret remove {environment}/{name} --yes"));
        return Ok(false);
    }
    out::aside(&format!("{environment}/{name} will be gone for good. Type its name to remove it:"));
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    let is_meant = typed.trim() == name.as_str();
    if !is_meant {
        out::aside("Nothing was removed.");
    }
    Ok(is_meant)
}

fn piped() -> anyhow::Result<SecretString> {
    let mut value = String::new();
    std::io::stdin()
        .lock()
        .take(VALUE_BYTES_MAX + 1)
        .read_to_string(&mut value)
        .context("the value on standard input is no text")?;
    checked(value)
}

/// Asks with the echo of the terminal off.
fn asked(name: &SecretName) -> anyhow::Result<SecretString> {
    out::progress(&format!("Value of {name} (it is not shown)"));
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin)?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    let mut value = String::new();
    let read = stdin.read_line(&mut value);
    let restored = tcsetattr(&stdin, OptionalActions::Flush, &before);
    out::progress("");
    read?;
    restored?;
    checked(value)
}

fn checked(mut value: String) -> anyhow::Result<SecretString> {
    if value.len() as u64 > VALUE_BYTES_MAX {
        bail!("the value is longer than {VALUE_BYTES_MAX} bytes");
    }
    // `echo` and Enter add a line end that nobody means.
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    if value.is_empty() {
        bail!("the value is empty; pipe it in, or type it when asked");
    }
    Ok(SecretString::from(value))
}
