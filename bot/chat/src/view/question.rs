//! What is asked, and what is said about answers.

use std::sync::LazyLock;

use engine::model::is_unseen;
use engine::run::Run;
use regex::Regex;

use super::sentence_start;
use crate::desk::{Draft, Question, Slot, Takes};
use crate::intent::{Action, Command};
use crate::message::{Card, Tone};

/// Characters of an answer that are quoted back.
const QUOTED_MAX: usize = 60;

/// The beginning of an answer, without what nobody can see and without who logs in to a URL with which password.
fn quoted(said: &str) -> String {
    static LOGIN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"://[^\s/@]*@").ok());
    let said = LOGIN.as_ref().map_or(said.into(), |login| login.replace_all(said, "://\u{2026}@"));
    said.chars().filter(|c| !c.is_control() && !is_unseen(*c)).take(QUOTED_MAX).collect()
}

/// The question in one line.
pub(super) fn headline(question: &Question) -> String {
    let verb = question.draft.command.action.name();
    let of = question.of.as_deref();
    let place = of.map(|of| format!(" in {of}")).unwrap_or_default();
    let asks = question.slot.row().asks.replace("{verb}", &sentence_start(verb));
    asks.replace("{of}", of.unwrap_or_default()).replace("{in}", &place)
}

/// How much of what is put together is shown beside a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// All of it.
    Whole,
    /// What was answered last.
    Newest,
    /// Nothing: it was just seen.
    Nothing,
}

/// What is asked for, with its choices. What was understood is shown whole at first and at the end, in between as it
/// comes.
pub(crate) fn question(question: &Question) -> Card {
    let whole = question.slot == Slot::Confirm || !question.draft.is_answered();
    asked(question, if whole { Shown::Whole } else { Shown::Newest })
}

fn asked(question: &Question, shown: Shown) -> Card {
    let draft = &question.draft;
    let mut card = Card::new(Tone::Ask, headline(question));
    card.asks.clone_from(&card.headline);
    if let Some(description) = question.description.as_ref().filter(|_| shown != Shown::Nothing) {
        // Of a whole description, every answer is a part.
        card = if question.shown.is_empty() {
            card.verbatim(description.lines().map(ToOwned::to_owned).collect())
        } else {
            card.fields(draft.fields()).verbatim(question.shown.clone())
        };
        for (told, lines) in &question.lists {
            card = card.list(told, lines.clone());
        }
        card = card.text(super::description_hint(draft));
    } else if draft.is_collected() && shown == Shown::Whole {
        card = put_together(card, draft);
    } else if let Some((name, value)) =
        draft.newest().filter(|_| draft.is_collected() && shown == Shown::Newest)
    {
        card = card.text(format!("Noted, {name}: {value}"));
    }
    card = card.text(&question.why).text(hint(question));
    let numbered = !question.slot.row().is_number();
    let listed = question.choices.iter().enumerate().map(|(at, choice)| {
        let last = question.last.as_deref() == Some(choice);
        let usual = question.usual.as_deref() == Some(choice);
        let note = match (last, usual) {
            (true, _) => " (where you were last)",
            (_, true) => " (default)",
            _ => "",
        };
        if numbered { format!("{}. {choice}{note}", at + 1) } else { format!("{choice}{note}") }
    });
    card = card.list("", listed.collect());
    if question.choices.is_empty() {
        card = card.form(draft.command.action.name(), &headline(question));
    }
    card = card.list("Then", behind(question));
    if let Some(usual) = question.usual.as_ref().filter(|usual| !question.choices.contains(usual)) {
        card = card.text(format!("`default` is {usual}."));
    }
    card = card.text(next(question));
    // Several orders are a long sentence: it is shown with the whole.
    if shown == Shown::Whole || draft.orders().len() == 1 {
        card.command = question.canonical();
    }
    for choice in &question.choices {
        card = card.button(choice, choice.clone(), false);
    }
    if question.takes_none() {
        card = card.button("none", "none", false);
    }
    if draft.is_collected() && question.slot != Slot::Confirm && shown != Shown::Whole {
        card = card.button("So far", "so far", false);
    }
    card.button("Never mind", "never mind", false)
}

