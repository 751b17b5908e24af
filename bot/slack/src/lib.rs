#![doc = include_str!("../README.md")]

mod absence;
pub mod blocks;
mod call;
mod carrier;
mod forms;
mod home;
mod http;
mod intake;
pub mod limits;
mod payload;
mod settings;
pub mod sim;
mod socket;
mod web;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use chat::{Courier, Follow, Front, FrontError, Listener, Outbound, Reporter};
use engine::control::{Engine, Refusal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use absence::Absence;
use carrier::SlackCarrier;
use home::Homes;
use intake::Intake;
pub use settings::{API_BASE, Mode, Settings, channels};
use web::{Web, WebError};

/// The front's name in identities and conversations.
pub const FRONT: &str = "slack";

/// Wait before Slack is asked again who the bot is.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// Why Slack can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SlackError {
    /// The client can't be made.
    #[error("the way to Slack can't be prepared")]
    Client(#[source] std::io::Error),
    /// Slack does not answer, or does not take the token.
    #[error("Slack does not take the bot's token: {0}; check slack.bot_token and slack.api_base")]
    Token(String),
    /// The database does not answer.
    #[error("Slack's conversations can't be read")]
    Store(#[source] Refusal),
}

/// The Slack front.
pub struct Slack {
    engine: Engine,
    settings: Arc<Settings>,
    intake: Arc<Intake>,
    absence: Arc<Absence>,
}

/// The front as the reporter sees it: its messages go through the courier.
struct Mailbox;

#[async_trait]
impl Front for Mailbox {
    fn name(&self) -> &'static str {
        FRONT
    }

    async fn show(&self, conversation: &str, _: &Outbound) -> Result<(), FrontError> {
        let why = format!("messages for {conversation} go through the outbox");
        Err(FrontError { front: FRONT.to_owned(), why })
    }
}

impl Slack {
    /// Connects to Slack. Nothing is heard or said until the parts work.
    pub async fn open(engine: &Engine, settings: Settings) -> Result<Self, SlackError> {
        // Sockets need a provider for the whole program; another front may have chosen the same one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let web = Arc::new(Web::new(&settings).map_err(SlackError::Client)?);
        let mut bot = OnceLock::new();
        match web.who_am_i().await {
            Ok(who) => bot = OnceLock::from(who),
            // A wrong token is a person's to mend; a Slack that is away comes back.
            Err(error @ WebError::Refused { .. }) => return Err(SlackError::Token(error.to_string())),
            Err(error) => tracing::warn!(%error, "Slack is away; trying again"),
        }
        let engine = engine.with_strangers(settings.strangers);
        let settings = Arc::new(settings);
        let intake = Arc::new(Intake {
            engine: engine.clone(),
            web,
            settings: Arc::clone(&settings),
            listener: Listener::new(engine.clone(), FRONT),
            bot,
            homes: Homes::default(),
            tasks: TaskTracker::new(),
        });
        Ok(Self { engine, settings, intake, absence: Arc::default() })
    }

    /// What hears lines of the inbox and answers them.
    pub fn listener(&self) -> Listener {
        self.intake.listener.clone()
    }

    /// What draws the cards of runs that were asked for on Slack.
    pub async fn reporter(&self) -> Result<Reporter, Refusal> {
        Reporter::open(self.engine.clone(), Arc::new(Mailbox), FRONT.to_owned(), Follow::Front).await
    }

    /// What takes messages to Slack.
    pub fn courier(&self) -> Courier {
        Courier::new(self.engine.clone(), Arc::new(SlackCarrier::new(Arc::clone(&self.intake.web))))
    }

    /// The addresses Slack calls; none in socket mode.
    pub fn routes(&self) -> Router {
        match (self.settings.mode, &self.settings.signing_secret) {
            (Mode::Http, Some(secret)) => http::routes(Arc::clone(&self.intake), secret),
            _ => Router::new(),
        }
    }

    /// Hears over sockets until told to stop; returns at once when Slack calls instead.
    pub async fn listen(&self, stop: CancellationToken) {
        while self.intake.bot.get().is_none() {
            match self.intake.web.who_am_i().await {
                // Nobody else sets it.
                Ok(who) => drop(self.intake.bot.set(who)),
                Err(error) => {
                    tracing::warn!(%error, "Slack does not say who the bot is; trying again");
                    tokio::select! {
                        () = tokio::time::sleep(ASK_AGAIN) => {}
                        () = stop.cancelled() => return,
                    }
                }
            }
        }
        if self.settings.mode == Mode::Socket {
            socket::listen(Arc::clone(&self.intake), Arc::clone(&self.absence), stop).await;
        }
    }

    /// Whether a socket to Slack is open.
    pub fn is_heard(&self) -> bool {
        self.absence.is_over()
    }

    /// Draws the App Homes anew that were opened lately and look different by now; how many that were.
    pub async fn homes_redraw(&self) -> usize {
        home::redraw(&self.intake, Duration::ZERO).await.unwrap_or_default()
    }

    /// Waits for what was begun after an acknowledgement: forms being opened, App Homes being drawn.
    pub async fn rest(&self) {
        self.intake.tasks.close();
        self.intake.tasks.wait().await;
        self.intake.tasks.reopen();
    }

    /// Does everything until told to stop.
    pub async fn work(self, stop: CancellationToken) -> Result<(), SlackError> {
        let reporter = self.reporter().await.map_err(SlackError::Store)?;
        tokio::join!(
            self.listener().work(stop.clone()),
            reporter.work(stop.clone()),
            self.courier().work(stop.clone()),
            self.listen(stop.clone()),
            home::keep(Arc::clone(&self.intake), stop.clone()),
        );
        self.rest().await;
        Ok(())
    }
}
