#![doc = include_str!("../README.md")]

mod cli;
mod commands;
mod config;
mod host;
mod out;
mod serve;
mod terminal;
mod wiring;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use cli::Cli;

/// How long tasks that nobody waits for (a blocked read of the terminal) may hold up the end of the program.
const END_AT_MOST: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let cli = Cli::parse();
    out::colour_choose(cli.global.color);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::problem(&format!("the program can't start its threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(commands::run(cli));
    runtime.shutdown_timeout(END_AT_MOST);
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => {
            out::problem(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
