//! An account at the simulated Stripe, and what the engine would keep of it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapters::http::Budgets;
use adapters::http::sim::Server;
use adapters::stripe::sim::StripeSim;
use adapters::stripe::{EnsuredEndpoint, Mode, Settings, Stripe, WantedEndpoint};
use engine::clock::ManualClock;
use engine::ports::{Permit, PortError, testing};
use secrecy::{ExposeSecret as _, SecretString};

use crate::matrix::{Meddled, Stage};
use crate::spec::Spec;

/// Put together, so that nobody takes it for a leaked one.
pub(crate) fn key() -> String {
    ["sk", "test", "0123456789abcdefghijklmn"].join("_")
}

/// How long an answer is waited for that never comes.
const SHORT: Duration = Duration::from_millis(300);
pub(crate) const MARK: &str = "acme/production/payments";

pub(crate) struct Account {
    pub(crate) server: Server<Meddled<StripeSim>>,
    pub(crate) stripe: Stripe,
    hasty: Stripe,
    is_hasty: AtomicBool,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) permit: Permit,
    /// The endpoint whose secret is kept, and the secret.
    pub(crate) kept: Mutex<Option<(String, String)>>,
}

impl Stage for Account {
    type Vendor = StripeSim;

    fn server(&self) -> &Server<Meddled<StripeSim>> {
        &self.server
    }

    fn rest(&self) {
        self.clock.advance(60_000);
    }

    fn hurry(&self, is_short: bool) {
        self.is_hasty.store(is_short, Ordering::SeqCst);
    }
}

pub(crate) fn permit(step: &str) -> Permit {
    testing::permit(&step.parse().unwrap(), 3)
}

impl Account {
    pub(crate) async fn start() -> Self {
        Self::of(StripeSim::with_key(&key())).await
    }

    pub(crate) async fn of(sim: StripeSim) -> Self {
        let server = Server::start(Meddled::new(sim)).await.unwrap();
        let clock = Arc::new(ManualClock::at(1_800_000_000_000));
        let budgets = Budgets::new(clock.clone());
        let stripe = Stripe::new(&settings(&key(), &server.base()), &budgets).unwrap();
        let short = Settings { answer_wait: Some(SHORT), ..settings(&key(), &server.base()) };
        let hasty = Stripe::new(&short, &budgets).unwrap();
        Self {
            server,
            stripe,
            hasty,
            is_hasty: AtomicBool::new(false),
            clock,
            permit: permit("r-3f2a"),
            kept: Mutex::default(),
        }
    }

    /// The client for what may get no answer.
    pub(crate) fn now(&self) -> &Stripe {
        if self.is_hasty.load(Ordering::SeqCst) { &self.hasty } else { &self.stripe }
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut StripeSim) -> T) -> T {
        self.server.with(|vendor| look(&mut vendor.inner))
    }

    /// Ensures an endpoint as the engine would: with the secret that is kept, keeping the one that is told.
    pub(crate) async fn ensure(&self, wanted: &WantedEndpoint) -> Result<EnsuredEndpoint, PortError> {
        self.ensure_under(&self.permit, wanted).await
    }

    pub(crate) async fn ensure_under(
        &self,
        permit: &Permit,
        wanted: &WantedEndpoint,
    ) -> Result<EnsuredEndpoint, PortError> {
        let kept = self.kept.lock().unwrap().as_ref().map(|(id, _)| id.clone());
        let ensured = self.now().webhook_endpoint_ensure(permit, wanted, kept.as_deref()).await?;
        if let Some(secret) = &ensured.secret {
            let secret = secret.expose_secret().to_owned();
            *self.kept.lock().unwrap() = Some((ensured.endpoint.id.clone(), secret));
        }
        Ok(ensured)
    }

    /// Every call and every answer against Stripe's description.
    pub(crate) fn end(&self) {
        let Some(spec) = Spec::read("", &["stripe/stripe.openapi.json"]) else { return };
        let faults = spec.faults(&self.server.calls());
        assert!(faults.is_empty(), "{faults:#?}");
    }

    /// The same, without reading the description for each of hundreds of cases.
    pub(crate) fn end_with(&self, spec: Option<&Spec>) {
        let faults = spec.map(|spec| spec.faults(&self.server.calls())).unwrap_or_default();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

pub(crate) fn settings(key: &str, base: &str) -> Settings {
    Settings {
        key: SecretString::from(key),
        mode: Mode::Test,
        api_base: Some(base.to_owned()),
        answer_wait: None,
    }
}

pub(crate) fn wanted(url: &str, events: &[&str]) -> WantedEndpoint {
    let events: BTreeSet<String> = events.iter().map(|event| (*event).to_owned()).collect();
    WantedEndpoint { mark: MARK.to_owned(), url: url.to_owned(), events }
}
