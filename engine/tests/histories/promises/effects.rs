//! Nothing is done outside twice, nothing without an intent that was written down before, and nothing without a trace of what came of it.

use adapters::sim::Effect;

use crate::life::{Broken, Kept, Life};
use crate::peek::Sight;

const TWICE: &str = "nothing is done twice";
const INTENT: &str = "intent before effect";
const RECEIPT: &str = "each effect has its receipt";
const LATE: &str = "nothing is done for a run that is over";

/// The step and the direction of an effect: `r-3f2a/5/do`.
fn step_of(effect: &Effect) -> (u32, bool) {
    let mut parts = effect.idempotency_key.split('/').skip(1);
    let number = parts.next().and_then(|number| number.parse().ok()).expect("a step's number");
    (number, parts.next() == Some("undo"))
}

impl Life<'_> {
    pub(super) fn effects_once_and_with_intent(&mut self, sight: &Sight) -> Kept {
        if let Some(effect) = self.world.doubled().first() {
            return Err(Broken::new(TWICE, format!("{effect}")));
        }
        let ledger = self.world.ledger();
        for effect in ledger.iter().skip(self.promises.effects) {
            let run = effect.run.as_str();
            let (number, undo) = step_of(effect);
            let line = format!("{} {effect}", self.called(run));
            if self.promises.over.contains(run) {
                return Err(Broken::new(LATE, line));
            }
            let fits = match sight.step(run, number) {
                None | Some("pending") => false,
                Some(state) => !undo || ["undoing", "undone", "kept"].contains(&state),
            };
            if !fits {
                let state = sight.step(run, number).unwrap_or("not there");
                return Err(Broken::new(INTENT, format!("{line}: its step is {state}")));
            }
            if effect.changed {
                let key = (effect.idempotency_key.clone(), effect.call.as_str(), effect.subject.clone());
                let times = self.promises.changed.entry(key).or_default();
                *times += 1;
                if *times > 1 {
                    return Err(Broken::new(TWICE, format!("{line}: {times} times")));
                }
            }
        }
        self.promises.effects = ledger.len();
        let repeats = self.world.repeats();
        for effect in repeats.iter().skip(self.promises.repeats) {
            if self.promises.over.contains(effect.run.as_str()) {
                return Err(Broken::new(LATE, format!("{} {effect}", self.called(effect.run.as_str()))));
            }
        }
        self.promises.repeats = repeats.len();
        for effect in &ledger {
            let (run, (number, _)) = (effect.run.as_str(), step_of(effect));
            let looked_up = matches!(sight.step(run, number), Some("running" | "undoing"));
            let kept = sight.receipts.iter().any(|(of, step, _)| of == run && *step == number);
            let ended = self.promises.ended_steps.contains(&(run.to_owned(), number));
            if !looked_up && !kept && !ended {
                return Err(Broken::new(
                    RECEIPT,
                    format!("{} {effect}: nothing tells of it", self.called(run)),
                ));
            }
        }
        for (run, number, state) in &sight.steps {
            let wanted = match state.as_str() {
                "done" => "done",
                "failed" => "failed",
                _ => continue,
            };
            let has =
                |(of, step, kind): &(String, u32, String)| of == run && step == number && kind == wanted;
            if !sight.receipts.iter().any(has) {
                let what = format!("step {number} of {} is {state} without one", self.called(run));
                return Err(Broken::new(RECEIPT, what));
            }
        }
        Ok(())
    }
}
