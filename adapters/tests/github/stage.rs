//! The simulated GitHub with one repository.

use std::sync::Arc;

use adapters::github::sim::{GitHubSim, SimRepository};
use adapters::github::{GitHub, Repository, Settings};
use adapters::http::Budgets;
use adapters::http::sim::Server;
use engine::clock::ManualClock;
use engine::ports::PortError;
use secrecy::SecretString;

use crate::spec::Spec;

pub(crate) struct Place {
    pub(crate) server: Server<GitHubSim>,
    pub(crate) github: GitHub,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) shop: Repository,
}

/// Put together, so that nobody takes it for a leaked one.
pub(crate) fn token(begins: &str) -> String {
    format!("{begins}_{}", "0123456789abcdefghijklmnopqrstuvwxyz")
}

pub(crate) fn settings(token: &str, base: &str) -> Settings {
    Settings { token: SecretString::from(token), api_base: Some(base.to_owned()), answer_wait: None }
}

impl Place {
    pub(crate) async fn start() -> Self {
        Self::with_token(&token("github_pat")).await
    }

    pub(crate) async fn with_token(token: &str) -> Self {
        let server = Server::start(GitHubSim::with_token(token, "acme/shop")).await.unwrap();
        let clock = Arc::new(ManualClock::at(1_800_000_000_000));
        let github = GitHub::new(&settings(token, &server.base()), &Budgets::new(clock.clone())).unwrap();
        Self { server, github, clock, shop: "acme/shop".parse().unwrap() }
    }

    pub(crate) fn shop<T>(&self, change: impl FnOnce(&mut SimRepository) -> T) -> T {
        self.server.with(|github| change(github.repositories.get_mut("acme/shop").unwrap()))
    }

    /// Every call and every answer against GitHub's description.
    pub(crate) fn end(&self) {
        let Some(spec) = Spec::read("", &["github/github.openapi.json"]) else { return };
        let mut calls = self.server.calls();
        for call in &mut calls {
            // Of what moved the description of these operations says nothing.
            call.said = call.said.take().filter(|said| said.status != 301);
        }
        let faults = spec.faults(&calls);
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

/// What fails, and what to do.
pub(crate) fn fails<T: std::fmt::Debug>(result: Result<T, PortError>) -> (String, String) {
    match result {
        Err(PortError::Fail { what, hint }) => (what, hint),
        other => panic!("it does not fail: {other:?}"),
    }
}
