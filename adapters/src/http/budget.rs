//! A vendor's patience with one token, shared by all runs of this program. Looking never uses up what acting needs: the last tenth
//! of a window is kept for writes, so that a way back is not held up by a status that is drawn every second.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::clock::{Clock, EpochMs};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::{Effect, Limits};

/// The part of a window that is kept for writes: one of so many.
const KEPT_FOR_WRITES: u32 = 10;

/// How much may be asked of a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Calls in a window.
    pub calls: u32,
    /// How long a window is, in milliseconds.
    pub per_ms: i64,
}

#[derive(Debug)]
struct Window {
    limit: u32,
    left: u32,
    ends_ms: EpochMs,
    /// Nothing at all goes before: we were told to wait.
    held_ms: EpochMs,
}

/// What may still be asked with one token. Times are those of [`Clock::passed_ms`].
pub struct Budget {
    clock: Arc<dyn Clock>,
    quota: Quota,
    window: Mutex<Window>,
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").field("quota", &self.quota).finish_non_exhaustive()
    }
}

impl Budget {
    /// A full one.
    pub fn new(quota: Quota, clock: Arc<dyn Clock>) -> Self {
        let ends_ms = clock.passed_ms() + quota.per_ms;
        let window = Window { limit: quota.calls, left: quota.calls, ends_ms, held_ms: EpochMs::MIN };
        Self { clock, quota, window: Mutex::new(window) }
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one call out of it.
    ///
    /// # Errors
    /// How long to wait, in milliseconds, when there is none to be had.
    pub fn take(&self, effect: Effect) -> Result<(), i64> {
        let now_ms = self.clock.passed_ms();
        let mut window = self.window();
        if now_ms < window.held_ms {
            return Err(window.held_ms - now_ms);
        }
        if now_ms >= window.ends_ms {
            window.left = window.limit;
            window.ends_ms = now_ms + self.quota.per_ms;
        }
        let kept = match effect {
            Effect::Read => window.limit / KEPT_FOR_WRITES,
            Effect::Write => 0,
        };
        if window.left <= kept {
            return Err((window.ends_ms - now_ms).max(1));
        }
        window.left -= 1;
        Ok(())
    }

    /// What an answer says is left. Answers come out of order: within one window only less is believed.
    pub fn learn(&self, limits: Limits) {
        let now_ms = self.clock.passed_ms();
        let mut window = self.window();
        if let Some(limit) = limits.limit.filter(|limit| *limit > 0) {
            window.limit = limit;
        }
        let is_over = now_ms >= window.ends_ms;
        window.left = if is_over { limits.remaining } else { window.left.min(limits.remaining) };
        window.ends_ms = now_ms + limits.reset_ms;
    }

    /// We were told to wait.
    pub fn hold(&self, for_ms: i64) {
        let until_ms = self.clock.passed_ms().saturating_add(for_ms);
        let mut window = self.window();
        window.held_ms = window.held_ms.max(until_ms);
    }
}

/// The budgets of all tokens this program uses: the same token has the same one, whoever calls.
#[derive(Clone)]
pub struct Budgets {
    clock: Arc<dyn Clock>,
    by_token: Arc<Mutex<BTreeMap<String, Arc<Budget>>>>,
}

impl std::fmt::Debug for Budgets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Budgets")
    }
}

impl Budgets {
    /// None yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, by_token: Arc::default() }
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The one of a token at an address.
    pub fn of(&self, base: &str, token: &SecretString, quota: Quota) -> Arc<Budget> {
        // Tokens are kept as hashes: nothing here can give one away.
        let hash = Sha256::digest(token.expose_secret().as_bytes());
        let key = format!("{base} {}", hex::encode(hash));
        let mut by_token = self.by_token.lock().unwrap_or_else(PoisonError::into_inner);
        let budget =
            by_token.entry(key).or_insert_with(|| Arc::new(Budget::new(quota, Arc::clone(&self.clock))));
        Arc::clone(budget)
    }
}
