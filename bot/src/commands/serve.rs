//! `serve`: keeps services, schedules, waiting runs and the HTTP API going until told to end. The first on a data folder hosts it;
//! further ones on a shared database carry runs out beside it, and one of them takes its place when it ends.

use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use engine::store::StoreAddress;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::cli::{Exit, Global};
use crate::config::{Config, meanings_check};
use crate::out;
use crate::serve::{Api, serve, twilio_routes};
use crate::wiring::{Fronts, Holder, Host, HostLock, Member, Sample, folder_private, logs};

/// How long requests under way may take when the host is gone and this program makes room for it.
const REQUESTS_CLOSE: Duration = Duration::from_secs(5);
/// Between two tries to take the place of a host that has ended.
const PLACE_RETRY: Duration = Duration::from_secs(1);

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
    let mut place = HostLock::try_take(&config.data_dir, "serve", &config.database)?;
    let shared = matches!(config.database, StoreAddress::Postgres(_));
    if place.is_none() && !shared {
        bail!(
            "{} runs the services of {}; end it first, or give another --data-dir",
            holder(&config),
            config.data_dir.display()
        );
    }
    // One socket for as long as the program runs: who calls while it changes its place waits for a moment.
    let listener = std::net::TcpListener::bind(config.listen).with_context(|| {
        format!(
            "can't listen on {}: choose another address with `listen` or INFRA_CHAT_LISTEN",
            config.listen
        )
    })?;
    listener.set_nonblocking(true)?;
    let stop = super::chat::stop_signals(true)?;
    let mut first = true;
    loop {
        let went = match place.take() {
            Some(lock) => {
                match Host::open(&config, lock, Sample::Left, &|what| tracing::info!("{what}")).await {
                    Ok(host) => return as_host(host, config, &listener, stop).await,
                    Err(error) => Err(error),
                }
            }
            None => as_member(&config, &listener, &stop, first).await,
        };
        if stop.is_cancelled() {
            return Ok(Exit::Fine);
        }
        match went {
            Err(error) if first => return Err(error),
            Err(error) => {
                tracing::warn!("can't take the host's place yet, trying again: {error:#}");
                tokio::select! {
                    () = tokio::time::sleep(PLACE_RETRY) => {}
                    () = stop.cancelled() => return Ok(Exit::Fine),
                }
            }
            Ok(()) => {}
        }
        first = false;
        place = HostLock::try_take(&config.data_dir, "serve", &config.database)?;
    }
}

/// Who runs the services, in words.
fn holder(config: &Config) -> String {
    Holder::read(&config.data_dir).map_or_else(|| "another infra-chat".to_owned(), |one| one.to_string())
}

/// The listener, for as long as this program has one place.
fn listen(listener: &std::net::TcpListener) -> std::io::Result<TcpListener> {
    TcpListener::from_std(listener.try_clone()?)
}

/// Runs the services until told to stop.
async fn as_host(
    host: Host,
    config: Config,
    listener: &std::net::TcpListener,
    stop: CancellationToken,
) -> anyhow::Result<Exit> {
    let listener = listen(listener)?;
    let address = listener.local_addr()?;
    if let Err(faults) = meant(&host, &config).await {
        host.close().await;
        return Err(faults);
    }
    let twilio = config.twilio.as_ref().map(|settings| twilio_routes(host.engine(), settings));
    let fronts = Fronts::open(host.engine(), config.slack, config.discord).await;
    out::aside(&format!("infra-chat listens on http://{address}; end it with Ctrl-C or SIGTERM."));
    let api = Api::of_host(&host, config.api_token.as_ref());
    let called = fronts.routes().merge(twilio.unwrap_or_default());
    let served = serve(listener, api, called, stop).await;
    tracing::info!("stopping the services");
    fronts.close().await;
    host.close().await;
    served?;
    Ok(Exit::Fine)
}

/// Shares the host's runs until it has ended, or until told to stop.
async fn as_member(
    config: &Config,
    listener: &std::net::TcpListener,
    stop: &CancellationToken,
    first: bool,
) -> anyhow::Result<()> {
    let others = Holder::read(&config.data_dir).map(|holder| holder.database).unwrap_or_default();
    if !others.is_empty() && others != config.database.shown() {
        bail!(
            "{} runs the services of {} on another database ({others}); end it first, or give another --data-dir",
            holder(config),
            config.data_dir.display()
        );
    }
    let opened = tokio::select! {
        opened = Member::open(config) => opened?,
        () = stop.cancelled() => return Ok(()),
    };
    let Some(member) = opened else { return Ok(()) };
    let listener = listen(listener)?;
    let address = listener.local_addr()?;
    let who = holder(config);
    if first {
        out::aside(&format!(
            "infra-chat listens on http://{address}; {who} runs the services, and this one shares its runs."
        ));
    } else {
        tracing::info!("{who} runs the services now, and this one shares its runs");
    }
    let ends = stop.child_token();
    let api = Api::of_member(&member, config.api_token.as_ref());
    let mut served = std::pin::pin!(serve(listener, api, Router::new(), ends.clone()));
    let went = tokio::select! {
        went = &mut served => went,
        () = member.host_gone(&config.data_dir) => {
            tracing::info!("{who} has ended");
            ends.cancel();
            tokio::time::timeout(REQUESTS_CLOSE, served).await.unwrap_or(Ok(()))
        }
    };
    member.close().await;
    Ok(went?)
}

/// Checks what the configuration says is meant in channels. Where there is no project yet, nothing is known of that.
async fn meant(host: &Host, config: &Config) -> anyhow::Result<()> {
    let projects = host.engine().store().project_list().await?;
    let projects: Vec<_> = projects.into_iter().map(|project| project.value).collect();
    Ok(meanings_check(&config.meant, &projects)?)
}
