#![doc = include_str!("../README.md")]

mod absence;
mod acknowledge;
mod answers;
mod asked_in;
mod attached;
mod buckets;
mod buttons;
mod carrier;
mod check;
pub mod commands;
mod edits;
pub mod embeds;
mod failure;
mod forms;
mod gateway;
mod hearing;
mod intake;
mod letters;
pub mod limits;
pub mod markdown;
mod names;
mod payload;
mod permissions;
mod places;
mod readings;
mod registration;
mod session;
mod settings;
pub mod sim;
mod snowflake;
mod threads;
mod trouble;
mod web;

use std::sync::{Arc, Mutex};

use chat::{Courier, Hearing, Listener, Recent, Recurring, References, Reporter, Troubles};
use engine::clock::EpochMs;
use engine::control::{Engine, Refusal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use carrier::DiscordCarrier;
pub use check::{Checked, check};
use intake::Intake;
use places::Places;
pub use settings::{API_BASE, BadRoles, Roles, Settings, api_base, channels, roles};
use web::Web;

/// The front's name in identities and conversations.
pub const FRONT: &str = "discord";

/// Why Discord can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DiscordError {
    /// The client can't be made.
    #[error("the way to Discord can't be prepared")]
    Client(#[source] std::io::Error),
    /// The database can't be read.
    #[error("what was shown on Discord can't be read")]
    Store(#[source] Refusal),
}

/// The Discord front.
pub struct Discord {
    engine: Engine,
    intake: Arc<Intake>,
}

impl Discord {
    /// Prepares to connect to Discord. Nothing is heard or said until the parts work; a Discord that is away or does not take
    /// the token is tried again and stands in [`Discord::troubles`].
    pub async fn open(engine: &Engine, settings: Settings) -> Result<Self, DiscordError> {
        let time = engine.clone();
        Self::open_at(engine, settings, Arc::new(move || time.now_ms())).await
    }

    /// The same, by a clock of its own: what Discord asks to wait is waited by it.
    #[expect(clippy::unused_async, reason = "fronts are opened alike, whether they ask something or not")]
    pub async fn open_at(
        engine: &Engine,
        settings: Settings,
        now: Arc<dyn Fn() -> EpochMs + Send + Sync>,
    ) -> Result<Self, DiscordError> {
        // Sockets need a provider for the whole program; another front may have chosen the same one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let troubles = Troubles::new(engine.clone(), FRONT);
        let web = Web::new(&settings, now).map_err(DiscordError::Client)?;
        let web = Arc::new(web.with_troubles(troubles.clone()));
        let engine = engine.with_strangers(settings.strangers);
        let listened = settings.channels.ids().map(|channel| intake::conversation(channel, false)).collect();
        let hearing = Hearing::new(engine.clone(), FRONT, listened, absence::BORNE_MS);
        let intake = Arc::new(Intake {
            engine: engine.clone(),
            web,
            settings: Arc::new(settings),
            listener: Listener::new(engine.clone(), FRONT).with_hearing(hearing.clone()),
            hearing,
            troubles,
            stop: CancellationToken::new(),
            places: Places::default(),
            references: References::default(),
            recurring: Recurring::default(),
            recent: Recent::new(),
            names: names::Names::default(),
            guilds: Mutex::default(),
            application: watch::Sender::default(),
            tasks: TaskTracker::new(),
        });
        Ok(Self { engine, intake })
    }

    /// What keeps it from being heard or shown, as long as it does.
    pub fn troubles(&self) -> Troubles {
        self.intake.troubles.clone()
    }

    /// What hears lines of the inbox and answers them.
    pub fn listener(&self) -> Listener {
        self.intake.listener.clone()
    }

    /// What draws the cards of runs that were asked for on Discord.
    pub async fn reporter(&self) -> Result<Reporter, Refusal> {
        chat::mailing_reporter(self.engine.clone(), FRONT).await
    }

    /// What takes messages to Discord.
    pub fn courier(&self) -> Courier {
        Courier::new(
            self.engine.clone(),
            Arc::new(DiscordCarrier::new(self.engine.clone(), Arc::clone(&self.intake.web), self.troubles())),
        )
    }

    /// Hears over a socket until told to stop.
    pub async fn listen(&self, stop: CancellationToken) {
        let intake = &self.intake;
        tokio::join!(
            gateway::listen(Arc::clone(intake), stop.clone()),
            registration::keep(Arc::clone(intake), stop.clone()),
            intake.hearing.keep(stop),
        );
        // It was told to stop: nothing is wrong, and it is not connected again.
        self.engine.notices().lost(FRONT);
        intake.stop.cancel();
    }

    /// Whether Discord is heard: a socket is open, and what it tells can be written down.
    pub fn is_heard(&self) -> bool {
        self.intake.hearing.is_heard()
    }

    /// Waits for what was begun beside listening: interactions being answered, commands being registered.
    pub async fn rest(&self) {
        self.intake.tasks.close();
        self.intake.tasks.wait().await;
        self.intake.tasks.reopen();
    }

    /// Does everything until told to stop.
    pub async fn work(self, stop: CancellationToken) -> Result<(), DiscordError> {
        let troubles = self.troubles();
        let ((), reported, ..) = tokio::join!(
            self.listener().work(stop.clone()),
            chat::report(&self.engine, FRONT, &troubles, &stop),
            self.courier().work(stop.clone()),
            self.listen(stop.clone()),
        );
        self.rest().await;
        reported.map_err(DiscordError::Store)
    }
}
