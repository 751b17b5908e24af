//! One pass over the lines of an export, holding only where it is.

use super::chain::{GENESIS, Hash, link};
use super::checkpoint::{Checkpoint, PublicKey};
use super::export::{End, Line, LinkedEvent};
use super::raw::RawEvent;
use super::verdict::Verdict;
use crate::clock::EpochMs;

/// Where the pass is. A step that finds a fault gives the verdict as its error.
pub(super) struct Walk {
    key: PublicKey,
    /// Whether the key came from the verifier and not from the file.
    key_given: bool,
    /// Those still ahead, the nearest last.
    anchors: Vec<Checkpoint>,
    /// The last anchor there is.
    anchored: Option<i64>,
    seen: End,
    last_seq: i64,
    last_hash: Hash,
    /// The last event that a good checkpoint or anchor covers.
    covered: i64,
    /// The last event that a good anchor covers.
    held: i64,
    /// A checkpoint that came before its event: either events are missing in between, or it was moved.
    ahead: Option<i64>,
    /// The first event that no anchor covers.
    unanchored: Option<(EpochMs, i64)>,
    ended: Option<End>,
}

impl Walk {
    pub(super) fn new(key: PublicKey, key_given: bool, anchors: &[Checkpoint]) -> Self {
        let mut anchors = anchors.to_vec();
        anchors.sort_by_key(|anchor| std::cmp::Reverse(anchor.seq));
        Self {
            key,
            key_given,
            anchored: anchors.first().map(|last| last.seq),
            anchors,
            seen: End::default(),
            last_seq: 0,
            last_hash: GENESIS,
            covered: 0,
            held: 0,
            ahead: None,
            unanchored: None,
            ended: None,
        }
    }

    pub(super) fn step(&mut self, line: Line) -> Result<(), Verdict> {
        if self.ended.is_some() {
            return Err(self.altered("there are lines after the last"));
        }
        match line {
            Line::Header(_) => Err(self.altered("there is a second header")),
            Line::Event(event) => self.event(&event),
            Line::Checkpoint(checkpoint) => self.checkpoint(&checkpoint),
            Line::End(end) => {
                self.ended = Some(end);
                Ok(())
            }
        }
    }

    fn event(&mut self, LinkedEvent { body, hash }: &LinkedEvent) -> Result<(), Verdict> {
        let expected = self.last_seq + 1;
        if body.seq != expected {
            return Err(self.altered(&format!("event {} stands in its place", body.seq)));
        }
        if let Some(ahead) = self.ahead {
            return Err(self.altered(&format!("checkpoint {ahead} stands before it")));
        }
        if link(&self.last_hash, body) != *hash {
            return Err(self.altered("its hash does not follow from what it says and the event before it"));
        }
        if self.is_first_unanchored(body.seq) {
            self.unanchored = Some((body.at_ms, body.seq));
        }
        self.comes_to(body.seq, *hash)
    }

    /// Takes an event by its bytes when it follows, and says whether it did; one that does not is to be taken apart.
    pub(super) fn raw(&mut self, event: &RawEvent<'_>) -> Result<bool, Verdict> {
        let next = event.seq == self.last_seq + 1 && self.ended.is_none() && self.ahead.is_none();
        // Of the first event nobody vouches for the time is told too.
        if !next || self.is_first_unanchored(event.seq) || !event.follows(&self.last_hash) {
            return Ok(false);
        }
        self.comes_to(event.seq, event.hash).map(|()| true)
    }

    fn is_first_unanchored(&self, seq: i64) -> bool {
        self.unanchored.is_none() && self.anchored.is_none_or(|anchored| seq > anchored)
    }

    fn comes_to(&mut self, seq: i64, hash: Hash) -> Result<(), Verdict> {
        (self.last_seq, self.last_hash) = (seq, hash);
        self.seen.events += 1;
        while let Some(anchor) = self.anchors.pop_if(|anchor| anchor.seq <= seq) {
            // A checkpoint before it may have been signed anew with a stolen key: only an anchor says from where on.
            self.covers(&anchor, "an anchor", self.held)?;
            self.held = anchor.seq;
        }
        Ok(())
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Verdict> {
        let at = |why: String| Verdict::Altered { at_seq: checkpoint.seq, why };
        checkpoint.verify(&self.key).map_err(|error| at(error.to_string()))?;
        self.seen.checkpoints += 1;
        if checkpoint.seq < self.last_seq {
            return Err(at(format!("its checkpoint stands after event {}", self.last_seq)));
        }
        if checkpoint.seq > self.last_seq {
            self.ahead = self.ahead.or(Some(checkpoint.seq));
            return Ok(());
        }
        self.covers(checkpoint, "a signed checkpoint", self.covered)
    }

    /// The chain has come to what a checkpoint or anchor is for; `good` is the last event that is certain.
    fn covers(&mut self, proof: &Checkpoint, what: &str, good: i64) -> Result<(), Verdict> {
        if proof.seq == self.last_seq && proof.hash == self.last_hash {
            self.covered = self.covered.max(proof.seq);
            return Ok(());
        }
        let why = format!(
            "events {} to {} were rewritten: {what} for event {} has another hash",
            good + 1,
            self.last_seq,
            proof.seq
        );
        Err(Verdict::Altered { at_seq: good + 1, why })
    }

    /// The fault is in what comes next.
    pub(super) fn altered(&self, why: &str) -> Verdict {
        Verdict::Altered { at_seq: self.last_seq + 1, why: why.to_owned() }
    }

    pub(super) fn truncated(&self) -> Verdict {
        Verdict::Truncated {
            after_checkpoint: if self.anchored.is_some() { self.held } else { self.covered },
        }
    }

    /// The file is at its end.
    pub(super) fn finish(self) -> Verdict {
        let cut = self.ended.is_none_or(|end| end.events > self.seen.events);
        if cut || self.ahead.is_some() || !self.anchors.is_empty() {
            return self.truncated();
        }
        if let Some(end) = self.ended.filter(|end| *end != self.seen) {
            return self.altered(&format!(
                "the last line speaks of {} events and {} checkpoints, but there are {} and {}",
                end.events, end.checkpoints, self.seen.events, self.seen.checkpoints
            ));
        }
        let vouched_for = self.key_given || self.anchored.is_some();
        match self.unanchored {
            // Anchors hold even against whoever has the key, so when there are some, nothing less is as good.
            Some((at_ms, seq)) if !vouched_for || self.anchored.is_some() || self.covered == 0 => {
                Verdict::UnanchoredSince { at_ms, seq }
            }
            _ => Verdict::Intact {
                events: self.seen.events,
                last_seq: self.last_seq,
                unproven_after: (self.covered < self.last_seq).then_some(self.covered),
            },
        }
    }
}
