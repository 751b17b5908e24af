//! What people read: every sentence about runs, answers and refusals is here, one function each. Nothing here decides
//! anything.

mod answers;
mod run;
#[cfg(test)]
mod tests;
mod time;

use engine::control::{Preview, Refusal};
use engine::model::{Actor, Identity, Role, RunId, RunRequest};
use engine::run::Run;

pub(crate) use answers::{audit, can, incidents, logs, releases, status};
pub use run::{NOTHING_TO_UNDO, run};
pub use time::{ago, clock, duration};

use crate::desk::{Question, is_staged};
use crate::intent::{Canary, Command, Problem, Slot};
use crate::message::{Card, Tone};

/// An error with all its causes, in one line, for the log.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line = format!("{line}: {cause}");
        source = cause.source();
    }
    line
}

/// Why something is not done, and what to do instead.
pub fn refusal(refusal: &Refusal) -> Card {
    let mut card = Card::new(Tone::Bad, sentence(&refusal.to_string())).privately();
    if let Refusal::NotAllowed { because, earliest_ms, .. } = refusal {
        if let Some(earliest_ms) = earliest_ms {
            card = card.text(format!("Earliest: {}.", time::clock(*earliest_ms)));
        }
        card = card.list("Because", because.clone());
    }
    let next = refusal.next();
    if next.is_empty() { card } else { card.text(format!("Next: {next}")) }
}

/// Why a text was not understood, with what would work.
pub(crate) fn problem(problem: &Problem) -> Card {
    let mut card = Card::new(Tone::Bad, problem.message.clone()).privately();
    for suggestion in &problem.suggestions {
        card = card.button(suggestion, suggestion.clone(), false);
    }
    card
}

/// Understood, but the part of the house that does it is not built yet.
pub(crate) fn not_yet(command: &Command) -> Card {
    let row = command.action.row();
    let mut card = Card::new(
        Tone::Bad,
        format!("I understood \u{ab}{}\u{bb}, but I can't do that yet.", command.canonical()),
    )
    .text(format!("It would: {}", row.help))
    .text("Nothing was done.".to_owned());
    card.command = command.canonical();
    card
}

/// A part of an order that can't be carried out yet: refused whole, because doing the rest is not what was said.
pub(crate) fn not_built(command: &Command) -> Option<Card> {
    let (what, instead) = if command.rehearse {
        let mut plain = command.clone();
        plain.rehearse = false;
        plain.dry_run = true;
        ("rehearsals", plain)
    } else if is_staged(command) {
        let mut plain = command.clone();
        plain.canary = Some(Canary::Off);
        ("canaries in stages", plain)
    } else {
        return None;
    };
    let mut card = Card::new(
        Tone::Bad,
        format!("I understood \u{ab}{}\u{bb}, but I can't do {what} yet.", command.canonical()),
    )
    .text("Nothing was done. What I can do:");
    card = card.button(&instead.canonical(), instead.canonical(), !instead.dry_run);
    Some(card)
}

/// Commands that wait behind a run.
pub(crate) fn held_back(commands: &[Command], run: &RunId) -> Card {
    let lines = commands.iter().map(Command::canonical).collect();
    Card::new(Tone::Plain, format!("When {run} has succeeded I go on with the rest.")).list("Then", lines)
}

/// Commands that are not begun because the one before them did not succeed.
pub(crate) fn not_begun(commands: &[Command]) -> Card {
    let lines = commands.iter().map(Command::canonical).collect();
    Card::new(Tone::Bad, "The rest was not begun, because what came before did not succeed.")
        .list("Not done", lines)
        .text("Next: say it again when that is mended.")
}

/// A plan nobody asked to carry out.
pub(crate) fn preview(preview: &Preview, request: &RunRequest) -> Card {
    let mut card = Card::new(Tone::Plain, format!("Dry run: {}. Nothing was written.", preview.plan.title));
    card = run::plan_parts(card, &preview.plan, None);
    card = card.list(
        "Steps",
        preview
            .plan
            .steps
            .iter()
            .enumerate()
            .map(|(number, step)| format!("{:>2}. {}: {}", number + 1, step.title, step.says))
            .collect(),
    );
    card = match &preview.approval {
        Some((count, roles)) => card.text(format!("It would need {}.", run::approvals_needed(*count, roles))),
        None => card.text("It would need no approval.".to_owned()),
    };
    card.command.clone_from(&request.command);
    match request.command.strip_prefix("dry run ") {
        Some(order) => card.button("Do it", order, true),
        None => card,
    }
}

