#![doc = include_str!("../README.md")]

mod absence;
pub mod blocks;
mod call;
mod carrier;
mod check;
mod edits;
mod forms;
mod holds;
mod home;
mod http;
mod intake;
pub mod limits;
mod payload;
mod refused;
mod settings;
pub mod sim;
mod socket;
mod trouble;
mod web;
mod workspace;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use chat::{Courier, Hearing, Listener, Recent, Recurring, Reporter, Troubles};
use engine::clock::EpochMs;
use engine::control::{Engine, Refusal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use carrier::SlackCarrier;
pub use check::{Checked, SCOPES, check};
use home::Homes;
use intake::Intake;
use refused::Refused;
pub use settings::{API_BASE, Mode, Settings, channels};
use web::Web;

/// The front's name in identities and conversations.
pub const FRONT: &str = "slack";

/// First wait before Slack is asked again who the bot is; it doubles with each further one.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// Longest such wait: a wrong token is a person's to mend.
const ASK_AGAIN_MAX: Duration = Duration::from_mins(1);

/// Why Slack can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SlackError {
    /// The client can't be made.
    #[error("the way to Slack can't be prepared")]
    Client(#[source] std::io::Error),
    /// The database can't be read.
    #[error("what was shown on Slack can't be read")]
    Store(#[source] Refusal),
}

/// The Slack front.
pub struct Slack {
    engine: Engine,
    settings: Arc<Settings>,
    intake: Arc<Intake>,
}

impl Slack {
    /// Prepares to connect to Slack. Nothing is heard or said until the parts work; a Slack that is away or does not take a
    /// token is tried again and stands in [`Slack::troubles`].
    pub async fn open(engine: &Engine, settings: Settings) -> Result<Self, SlackError> {
        let time = engine.clone();
        Self::open_at(engine, settings, Arc::new(move || time.now_ms())).await
    }

    /// The same, by a clock of its own: what Slack asks to wait is waited by it.
    pub async fn open_at(
        engine: &Engine,
        settings: Settings,
        now: Arc<dyn Fn() -> EpochMs + Send + Sync>,
    ) -> Result<Self, SlackError> {
        // Sockets need a provider for the whole program; another front may have chosen the same one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let troubles = Troubles::new(engine.clone(), FRONT);
        let web = Web::new(&settings, now).map_err(SlackError::Client)?;
        let web = Arc::new(web.with_troubles(troubles.clone()));
        let engine = engine.with_strangers(settings.strangers);
        let settings = Arc::new(settings);
        let listened = settings.channels.ids().map(intake::conversation).collect();
        let hearing = Hearing::new(engine.clone(), FRONT, listened, absence::BORNE_MS);
        let intake = Arc::new(Intake {
            engine: engine.clone(),
            web,
            settings: Arc::clone(&settings),
            listener: Listener::new(engine.clone(), FRONT).with_hearing(hearing.clone()),
            hearing,
            troubles,
            stop: CancellationToken::new(),
            bot: OnceLock::new(),
            recurring: Recurring::default(),
            recent: Recent::new(),
            homes: Homes::default(),
            sealing: tokio::sync::Mutex::default(),
            foreign: Refused::default(),
            tasks: TaskTracker::new(),
        });
        // Calls may come at once, and who the bot is tells what is said to it.
        trouble::asked_who_it_is(&intake).await;
        Ok(Self { engine, settings, intake })
    }

    /// What keeps it from being heard or shown, as long as it does.
    pub fn troubles(&self) -> Troubles {
        self.intake.troubles.clone()
    }

    /// What hears lines of the inbox and answers them.
    pub fn listener(&self) -> Listener {
        self.intake.listener.clone()
    }

    /// What draws the cards of runs that were asked for on Slack.
    pub async fn reporter(&self) -> Result<Reporter, Refusal> {
        chat::mailing_reporter(self.engine.clone(), FRONT).await
    }

    /// What takes messages to Slack.
    pub fn courier(&self) -> Courier {
        Courier::new(
            self.engine.clone(),
            Arc::new(SlackCarrier::new(self.engine.clone(), Arc::clone(&self.intake.web), self.troubles())),
        )
    }

    /// The addresses Slack calls; none in socket mode.
    pub fn routes(&self) -> Router {
        match (self.settings.mode, &self.settings.signing_secret) {
            (Mode::Http, Some(secret)) => http::routes(Arc::clone(&self.intake), secret),
            _ => Router::new(),
        }
    }

    /// Hears until told to stop: over sockets, or while Slack calls.
    pub async fn listen(&self, stop: CancellationToken) {
        tokio::join!(self.hear(&stop), self.intake.hearing.keep(stop.clone()));
        // It was told to stop: nothing is wrong, and it is not connected again.
        self.engine.notices().lost(FRONT);
        self.intake.stop.cancel();
    }

    async fn hear(&self, stop: &CancellationToken) {
        let mut wait = ASK_AGAIN;
        while !trouble::asked_who_it_is(&self.intake).await {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => return,
            }
            wait = (wait * 2).min(ASK_AGAIN_MAX);
        }
        match self.settings.mode {
            Mode::Socket => socket::listen(Arc::clone(&self.intake), stop.clone()).await,
            Mode::Http => {
                let _heard = absence::present(&self.intake);
                trouble::connected(&self.intake);
                stop.cancelled().await;
            }
        }
    }

    /// Whether Slack is heard: a socket is open, or it can call, and what it tells can be written down.
    pub fn is_heard(&self) -> bool {
        self.intake.hearing.is_heard()
    }

    /// Draws the App Homes anew that were opened lately and look different by now; how many that were.
    pub async fn homes_redraw(&self) -> usize {
        home::redraw(&self.intake, Duration::ZERO).await.unwrap_or_default()
    }

    /// Keeps the App Homes that were opened lately up to date until told to stop.
    pub async fn homes_keep(&self, stop: CancellationToken) {
        home::keep(Arc::clone(&self.intake), stop).await;
    }

    /// Waits for what was begun after an acknowledgement: forms being opened, App Homes being drawn.
    pub async fn rest(&self) {
        self.intake.tasks.close();
        self.intake.tasks.wait().await;
        self.intake.tasks.reopen();
    }

    /// Does everything until told to stop.
    pub async fn work(self, stop: CancellationToken) -> Result<(), SlackError> {
        let troubles = self.troubles();
        let ((), reported, ..) = tokio::join!(
            self.listener().work(stop.clone()),
            chat::report(&self.engine, FRONT, &troubles, &stop),
            self.courier().work(stop.clone()),
            self.listen(stop.clone()),
            Box::pin(self.homes_keep(stop.clone())),
        );
        self.rest().await;
        reported.map_err(SlackError::Store)
    }
}
