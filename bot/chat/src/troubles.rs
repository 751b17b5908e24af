//! What keeps a front from hearing or speaking, as long as it does: said once in the log, and to whoever asks how it stands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The troubles of one front, each by what it hinders. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Troubles(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Troubles {
    /// Something is hindered, in words that say what to do; logged when it is news.
    pub fn begin(&self, hinders: &'static str, why: &str) {
        let mut troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.insert(hinders, why.to_owned()).as_deref() != Some(why) {
            tracing::error!("{why}");
        }
    }

    /// It is not hindered any more; logged when it was.
    pub fn end(&self, hinders: &'static str) {
        let mut troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = troubles.remove(hinders) {
            tracing::info!(was = why, "that is over");
        }
    }

    /// All there are now, in words.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