/// What is asked for, with its choices.
pub(crate) fn question(question: &Question) -> Card {
    let verb = question.command.action.name();
    let headline = match question.slot {
        Slot::Environments | Slot::Environment => format!("{} where?", sentence_start(verb)),
        Slot::Replicas => "How many replicas?".to_owned(),
        Slot::Component => "Which component?".to_owned(),
        Slot::Provider => "Which provider?".to_owned(),
        Slot::Name => "What is its name?".to_owned(),
        Slot::Value => "What is its value?".to_owned(),
        Slot::Job => "Which job?".to_owned(),
    };
    let mut card = Card::new(Tone::Ask, headline).list(
        "",
        question.choices.iter().enumerate().map(|(at, choice)| format!("{}. {choice}", at + 1)).collect(),
    );
    card.command = question.command.canonical();
    for choice in &question.choices {
        card = card.button(choice, choice.clone(), false);
    }
    card.button("Never mind", "never mind", false)
}

/// The same question, because the answer was none.
pub(crate) fn question_again(asked: &Question, said: &str) -> Card {
    let said: String = said.chars().take(60).collect();
    let mut card = question(asked);
    let what = match asked.slot {
        Slot::Replicas => "no number from 1 to 1000",
        _ if asked.choices.is_empty() => "no answer I can use",
        _ => "none of the choices",
    };
    card.headline = format!("\u{ab}{said}\u{bb} is {what}. {}", card.headline);
    card
}

/// The question is still open after something else was done.
pub(crate) fn still_open(asked: &Question) -> Card {
    let mut card = question(asked);
    card.headline = format!("Still open: {}", card.headline);
    card
}

/// The question is closed without an answer.
pub(crate) fn question_closed(asked: &Question) -> Card {
    Card::new(Tone::Plain, format!("Never mind then: {} is dropped.", asked.command.action.name()))
}

/// The question had been open too long.
pub(crate) fn question_expired(asked: &Question) -> Card {
    Card::new(
        Tone::Bad,
        format!("That question is too old. Say it again: {} \u{2026}", asked.command.action.name()),
    )
}

/// Nothing a command could mean.
pub(crate) fn no_run_to(verb: &str) -> Card {
    Card::new(Tone::Bad, format!("There is no run to {verb} right now.")).text("Next: status")
}

/// Several runs a command could mean.
pub(crate) fn which_run(verb: &str, runs: &[Run]) -> Card {
    let mut card = Card::new(Tone::Ask, format!("Which run do you want to {verb}?")).list(
        "",
        runs.iter()
            .map(|run| {
                format!(
                    "{}: {} by {}, {}",
                    run.id,
                    run.request.command,
                    run.requester.name,
                    run.state.as_str()
                )
            })
            .collect(),
    );
    for run in runs.iter().take(5) {
        card = card.button(&format!("{verb} {}", run.id), format!("{verb} {}", run.id), false);
    }
    card
}

/// Who somebody is.
pub(crate) fn whoami(actor: &Actor, identity: &Identity) -> Card {
    match actor.role {
        Some(role) => {
            let article = if role == Role::Admin { "an" } else { "a" };
            Card::new(Tone::Plain, format!("You are {}, {article} {role}.", actor.name))
                .text(format!("Known as {identity}."))
        }
        None => Card { tone: Tone::Plain, private: false, ..stranger(identity) },
    }
}

/// Nobody we know.
pub(crate) fn stranger(identity: &Identity) -> Card {
    Card::new(Tone::Bad, format!("I don't know you: {identity} belongs to nobody."))
        .text(format!(
            "An admin can change that: infra-chat user add NAME --role deployer --identity {identity}"
        ))
        .privately()
}

/// "1 more approval is", "2 more approvals are".
pub(crate) fn more(still: u32) -> String {
    if still == 1 { "1 more approval is".to_owned() } else { format!("{still} more approvals are") }
}

/// A sentence begins with a capital and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut sentence = sentence_start(text.trim());
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

fn sentence_start(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        // Names and identifiers keep their spelling: only plain words get a capital.
        Some(first)
            if !text.split_whitespace().next().is_some_and(|word| word.contains(['-', '/', '`', '.'])) =>
        {
            first.to_uppercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}
