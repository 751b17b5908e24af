//! A pace for what the bot asks Discord about: fifty channels looked at when it starts are fifty calls, beside people's letters.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// So many at once. With the gap no second has more than 14, and with letters not the 50 that Discord takes of a bot.
const BURST: u32 = 5;
/// Between one and the next.
const GAP: Duration = Duration::from_millis(100);

/// Readings' turns (a leaky bucket).
#[derive(Debug, Default)]
pub(crate) struct Readings {
    /// When all places of the burst are free again.
    free: Mutex<Option<Instant>>,
}

impl Readings {
    /// Waits for its turn; turns are given in the order of asking.
    pub(crate) async fn turn(&self) {
        let at = self.taken(Instant::now());
        sleep_until(at).await;
    }

    /// The instant of the turn of somebody who comes now.
    fn taken(&self, now: Instant) -> Instant {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let from = free.unwrap_or(now).max(now);
        *free = Some(from + GAP);
        // As long as no more than the burst are before it, nobody waits.
        now.max((from + GAP).checked_sub(GAP * BURST).unwrap_or(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_no_second_has_more_than_fourteen() {
        let (readings, start) = (Readings::default(), Instant::now());
        let turns: Vec<_> = (0..50).map(|_| (readings.taken(start) - start).as_millis()).collect();
        assert_eq!(turns[..7], [0, 0, 0, 0, 0, 100, 200]);
        let in_a_second = |from: u128| turns.iter().filter(|at| (from..from + 1_000).contains(at)).count();
        assert_eq!((0..5_000).map(in_a_second).max(), Some(14));
        // Whoever comes when all is quiet again waits for nobody.
        let later = start + Duration::from_mins(1);
        assert_eq!(readings.taken(later), later);
    }
}
