//! Providers that know some keys and no others.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use engine::model::{ConnectionMode, Provider};
use engine::ports::{Account, Accounts, PortError};
use secrecy::{ExposeSecret as _, SecretString};

/// Providers of which there is no adapter to ask them with.
const NOT_ASKED: [Provider; 1] = [Provider::Render];

/// The keys providers know.
#[derive(Default)]
pub struct Keys(Mutex<State>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

#[derive(Default)]
struct State {
    known: BTreeMap<(Provider, String), Account>,
    away: bool,
    asked: usize,
}

impl Keys {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A provider knows a key from now on.
    pub fn add(&self, provider: Provider, key: &str, account: Account) {
        self.state().known.insert((provider, key.to_owned()), account);
    }

    /// A provider knows a key no more: it was revoked.
    pub fn revoke(&self, provider: Provider, key: &str) {
        self.state().known.remove(&(provider, key.to_owned()));
    }

    /// Whether providers can be reached.
    pub fn away(&self, away: bool) {
        self.state().away = away;
    }

    /// How often any was asked.
    pub fn asked(&self) -> usize {
        self.state().asked
    }
}

#[async_trait]
impl Accounts for Keys {
    fn can_verify(&self, provider: Provider) -> bool {
        !NOT_ASKED.contains(&provider)
    }

    async fn verify(
        &self,
        provider: Provider,
        _mode: Option<ConnectionMode>,
        key: &SecretString,
        _repositories: &[String],
    ) -> Result<Account, PortError> {
        let mut state = self.state();
        state.asked += 1;
        if state.away {
            return Err(PortError::retry(format!("{provider} can't be reached")));
        }
        let known = state.known.get(&(provider, key.expose_secret().to_owned())).cloned();
        known.ok_or_else(|| PortError::fail(format!("{provider} does not take the key"), "Set a new one."))
    }
}
