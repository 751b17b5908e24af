//! The chat platforms that are connected while `serve` runs. Runs never wait for them: a platform that is away is tried
//! again, and caught up with afterwards.

use std::time::Duration;

use axum::Router;
use chat::Troubles;
use discord::Discord;
use engine::control::Engine;
use slack::Slack;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long what was begun may take to end with the program. The rest waits in the database for the next start.
const CLOSE: Duration = Duration::from_secs(5);
/// What can't be done when a platform can't be prepared.
const CONNECTING: &str = "connecting";

/// The connected platforms.
pub(crate) struct Fronts {
    routes: Router,
    work: JoinSet<()>,
    stop: CancellationToken,
}

impl Fronts {
    /// Connects to what the configuration names. One that can't be connected to leaves the others alone, and says why.
    pub(crate) async fn open(
        engine: &Engine,
        slack: Option<slack::Settings>,
        discord: Option<discord::Settings>,
    ) -> Self {
        let mut fronts = Self { routes: Router::new(), work: JoinSet::new(), stop: CancellationToken::new() };
        if let Some(settings) = slack {
            match Slack::open(engine, settings).await {
                Ok(slack) => {
                    fronts.routes = slack.routes();
                    let (of_front, stop) = (slack.troubles(), fronts.stop.child_token());
                    fronts.work.spawn(async move { ended(&of_front, slack.work(stop).await) });
                }
                Err(error) => ended(&Troubles::new(engine.clone(), slack::FRONT), Err(error)),
            }
        }
        if let Some(settings) = discord {
            match Discord::open(engine, settings).await {
                Ok(discord) => {
                    let (of_front, stop) = (discord.troubles(), fronts.stop.child_token());
                    fronts.work.spawn(async move { ended(&of_front, Box::pin(discord.work(stop)).await) });
                }
                Err(error) => ended(&Troubles::new(engine.clone(), discord::FRONT), Err(error)),
            }
        }
        fronts
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

/// Says why a platform is not served any more.
fn ended<E: std::error::Error + 'static>(troubles: &Troubles, ended: Result<(), E>) {
    if let Err(error) = ended {
        troubles.begin(
            CONNECTING,
            &format!("{}; mend that and start infra-chat again", crate::out::causes(&error)),
        );
    }
}
