//! What is said about going back instead of doing it: it is done or under way already, or it would be something else.

use engine::control::{RunDetail, WentLive};
use engine::model::{Change, Release, RunId, ServiceName};
use engine::plan::Plan;
use engine::run::{Run, RunState};

use super::{ago, really, sentence_start};
use crate::message::{Card, Tone};

/// The order that goes back to a release as long as a run's release is what is live: what buttons say, so that a click means
/// the same however late it comes.
pub(super) fn takes_back(environment: &str, release: u32, run: &RunId) -> String {
    format!("{}, taking back {run}", to_release(environment, release))
}

fn to_release(environment: &str, release: u32) -> String {
    format!("rollback {environment} to release {release}")
}

fn named(release: &Release) -> String {
    format!("release {} ({})", release.id.number, release.reference)
}

/// How a run stands that is not over.
pub(super) fn stands(state: &RunState) -> &'static str {
    match state {
        RunState::AwaitingApproval { .. } => "waits for approval",
        RunState::Planned | RunState::Queued { .. } => "waits for its turn",
        RunState::Paused { .. } => "is paused",
        RunState::Undoing { .. } => "is being undone",
        _ => "is running",
    }
}

/// "rolls production back to release 1 (v1.0.0)" or "rolled …", out of the plan's title.
fn goes(run: &Run, plan: &Plan, over: bool) -> String {
    let (verb, rest) = plan.title.split_once(' ').unwrap_or((&plan.title, ""));
    let verb = match (verb, over) {
        ("Bring", true) => "brought".to_owned(),
        (verb, true) => format!("{}ed", verb.to_lowercase()),
        (verb, false) => format!("{}s", verb.to_lowercase()),
    };
    match run.request.change.services() {
        [] => format!("{verb} {rest}"),
        services => {
            let names: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
            let environment = plan.environment.environment.as_str();
            let there = format!("{} in {environment}", names.join(" and "));
            format!("{verb} {}", rest.replacen(environment, &there, 1))
        }
    }
}

/// The way further back than a plan's. Once its run is over, a click is about what that left live.
fn with_further(card: Card, plan: &Plan, further: Option<u32>, over: Option<&RunId>) -> Card {
    let Some(number) = further else { return card };
    let environment = plan.environment.environment.as_str();
    let order = to_release(environment, number);
    let click = over.map_or_else(|| order.clone(), |run| takes_back(environment, number, run));
    card.text(format!("To go further back, to release {number}, say `{order}`.")).button(
        "Further back",
        click,
        true,
    )
}

/// The same rollback is under way.
pub(crate) fn going_back_already(run: &Run, plan: &Plan, further: Option<u32>) -> Card {
    let id = &run.id;
    let mut card = Card::new(
        Tone::Ask,
        format!(
            "{id} {} already, and {}; I started no second one.",
            goes(run, plan, false),
            stands(&run.state)
        ),
    )
    .fields(vec![("asked by".to_owned(), run.requester.name.clone())]);
    if matches!(run.state, RunState::AwaitingApproval { .. }) {
        card = card.button("Approve", format!("approve {id}"), true);
    }
    with_further(card.button("Status", format!("status {id}"), false), plan, further, None)
}

/// The same rollback is done, a moment ago.
pub(crate) fn went_back_already(run: &Run, plan: &Plan, further: Option<u32>, now_ms: i64) -> Card {
    let when = ago(run.finished_ms.unwrap_or(now_ms), now_ms);
    let card =
        Card::new(Tone::Ask, format!("{} {} {when}; I went no further back.", run.id, goes(run, plan, true)))
            .fields(vec![("asked by".to_owned(), run.requester.name.clone())]);
    match further {
        Some(_) => with_further(card, plan, further, Some(&run.id)),
        None if plan.release.is_some() => {
            let environment = &plan.environment.environment;
            card.text(format!(
                "To go back elsewhere, say where to, as in `rollback {environment} to release 1`: `releases {environment}` lists \
                 them."
            ))
        }
        None => card.text("There is no release before it that worked."),
    }
}

