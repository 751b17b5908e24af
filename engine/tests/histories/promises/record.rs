//! The record is a chain without gaps; what happened is a list without gaps; what watchers were told is how it stands.

use engine::audit::{AuditEvent, link};
use engine::run::Happening;

use super::Promises;
use crate::life::{Broken, Kept};
use crate::peek::Sight;

const RECORD: &str = "the record is whole";
const SAID: &str = "what was said is so";

impl Promises {
    pub(super) fn record_is_whole(&mut self, sight: &Sight) -> Kept {
        for row in &sight.audit {
            let event: AuditEvent = serde_json::from_str(&row.body)
                .map_err(|error| Broken::new(RECORD, format!("entry {}: {error}", row.seq)))?;
            let hash = link(&self.audit_hash, &event);
            if row.seq != self.audit_seq + 1 || event.seq != row.seq || hash.to_string() != row.hash {
                let what = format!("entry {} ({}) does not follow {}", row.seq, event.action, self.audit_seq);
                return Err(Broken::new(RECORD, what));
            }
            (self.audit_seq, self.audit_hash) = (row.seq, hash);
            // One that needs no undoing is undone as soon as that has begun.
            if ["step.done", "step.failed", "step.undone", "step.undo-begun"].contains(&event.action.as_str())
                && let (Some(run), Some(step)) = (&event.run, event.data["step"].as_u64())
            {
                self.ended_steps.insert((run.to_string(), step as u32));
            }
        }
        for row in &sight.events {
            let next = self.written.len() as i64 + 1;
            if row.seq != next {
                return Err(Broken::new(RECORD, format!("happening {} follows {}", row.seq, next - 1)));
            }
            self.written.push((row.seq, row.body.clone()));
        }
        for (name, seq, hash) in &sight.heads {
            let fits = match name.as_str() {
                "audit" => *seq == self.audit_seq && (*seq == 0 || *hash == self.audit_hash.to_string()),
                _ => *seq == self.written.len() as i64,
            };
            if !fits {
                return Err(Broken::new(RECORD, format!("the head of {name} is {seq}")));
            }
        }
        Ok(())
    }

    /// A run's state and what watchers were told of it last are one.
    pub(super) fn states_are_as_said(&mut self, sight: &Sight) -> Kept {
        for row in &sight.events {
            let what: Happening = serde_json::from_str(&row.body)
                .map_err(|error| Broken::new(SAID, format!("happening {}: {error}", row.seq)))?;
            if let Happening::Moved { to } = what {
                self.said.insert(row.run.clone(), to.as_str().to_owned());
            }
        }
        for row in &sight.runs {
            let said = self.said.get(&row.id);
            if said != Some(&row.state) {
                return Err(Broken::new(
                    SAID,
                    format!("{} is {} and said to be {said:?}", row.id, row.state),
                ));
            }
        }
        Ok(())
    }
}
