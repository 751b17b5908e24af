#![doc = include_str!("../README.md")]

mod absence;
mod answers;
mod buckets;
mod buttons;
mod carrier;
pub mod commands;
pub mod embeds;
mod forms;
mod gateway;
mod hearing;
mod intake;
pub mod limits;
pub mod markdown;
mod payload;
mod places;
mod session;
mod settings;
pub mod sim;
mod snowflake;
mod web;

use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use chat::{Courier, Follow, Front, FrontError, Listener, Outbound, References, Reporter};
use engine::clock::EpochMs;
use engine::control::{Engine, Refusal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use absence::Absence;
use carrier::DiscordCarrier;
use intake::Intake;
use places::Places;
pub use settings::{API_BASE, BadRoles, Roles, Settings, api_base, channels, roles};
use web::{Web, WebError};

/// The front's name in identities and conversations.
pub const FRONT: &str = "discord";

/// Why Discord can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DiscordError {
    /// The client can't be made.
    #[error("the way to Discord can't be prepared")]
    Client(#[source] std::io::Error),
    /// Discord does not take the token.
    #[error("Discord does not take the bot's token: {0}; check discord.token and discord.api_base")]
    Token(String),
    /// The database does not answer.
    #[error("Discord's conversations can't be read")]
    Store(#[source] Refusal),
}

/// The Discord front.
pub struct Discord {
    engine: Engine,
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

impl Discord {
    /// Connects to Discord. Nothing is heard or said until the parts work.
    pub async fn open(engine: &Engine, settings: Settings) -> Result<Self, DiscordError> {
        let time = engine.clone();
        Self::open_at(engine, settings, Arc::new(move || time.now_ms())).await
    }

    /// The same, by a clock of its own: what Discord asks to wait is waited by it.
    pub async fn open_at(
        engine: &Engine,
        settings: Settings,
        now: Arc<dyn Fn() -> EpochMs + Send + Sync>,
    ) -> Result<Self, DiscordError> {
        // Sockets need a provider for the whole program; another front may have chosen the same one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let web = Arc::new(Web::new(&settings, now).map_err(DiscordError::Client)?);
        let mut bot = OnceLock::new();
        match web.who_am_i().await {
            Ok(who) => bot = OnceLock::from(who),
            // A wrong token is a person's to mend; a Discord that is away comes back, and says who the bot is then.
            Err(error @ WebError::Refused { status: 401 | 403, .. }) => {
                return Err(DiscordError::Token(error.to_string()));
            }
            Err(error) => tracing::warn!(%error, "Discord is away; trying again"),
        }
        let engine = engine.with_strangers(settings.strangers);
        let intake = Arc::new(Intake {
            engine: engine.clone(),
            web,
            settings: Arc::new(settings),
            listener: Listener::new(engine.clone(), FRONT),
            places: Places::default(),
            references: References::default(),
            bot,
            guilds: Mutex::default(),
            registered: OnceLock::new(),
            tasks: TaskTracker::new(),
        });
        Ok(Self { engine, intake, absence: Arc::default() })
    }

    /// What hears lines of the inbox and answers them.
    pub fn listener(&self) -> Listener {
        self.intake.listener.clone()
    }

    /// What draws the cards of runs that were asked for on Discord.
    pub async fn reporter(&self) -> Result<Reporter, Refusal> {
        Reporter::open(self.engine.clone(), Arc::new(Mailbox), FRONT.to_owned(), Follow::Front).await
    }

    /// What takes messages to Discord.
    pub fn courier(&self) -> Courier {
        Courier::new(self.engine.clone(), Arc::new(DiscordCarrier::new(Arc::clone(&self.intake.web))))
    }

    /// Hears over a socket until told to stop.
    pub async fn listen(&self, stop: CancellationToken) {
        gateway::listen(Arc::clone(&self.intake), Arc::clone(&self.absence), stop).await;
    }

    /// Whether Discord is heard.
    pub fn is_heard(&self) -> bool {
        self.absence.is_over()
    }

    /// Waits for what was begun beside listening: interactions being answered, commands being registered.
    pub async fn rest(&self) {
        self.intake.tasks.close();
        self.intake.tasks.wait().await;
        self.intake.tasks.reopen();
    }

    /// Does everything until told to stop.
    pub async fn work(self, stop: CancellationToken) -> Result<(), DiscordError> {
        let reporter = self.reporter().await.map_err(DiscordError::Store)?;
        tokio::join!(
            self.listener().work(stop.clone()),
            reporter.work(stop.clone()),
            self.courier().work(stop.clone()),
            self.listen(stop.clone()),
        );
        self.rest().await;
        Ok(())
    }
}
