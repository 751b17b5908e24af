//! Every legal move of a run and of a step with its sentence; whatever is not in these tables is refused.

#![expect(clippy::panic, reason = "tests")]

use super::*;
use crate::clock::EpochMs;

const THEN_MS: EpochMs = 1_000;
const NOW_MS: EpochMs = 2_000;
const LATER_MS: EpochMs = 9_000;

fn reason() -> Reason {
    Reason::new("unhealthy", "api did not become healthy", "logs api")
}

fn run_states() -> Vec<(&'static str, RunState)> {
    let since_ms = THEN_MS;
    let at_ms = THEN_MS;
    vec![
        ("planned", RunState::Planned),
        ("awaiting-approval", RunState::AwaitingApproval { expires_ms: LATER_MS }),
        ("queued", RunState::Queued { since_ms }),
        ("running", RunState::Running { since_ms }),
        ("paused", RunState::Paused { since_ms, by: "ana".to_owned() }),
        ("undoing, failed", RunState::Undoing { since_ms, reason: reason(), cancelled_by: None }),
        (
            "undoing, cancelled",
            RunState::Undoing { since_ms, reason: reason(), cancelled_by: Some("ben".to_owned()) },
        ),
        ("succeeded", RunState::Succeeded { at_ms }),
        ("failed", RunState::Failed { at_ms, reason: reason() }),
        ("rolled-back", RunState::RolledBack { at_ms, reason: reason() }),
        ("cancelled", RunState::Cancelled { at_ms, by: "ben".to_owned(), reason: reason() }),
    ]
}

fn run_events() -> Vec<(&'static str, RunEvent)> {
    let by = "ben".to_owned();
    let undone = |traffic_moved, left: &[&str]| RunEvent::Undone {
        traffic_moved,
        left: left.iter().map(|line| (*line).to_owned()).collect(),
        next: None,
    };
    vec![
        ("approval asked", RunEvent::ApprovalAsked { expires_ms: LATER_MS }),
        ("cleared", RunEvent::Cleared),
        ("started", RunEvent::Started),
        ("paused", RunEvent::Paused { by: by.clone() }),
        ("resumed", RunEvent::Resumed),
        ("steps done", RunEvent::StepsDone),
        ("step failed", RunEvent::StepFailed { reason: reason() }),
        ("cancel asked", RunEvent::CancelAsked { by: by.clone(), reason: reason() }),
        ("declined", RunEvent::Declined { by, reason: reason() }),
        ("undone, unseen", undone(false, &[])),
        ("undone, seen", undone(true, &[])),
        ("undone, left", undone(true, &["migrations: a column is gone"])),
    ]
}

/// From, by, to: and why that is right.
const RUN_MOVES: &[(&str, &str, &str, &str)] = &[
    ("planned", "approval asked", "awaiting-approval", "people must say yes first"),
    ("planned", "cleared", "queued", "nobody needs to say yes"),
    ("planned", "cancel asked", "cancelled", "nothing was done yet"),
    ("awaiting-approval", "cleared", "queued", "enough people said yes"),
    ("awaiting-approval", "declined", "cancelled", "somebody said no, or nobody said anything in time"),
    ("awaiting-approval", "cancel asked", "cancelled", "nothing was done yet"),
    ("queued", "started", "running", "the lock is ours"),
    ("queued", "cancel asked", "cancelled", "nothing was done yet"),
    ("running", "paused", "paused", "a person wants a look"),
    ("running", "steps done", "succeeded", "all is done"),
    ("running", "step failed", "undoing", "what was done goes back"),
    ("running", "cancel asked", "undoing", "what was done goes back"),
    ("paused", "resumed", "running", "the person has looked"),
    ("paused", "cancel asked", "undoing", "what was done goes back"),
    ("undoing, failed", "undone, unseen", "failed", "nobody saw it"),
    ("undoing, failed", "undone, seen", "rolled-back", "users had been sent there"),
    ("undoing, failed", "undone, left", "failed", "a person must look at what is left"),
    ("undoing, cancelled", "undone, unseen", "cancelled", "as the person wanted"),
    ("undoing, cancelled", "undone, seen", "cancelled", "as the person wanted"),
    ("undoing, cancelled", "undone, left", "failed", "a person must look at what is left"),
];

#[test]
fn a_run_makes_the_moves_of_the_table_and_no_other() {
    for (from, state) in run_states() {
        for (by, event) in run_events() {
            let legal = RUN_MOVES.iter().find(|(a, b, ..)| *a == from && *b == by);
            match (legal, state.after(event, NOW_MS)) {
                (Some((_, _, to, why)), Ok(after)) => assert_eq!(after.as_str(), *to, "{from}, {by}: {why}"),
                (None, Err(refused)) => {
                    assert_eq!((refused.machine, refused.state.as_str()), ("run", state.as_str()));
                }
                (Some((_, _, to, why)), Err(refused)) => {
                    panic!("{from}, {by} should be {to} ({why}): {refused}")
                }
                (None, Ok(after)) => panic!("{from}, {by} should be refused and is {}", after.as_str()),
            }
        }
    }
}

