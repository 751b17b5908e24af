//! Double clicks: the same person on the same button of the same message, once more before anything can have come of the first.
//! Each arrives as an event of its own, so the same event told twice at once is no double click. What an order began is not
//! begun again; a look may be taken as often as somebody likes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::clock::EpochMs;

use crate::listener::Spoken;

/// A second click is not meant when it comes so soon, in milliseconds: nobody has read an answer to the first by then.
const SOON_MS: EpochMs = 3_000;

/// The buttons of one front that were clicked lately, each with when and the event it was. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doubles(Arc<Mutex<Lately>>);

type Lately = HashMap<Press, (EpochMs, String)>;

/// Who clicked on what, where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Press {
    conversation: String,
    who: String,
    message: String,
    says: String,
}

impl Press {
    /// The press something was said with, when it was said with one.
    pub(crate) fn of(spoken: &Spoken) -> Option<Self> {
        let inbound = &spoken.inbound;
        spoken.pressed.clone().map(|message| Self {
            conversation: inbound.conversation.clone(),
            who: inbound.identity.external_id.clone(),
            message,
            says: inbound.text.clone(),
        })
    }
}

impl Doubles {
    fn lately(&self) -> MutexGuard<'_, Lately> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a press is the second of a double click; remembered as a first one otherwise.
    pub(crate) fn is_second(&self, press: &Press, event: &str, now_ms: EpochMs) -> bool {
        let mut lately = self.lately();
        lately.retain(|_, (at_ms, _)| now_ms.saturating_sub(*at_ms) < SOON_MS);
        if let Some((_, first)) = lately.get(press) {
            return first != event;
        }
        lately.insert(press.clone(), (now_ms, event.to_owned()));
        false
    }

    /// A press failed, and whoever sees that may click again at once.
    pub(crate) fn forget(&self, press: &Press) {
        self.lately().remove(press);
    }
}
