//! What is amiss with this program beside runs and services, as long as it is: said where people ask how things stand. It is
//! kept in memory, because it is about this program alone and begins anew with the next one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::EpochMs;

/// All there are, each by who has the trouble and what it hinders. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<BTreeMap<(&'static str, &'static str), Notice>>>, Arc<Mutex<Connected>>);

/// Fronts that are connected, each with as whom and where.
type Connected = BTreeMap<&'static str, String>;

/// One thing that is amiss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Who has the trouble: a front.
    pub who: &'static str,
    /// What is amiss and what to do, in words.
    pub says: String,
    /// Since when something is amiss with it.
    pub since_ms: EpochMs,
}

impl Notices {
    /// Something is amiss; true when that is news.
    pub fn begin(&self, who: &'static str, hinders: &'static str, says: &str, now_ms: EpochMs) -> bool {
        let mut notices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Notice { who, says: String::new(), since_ms: now_ms };
        let notice = notices.entry((who, hinders)).or_insert_with(new);
        let news = notice.says != says;
        says.clone_into(&mut notice.says);
        news
    }

    /// It is amiss no more; what was, if anything.
    pub fn end(&self, who: &'static str, hinders: &'static str) -> Option<Notice> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(who, hinders))
    }

    /// A front is connected, as whom and where; true when that is news.
    pub fn connected(&self, who: &'static str, says: &str) -> bool {
        let mut connected = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        connected.insert(who, says.to_owned()).as_deref() != Some(says)
    }

    /// A front is connected no more; true when it was.
    pub fn lost(&self, who: &'static str) -> bool {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).remove(who).is_some()
    }

    /// The fronts that are connected now, each with as whom and where.
    pub fn all_connected(&self) -> Vec<(&'static str, String)> {
        let connected = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        connected.iter().map(|(who, says)| (*who, says.clone())).collect()
    }

    /// All there are now.
    pub fn all(&self) -> Vec<Notice> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
