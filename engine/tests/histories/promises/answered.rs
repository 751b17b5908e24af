//! Everybody is answered, refusals are on record, and nothing waits beyond its time.

use engine::audit::AuditEvent;
use engine::control::Refusal;

use crate::life::{Answer, Broken, Kept, Life};
use crate::peek::Sight;

const ANSWERED: &str = "everybody is answered";
const OVERDUE: &str = "nothing is overdue";

pub(super) fn is_answered(answer: &Answer, sight: &Sight) -> Kept {
    let refusal = match &answer.outcome {
        Err(refusal @ (Refusal::Store(_) | Refusal::Bug(_))) => {
            let what = format!("{} wanted to {}: {refusal:?}", answer.who, answer.wanted);
            return Err(Broken::new(ANSWERED, what));
        }
        outcome => outcome.as_ref().err(),
    };
    let action = match (answer.wanted, refusal) {
        (_, Some(Refusal::Port { .. })) => return Ok(()),
        ("request", None) => "run.requested",
        ("request" | "retry", Some(Refusal::NotAllowed { .. })) => "run.refused",
        ("approve" | "reject", Some(_)) => "approval.refused",
        ("approve", None) => "approval.given",
        ("reject", None) => "run.moved",
        ("cancel" | "pause" | "resume" | "promote" | "rollback", None) => "run.steered",
        _ => return Ok(()),
    };
    let has = |row: &crate::peek::AuditRow| {
        let event: AuditEvent = serde_json::from_str(&row.body).expect("an entry of the record");
        let same = event.actor.name == answer.who || event.actor.name.ends_with(&format!(":{}", answer.who));
        // A yes that was given before is not given again.
        same && (event.action == action || (answer.wanted == "retry" && event.action.contains("refused")))
    };
    let before = answer.wanted == "approve" && refusal.is_none();
    if sight.audit.iter().any(has) || before && sight.audit.is_empty() {
        return Ok(());
    }
    let what = format!("{} wanted to {}, and the record has no {action}", answer.who, answer.wanted);
    Err(Broken::new(ANSWERED, what))
}

/// A question is open as long as its run waits for it, and no longer.
pub(super) fn questions_fit_runs(sight: &Sight) -> Kept {
    for approval in &sight.approvals {
        let state = sight.run(&approval.run).map_or("not there", |row| row.state.as_str());
        if (approval.state == "open") != (state == "awaiting-approval") {
            let what = format!("the approval of {} is {} and the run {state}", approval.run, approval.state);
            return Err(Broken::new(ANSWERED, what));
        }
    }
    for row in sight.runs.iter().filter(|row| row.state == "awaiting-approval") {
        if sight.approval(&row.id).is_none() {
            return Err(Broken::new(ANSWERED, format!("{} waits and nobody was asked", row.id)));
        }
    }
    Ok(())
}

impl Life<'_> {
    /// The program has just done all it could: what still waits has a time that is to come.
    pub(super) fn nothing_is_overdue(&self, sight: &Sight) -> Kept {
        let now_ms = self.now_ms();
        // What somebody has that stalls or died is theirs until their lease runs out.
        let leased = now_ms < self.leased_until_ms;
        for approval in sight.approvals.iter().filter(|approval| approval.state == "open" && !leased) {
            if approval.expires_ms <= now_ms {
                let what = format!("the approval of {} has expired and is open", self.called(&approval.run));
                return Err(Broken::new(OVERDUE, what));
            }
        }
        for lock in sight.locks.iter().filter(|lock| lock.kind == "person") {
            if (1..=now_ms).contains(&lock.expires_ms) {
                return Err(Broken::new(OVERDUE, format!("{}'s lock has expired and holds", lock.holder)));
            }
        }
        if self.faulty || leased { Ok(()) } else { self.line_moves(sight) }
    }
}
