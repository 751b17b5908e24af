//! Buttons that decide about a run on messages beside its card: "r-3f2a waits for approval already [Approve]". When it is
//! decided elsewhere, in a terminal or on another front, the message is drawn anew without them.
//!
//! A message for one person alone can't be edited later on every platform: such a one has no such buttons, and says where
//! they are.

use engine::control::{Engine, Refusal};
use engine::model::RunId;
use engine::run::RunState;
use engine::store::{ChatWrite, Commit, Offered, StoreError, Write};

use crate::desk::run_id_in;
use crate::intent::Action;
use crate::letter::{Letter, Place};
use crate::message::{Button, Card, Outbound, Part, Tone};
use crate::view;

/// Runs of one environment with buttons of their own; those further back in line come nearer.
const RUNS_DECIDED: usize = 3;
/// What can be done to a run by name.
const DECISIONS: [Action; 7] = [
    Action::Approve,
    Action::Reject,
    Action::Pause,
    Action::Resume,
    Action::Promote,
    Action::Retry,
    Action::Cancel,
];

/// Whether something can be done to a run in this state.
pub(crate) fn fits(action: Action, state: &RunState) -> bool {
    match action {
        Action::Approve | Action::Reject => matches!(state, RunState::AwaitingApproval { .. }),
        Action::Resume => matches!(state, RunState::Paused { .. }),
        Action::Pause => matches!(state, RunState::Running { .. }),
        Action::Promote => matches!(state, RunState::Running { .. } | RunState::Paused { .. }),
        Action::Retry => state.is_over() && !matches!(state, RunState::Succeeded { .. }),
        _ => !state.is_over() && !matches!(state, RunState::Undoing { .. }),
    }
}

/// What a button does to which run, when it is one that decides.
fn decides(button: &Button) -> Option<(Action, RunId)> {
    let (verb, rest) = button.command.split_once(' ')?;
    let action = DECISIONS.into_iter().find(|action| action.name() == verb)?;
    Some((action, rest.parse().ok()?))
}

/// What is asked before a button's command is obeyed; nothing when it is about no run.
pub async fn asks_before(engine: &Engine, command: &str) -> Option<String> {
    let id = run_id_in(command)?;
    match engine.run_detail(&id).await {
        Ok(detail) => view::really(command, &detail),
        Err(refusal) => {
            tracing::warn!(run = %id, error = %view::causes(&refusal), "what a button does can't be said before it is done");
            None
        }
    }
}

/// The buttons that decide about the runs of an environment which are not over, for a place that shows how it stands.
pub async fn decisions_on(engine: &Engine, project: &str, environment: &str) -> Vec<Button> {
    let runs = match engine.store().run_live().await {
        Ok(runs) => runs,
        Err(error) => {
            tracing::debug!(%error, "runs that are not over can't be read");
            return Vec::new();
        }
    };
    let here = runs.into_iter().filter(|run| {
        let at = run.environment();
        at.project.as_str() == project && at.environment.as_str() == environment
    });
    let mut buttons = Vec::new();
    for run in here.take(RUNS_DECIDED) {
        for (label, action) in [("Approve", Action::Approve), ("Cancel", Action::Cancel)] {
            if fits(action, &run.state) {
                let command = format!("{} {}", action.name(), run.id);
                let asks = asks_before(engine, &command).await;
                buttons.push(Button { label: format!("{label} {}", run.id), command, danger: true, asks });
            }
        }
    }
    buttons
}

