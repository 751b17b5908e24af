//! When Discord may be asked again. Pure: the time is an argument.

use std::collections::HashMap;

/// Remembered before those that are over are forgotten.
const KEPT: usize = 1_000;

/// Waits that Discord asked for, by what they are about.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    free_ms: HashMap<String, i64>,
    all_free_ms: i64,
}

impl Buckets {
    /// How long to wait before something may be asked, in milliseconds; nothing when it may be asked now.
    pub(crate) fn wait_ms(&self, bucket: &str, now_ms: i64) -> Option<i64> {
        let free_ms = self.free_ms.get(bucket).copied().unwrap_or(i64::MIN).max(self.all_free_ms);
        (free_ms > now_ms).then(|| free_ms - now_ms)
    }

    /// Nothing may be asked about this for so long.
    pub(crate) fn hold(&mut self, bucket: &str, now_ms: i64, after_ms: i64) {
        if self.free_ms.len() >= KEPT {
            self.free_ms.retain(|_, free_ms| *free_ms > now_ms);
        }
        let free_ms = self.free_ms.entry(bucket.to_owned()).or_insert(i64::MIN);
        *free_ms = (*free_ms).max(now_ms + after_ms);
    }

    /// Nothing at all may be asked for so long.
    pub(crate) fn hold_all(&mut self, now_ms: i64, after_ms: i64) {
        self.all_free_ms = self.all_free_ms.max(now_ms + after_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_to_wait_waits_and_the_rest_does_not() {
        let mut buckets = Buckets::default();
        buckets.hold("messages/1", 1_000, 500);
        assert_eq!(buckets.wait_ms("messages/1", 1_200), Some(300));
        assert_eq!(buckets.wait_ms("messages/2", 1_200), None);
        assert_eq!(buckets.wait_ms("messages/1", 1_500), None);
        buckets.hold_all(2_000, 100);
        assert_eq!(buckets.wait_ms("messages/2", 2_000), Some(100));
    }
}
