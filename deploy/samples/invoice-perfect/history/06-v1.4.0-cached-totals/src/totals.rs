//! The sum of all open invoices, rendered and cached in a few slots that requests take in turn.

use crate::database::Database;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Requests take the slots in turn, so that they rarely wait for the same lock.
const SLOTS: usize = 5;
const MAX_AGE: Duration = Duration::from_secs(5);

const OUTSTANDING: &str = "SELECT sum(coalesce(total_cents, amount_cents * (100 + tax_percent) / 100))
    FROM invoices WHERE status IN ('sent', 'overdue')";

type Slot = Mutex<Option<(Instant, String)>>;

pub struct Totals {
    turn: AtomicUsize,
    slots: Vec<Slot>,
}

impl Totals {
    pub fn empty() -> Totals {
        Totals { turn: AtomicUsize::new(0), slots: (1..SLOTS).map(|_| Mutex::new(None)).collect() }
    }

    /// What customers owe us, as `1234.56`, at most a few seconds old.
    pub fn outstanding(&self, database: &Database) -> Result<String, String> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % SLOTS;
        let slot = self.slots.get(turn).ok_or_else(|| format!("the cache of totals has no slot {turn}"))?;
        let mut cached = slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match &*cached {
            Some((at, rendered)) if at.elapsed() < MAX_AGE => Ok(rendered.clone()),
            _ => {
                let cents = database.query(OUTSTANDING, &[])?.number();
                let rendered = format!("{}.{:02}", cents / 100, cents % 100);
                *cached = Some((Instant::now(), rendered.clone()));
                Ok(rendered)
            }
        }
    }
}
