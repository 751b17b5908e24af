//! Which methods Slack asks to wait with, and until when: whoever else would call one meanwhile waits too. Pure: the time is an
//! argument.

use std::collections::HashMap;

use engine::clock::EpochMs;

/// Waits that Slack asked for, by method: each has its own.
#[derive(Debug, Default)]
pub(crate) struct Holds(HashMap<&'static str, EpochMs>);

impl Holds {
    /// A method may not be called for so long, in milliseconds.
    pub(crate) fn hold(&mut self, method: &'static str, now_ms: EpochMs, after_ms: i64) {
        let free_ms = self.0.entry(method).or_insert(EpochMs::MIN);
        *free_ms = (*free_ms).max(now_ms + after_ms);
    }

    /// How long to wait before a method may be called, in milliseconds; nothing when it may be called now.
    pub(crate) fn wait_ms(&self, method: &'static str, now_ms: EpochMs) -> Option<i64> {
        self.0.get(method).map(|free_ms| free_ms - now_ms).filter(|wait_ms| *wait_ms > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_waits_as_long_as_was_asked_and_no_other_does() {
        let mut holds = Holds::default();
        holds.hold("views.open", 1_000, 500);
        holds.hold("views.open", 1_100, 100);
        assert_eq!(holds.wait_ms("views.open", 1_200), Some(300));
        assert_eq!(holds.wait_ms("chat.update", 1_200), None);
        assert_eq!(holds.wait_ms("views.open", 1_500), None);
    }
}
