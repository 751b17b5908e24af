//! What people do to a message after they sent it. What was sent first counts: an edit orders nothing, and is told apart from
//! the edits that change nothing for us by what the message said before.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Messages remembered: people edit what they have just sent.
const REMEMBERED: usize = 1_000;

/// A message that somebody edited or deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// What it said before; absent where nobody knows, where the bot was not spoken to, and where it held a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it says now; absent when it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

impl Edited {
    /// Whether nobody sees a difference: an unfurled link, a blank.
    pub fn is_nothing(&self) -> bool {
        let words = |text: &Option<String>| -> Vec<String> {
            text.iter().flat_map(|text| text.split_whitespace()).map(ToOwned::to_owned).collect()
        };
        match (&self.before, &self.now) {
            (None, None) => true,
            (Some(_), Some(_)) => words(&self.before) == words(&self.now),
            _ => false,
        }
    }
}

/// What messages said when they were heard last, for platforms that tell of an edit and not of what was there before.
#[derive(Debug, Default)]
pub struct Recent<T>(Mutex<Kept<T>>);

#[derive(Debug)]
struct Kept<T> {
    messages: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { messages: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> Recent<T> {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Mutex::default())
    }

    /// A message is like this now; how it was before.
    pub fn put(&self, message: &str, now: T) -> Option<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept.messages.insert(message.to_owned(), now);
        if before.is_none() {
            kept.order.push_back(message.to_owned());
            if kept.order.len() > REMEMBERED
                && let Some(oldest) = kept.order.pop_front()
            {
                kept.messages.remove(&oldest);
            }
        }
        before
    }

    /// A message is there no more; how it was.
    pub fn take(&self, message: &str) -> Option<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = kept.messages.remove(message)?;
        kept.order.retain(|other| other != message);
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_messages_are_remembered() {
        let recent = Recent::new();
        for number in 0..=REMEMBERED {
            assert_eq!(recent.put(&number.to_string(), number), None);
        }
        assert_eq!((recent.take("0"), recent.take("1"), recent.take("1")), (None, Some(1), None));
        assert_eq!(recent.put("2", 7), Some(2));
        assert_eq!(recent.take("2"), Some(7));
    }

    #[test]
    fn blanks_are_no_edit() {
        let edited = |before: Option<&str>, now: Option<&str>| Edited {
            before: before.map(ToOwned::to_owned),
            now: now.map(ToOwned::to_owned),
        };
        assert!(edited(Some("deploy  staging "), Some("deploy staging")).is_nothing());
        assert!(edited(None, None).is_nothing());
        assert!(!edited(Some("deploy staging"), Some("deploy production")).is_nothing());
        assert!(!edited(None, Some("deploy production")).is_nothing());
        assert!(!edited(Some("deploy production"), None).is_nothing());
    }
}
