//! `serve`: keeps services, schedules, waiting runs and the HTTP API going until told to end.

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;

use crate::cli::{Exit, Global};
use crate::config::{Config, meanings_check};
use crate::out;
use crate::serve::{Api, serve, twilio_routes};
use crate::wiring::{Fronts, Holder, Host, HostLock, Sample, folder_private, logs};

pub(super) async fn run(global: &Global) -> anyhow::Result<Exit> {
    let config = super::config(global)?;
    if !config.listen.ip().is_loopback() && config.api_token.is_none() {
        bail!(
            "listen is {}, which other machines can reach, and there is no api_token: set INFRA_CHAT_API_TOKEN \
             (make one with `openssl rand -hex 32`), or listen on 127.0.0.1",
            config.listen
        );
    }
    folder_private(&config.data_dir)?;
    logs::to_stderr(&config);
    let Some(lock) = HostLock::try_take(&config.data_dir, "serve")? else {
        let who = Holder::read(&config.data_dir)
            .map_or_else(|| "another infra-chat".to_owned(), |one| one.to_string());
        bail!(
            "{who} runs the services of {}; end it first, or give another --data-dir",
            config.data_dir.display()
        );
    };
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "can't listen on {}: choose another address with `listen` or INFRA_CHAT_LISTEN",
            config.listen
        )
    })?;
    let address = listener.local_addr()?;
    let stop = super::chat::stop_signals(true)?;
    let host = Host::open(&config, lock, Sample::Left, &|what| tracing::info!("{what}")).await?;
    if let Err(faults) = meant(&host, &config).await {
        host.close().await;
        return Err(faults);
    }
    let twilio = config.twilio.as_ref().map(|settings| twilio_routes(host.engine(), settings));
    let fronts = Fronts::open(host.engine(), config.slack, config.discord).await;
    out::aside(&format!("infra-chat listens on http://{address}; end it with Ctrl-C or SIGTERM."));
    let api = Api::new(&host, config.api_token);
    let called = fronts.routes().merge(twilio.unwrap_or_default());
    let served = serve(listener, api, called, stop).await;
    tracing::info!("stopping the services");
    fronts.close().await;
    host.close().await;
    served?;
    Ok(Exit::Fine)
}

/// Checks what the configuration says is meant in channels. Where there is no project yet, nothing is known of that.
async fn meant(host: &Host, config: &Config) -> anyhow::Result<()> {
    let projects = host.engine().store().project_list().await?;
    let projects: Vec<_> = projects.into_iter().map(|project| project.value).collect();
    Ok(meanings_check(&config.meant, &projects)?)
}