/// What is put together so far: the orders it stands for where these are several, and all that is known.
fn put_together(card: Card, draft: &Draft) -> Card {
    let orders = draft.orders();
    let card = match orders.as_slice() {
        [] | [_] => card,
        several => {
            let lines = several.iter().enumerate().map(|(at, (_, words))| format!("{}. {words}", at + 1));
            card.list("I understood", lines.collect())
        }
    };
    card.fields(draft.fields())
}

/// What may be answered.
fn hint(question: &Question) -> String {
    let hint = question.slot.row().hint;
    if question.description.is_none() {
        return hint.to_owned();
    }
    // A description calls things otherwise than people do.
    let names: Vec<String> = question.draft.fields().into_iter().map(|(name, _)| name).collect();
    format!("Correct anything with `no, NAME is VALUE`. Names: {}.", names.join(", "))
}

/// What happens with the answer.
fn next(question: &Question) -> String {
    let draft = &question.draft;
    let unsaid = |slot: Slot| draft.said(slot, None).is_none();
    let then = match draft.command.action {
        _ if question.slot == Slot::Confirm => return String::new(),
        _ if draft.is_collected() => "then I show the whole before anything is done",
        _ if draft.command.dry_run => "then I show the plan, and change nothing",
        Action::Lock | Action::Unlock | Action::Connect => "then it is done",
        Action::Alert => "then it is kept",
        // A ref and a canary are asked for where the environment wants them said, and nobody knows that yet.
        Action::Deploy
            if question.slot == Slot::Environments && (unsaid(Slot::Ref) || unsaid(Slot::Canary))
                || question.slot == Slot::Ref && unsaid(Slot::Canary) =>
        {
            "then I ask what else is needed, if anything; it starts after approval where that is needed"
        }
        _ => "then it starts, after approval where that is needed",
    };
    match draft.more() {
        // Where the environment decides what else is needed, nobody knows yet whether it is the last.
        0 if !draft.is_collected() => format!("{}.", sentence_start(then)),
        0 => format!("Last question; {then}."),
        1 => format!("One more after this; {then}."),
        more => format!("{more} more after this; {then}."),
    }
}

/// Another question of the same person waits for this one.
pub(crate) fn waiting(card: Card, waits: &Question) -> Card {
    card.text(format!("I ask about `{}` again after that.", waits.canonical()))
}

/// The same question, because the answer was none.
pub(crate) fn question_again(question: &Question, said: &str, why: &str) -> Card {
    let mut card = asked(question, Shown::Nothing);
    let stop = if why.ends_with('?') { "" } else { "." };
    card.headline = format!("\u{ab}{}\u{bb} is {why}{stop} {}", quoted(said), card.headline);
    card
}

/// The same question, where all about it was just seen; what is to be found right is shown once more.
fn asked_again(question: &Question) -> Card {
    asked(question, if question.slot == Slot::Confirm { Shown::Whole } else { Shown::Nothing })
}

/// The question once more as it was asked, with all its choices.
pub(super) fn once_more(question: &Question) -> Card {
    asked_again(question)
}

/// The question is still open after something else was done or said, with all that is known.
pub(crate) fn still_open(question: &Question) -> Card {
    let mut card = asked(question, Shown::Whole);
    card.headline = format!("Still open: {}", card.headline);
    card
}

/// The question is asked once more after a restart, where nobody sees any longer whom it was asked.
pub(crate) fn open_again(question: &Question, whom: &str) -> Card {
    let mut card = asked(question, Shown::Whole);
    card.headline = format!("Still open, for {whom}: {}", card.headline);
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
    let mut card = asked_again(asked);
    "What is wrong? Say `NAME is VALUE`, or `never mind`.".clone_into(&mut card.headline);
    card
}

/// Words that may be the answer or an order of their own.
pub(crate) fn order_or_answer(asked: &Question, said: &str) -> Card {
    let said = quoted(said);
    let mut card = asked_again(asked);
    card.headline = format!("\u{ab}{said}\u{bb} reads as an order, so I did nothing. {}", card.headline);
    card.text(format!("To answer with it, put it in ticks: `{said}`. To order it, say `never mind` first."))
}

