//! `completions`: the completion script of a shell.

use chat::intent::Action;
use clap::CommandFactory;
use clap::builder::PossibleValuesParser;
use clap_complete::{Shell, generate};

use crate::cli::{Cli, Exit};
use crate::out;

#[expect(clippy::unnecessary_wraps, reason = "as all subcommands")]
pub(super) fn run(shell: Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    generate(shell, &mut completed(), "infra-chat", &mut script);
    out::text(&String::from_utf8_lossy(&script));
    Ok(Exit::Fine)
}

/// The command line, with what `run` is likely to begin with. Only proposed: whatever is said is read like in the chat.
fn completed() -> clap::Command {
    let names = PossibleValuesParser::new(Action::all().iter().map(|action| action.name()));
    Cli::command().mut_subcommand("run", |run| run.mut_arg("text", |text| text.value_parser(names)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_said_is_proposed_behind_run() {
        // The scripts of other shells propose nothing for words of this kind.
        for shell in [Shell::Bash, Shell::Zsh] {
            let mut script = Vec::new();
            generate(shell, &mut completed(), "infra-chat", &mut script);
            let script = String::from_utf8_lossy(&script);
            for action in Action::all() {
                assert!(script.contains(action.name()), "{shell} does not propose {}", action.name());
            }
        }
    }
}
