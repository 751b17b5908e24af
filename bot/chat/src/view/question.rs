//! What is asked, and what is said about answers.

use std::sync::LazyLock;

use engine::run::Run;
use regex::Regex;

use super::sentence_start;
use crate::desk::{Question, Takes, is_invisible};
use crate::intent::Command;
use crate::message::{Card, Tone};

/// Characters of an answer that are quoted back.
const QUOTED_MAX: usize = 60;

/// The beginning of an answer, without what nobody can see and without who logs in to a URL with which password.
fn quoted(said: &str) -> String {
    static LOGIN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"://[^\s/@]*@").ok());
    let said = LOGIN.as_ref().map_or(said.into(), |login| login.replace_all(said, "://\u{2026}@"));
    said.chars().filter(|c| !c.is_control() && !is_invisible(*c)).take(QUOTED_MAX).collect()
}

/// The question in one line.
fn headline(question: &Question) -> String {
    let verb = question.draft.command.action.name();
    let asks = question.slot.row().asks;
    asks.replace("{verb}", &sentence_start(verb)).replace("{of}", question.of.as_deref().unwrap_or_default())
}

/// What is asked for, with its choices.
pub(crate) fn question(question: &Question) -> Card {
    let mut card = Card::new(Tone::Ask, headline(question));
    if let Some(description) = &question.description {
        card = card.verbatim(description.lines().map(ToOwned::to_owned).collect());
        card = card.list("Changes", question.changes.clone()).text(super::DESCRIPTION_HINT);
    } else if question.draft.is_collected() {
        card = card.fields(question.draft.fields());
    }
    card = card.text(&question.why).text(question.slot.row().hint);
    let listed = question.choices.iter().enumerate().map(|(at, choice)| {
        let last = question.last.as_deref() == Some(choice);
        let usual = question.usual.as_deref() == Some(choice);
        let note = match (last, usual) {
            (true, _) => " (where you were last)",
            (_, true) => " (default)",
            _ => "",
        };
        // Beside numbers that count something, a place in the list would be one more.
        match question.slot.row().takes {
            Takes::Count { .. } => format!("{choice}{note}"),
            _ => format!("{}. {choice}{note}", at + 1),
        }
    });
    card = card.list("", listed.collect());
    if question.choices.is_empty() {
        card = card.form(question.draft.command.action.name(), &headline(question));
    }
    card = card.list("Then", behind(question));
    card.command = question.draft.filled().canonical();
    for choice in &question.choices {
        card = card.button(choice, choice.clone(), false);
    }
    if question.takes_none() {
        card = card.button("none", "none", false);
    }
    card.button("Never mind", "never mind", false)
}

/// Another question of the same person waits for this one.
pub(crate) fn waiting(card: Card, waits: &Question) -> Card {
    card.text(format!("I ask about `{}` again after that.", waits.draft.filled().canonical()))
}

/// The same question, because the answer was none.
pub(crate) fn question_again(asked: &Question, said: &str, why: &str) -> Card {
    let mut card = question(asked);
    let stop = if why.ends_with('?') { "" } else { "." };
    card.headline = format!("\u{ab}{}\u{bb} is {why}{stop} {}", quoted(said), card.headline);
    card
}

/// The question is still open after something else was done or said.
pub(crate) fn still_open(asked: &Question) -> Card {
    let mut card = question(asked);
    card.headline = format!("Still open: {}", card.headline);
    card
}

/// The same in a line, after an order of its own: people know it by then.
pub(crate) fn left_open(asked: &Question) -> Card {
    let mut card = still_open(asked);
    card.parts.clear();
    card.command.clear();
    card
}

/// The whole is not right, and nobody said what.
pub(crate) fn what_is_wrong(asked: &Question) -> Card {
    let mut card = question(asked);
    "What is wrong? Say `NAME is VALUE`, or `never mind`.".clone_into(&mut card.headline);
    card
}

