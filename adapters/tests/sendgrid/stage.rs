//! An account at the simulated SendGrid.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adapters::http::Budgets;
use adapters::http::sim::{Asked, Server};
use adapters::sendgrid::sim::SendGridSim;
use adapters::sendgrid::{Region, SendGrid, Settings};
use engine::clock::ManualClock;
use engine::ports::{Permit, testing};
use secrecy::SecretString;

use crate::matrix::{Meddled, Stage};
use crate::spec::Spec;

/// How long an answer is waited for that never comes.
const SHORT: Duration = Duration::from_millis(300);

/// Put together, so that nobody takes it for a leaked one.
pub(crate) fn key() -> String {
    ["SG", "0123456789abcdefghijkl", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"].join(".")
}

pub(crate) struct Account {
    pub(crate) server: Server<Meddled<SendGridSim>>,
    patient: SendGrid,
    hasty: SendGrid,
    is_hasty: AtomicBool,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) permit: Permit,
}

impl Stage for Account {
    type Vendor = SendGridSim;

    fn server(&self) -> &Server<Meddled<SendGridSim>> {
        &self.server
    }

    fn rest(&self) {
        self.clock.advance(60_000);
    }

    fn hurry(&self, is_short: bool) {
        self.is_hasty.store(is_short, Ordering::SeqCst);
    }

    fn is_write(asked: &Asked) -> bool {
        asked.method != "GET" && !asked.path.ends_with("/validate")
    }
}

impl Account {
    pub(crate) async fn start() -> Self {
        Self::of(SendGridSim::with_key(&key()), |_| {}).await
    }

    pub(crate) async fn of(sim: SendGridSim, change: impl Fn(&mut Settings)) -> Self {
        let server = Server::start(Meddled::new(sim)).await.unwrap();
        let clock = Arc::new(ManualClock::at(1_800_000_000_000));
        let budgets = Budgets::new(clock.clone());
        let mut settings = Settings {
            key: SecretString::from(key()),
            region: Region::Global,
            api_base: Some(server.base()),
            is_sandbox: false,
            answer_wait: None,
        };
        change(&mut settings);
        let patient = SendGrid::new(&settings, &budgets).unwrap();
        let hasty = SendGrid::new(&Settings { answer_wait: Some(SHORT), ..settings }, &budgets).unwrap();
        let permit = testing::permit(&"r-3f2a".parse().unwrap(), 3);
        Self { server, patient, hasty, is_hasty: AtomicBool::new(false), clock, permit }
    }

    pub(crate) fn now(&self) -> &SendGrid {
        if self.is_hasty.load(Ordering::SeqCst) { &self.hasty } else { &self.patient }
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut SendGridSim) -> T) -> T {
        self.server.with(|vendor| look(&mut vendor.inner))
    }

    pub(crate) fn end(&self) {
        self.end_with(descriptions().as_ref());
    }

    /// Every call and every answer against SendGrid's descriptions.
    pub(crate) fn end_with(&self, spec: Option<&Spec>) {
        let mut calls = self.server.calls();
        for call in &mut calls {
            // In sandbox mode it is 200, which the description leaves out.
            if call.asked.path == "/v3/mail/send" && call.said.as_ref().is_some_and(|said| said.status == 200)
            {
                call.said = None;
            }
        }
        let faults = spec.map(|spec| spec.faults(&calls)).unwrap_or_default();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

pub(crate) fn descriptions() -> Option<Spec> {
    let names = ["mail", "domain_authentication", "verified_senders", "scopes", "user", "webhooks"];
    let names: Vec<String> =
        names.iter().map(|name| format!("sendgrid/tsg_{name}_v3.openapi.json")).collect();
    Spec::read("", &names.iter().map(String::as_str).collect::<Vec<_>>())
}
