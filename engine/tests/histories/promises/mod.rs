//! The promises of the engine, each looked at after every event: in the rows of the database and in the world's ledger, not in what
//! the code believes.

mod alone;
mod answered;
mod approved;
mod effects;
mod record;
mod rest;

use std::collections::{BTreeMap, BTreeSet};

use engine::audit::{GENESIS, Hash};

use crate::life::{Answer, Kept, Life};
use crate::peek::Sight;

/// What was seen so far.
#[derive(Debug)]
pub(crate) struct Promises {
    /// Everything that happened, with its place, as it was written.
    pub(crate) written: Vec<(i64, String)>,
    audit_seq: i64,
    audit_hash: Hash,
    /// Steps of which the record says that they ended or were undone.
    ended_steps: BTreeSet<(String, u32)>,
    /// The last state each run was said to be in.
    said: BTreeMap<String, String>,
    /// Runs whose first step was seen, and what they were approved for.
    begun: BTreeMap<String, String>,
    /// When runs that wait joined the line, and since when nobody else's lock was there.
    joined: BTreeMap<String, i64>,
    over: BTreeSet<String>,
    /// Places of the ledger that were looked at.
    effects: usize,
    /// And calls that were sent once more and found all done.
    repeats: usize,
    /// How often something was made different, by its natural key.
    changed: BTreeMap<(String, &'static str, String), u32>,
}

impl Default for Promises {
    fn default() -> Self {
        Self {
            written: Vec::new(),
            audit_seq: 0,
            audit_hash: GENESIS,
            ended_steps: BTreeSet::new(),
            said: BTreeMap::new(),
            begun: BTreeMap::new(),
            joined: BTreeMap::new(),
            over: BTreeSet::new(),
            effects: 0,
            repeats: 0,
            changed: BTreeMap::new(),
        }
    }
}

impl Life<'_> {
    /// Looks at all promises. `worked`: the program has just done all it could.
    pub(crate) async fn look(&mut self, answer: Option<&Answer>, worked: bool) -> Kept {
        let after = (self.promises.written.len() as i64, self.promises.audit_seq);
        let sight = self.ground.peek.look(after.0, after.1).await;
        self.promises.record_is_whole(&sight)?;
        self.promises.states_are_as_said(&sight)?;
        alone::one_at_a_time(&sight)?;
        alone::locks_have_holders(&sight)?;
        self.approved_as_it_stands(&sight).await?;
        self.effects_once_and_with_intent(&sight)?;
        self.line_is_fair(&sight)?;
        if let Some(answer) = answer {
            answered::is_answered(answer, &sight)?;
        }
        answered::questions_fit_runs(&sight)?;
        if worked {
            self.nothing_is_overdue(&sight)?;
        }
        for front in &self.fronts {
            front.is_whole(&self.promises.written)?;
        }
        self.promises.remember(&sight);
        Ok(())
    }
}

impl Promises {
    fn remember(&mut self, sight: &Sight) {
        for row in &sight.runs {
            if row.is_over() {
                self.over.insert(row.id.clone());
            }
            if row.state == "queued" {
                self.joined.insert(row.id.clone(), row.queued_ms);
            }
        }
    }
}
