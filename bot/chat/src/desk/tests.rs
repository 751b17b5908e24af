//! What the desk's small pieces do.

use engine::plan::PlanProblem;
use engine::run::IllegalMove;

use super::*;

#[test]
fn what_is_not_possible_now_is_told_from_what_is_not_allowed() {
    let outcome = |refusal: &Refusal| Heard::refused(refusal).outcome;
    assert_eq!(outcome(&Refusal::Store(StoreError::Closed)), Outcome::Failed);
    let illegal = IllegalMove { machine: "run", state: "planned".into(), event: "Undone".into() };
    assert_eq!(outcome(&Refusal::Bug(illegal)), Outcome::Failed);
    let problem = |code| outcome(&Refusal::Problem(PlanProblem::new(code, "", "")));
    assert_eq!(problem("unknown-ref"), Outcome::Failed);
    assert_eq!(problem("bad-time"), Outcome::Refused, "that was not understood");
    let no = Refusal::NotAllowed { say: "no".into(), because: Vec::new(), earliest_ms: None };
    assert_eq!(outcome(&no), Outcome::Refused);
    let both = Heard::refused(&Refusal::Store(StoreError::Closed)).and(Heard::nothing());
    assert_eq!(both.outcome, Outcome::Failed, "the worse outcome stands");
    assert_eq!(both.and(Heard::refused(&no)).outcome, Outcome::Refused);
}