#[test]
fn a_run_keeps_when_who_and_why() {
    let undoing = RunState::Running { since_ms: THEN_MS }
        .after(RunEvent::CancelAsked { by: "ben".to_owned(), reason: reason() }, NOW_MS);
    let expected =
        RunState::Undoing { since_ms: NOW_MS, reason: reason(), cancelled_by: Some("ben".to_owned()) };
    assert_eq!(undoing, Ok(expected.clone()));
    let left = RunEvent::Undone {
        traffic_moved: false,
        left: vec!["migrations: gone".to_owned()],
        next: Some("rollback staging".to_owned()),
    };
    let Ok(RunState::Failed { at_ms, reason: why }) = expected.after(left, LATER_MS) else {
        panic!("what is left makes it a failure")
    };
    assert_eq!((at_ms, why.code.as_str()), (LATER_MS, "unhealthy"));
    assert_eq!(why.evidence, ["Not undone, needs a person: migrations: gone"]);
    assert_eq!(why.next, "rollback staging");
}

#[test]
fn who_holds_the_lock_and_who_moves_by_itself() {
    for (name, state) in run_states() {
        let holds = ["running", "paused", "undoing, failed", "undoing, cancelled"].contains(&name);
        let moves = ["queued", "running", "undoing, failed", "undoing, cancelled"].contains(&name);
        let over = ["succeeded", "failed", "rolled-back", "cancelled"].contains(&name);
        assert_eq!(
            (state.holds_lock(), state.moves_by_itself(), state.is_over()),
            (holds, moves, over),
            "{name}"
        );
    }
}

fn running(attempt: u32, due_ms: EpochMs, note: &str, unknown: bool) -> StepState {
    let note = note.to_owned();
    StepState::Running { since_ms: THEN_MS, attempt, due_ms, note, unknown, blind_since_ms: None }
}

fn blind(due_ms: EpochMs, note: &str, unknown: bool, since_ms: EpochMs) -> StepState {
    let (note, blind_since_ms) = (note.to_owned(), Some(since_ms));
    StepState::Running { since_ms: THEN_MS, attempt: 1, due_ms, note, unknown, blind_since_ms }
}

fn undoing(attempt: u32, due_ms: EpochMs, note: &str) -> StepState {
    StepState::Undoing { since_ms: THEN_MS, attempt, due_ms, note: note.to_owned() }
}

fn step_states() -> Vec<(&'static str, StepState)> {
    vec![
        ("pending", StepState::Pending),
        ("running", running(1, THEN_MS, "building", false)),
        ("running, unknown", running(1, THEN_MS, "no answer", true)),
        ("running, blind", blind(THEN_MS, "can't look", true, THEN_MS)),
        ("done", StepState::Done { since_ms: THEN_MS, at_ms: THEN_MS }),
        ("failed", StepState::Failed { since_ms: THEN_MS, at_ms: THEN_MS, reason: reason() }),
        ("undoing", undoing(1, THEN_MS, "draining")),
        ("undone", StepState::Undone { at_ms: THEN_MS }),
        ("kept", StepState::Kept { at_ms: THEN_MS, why: "it stays".to_owned(), fine: false }),
    ]
}

fn step_events() -> Vec<(&'static str, StepEvent)> {
    let note = "soon".to_owned();
    vec![
        ("started", StepEvent::Started),
        ("acted", StepEvent::Acted),
        ("waits", StepEvent::Waits { due_ms: LATER_MS, note: note.clone() }),
        ("blind", StepEvent::Blind { due_ms: LATER_MS, note: note.clone() }),
        ("answer lost", StepEvent::AnswerLost { due_ms: LATER_MS, note }),
        ("succeeded", StepEvent::Succeeded),
        ("failed", StepEvent::Failed { reason: reason() }),
        ("undo started", StepEvent::UndoStarted),
        ("undo succeeded", StepEvent::UndoSucceeded),
        ("undo failed", StepEvent::UndoFailed { why: "it stays".to_owned() }),
        ("stays", StepEvent::Stays { what: "it stays".to_owned() }),
    ]
}

