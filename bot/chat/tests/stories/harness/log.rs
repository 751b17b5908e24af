//! What a program writes into its log.
#![allow(dead_code, reason = "for stories of one front alone")]

use std::cell::RefCell;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Keeps warnings and errors.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

thread_local! {
    static KEPT: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// Ends the keeping of a log.
pub(crate) struct Kept;

impl Drop for Kept {
    fn drop(&mut self) {
        KEPT.set(None);
    }
}

impl Log {
    /// One that is kept in this thread for as long as the guard lives.
    ///
    /// One subscriber serves all threads: what `tracing` remembers of who listens is shared by them, and a line that another story
    /// writes first, where nobody listens, would be lost here as well.
    pub(crate) fn kept() -> (Self, Kept) {
        static LISTENS: Once = Once::new();
        LISTENS.call_once(|| tracing::subscriber::set_global_default(Listener).unwrap());
        let log = Self::default();
        KEPT.set(Some(log.clone()));
        (log, Kept)
    }

    /// How many of them say this.
    pub(crate) fn lines(&self, what: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line.contains(what)).count()
    }
}

/// Gives each thread's lines to the log that is kept in it.
struct Listener;

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = String::new();
        event.record(&mut Words(&mut line));
        KEPT.with_borrow(|kept| {
            if let Some(log) = kept {
                log.0.lock().unwrap().push(line);
            }
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
