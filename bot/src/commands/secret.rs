//! `secret`: values come from standard input or a hidden prompt, never from the command line, where every program of the
//! machine could read them.

use std::io::{IsTerminal, Read};
use std::str::FromStr;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use engine::model::{EnvironmentKey, SecretName};
use engine::secrets::SecretRef;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::SecretString;

use super::project::refused;
use super::speaker;
use crate::cli::{Exit, Global};
use crate::out;

/// Longest value taken, in bytes: certificates fit, dumps do not.
const VALUE_BYTES_MAX: u64 = 64 * 1024;

/// Secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum Secret {
    /// Set a secret; its value is read from standard input or asked for
    #[command(
        after_help = "Services get the new value when they are deployed or restarted:\n  \
                      openssl rand -hex 32 | infra-chat secret set invoice-perfect/staging/session-secret"
    )]
    Set {
        /// Which
        #[arg(value_name = "PROJECT/ENV/NAME")]
        secret: SecretPath,
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
    let Secret::Set { secret: SecretPath { environment, name } } = command;
    let config = super::config_with_folder(global)?;
    let value = if std::io::stdin().is_terminal() { asked(&name)? } else { piped()? };
    let engine = super::engine_of_database(&config).await?;
    let actor = speaker::actor(&engine, global).await?;
    Ok(match engine.secret_set(&environment, &name, value, &actor).await {
        Ok(version) => {
            out::line(&format!("{environment}/{name} is set, version {version}."));
            Exit::Fine
        }
        Err(refusal) => refused(&refusal),
    })
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
