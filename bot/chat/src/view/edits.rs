//! What is said to whoever edited or deleted what they had said.

use engine::run::Run;

use super::runs_to;
use crate::desk::Links;
use crate::message::{Card, Tone};

/// A message says something else now than when it counted: what it said first, and what goes on because of that.
pub(crate) fn edited(first: &[String], now: &[String], runs: &[Run], links: &Links) -> Card {
    let mut card =
        Card::new(Tone::Ask, "I go by what was sent first: an edit orders nothing and takes nothing back.");
    if !first.is_empty() {
        card = card.text(format!("What counts: {}.", sentences(first)));
    }
    if !runs.is_empty() {
        card = runs_to(card.text("It goes on:"), "cancel", runs, links);
    }
    match now {
        [] => card.text("If what it says now is meant, send it anew."),
        some => some.iter().fold(
            card.text(format!("If what it says now is meant, send it anew: {}.", sentences(some))),
            |card, sentence| card.button(sentence, sentence.clone(), false),
        ),
    }
}

/// The message that ordered something is gone, and what it ordered is not.
pub(crate) fn deleted_all_the_same(runs: &[Run], links: &Links) -> Card {
    let card = Card::new(
        Tone::Ask,
        "You deleted the message that ordered this, and it goes on all the same. Is it to be cancelled?",
    );
    runs_to(card, "cancel", runs, links)
}

fn sentences(said: &[String]) -> String {
    said.iter().map(|sentence| format!("`{sentence}`")).collect::<Vec<_>>().join(", then ")
}
