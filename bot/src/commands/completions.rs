//! `completions`: the completion script of a shell.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::cli::{Cli, Exit};
use crate::out;

#[expect(clippy::unnecessary_wraps, reason = "as all subcommands")]
pub(super) fn run(shell: Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "infra-chat", &mut script);
    out::text(&String::from_utf8_lossy(&script));
    Ok(Exit::Fine)
}
