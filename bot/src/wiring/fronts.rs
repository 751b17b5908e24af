//! The chat platforms that are connected while `serve` runs. Runs never wait for them: a platform that is away is tried
//! again, and caught up with afterwards.

use std::fmt::Display;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use discord::Discord;
use engine::control::Engine;
use engine::model::Project;
use slack::Slack;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long what was begun may take to end with the program. The rest waits in the database for the next start.
const CLOSE: Duration = Duration::from_secs(5);

/// The connected platforms.
pub(crate) struct Fronts {
    routes: Router,
    work: JoinSet<()>,
    stop: CancellationToken,
}

impl Fronts {
    /// Connects to what the configuration names.
    pub(crate) async fn open(
        engine: &Engine,
        slack: Option<slack::Settings>,
        discord: Option<discord::Settings>,
    ) -> anyhow::Result<Self> {
        let projects = engine.store().project_list().await?;
        let projects: Vec<Project> = projects.into_iter().map(|project| project.value).collect();
        if let Some(settings) = &slack {
            settings.channels.check(&projects).context("slack.channels can't be used")?;
        }
        if let Some(settings) = &discord {
            settings.channels.check(&projects).context("discord.channels can't be used")?;
        }
        let mut fronts = Self { routes: Router::new(), work: JoinSet::new(), stop: CancellationToken::new() };
        let slack = match slack {
            Some(settings) => Some(Slack::open(engine, settings).await.context("can't connect to Slack")?),
            None => None,
        };
        let discord = match discord {
            Some(settings) => {
                Some(Discord::open(engine, settings).await.context("can't connect to Discord")?)
            }
            None => None,
        };
        if let Some(slack) = slack {
            fronts.routes = slack.routes();
            let stop = fronts.stop.child_token();
            fronts.work.spawn(async move { told("Slack", slack.work(stop).await) });
        }
        if let Some(discord) = discord {
            let stop = fronts.stop.child_token();
            fronts.work.spawn(async move { told("Discord", Box::pin(discord.work(stop)).await) });
        }
        Ok(fronts)
    }

    /// What the platforms call.
    pub(crate) fn routes(&self) -> Router {
        self.routes.clone()
    }

    /// Ends them.
    pub(crate) async fn close(mut self) {
        self.stop.cancel();
        let ended = async { while self.work.join_next().await.is_some() {} };
        if tokio::time::timeout(CLOSE, ended).await.is_err() {
            tracing::warn!("a chat platform did not end in time; what waits is shown at the next start");
        }
    }
}

/// Logs why a platform is not served any more.
fn told<E: std::error::Error + 'static>(platform: impl Display, ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::error!(error = %crate::out::causes(&error), "{platform} is not served any more; start infra-chat again");
    }
}
