//! Lines of the inbox that are written down and not handled yet, because their speaker does not know yet that they will be.
//! A program that ends meanwhile forgets that: what is written down is handled by the next one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::store::StoreError;
use tokio::sync::Notify;

use crate::doubles::Press;
use crate::listener::Listener;

/// The lines of one front that are held back. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holds(Arc<Inside>);

#[derive(Debug, Default)]
struct Inside {
    events: Mutex<BTreeSet<String>>,
    released: Notify,
}

impl Holds {
    fn events(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a line is held back.
    pub(crate) fn holds(&self, event: &str) -> bool {
        self.events().contains(event)
    }

    /// Holds a line back from now on.
    pub(crate) fn hold(&self, event: String) -> Hold {
        // Another delivery of it may hold it already, and lets it go as well.
        let first = self.events().insert(event.clone());
        Hold { holds: self.clone(), event, first }
    }

    /// Returns when a line was let go.
    pub(crate) async fn released(&self) {
        self.0.released.notified().await;
    }
}

/// A line is held back while this lives.
#[derive(Debug)]
pub(crate) struct Hold {
    holds: Holds,
    event: String,
    first: bool,
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.first {
            self.holds.events().remove(&self.event);
            self.holds.0.released.notify_one();
        }
    }
}

/// Something heard that is written down and held back. It is handled once this is dropped.
#[derive(Debug)]
pub struct Held {
    pub(crate) hold: Hold,
    pub(crate) is_new: bool,
    pub(crate) press: Option<Press>,
    pub(crate) listener: Listener,
}

impl Held {
    /// Takes it back, because its speaker saw it fail. What another delivery has written down stays.
    pub async fn forget(self) -> Result<(), StoreError> {
        if !self.is_new {
            return Ok(());
        }
        if let Some(press) = &self.press {
            self.listener.failed(press);
        }
        self.listener.unheard(&self.hold.event).await
    }
}
