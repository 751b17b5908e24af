//! The subcommands, one file each.

mod artifacts;
mod audit;
mod backup;
mod chat;
mod completions;
mod demo;
mod doctor;
mod incident;
mod judge;
mod parse;
pub(crate) mod project;
mod restore;
mod run;
pub(crate) mod secret;
mod serve;
mod speaker;
mod sql;
mod status;
mod user;

use std::io::IsTerminal;

use anyhow::Context as _;
use engine::control::Engine;

use crate::cli::{Cli, Command, Demonstrated, Exit, Global};
use crate::config::{Config, Surroundings};
use crate::out;
use crate::wiring::{Parts, engine_unplugged, folder_private, logs};

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<Exit> {
    let global = cli.global;
    match cli.command.unwrap_or(Command::Chat) {
        Command::Parse { text, batch, project } => {
            let text = (!batch).then(|| text.join(" "));
            parse::run(&global, text.as_deref(), batch, project.as_deref()).await
        }
        Command::Judge => judge::run(),
        Command::Completions { shell } => completions::run(shell),
        Command::Sql { url } => sql::run(&url).await,
        Command::Audit(command) => audit::run(&global, command).await,
        Command::Chat => chat::run(&global).await,
        Command::Demo { of: Demonstrated::Railway } => demo::railway(&global).await,
        Command::Serve => serve::run(&global).await,
        Command::Run { text } => run::run(&global, &text.join(" "), "run").await,
        Command::Status { environment } => status::run(&global, environment.as_deref()).await,
        Command::Project(command) => project::run(&global, command).await,
        Command::User(command) => user::run(&global, command).await,
        Command::Secret(command) => secret::run(&global, command).await,
        Command::Incident(command) => incident::run(&global, command).await,
        Command::Artifacts { run, name, file } => {
            artifacts::run(&global, &run, name.as_ref(), file.as_deref()).await
        }
        Command::Backup { file, check } => backup::run(&global, &file, check).await,
        Command::Restore { file } => restore::run(&global, &file).await,
        Command::Doctor => doctor::run(&global).await,
    }
}

/// The configuration, checked.
fn config(global: &Global) -> anyhow::Result<Config> {
    let surroundings = Surroundings::of_process(global.config.clone(), global.data_dir.clone())
        .context("can't tell which folder this is")?;
    Ok(Config::load(&surroundings)?)
}

/// The configuration with its data folder there, and log lines going to the file in it.
fn config_with_folder(global: &Global) -> anyhow::Result<Config> {
    let config = config(global)?;
    folder_private(&config.data_dir)?;
    logs::to_file(&config)?;
    Ok(config)
}

/// An engine for what only touches the database: works beside a running host, and starts no services.
async fn engine_of_database(config: &Config) -> anyhow::Result<Engine> {
    Ok(engine_unplugged(config, Parts::open(config, false).await?))
}

/// A line of progress on standard error that the next one takes the place of; nothing when that is no terminal.
fn progress(what: &str) {
    if std::io::stderr().is_terminal() {
        out::progress(what);
    }
}

/// "1 run", "2 runs".
fn counted<N: std::fmt::Display + Copy + PartialEq + From<u8>>(count: N, what: &str) -> String {
    if count == N::from(1) { format!("1 {what}") } else { format!("{count} {what}s") }
}
