//! What people read: every sentence about runs, answers and refusals is here, one function each. Nothing here decides
//! anything.

mod answers;
mod back;
mod backfill;
mod canary;
mod connections;
mod crashes;
mod edits;
mod environment;
mod files;
mod incident;
mod later;
mod meanwhile;
mod migrations;
mod missed;
mod plain;
mod project;
mod question;
mod really;
mod rehearsal;
mod run;
mod secret;
mod setup;
mod small;
mod standing;
#[cfg(test)]
mod tests;
mod text;
mod time;

use engine::control::{Preview, Refusal};
use engine::model::{Actor, Identity, Role, RunId, RunRequest};
use engine::run::{Run, RunState};

pub(crate) use answers::{audit, can, fronts_in_trouble, logs, releases, status};
pub(crate) use back::{
    back_already, going_back_already, not_live_any_more, not_live_yet, not_live_yet_but, released_nothing,
    retried_already, tried_again, waits_already, waits_outdated, went_back_already,
};
pub(crate) use backfill::{job_states, job_stopped, tried_first};
pub(crate) use canary::{canary_gone, judged, may_be_verdict, verdict};
pub(crate) use connections::connected;
pub(crate) use crashes::{is_later, later_card};
pub(crate) use edits::{deleted_all_the_same, edited};
pub(crate) use environment::{environment_made, nothing_drifted, still_wanted};
pub use files::size;
pub(crate) use files::{artifacts_of_run, files, logs_of_run, run_logs, which_artifacts};
pub(crate) use incident::{incident, incidents};
pub(crate) use later::not_yet;
pub(crate) use meanwhile::{asked_anew, not_skipped, nothing_before, nothing_open, what_is_taken, why_asked};
pub(crate) use missed::missed;
pub use plain::plain;
pub(crate) use project::{of_project, project_chosen, which_project};
pub(crate) use question::{
    answered_already, answered_for, asked_elsewhere, asked_of_another, asked_of_others, asked_of_them,
    correct_run, corrected, correction_again, left_open, meant_otherwise, open_again, order_or_answer,
    question, question_again, question_closed, question_expired, said_again, still_open, waiting,
    what_is_wrong,
};
pub use really::really;
pub(crate) use rehearsal::rehearsal;
pub(crate) use run::ended;
pub use run::{NOTHING_TO_UNDO, run};
pub use secret::{SECRET_FORM, opens_secret_form, secret_deleted};
pub(crate) use secret::{secret_noticed, secret_offered, secret_typed, stumbled};
pub(crate) use setup::{
    collected, description_changed, description_hint, hindered, project_taken_in, which_canary,
};
pub(crate) use small::{decided_before, greeting, no_approval, once_more};
pub(crate) use standing::{standing_kept, standing_orders, standing_removed, which_standing};
pub(crate) use text::{noted, on_phone, text, text_heard, text_late, text_no_number, text_taken, text_used};
pub use time::{ago, clock, duration};

use crate::desk::Links;
use crate::intent::Action;
use crate::intent::{Command, DO_NOTHING, Problem};
use crate::message::{Card, Tone};

/// Buttons for runs or commands on one card: more are said.
const BUTTONS_MAX: usize = 5;

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

/// Names in a sentence: `a, b and c`.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        [several @ .., last] => format!("{} and {last}", several.join(", ")),
    }
}

/// Where something is shown, behind what is said of it.
fn at_link(link: Option<&str>) -> String {
    link.map(|link| format!(", {link}")).unwrap_or_default()
}

/// A card about a run that is shown elsewhere, with the way there.
pub(crate) fn with_link(card: Card, link: Option<&str>) -> Card {
    card.fields(link.map(|link| vec![("shown at".to_owned(), link.to_owned())]).unwrap_or_default())
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
    // As after a second click on *Never mind*.
    let tone = if problem.message == DO_NOTHING { Tone::Plain } else { Tone::Bad };
    let mut card = Card::new(tone, problem.message.clone()).privately();
    for suggestion in &problem.suggestions {
        // Two of them may read alike once the project's names are in.
        if card.buttons.iter().any(|button| button.command == *suggestion) {
            continue;
        }
        card = card.button(suggestion, suggestion.clone(), false);
    }
    card
}

/// For who waits for an answer where the card of a run is all there is to say, or nothing is.
pub(crate) fn goes_on_above(nothing_shown: bool) -> Card {
    let says = if nothing_shown {
        "That is done already."
    } else {
        "It is shown in the channel, and kept up to date there."
    };
    Card::new(Tone::Plain, says).privately()
}

/// Commands that wait behind a run.
pub(crate) fn held_back(commands: &[Command], run: &RunId) -> Card {
    let lines = commands.iter().map(Command::canonical).collect();
    Card::new(Tone::Plain, format!("When {run} has succeeded I go on with the rest.")).list("Then", lines)
}

/// Commands that are not begun because the one before them did not succeed.
pub(crate) fn not_begun(commands: &[Command]) -> Card {
    let lines = commands.iter().map(Command::canonical).collect();
    let card = Card::new(Tone::Bad, "The rest was not begun, because what came before did not succeed.")
        .list("Not done", lines)
        .text("Next: when that is mended, go on with the rest.");
    commands.iter().take(BUTTONS_MAX).fold(card, |card, command| {
        card.button(&command.canonical(), command.canonical(), command.action.row().changes)
    })
}

