//! A messenger that only shows texts on this machine: so that everything about texts can be tried without an account. They are
//! rows, which the terminal shows; a text with the same key is there once.

use std::sync::Arc;

use async_trait::async_trait;

use super::Fate;
use crate::clock::Clock;
use crate::model::Phone;
use crate::ports::{Found, Messenger, Outgoing, PortError};
use crate::store::{Commit, Store, StoreError, TextWrite, Write};

/// Phones in the terminal.
pub struct PhoneView {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl PhoneView {
    /// Phones whose texts are in this database.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }
}

fn unreachable(error: &StoreError) -> PortError {
    PortError::retry(error.to_string())
}

#[async_trait]
impl Messenger for PhoneView {
    fn name(&self) -> &'static str {
        "the terminal"
    }

    fn is_pretended(&self) -> bool {
        true
    }

    fn takes_links(&self, _: &Phone) -> bool {
        true
    }

    async fn send(&self, text: &Outgoing<'_>) -> Result<Found, PortError> {
        let mut commit = Commit::at(self.clock.now_ms());
        commit.writes.push(Write::Text(TextWrite::PhonePut {
            text: text.key.to_owned(),
            phone: text.to.clone(),
            body: text.body.to_owned(),
            at_ms: commit.now_ms,
        }));
        match self.store.commit(commit).await {
            // It is there already, or somebody else's came in the same moment: looking tells.
            Err(StoreError::Conflict)
                if !self.store.phone_has(text.key).await.map_err(|e| unreachable(&e))? =>
            {
                Err(PortError::retry("another text came in the same moment"))
            }
            Err(StoreError::Conflict) | Ok(()) => {
                Ok(Found { sent_as: text.key.to_owned(), fate: Fate::Delivered })
            }
            Err(error) => Err(unreachable(&error)),
        }
    }

    async fn look(&self, text: &Outgoing<'_>) -> Result<Vec<Found>, PortError> {
        let is_there = self.store.phone_has(text.key).await.map_err(|error| unreachable(&error))?;
        let found = Found { sent_as: text.key.to_owned(), fate: Fate::Delivered };
        Ok(if is_there { vec![found] } else { Vec::new() })
    }

    async fn fate(&self, _: &str) -> Result<Fate, PortError> {
        Ok(Fate::Delivered)
    }
}
