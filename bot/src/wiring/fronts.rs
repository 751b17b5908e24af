//! The chat platforms that are connected while `serve` runs. Runs never wait for them: a platform that is away is tried
//! again, and caught up with afterwards.

use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use engine::control::Engine;
use slack::{Settings, Slack};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long what was begun may take to end with the program. The rest waits in the database for the next start.
const CLOSE: Duration = Duration::from_secs(5);

/// The connected platforms.
pub(crate) struct Fronts {
    routes: Router,
    work: Option<JoinHandle<()>>,
    stop: CancellationToken,
}

impl Fronts {
    /// Connects to what the configuration names.
    pub(crate) async fn open(engine: &Engine, slack: Option<Settings>) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let Some(settings) = slack else { return Ok(Self { routes: Router::new(), work: None, stop }) };
        let slack = Slack::open(engine, settings).await.context("can't connect to Slack")?;
        let routes = slack.routes();
        let stopping = stop.child_token();
        let work = tokio::spawn(async move {
            if let Err(error) = slack.work(stopping).await {
                tracing::error!(error = %crate::out::causes(&error), "Slack is not served any more; start infra-chat again");
            }
        });
        Ok(Self { routes, work: Some(work), stop })
    }

    /// What the platforms call.
    pub(crate) fn routes(&self) -> Router {
        self.routes.clone()
    }

    /// Ends them.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        if let Some(work) = self.work
            && tokio::time::timeout(CLOSE, work).await.is_err()
        {
            tracing::warn!("Slack did not end in time; what waits is shown at the next start");
        }
    }
}
