//! Ten thousand forgeries of a record, each told by its seed: everything up to the last anchor is found and located, what
//! came later is never called intact.
//!
//! The forger is given more each time in turn: a text editor, then the database and the format (the chain is made anew), then
//! the signing key as well (the checkpoints are signed anew). What nobody gives him is what was kept outside: the anchors.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test that prints its count")]

use super::tests::{Record, event};
use super::*;

const FORGERIES: u64 = 10_000;

/// Seeded and small (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>): a forgery is told again from its number alone.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

/// What the forger has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// The exported file.
    Editor,
    /// The database, and how the chain is made.
    Database,
    /// And the signing key.
    Key,
}

/// What the forger does to the list of events.
fn forge(events: &mut Vec<AuditEvent>, dice: &mut Dice) -> &'static str {
    let at = dice.below(events.len());
    match dice.below(7) {
        0 => {
            "mallory".clone_into(&mut events[at].actor.name);
            "edits"
        }
        1 => {
            events[at].at_ms -= 1 + dice.below(100_000) as i64;
            "puts back in time"
        }
        2 => {
            events.insert(at, AuditEvent { subject: "approved by ben".to_owned(), ..event(0) });
            "inserts"
        }
        3 => {
            events.remove(at);
            "takes out"
        }
        4 => {
            let other = (at + 1 + dice.below(events.len() - 1)) % events.len();
            events.swap(at, other);
            "reorders"
        }
        5 => {
            events.truncate(at);
            "cuts the tail"
        }
        _ => {
            for event in &mut events[at..] {
                event.data = serde_json::json!({});
            }
            "rewrites the rest"
        }
    }
}

/// The forged record as an export, as good as the means allow.
fn export_of(record: &Record, mut events: Vec<AuditEvent>, means: Means) -> String {
    if means == Means::Editor {
        // The hashes stay with what they were made for, however it is turned.
        let hash = |event: &AuditEvent| {
            let found = record.events.iter().find(|(known, _)| known.seq == event.seq);
            found.map_or(GENESIS, |(_, hash)| *hash)
        };
        let events = events.into_iter().map(|event| (hash(&event), event)).map(|(hash, event)| (event, hash));
        return Record { events: events.collect(), ..record.clone() }.export();
    }
    for (seq, event) in (1..).zip(&mut events) {
        event.seq = seq;
    }
    let mut forged = record.saying(events);
    if means != Means::Key {
        // He can only keep the old ones, or leave them away where they would give him away.
        let fits =
            |c: &&Checkpoint| forged.events.get(c.seq as usize - 1).is_some_and(|(_, hash)| *hash == c.hash);
        forged.checkpoints = record.checkpoints.iter().filter(fits).cloned().collect();
    }
    forged.export()
}

#[test]
fn of_ten_thousand_forgeries_none_is_called_intact() {
    let record = Record::with(24);
    let originals: Vec<_> = record.events.iter().map(|(event, _)| event.clone()).collect();
    let key = record.key.public_key();
    let (mut located, mut unproven) = (0, 0);
    for seed in 0..FORGERIES {
        let mut dice = Dice(seed);
        let means = [Means::Editor, Means::Database, Means::Key][dice.below(3)];
        let last = 1 + dice.below(24) as i64;
        let anchored: Vec<i64> = (1..=last).filter(|seq| *seq == last || dice.below(6) == 0).collect();
        let anchors = record.anchors(&anchored);

        let mut events = originals.clone();
        let did = (0..=dice.below(3))
            .map(|_| if events.len() > 1 { forge(&mut events, &mut dice) } else { "stops" });
        let did: Vec<_> = did.collect();
        // The first event that is not what was recorded.
        let first = 1 + (0..24).position(|i| events.get(i) != Some(&originals[i])).unwrap_or(24) as i64;
        let export = export_of(&record, events.clone(), means);
        let verdict = verify(export.as_bytes(), Some(&key), &anchors).unwrap();
        let what = format!("seed {seed}, {means:?} {did:?}, anchors {anchored:?}, first {first}: {verdict}");

        if first > last {
            // Nothing that was kept outside speaks of it: it may be found all the same, but is never vouched for.
            let vouched = verdict.is_intact() && events.len() as i64 > last;
            assert!(!vouched, "{what}");
            unproven += 1;
            continue;
        }
        // Between the last anchor before it and the first behind it.
        let before = anchored.iter().filter(|seq| **seq < first).max().copied().unwrap_or(0);
        match verdict {
            Verdict::Altered { at_seq, .. } => assert!((before + 1..=first).contains(&at_seq), "{what}"),
            Verdict::Truncated { after_checkpoint } => {
                assert!(
                    (before..first).contains(&after_checkpoint) && (events.len() as i64) < last,
                    "{what}"
                );
            }
            _ => panic!("{what}"),
        }
        located += 1;
    }
    println!(
        "{FORGERIES} forgeries: {located} located under an anchor, {unproven} behind the last, none called intact"
    );
    assert!(located > 6_000 && unproven > 1_000, "{located} {unproven}");
}

#[test]
fn when_everything_is_gone_it_is_said() {
    let record = Record::with(5);
    let key = record.key.public_key();
    let emptied = Record { events: Vec::new(), checkpoints: Vec::new(), ..record.clone() }.export();
    let verdict = verify(emptied.as_bytes(), Some(&key), &record.anchors(&[3])).unwrap();
    assert_eq!(verdict, Verdict::Truncated { after_checkpoint: 0 });
    assert!(matches!(verify(&b""[..], Some(&key), &[]), Err(VerifyError::Empty)));
}