/// Words that may be the answer or an order of their own.
pub(crate) fn order_or_answer(asked: &Question, said: &str) -> Card {
    let said = quoted(said);
    let mut card = question(asked);
    card.headline = format!("\u{ab}{said}\u{bb} reads as an order, so I did nothing. {}", card.headline);
    card.text(format!("To answer with it, put it in ticks: `{said}`. To order it, say `never mind` first."))
}

/// An order that was said once more, with what was missing: what it is with all that was said before.
pub(crate) fn said_again(whole: &Command) -> Card {
    Card::new(Tone::Plain, format!("I take that as the answer: `{}`.", whole.canonical()))
}

/// Somebody speaks as if they had been asked, and another person was.
pub(crate) fn asked_of_another(asked: &Question, whom: &str) -> Card {
    let mut card = Card::new(Tone::Bad, format!("I asked {whom}, not you: {}", headline(asked))).privately();
    card.command = asked.draft.filled().canonical();
    if matches!(asked.slot.row().takes, Takes::Count { .. } | Takes::YesNo) {
        return card.text(format!("{whom} answers that; you can give an order of your own, in full."));
    }
    card =
        card.text(format!("To answer for {whom}, and be the one who asks for it, say the answer in full."));
    for choice in &asked.choices {
        card = card.button(choice, choice.clone(), false);
    }
    card
}

/// Something said before is another thing now.
pub(crate) fn corrected(changed: &str) -> Card {
    Card::new(Tone::Plain, format!("Corrected: {changed}."))
}

/// Something said before can't be that.
pub(crate) fn correction_again(asked: &Question, called: &str, value: &str, why: &str) -> Card {
    let mut card = question(asked);
    card.headline =
        format!("Not corrected: for {called}, \u{ab}{}\u{bb} is {why}. {}", quoted(value), card.headline);
    card
}

/// Somebody else's answer was heard than that of whom was asked.
pub(crate) fn answered_for(asked: &Question, whom: &str, name: &str) -> Card {
    let verb = asked.draft.command.action.name();
    Card::new(Tone::Plain, format!("{name} answered for {whom}, so this {verb} is asked for by {name}."))
}

/// Somebody else was quicker.
pub(crate) fn answered_already(asked: &Question, name: &str) -> Card {
    let mut card = Card::new(Tone::Plain, format!("{name} has answered that already: {}", headline(asked)));
    card.command = asked.draft.filled().canonical();
    card
}

/// An order was given already; what was meant is offered.
pub(crate) fn correct_run(run: &Run, meant: &Command) -> Card {
    let meant = meant.canonical();
    let over = run.state.is_over();
    let state = run.state.as_str();
    let mut card = Card::new(
        Tone::Ask,
        format!(
            "{} ({}) is {state} and stays as it is. Do you mean another one?",
            run.id, run.request.command
        ),
    );
    if !over {
        card = card.button(&format!("cancel {}", run.id), format!("cancel {}", run.id), true);
    }
    card.command.clone_from(&meant);
    card.button(&meant, meant.clone(), true)
}

/// The question is closed without an answer.
pub(crate) fn question_closed(asked: &Question) -> Card {
    let order = asked.draft.filled().canonical();
    let mut card = Card::new(Tone::Plain, format!("Never mind then: `{order}` is dropped."));
    card.command = order;
    card.list("Dropped with it", behind(asked))
}

/// What was to be done behind the answer.
fn behind(asked: &Question) -> Vec<String> {
    asked.rest.iter().map(Command::canonical).collect()
}

/// The question had been open too long; whom it was asked.
pub(crate) fn question_expired(asked: &Question, whom: &str) -> Card {
    let mut card = Card::new(
        Tone::Bad,
        format!(
            "I waited half an hour for {}'s answer: {} Nothing was done; say it again to go on.",
            whom,
            headline(asked)
        ),
    );
    // What was answered is not lost with it.
    if asked.draft.is_collected() {
        card = card.fields(asked.draft.fields());
    }
    card.command = asked.draft.filled().canonical();
    card.list("Not done either", behind(asked))
}