/// An order that was said once more, with what was missing: what it is with all that was said before.
pub(crate) fn said_again(whole: &Command) -> Card {
    Card::new(Tone::Plain, format!("I take that as the answer: `{}`.", whole.canonical()))
}

/// Somebody speaks as if they had been asked, and another person was; `whole` is the order with their words in it.
pub(crate) fn asked_of_another(asked: &Question, whom: &str, whole: &str) -> Card {
    let mut card = Card::new(Tone::Bad, format!("I asked {whom}, not you: {}", headline(asked))).privately();
    card.command = asked.canonical();
    if asked.draft.is_collected() {
        return card.text(format!("{whom} answers that; you can give an order of your own."));
    }
    card = card.text(format!("To be the one who asks for it, say the whole: `{whole}`."));
    card = card.button(whole, whole, true);
    if matches!(asked.slot.row().takes, Takes::Count { .. } | Takes::Rate | Takes::YesNo) {
        return card;
    }
    card = card.text(format!("Or answer for {whom}, with one of these."));
    for choice in &asked.choices {
        card = card.button(choice, choice.clone(), false);
    }
    card
}

/// Somebody answers or drops what another person was asked, and may not.
pub(crate) fn asked_of_them(asked: &Question, whom: &str, drops: bool) -> Card {
    let mut card = Card::new(Tone::Bad, format!("I asked {whom}, not you: {}", headline(asked))).privately();
    card.command = asked.canonical();
    card.text(if drops {
        format!("Only {whom} can drop that. Nothing was changed.")
    } else {
        format!("{whom} answers that, or somebody who may give this order themselves. Nothing was changed.")
    })
}

/// Words in one thread that would answer what was asked in another.
pub(crate) fn asked_elsewhere(asked: &[&Question]) -> Card {
    let lines = asked.iter().map(|asked| format!("{} (`{}`)", headline(asked), asked.canonical())).collect();
    Card::new(Tone::Ask, "I asked you nothing here, so I took that for no answer. Nothing was changed.")
        .privately()
        .list("Open elsewhere", lines)
        .text("Answer where it was asked, or say the whole order.")
}

/// The same where several people were asked something, and nobody knows which of it is meant.
pub(crate) fn asked_of_others(asked: &[(&Question, String)]) -> Card {
    let lines =
        asked.iter().map(|(asked, whom)| format!("{whom}: {} ({})", headline(asked), asked.canonical()));
    Card::new(Tone::Bad, "I asked others, not you, and can't tell which of these you mean.")
        .privately()
        .list("Open", lines.collect())
        .text("Nothing was changed. To be the one who asks for something, say the whole order.")
}

/// Something said before is another thing now.
pub(crate) fn corrected(changed: &str) -> Card {
    Card::new(Tone::Plain, format!("Corrected: {changed}."))
}

/// An answer that is the value of something else: that is noted, and the question stays.
pub(crate) fn meant_otherwise(said: &str, noted: &str) -> Card {
    Card::new(Tone::Plain, format!("\u{ab}{}\u{bb} is a rate, so I noted it as {noted}.", quoted(said)))
}

/// Something said before can't be that.
pub(crate) fn correction_again(question: &Question, called: &str, value: &str, why: &str) -> Card {
    let mut card = asked(question, Shown::Nothing);
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
    card.command = asked.canonical();
    card
}

/// An order was given already; what was meant is offered.
pub(crate) fn correct_run(run: &Run, meant: &Command) -> Card {
    let meant = meant.canonical();
    let over = run.state.is_over();
    let state = super::stands(run);
    let mut card = Card::new(
        Tone::Ask,
        format!("{} ({}) {state} and stays as it is. Do you mean another one?", run.id, run.request.command),
    );
    if !over {
        card = card.button(&format!("cancel {}", run.id), format!("cancel {}", run.id), true);
    }
    card.command.clone_from(&meant);
    card.button(&meant, meant.clone(), true)
}

/// The question is closed without an answer.
pub(crate) fn question_closed(asked: &Question) -> Card {
    let order = asked.canonical();
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
        card = put_together(card, &asked.draft);
    }
    card.command = asked.canonical();
    card.list("Not done either", behind(asked))
}