/// A plan nobody asked to carry out.
pub(crate) fn preview(preview: &Preview, request: &RunRequest) -> Card {
    let mut card = Card::new(Tone::Plain, format!("Dry run: {}. Nothing was written.", preview.plan.title));
    if let Some(tried) = &preview.tried {
        card = backfill::tried(card, tried);
    }
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
    card = card.text(match (&preview.refused, &preview.approval) {
        (Some(say), _) => format!("Carried out, it would be refused now: {say}"),
        (None, Some((count, roles))) => format!("It would need {}.", run::approvals_needed(*count, roles)),
        (None, None) => "It would need no approval.".to_owned(),
    });
    card.command.clone_from(&request.command);
    match request.command.strip_prefix("dry run ") {
        Some(order) if preview.refused.is_none() => card.button("Do it", order, true),
        _ => card,
    }
}

/// How a run stands, as the rest of a sentence about it.
fn stands(run: &Run) -> String {
    let state = run.state.as_str();
    match run.state {
        RunState::Succeeded { .. } | RunState::Failed { .. } => format!("has {state}"),
        RunState::AwaitingApproval { .. } => "waits for approval".to_owned(),
        _ if run.state.is_over() => format!("was {}", state.replace('-', " ")),
        _ => format!("is {}", state.replace('-', " ")),
    }
}

/// Nothing a command could mean; how the newest run stands, which may have been meant.
pub(crate) fn no_run_to(verb: &str, newest: Option<&Run>) -> Card {
    let card = Card::new(Tone::Bad, format!("There is no run to {verb} right now."));
    match newest {
        Some(run) if verb == Action::Retry.name() && matches!(run.state, RunState::Undoing { .. }) => {
            let id = &run.id;
            let card = card.text(format!(
                "{id} ({}) is going back; it can be tried again once it has.",
                run.request.command
            ));
            card.text(format!("Next: retry {id}"))
        }
        Some(run) => {
            let (id, state) = (&run.id, stands(run));
            let card = card.text(format!("The newest, {id} ({}), {state}.", run.request.command));
            card.text(format!("Next: status {id}"))
        }
        None => card.text("Next: status"),
    }
}

/// Several runs a command could mean.
pub(crate) fn which_run(verb: &str, runs: &[Run], links: &Links) -> Card {
    runs_to(Card::new(Tone::Ask, format!("Which run do you want to {verb}?")), verb, runs, links)
}

/// "never mind" is not enough to stop what was ordered: the runs of theirs that go on.
pub(crate) fn goes_on_all_the_same(runs: &[Run], links: &Links) -> Card {
    let card =
        Card::new(Tone::Ask, "I asked you nothing, and what you ordered goes on. What is to be cancelled?");
    runs_to(card, "cancel", runs, links)
}

/// A run nobody knows; those that could be meant.
pub(crate) fn no_such_run(said: &str, verb: &str, runs: &[Run], links: &Links) -> Card {
    let card = Card::new(Tone::Bad, format!("There is no run {said}.")).privately();
    match runs {
        [] => card.text("Next: status"),
        // No buttons: what one person alone is told can't be drawn anew once it is decided.
        some => Card {
            buttons: Vec::new(),
            ..runs_to(card.text(format!("What you can {verb}:")), verb, some, links)
        }
        .text(format!("Next: {verb} {}", some.first().map(|run| run.id.as_str()).unwrap_or_default())),
    }
}

/// Runs that something can be done with.
fn runs_to(card: Card, verb: &str, runs: &[Run], links: &Links) -> Card {
    let mut card = card.list(
        "",
        runs.iter()
            .map(|run| {
                format!(
                    "{}: {} by {}, {}{}",
                    run.id,
                    run.request.command,
                    run.requester.name,
                    run.state.as_str(),
                    at_link(links.of(&run.id))
                )
            })
            .collect(),
    );
    for run in runs.iter().take(BUTTONS_MAX) {
        card = card.button(&format!("{verb} {}", run.id), format!("{verb} {}", run.id), false);
    }
    card
}

/// Who somebody is.
pub(crate) fn whoami(actor: &Actor, role: Role, identity: &Identity) -> Card {
    let article = if role == Role::Admin { "an" } else { "a" };
    Card::new(Tone::Plain, format!("You are {}, {article} {role}.", actor.name))
        .text(format!("Known as {identity}."))
}

/// Nobody we know; perhaps there is nobody at all yet who could change that.
pub(crate) fn stranger(identity: &Identity, admins: bool) -> Card {
    let add = |role: &str| format!("infra-chat user add NAME --role {role} --identity {identity}");
    let text = if admins {
        format!("An admin can change that: {}", add("deployer"))
    } else {
        format!("There is no admin yet, so you may be the first: {}", add("admin"))
    };
    Card::new(Tone::Bad, format!("I don't know you: {identity} belongs to nobody.")).text(text).privately()
}

/// "1 more approval is", "2 more approvals are".
pub(crate) fn more(still: u32) -> String {
    if still == 1 { "1 more approval is".to_owned() } else { format!("{still} more approvals are") }
}

/// A sentence begins with a capital and ends with a full stop.
pub(crate) fn sentence(text: &str) -> String {
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
