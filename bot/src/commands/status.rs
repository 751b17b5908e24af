//! `status`: how things stand, as the chat would say it.

use crate::cli::{Exit, Global};

pub(super) async fn run(global: &Global, environment: Option<&str>) -> anyhow::Result<Exit> {
    let text = match environment {
        Some(environment) => format!("status {environment}"),
        None => "status".to_owned(),
    };
    super::run::run(global, &text, "status").await
}