/// From, by, to: and why that is right.
fn step_moves() -> Vec<(&'static str, &'static str, StepState, &'static str)> {
    let done = StepState::Done { since_ms: THEN_MS, at_ms: NOW_MS };
    let failed = StepState::Failed { since_ms: THEN_MS, at_ms: NOW_MS, reason: reason() };
    let fresh = StepState::Running {
        since_ms: NOW_MS,
        attempt: 0,
        due_ms: NOW_MS,
        note: String::new(),
        unknown: false,
        blind_since_ms: None,
    };
    let undo = StepState::Undoing { since_ms: NOW_MS, attempt: 0, due_ms: NOW_MS, note: String::new() };
    let kept = |fine| StepState::Kept { at_ms: NOW_MS, why: "it stays".to_owned(), fine };
    vec![
        ("pending", "started", fresh, "its turn has come"),
        ("running", "acted", running(2, NOW_MS, "building", false), "one more answer, look at once"),
        ("running", "waits", running(1, LATER_MS, "soon", false), "look again then"),
        ("running", "blind", blind(LATER_MS, "soon", false, NOW_MS), "patience counts from now"),
        ("running", "answer lost", running(1, LATER_MS, "soon", true), "look before anything else"),
        ("running", "succeeded", done.clone(), "looking confirmed it"),
        ("running", "failed", failed.clone(), "it can't become as it should be"),
        ("running", "undo started", undo.clone(), "it may be half done"),
        (
            "running, unknown",
            "acted",
            running(2, NOW_MS, "no answer", false),
            "this time there was an answer",
        ),
        ("running, unknown", "waits", running(1, LATER_MS, "soon", true), "waiting does not make it known"),
        ("running, unknown", "blind", blind(LATER_MS, "soon", true, NOW_MS), "still not known"),
        ("running, unknown", "answer lost", running(1, LATER_MS, "soon", true), "still not known"),
        ("running, unknown", "succeeded", done.clone(), "looking found it there"),
        ("running, unknown", "failed", failed.clone(), "looking found that it can't be"),
        ("running, unknown", "undo started", undo.clone(), "it may have happened"),
        ("running, blind", "acted", running(2, NOW_MS, "can't look", false), "it could look, and acted"),
        ("running, blind", "waits", running(1, LATER_MS, "soon", true), "it could look"),
        ("running, blind", "blind", blind(LATER_MS, "soon", true, THEN_MS), "patience counts from the first"),
        ("running, blind", "answer lost", running(1, LATER_MS, "soon", true), "it could look, and acted"),
        ("running, blind", "succeeded", done, "looking found it there"),
        ("running, blind", "failed", failed, "patience has ended"),
        ("running, blind", "undo started", undo.clone(), "it may be half done"),
        ("done", "undo started", undo.clone(), "a later step failed"),
        ("failed", "undo started", undo, "it may be half done"),
        ("undoing", "acted", undoing(2, NOW_MS, "draining"), "one more answer, look at once"),
        ("undoing", "waits", undoing(1, LATER_MS, "soon"), "look again then"),
        ("undoing", "answer lost", undoing(1, LATER_MS, "soon"), "look before anything else"),
        ("undoing", "undo succeeded", StepState::Undone { at_ms: NOW_MS }, "looking confirmed it"),
        ("undoing", "undo failed", kept(false), "a person must look"),
        ("undoing", "stays", kept(true), "nobody must look"),
    ]
}

#[test]
fn a_step_makes_the_moves_of_the_table_and_no_other() {
    let moves = step_moves();
    for (from, state) in step_states() {
        for (by, event) in step_events() {
            let legal = moves.iter().find(|(a, b, ..)| *a == from && *b == by);
            match (legal, state.after(event, NOW_MS)) {
                (Some((_, _, to, why)), Ok(after)) => assert_eq!(after, *to, "{from}, {by}: {why}"),
                (None, Err(refused)) => {
                    assert_eq!((refused.machine, refused.state.as_str()), ("step", state.as_str()));
                }
                (Some((.., why)), Err(refused)) => panic!("{from}, {by} should pass ({why}): {refused}"),
                (None, Ok(after)) => panic!("{from}, {by} should be refused and is {}", after.as_str()),
            }
        }
    }
}

#[test]
fn the_tables_name_only_what_there_is() {
    let known = |from: &str, states: &[&str], by: &str, events: &[&str]| {
        assert!(states.contains(&from) && events.contains(&by), "{from}, {by}");
    };
    let (states, events): (Vec<_>, Vec<_>) =
        (run_states().iter().map(|it| it.0).collect(), run_events().iter().map(|it| it.0).collect());
    for (from, by, ..) in RUN_MOVES {
        known(from, &states, by, &events);
    }
    let (states, events): (Vec<_>, Vec<_>) =
        (step_states().iter().map(|it| it.0).collect(), step_events().iter().map(|it| it.0).collect());
    for (from, by, ..) in &step_moves() {
        known(from, &states, by, &events);
    }
}