/// Where a run's rollback leads is where the environment is.
pub(crate) fn back_already(run: &Run, live: &WentLive) -> Card {
    let environment = &run.environment().environment;
    Card::new(
        Tone::Plain,
        format!(
            "{environment} is on {} already, so nothing of {} is left to take back.",
            named(&live.release),
            run.id
        ),
    )
    .text(put_there(live, None))
}

/// "r-3 put it there, asked for by ben 5 min ago."
fn put_there(live: &WentLive, now_ms: Option<i64>) -> String {
    match (&live.by, now_ms) {
        (Some((by, _)), Some(now_ms)) => {
            let when = ago(by.finished_ms.unwrap_or(by.created_ms), now_ms);
            format!("{} put it there {when}, asked for by {}.", by.id, by.requester.name)
        }
        (Some((by, _)), None) => format!("{} put it there, asked for by {}.", by.id, by.requester.name),
        (None, _) => String::new(),
    }
}

/// What a run put live is not what is live: nothing is taken back that nobody asked to. `made` is its release, when it had
/// one that was live, and `wanted` where its way back leads.
pub(crate) fn not_live_any_more(
    run: &Run,
    made: Option<u32>,
    live: &WentLive,
    wanted: Option<u32>,
    now_ms: i64,
) -> Card {
    let id = &run.id;
    let environment = run.environment().environment.as_str();
    let not = match made {
        Some(made) => format!("not release {made} of {id}"),
        None => format!("nothing of {id}, which is {}", run.state.as_str()),
    };
    let mut card = Card::new(
        Tone::Ask,
        format!("Nothing was rolled back: {environment} runs {} by now, and {not}.", named(&live.release)),
    )
    .text(put_there(live, Some(now_ms)));
    card = back_from_live(card, environment, live);
    match (wanted.filter(|wanted| Some(*wanted) != before(live)), &live.by) {
        (Some(wanted), Some((by, _))) => {
            card.button(&format!("Go to release {wanted}"), takes_back(environment, wanted, &by.id), true)
        }
        _ => card,
    }
}

/// Where the way back of the run leads that put there what is live.
fn before(live: &WentLive) -> Option<u32> {
    let (_, plan) = live.by.as_ref()?;
    plan.way_back.release.filter(|before| *before != live.release.id.number)
}

/// The button that takes back what is live now, and nothing that comes after it.
fn back_from_live(card: Card, environment: &str, live: &WentLive) -> Card {
    match (before(live), &live.by) {
        (Some(before), Some((by, _))) => {
            card.button(&format!("Roll back {}", by.id), takes_back(environment, before, &by.id), true)
        }
        (_, None) => card.button("Roll back what is live", format!("rollback {environment}"), true),
        (None, Some(_)) => card,
    }
}

/// A run that is not over has nothing live to be taken back: cancelling undoes what it did.
pub(crate) fn not_live_yet(run: &Run) -> Card {
    let id = &run.id;
    let headline = format!("{id} {}, so nothing of it is live yet.", stands(&run.state));
    match run.state {
        RunState::Undoing { .. } => {
            Card::new(Tone::Ask, headline).button("Status", format!("status {id}"), false)
        }
        _ => Card::new(Tone::Ask, headline)
            .text(format!("`cancel {id}` stops it and undoes what it did so far."))
            .button("Cancel", format!("cancel {id}"), true),
    }
}

/// The same, while another release is live; and the order that goes back from that, with the number where it leads.
pub(crate) fn not_live_yet_but(run: &Run, live: &Release, further: Option<(u32, String)>) -> Card {
    let card = not_live_yet(run)
        .text(format!("{} is live, and nothing was rolled back.", sentence_start(&named(live))));
    match further {
        Some((number, order)) => card
            .text(format!("To go back to release {number} when {} is over, say `{order}`.", run.id))
            .button(&format!("Back to release {number}"), order, true),
        None => card,
    }
}

