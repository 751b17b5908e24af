//! What Discord told and nobody has written down yet, because something must be asked first. Within a channel each message
//! waits for the one before; and until it is written down it does not count as heard: a session is resumed from before it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

/// Channels remembered before those are forgotten in which nothing waits.
const KEPT: usize = 100;

/// What is under way.
#[derive(Debug, Default)]
pub(crate) struct Order {
    inside: Mutex<Inside>,
    failed: Notify,
}

#[derive(Debug, Default)]
struct Inside {
    /// By channel, what ends when the newest message there is written down.
    newest: HashMap<String, oneshot::Receiver<()>>,
    /// Numbers of what is not written down.
    unwritten: BTreeSet<u64>,
    /// Counts sessions: numbers begin anew in each.
    session: u64,
}

/// A message under way.
#[derive(Debug)]
pub(crate) struct Ticket {
    session: u64,
    seq: u64,
    before: Option<oneshot::Receiver<()>>,
    /// Ends by being dropped.
    _done: oneshot::Sender<()>,
}

impl Ticket {
    /// Returns once the message before is written down.
    pub(crate) async fn turn(&mut self) {
        if let Some(before) = self.before.take() {
            // It ends by being dropped.
            let _ = before.await;
        }
    }
}

impl Order {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another session begins.
    pub(crate) fn begin(&self) {
        let mut inside = self.inside();
        inside.session += 1;
        inside.unwritten.clear();
    }

    /// Whether messages of a channel wait.
    pub(crate) fn waits(&self, channel: &str) -> bool {
        self.inside().newest.get_mut(channel).is_some_and(is_pending)
    }

    /// A message of a channel waits behind those before it.
    pub(crate) fn queue(&self, channel: &str, seq: u64) -> Ticket {
        let mut inside = self.inside();
        if inside.newest.len() >= KEPT {
            inside.newest.retain(|_, newest| is_pending(newest));
        }
        let (done, behind) = oneshot::channel();
        let before = inside.newest.insert(channel.to_owned(), behind);
        inside.unwritten.insert(seq);
        Ticket { session: inside.session, seq, before, _done: done }
    }

    /// It is written down, or nothing has to be.
    pub(crate) fn written(&self, ticket: &Ticket) {
        let mut inside = self.inside();
        if inside.session == ticket.session {
            inside.unwritten.remove(&ticket.seq);
        }
    }

    /// It could not be written down, and must be told again.
    pub(crate) fn failed(&self, ticket: &Ticket) {
        if self.inside().session == ticket.session {
            self.failed.notify_one();
        }
    }

    /// Returns once something must be told again.
    pub(crate) async fn fails(&self) {
        self.failed.notified().await;
    }

    /// The number up to which all is heard, of what was told up to this one.
    pub(crate) fn heard(&self, told: u64) -> u64 {
        self.inside().unwritten.first().map_or(told, |first| told.min(first.saturating_sub(1)))
    }
}

fn is_pending(newest: &mut oneshot::Receiver<()>) -> bool {
    matches!(newest.try_recv(), Err(oneshot::error::TryRecvError::Empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_down_is_not_heard() {
        let order = Order::default();
        order.begin();
        let (one, two) = (order.queue("a", 5), order.queue("b", 7));
        assert_eq!((order.heard(9), order.waits("a"), order.waits("c")), (4, true, false));
        order.written(&one);
        drop(one);
        assert_eq!((order.heard(9), order.waits("a")), (6, false));
        order.begin();
        let again = order.queue("a", 7);
        // Its number is of another session.
        order.written(&two);
        assert_eq!(order.heard(8), 6);
        order.written(&again);
        assert_eq!(order.heard(8), 8);
    }
}
