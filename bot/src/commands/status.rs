//! `status`: how things stand, as the chat would say it, and what keeps connected chat platforms from hearing or speaking.

use crate::cli::{Exit, Global};
use crate::host::front_troubles;
use crate::out;

pub(super) async fn run(global: &Global, environment: Option<&str>) -> anyhow::Result<Exit> {
    let text = match environment {
        Some(environment) => format!("status {environment}"),
        None => "status".to_owned(),
    };
    let exit = super::run::run(global, &text, "status").await?;
    // Without a host, or with one of another version, there is nothing to say of it.
    for why in front_troubles(&super::config(global)?.data_dir).await.unwrap_or_default() {
        out::aside(&why);
    }
    Ok(exit)
}