/// A run that put no release live has none to be taken back.
pub(crate) fn released_nothing(run: &Run, plan: Option<&Plan>, live: Option<&WentLive>) -> Card {
    let environment = &run.environment().environment;
    let what = match &run.request.change {
        Change::Rollback { .. } => "brought back what was live".to_owned(),
        _ => format!("({}) put no release live", run.request.command),
    };
    let card = Card::new(Tone::Ask, format!("{} {what}, so there is none of it to take back.", run.id));
    let card = match plan {
        Some(plan) => card.text(format!("Its way back: {}.", plan.way_back.say)),
        None => card,
    };
    match live {
        Some(live) => back_from_live(
            card.text(format!("{environment} runs {}. {}", named(&live.release), put_there(live, None))),
            environment.as_str(),
            live,
        ),
        None => card,
    }
}

/// The same deploy waits for its approval, and can't start any more: another one was made.
pub(crate) fn waits_outdated(run: &Run) -> Card {
    let id = &run.id;
    let order = &run.request.command;
    Card::new(
        Tone::Ask,
        format!(
            "{id} ({order}) waits for approval as well, but things have changed since it was asked for: approved, it would not \
             start."
        ),
    )
    .button(&format!("Cancel {id}"), format!("cancel {id}"), false)
}

/// The same deploy waits for its approval.
pub(crate) fn waits_already(detail: &RunDetail, now_ms: i64) -> Card {
    let run = &detail.run;
    let id = &run.id;
    let order = &run.request.command;
    Card::new(Tone::Ask, format!("{id} ({order}) waits for approval already; I made no second one."))
        .fields(vec![
            ("asked by".to_owned(), run.requester.name.clone()),
            ("asked".to_owned(), ago(run.created_ms, now_ms)),
        ])
        .button("Approve", format!("approve {id}"), true)
        .asking(|command| really(command, detail))
        .button("Another all the same", format!("{order} again"), false)
}

/// Somebody else retries the same deploy.
pub(crate) fn retried_already(detail: &RunDetail, now_ms: i64) -> Card {
    let run = &detail.run;
    let (id, order) = (&run.id, &run.request.command);
    // Only of a deploy the same words alone begin no second one.
    let another = match run.request.change {
        Change::Deploy { .. } => format!("{order} again"),
        _ => order.clone(),
    };
    Card::new(
        Tone::Plain,
        format!("{id} ({order}) is that retry, and {}; I made no second one.", stands(&run.state)),
    )
    .fields(vec![
        ("asked by".to_owned(), run.requester.name.clone()),
        ("asked".to_owned(), ago(run.created_ms, now_ms)),
    ])
    .button("Status", format!("status {id}"), false)
    .button("Another all the same", another, false)
}

/// What is to be retried was tried again since, and that is over.
pub(crate) fn tried_again(old: &RunId, tried: &Run, now_ms: i64) -> Card {
    let (id, order) = (&tried.id, &tried.request.command);
    let (state, over) = (tried.state.as_str(), ago(tried.finished_ms.unwrap_or(tried.created_ms), now_ms));
    let how = match &tried.state {
        RunState::Succeeded { .. } | RunState::Failed { .. } => format!("{state} {over}"),
        _ => format!("was {} {over}", state.replace('-', " ")),
    };
    let card = Card::new(
        Tone::Ask,
        format!("{old} was tried again already: {id} ({order}) {how}. I made no further one."),
    )
    .fields(vec![("asked by".to_owned(), tried.requester.name.clone())])
    .button("Status", format!("status {id}"), false);
    match &tried.state {
        RunState::Succeeded { .. } => card.button("Once more all the same", order.clone(), false),
        _ => card.button(&format!("Retry {id}"), format!("retry {id}"), false),
    }
}
