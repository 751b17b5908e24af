//! `sql`: the database shell that services of the local platform start. It reads no configuration and logs nothing: its
//! output is its protocol.

use std::os::fd::AsFd;

use tokio::io::BufReader;

use crate::cli::Exit;

pub(super) async fn run(url: &str) -> anyhow::Result<Exit> {
    let input = tokio::fs::File::from_std(std::io::stdin().as_fd().try_clone_to_owned()?.into());
    let output = tokio::fs::File::from_std(std::io::stdout().as_fd().try_clone_to_owned()?.into());
    adapters::local::sql_shell(url, BufReader::new(input), output).await?;
    Ok(Exit::Fine)
}
