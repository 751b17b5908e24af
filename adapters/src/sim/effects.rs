//! The ledger: every writing call that took effect, in order, and what happened more often than it should have.

use std::fmt;

use engine::clock::EpochMs;
use engine::model::RunId;
use engine::ports::{Permit, PortError, Receipt};

use super::Call;

/// A writing call that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The run on whose behalf.
    pub run: RunId,
    /// The permit's idempotency key: `r-3f2a/5/do`.
    pub idempotency_key: String,
    /// The call.
    pub call: Call,
    /// To what: `staging api@3`.
    pub subject: String,
    /// When.
    pub at_ms: EpochMs,
    /// Whether anything is different because of it; false when all was as asked for already.
    pub changed: bool,
}

impl fmt::Display for Effect {
    /// Step and direction, call and subject. The run's random identifier and the time stay out, so that a test can
    /// compare the line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step =
            self.idempotency_key.split_once('/').map_or(self.idempotency_key.as_str(), |(_, step)| step);
        let note = if self.changed { "" } else { " (already so)" };
        write!(f, "{step:<8}{:<18}{}{note}", self.call, self.subject)
    }
}

/// What a writing call came to.
pub(super) enum Done {
    /// Something is different now.
    Changed(Receipt),
    /// All was as asked for already.
    Unchanged(Receipt),
    /// A thing that may happen once only was asked for once more.
    Again(Result<Receipt, PortError>),
}

/// Changed or not, with the same receipt.
pub(super) fn done(changed: bool, receipt: Receipt) -> Done {
    if changed { Done::Changed(receipt) } else { Done::Unchanged(receipt) }
}

/// All effects since the world was made.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) effects: Vec<Effect>,
    pub(super) repeats: Vec<Effect>,
    pub(super) doubled: Vec<Effect>,
}

impl Ledger {
    /// The effects, one line each.
    pub(super) fn text(&self) -> String {
        self.effects.iter().fold(String::new(), |text, effect| text + &effect.to_string() + "\n")
    }

    /// Writes down what a call came to, and gives its answer.
    pub(super) fn record(
        &mut self,
        permit: &Permit,
        call: Call,
        subject: String,
        at_ms: EpochMs,
        done: Done,
    ) -> Result<Receipt, PortError> {
        let effect = Effect {
            run: permit.run().clone(),
            idempotency_key: permit.idempotency_key().to_owned(),
            call,
            subject,
            at_ms,
            changed: matches!(done, Done::Changed(_) | Done::Again(Ok(_))),
        };
        match done {
            Done::Changed(receipt) => {
                self.effects.push(effect);
                Ok(receipt)
            }
            Done::Unchanged(receipt) => {
                let pages = if self.has(&effect) { &mut self.repeats } else { &mut self.effects };
                pages.push(effect);
                Ok(receipt)
            }
            Done::Again(answer) => {
                self.doubled.push(effect);
                answer
            }
        }
    }

    /// Whether the same run already did the same to the same, under whatever key. Doing and undoing are apart: the
    /// way back may well need what the way there did.
    pub(super) fn has_from_run(&self, permit: &Permit, call: Call, subject: &str) -> bool {
        let direction = |key: &str| key.rsplit('/').next().map(str::to_owned);
        self.effects.iter().any(|past| {
            past.run == *permit.run()
                && past.call == call
                && past.subject == subject
                && direction(&past.idempotency_key) == direction(permit.idempotency_key())
        })
    }

    fn has(&self, effect: &Effect) -> bool {
        self.effects.iter().any(|past| {
            past.idempotency_key == effect.idempotency_key
                && past.call == effect.call
                && past.subject == effect.subject
        })
    }
}