/// The runs a card's buttons decide about.
fn runs_of(card: &Card) -> Vec<RunId> {
    let mut runs: Vec<RunId> = Vec::new();
    for (_, run) in card.buttons.iter().filter_map(decides) {
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    runs
}

/// The card for one person alone: without buttons that decide, which could not be taken away later.
pub(crate) fn for_one_alone(mut card: Card) -> Card {
    let taken: Vec<String> = card
        .buttons
        .extract_if(.., |button| decides(button).is_some())
        .map(|button| format!("`{}`", button.command))
        .collect();
    if taken.is_empty() {
        return card;
    }
    card.text(format!("On the run's card, or by typing: {}", taken.join(", ")))
}

/// What is written when a letter stands in a message: that its buttons are to go once they are of no use.
pub(crate) fn stands(
    conversation: &str,
    message: &str,
    letter: &Letter,
    at_ms: i64,
) -> Result<Vec<Write>, StoreError> {
    let is_card = matches!(letter.outbound, Outbound::Update(_));
    if is_card || letter.place.to.is_some() || letter.place.file || letter.place.edits.is_some() {
        return Ok(Vec::new());
    }
    put(conversation, message, letter, at_ms)
}

fn put(conversation: &str, message: &str, letter: &Letter, at_ms: i64) -> Result<Vec<Write>, StoreError> {
    let runs = runs_of(letter.outbound.card());
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let body = serde_json::to_string(letter)
        .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
    let row = |run: RunId| {
        Write::Chat(ChatWrite::OfferedPut {
            conversation: conversation.to_owned(),
            message: message.to_owned(),
            run: run.to_string(),
            body: body.clone(),
            at_ms,
        })
    };
    Ok(runs.into_iter().map(row).collect())
}

/// The writes that draw messages of a front anew whose buttons are of no use any more, now that a run is in its state.
pub(crate) async fn redrawn(engine: &Engine, front: &str, run: &RunId) -> Result<Vec<Write>, Refusal> {
    let offered = engine.store().offered_list(front, run.as_str()).await?;
    if offered.is_empty() {
        return Ok(Vec::new());
    }
    let Some(state) = engine.store().run_get(run).await?.map(|run| run.state) else { return Ok(Vec::new()) };
    let now_ms = engine.now_ms();
    let mut writes = Vec::new();
    for Offered { conversation, message, body } in offered {
        let letter: Letter = serde_json::from_str(&body)
            .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
        let Some(card) = drawn(letter.outbound.card(), run, &state) else { continue };
        writes.push(Write::Chat(ChatWrite::OfferedDelete {
            conversation: conversation.clone(),
            message: message.clone(),
        }));
        let place = Place {
            edits: Some(message.clone()),
            mention: None,
            erases: None,
            awaited: false,
            ..letter.place
        };
        let letter = Letter { outbound: Outbound::Say(card), place };
        writes.extend(put(&conversation, &message, &letter, now_ms)?);
        let order = format!("{now_ms:016}/offered/{message}/{run}/{}", state.as_str());
        writes.push(letter.put(&conversation, &order, now_ms)?);
    }
    Ok(writes)
}

/// The same, at once: a run may have moved on while a message about it was on its way.
pub(crate) async fn redraw(engine: &Engine, front: &str, letter: &Letter) -> Result<(), Refusal> {
    for run in runs_of(letter.outbound.card()) {
        let mut commit = Commit::at(engine.now_ms());
        commit.writes = redrawn(engine, front, &run).await?;
        if !commit.writes.is_empty() {
            engine.store().commit(commit).await?;
        }
    }
    Ok(())
}

/// The card without what can't be done to the run any more; nothing when all of it can.
fn drawn(card: &Card, run: &RunId, state: &RunState) -> Option<Card> {
    let gone = |button: &Button| {
        decides(button).is_some_and(|(action, about)| about == *run && !fits(action, state))
    };
    if !card.buttons.iter().any(gone) {
        return None;
    }
    let mut card = card.clone();
    card.buttons.retain(|button| !gone(button));
    let says = format!("{run} is {} by now.", state.as_str());
    // What was said of an earlier state of it is not true any more.
    let about_it = format!("{run} is ");
    card.parts.retain(|part| {
        !matches!(part, Part::Text { text } if text.starts_with(&about_it) && text.ends_with(" by now."))
    });
    if runs_of(&card).is_empty() && card.tone == Tone::Ask {
        card.tone = Tone::Plain;
    }
    Some(card.text(says))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_of_no_use_goes() {
        let card = Card::new(Tone::Ask, "Which run do you want to cancel?")
            .button("cancel r-1a2b", "cancel r-1a2b", false)
            .button("cancel r-3c4d", "cancel r-3c4d", false)
            .button("Another", "deploy production again", false);
        let run: RunId = "r-1a2b".parse().unwrap();
        let over = RunState::Succeeded { at_ms: 1 };
        let first = drawn(&card, &run, &over).unwrap();
        assert_eq!(first.tone, Tone::Ask, "there is still something to be done");
        let left: Vec<&str> = first.buttons.iter().map(|one| one.command.as_str()).collect();
        assert_eq!(left, ["cancel r-3c4d", "deploy production again"]);
        assert_eq!(drawn(&first, &run, &over), None, "it is as it should be");
        let other: RunId = "r-3c4d".parse().unwrap();
        let second = drawn(&first, &other, &over).unwrap();
        assert_eq!((second.tone, second.buttons.len()), (Tone::Plain, 1));
    }

    #[test]
    fn one_person_alone_gets_no_button_that_could_not_be_taken_away() {
        let card = Card::new(Tone::Ask, "It waits already.")
            .button("Approve", "approve r-1a2b", true)
            .button("Another", "deploy production again", false);
        let alone = for_one_alone(card.clone());
        assert_eq!(alone.buttons.len(), 1);
        assert!(crate::view::plain(&alone).contains("`approve r-1a2b`"), "{}", crate::view::plain(&alone));
        let without = Card::new(Tone::Plain, "Help");
        assert_eq!(for_one_alone(without.clone()), without);
    }
}
