//! What is answered to words that order nothing.

use engine::run::{Run, RunState};

use super::back::stands;
use super::runs_to;
use crate::desk::Links;
use crate::message::{Card, Tone};

/// A word of praise approves nothing: how what waits is approved.
pub(crate) fn no_approval(runs: &[Run], links: &Links) -> Card {
    let card = Card::new(
        Tone::Ask,
        "That is no approval yet. Whoever may approve says so with the button, or in words:",
    );
    let card = runs_to(card, "approve", runs, links);
    match runs {
        [only] => card.button(&format!("reject {}", only.id), format!("reject {}", only.id), false),
        _ => card,
    }
}

/// Somebody says once more what they have decided about a run.
pub(crate) fn decided_before(run: &Run, how: &str) -> Card {
    let stands = match &run.state {
        over if over.is_over() => format!("is over: {}", over.as_str()),
        state => stands(state).to_owned(),
    };
    Card::new(Tone::Plain, format!("You have {how} {} already: that counts.", run.id))
        .text(format!("It {stands}."))
        .privately()
}

/// Somebody says hello. Who has no name here yet is known by the front's number alone, which is no name.
pub(crate) fn greeting(name: &str, ways: &[String]) -> Card {
    let hello =
        if name.is_empty() || name.contains(':') { "Hello.".to_owned() } else { format!("Hello {name}.") };
    let says = format!(
        "{hello} Say what is to be done or what you want to know; before anything is done you see a plan."
    );
    ways.iter()
        .fold(Card::new(Tone::Plain, says).privately(), |card, way| card.button(way, way.clone(), false))
}

/// What somebody ordered here last, if they want it again.
pub(crate) fn once_more(last: Option<&Run>) -> Card {
    let Some(run) = last else {
        return Card::new(
            Tone::Ask,
            "I know of no order of yours here that could be repeated. Say it in full.",
        )
        .button("help", "help", false);
    };
    let order = &run.request.command;
    // While it waits for its approval, the same words alone make no second one.
    let waits = matches!(run.state, RunState::AwaitingApproval { .. });
    let anew = if waits { format!("{order} again") } else { order.clone() };
    Card::new(Tone::Ask, format!("Your last order here was {}, {}: {order}", run.id, run.state.as_str()))
        .text("I did nothing. Is it to be ordered once more?")
        .button(&anew, anew.clone(), false)
}
