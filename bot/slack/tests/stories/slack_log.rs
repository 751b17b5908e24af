//! What the log says while something is away: once, and not with every try.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::harness::{chat, minutes};
use crate::stage::CHANNEL;

/// Keeps warnings and errors.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn lines(&self, what: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line.contains(what)).count()
    }
}

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for Log {
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
        self.0.lock().unwrap().push(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_database_that_is_away_is_logged_once() {
    let log = Log::default();
    let _logging = tracing::subscriber::set_default(log.clone());
    let written = "what Slack delivered can't be written down";
    chat(async |t| {
        let before = log.lines(written);
        t.database_goes_away().await;
        for minute in 0..2 {
            let mut telling = Vec::new();
            for number in 0..20 {
                let (sim, text) = (t.stage.sim.clone(), format!("line {number}"));
                let said = sim.writes("ana", CHANNEL, None, &text);
                telling.push(tokio::spawn(async move { sim.deliver("events_api", &said, false).await }));
            }
            for told in telling {
                assert!(told.await.unwrap().is_none(), "it can't be acknowledged");
            }
            assert_eq!(log.lines(written) - before, minute + 1, "after {minute} minutes");
            t.time_goes_by(minutes(1));
        }
        t.database_comes_back().await;
        t.settles().await;
        t.never_mind_the_rest();
    });
}
