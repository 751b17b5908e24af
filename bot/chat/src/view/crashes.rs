//! Services that end by themselves.

use engine::monitor::CrashingService;
use engine::ports::Crashes;
use engine::run::{Happening, OnTrial, Run};

use super::time::{ago, clock};
use crate::message::{Card, Tone};

/// Longest reason that stands in a headline.
const WHY_CHARS: usize = 60;

/// Whether it happens to what a run has made, long after the run is over.
pub(crate) fn is_later(what: &Happening) -> bool {
    matches!(
        what,
        Happening::CrashLoop { .. }
            | Happening::Unreached { .. }
            | Happening::Reached { .. }
            | Happening::ServerErrors { .. }
            | Happening::ServerErrorsOver { .. }
            | Happening::Unwell { .. }
            | Happening::WellAgain { .. }
            | Happening::Drifted { .. }
            | Happening::DriftOver
            | Happening::RuleActed { .. }
    )
}

/// What is said, once, of something that happens to what a run has made; nothing for what its card shows.
pub(crate) fn later_card(run: &Run, what: &Happening) -> Option<Card> {
    let environment = &run.environment().environment;
    match what {
        Happening::CrashLoop { of, crashes } => Some(crash_loop(run, of, crashes)),
        Happening::Unreached { service, why } => Some(
            Card::new(Tone::Bad, format!("Nobody reaches {service} of {environment}."))
                .text(format!("{why} It is tried again by itself, and told when it is reached again.")),
        ),
        Happening::Reached { service } => {
            Some(Card::new(Tone::Good, format!("The edge listens for {service} of {environment} again.")))
        }
        Happening::ServerErrors { service, release, requests, errors, over_s, beside } => {
            let card = Card::new(
                Tone::Bad,
                format!(
                    "{service} in {environment} answers with server errors: {errors} of {requests} requests in {over_s} s"
                ),
            );
            let live = format!("Release {release} ({})", run.id);
            Some(match beside {
                Some(canary) => card
                    .text(format!("{live} answered so {canary}: it may be the canary's doing. If it goes on without the canary, that is said."))
                    .text(format!("Next: status {}; logs {service} in {environment}", canary.run)),
                None => card
                    .text(format!("{live}. This is not said again while it goes on."))
                    .text(format!("Next: logs {service} in {environment}; rollback {environment}")),
            })
        }
        Happening::ServerErrorsOver { service } => Some(Card::new(
            Tone::Good,
            format!("{service} in {environment} answers without server errors again."),
        )),
        Happening::Unwell { service, why, beside } => {
            Some(unwell(service.as_str(), environment.as_str(), why, beside.as_ref()))
        }
        Happening::WellAgain { service } => {
            Some(Card::new(Tone::Good, format!("{service} in {environment} is healthy again.")))
        }
        Happening::Drifted { lines, keeps } => Some(
            Card::new(Tone::Bad, format!("{environment} has drifted: others changed what runs there."))
                .list("As it is, and as it should be", lines.clone())
                .list("Or", keeps.clone())
                .text(format!("Next: reconcile {environment}"))
                .button("What it would do", format!("dry run reconcile {environment}"), false)
                .button(&format!("reconcile {environment}"), format!("reconcile {environment}"), true),
        ),
        Happening::DriftOver => {
            Some(Card::new(Tone::Good, format!("{environment} is as it should be again.")))
        }
        Happening::RuleActed { rule, person, sentence, because, did } => Some(
            Card::new(Tone::Ask, format!("Rule {rule} of {person} fired in {environment}: {because}"))
                .list("", did.clone())
                .text(format!("The rule: {sentence}"))
                .button("Status", format!("status {environment}"), false)
                .button("Remove the rule", format!("remove rule {rule}"), false),
        ),
        _ => None,
    }
}

/// A live service is not healthy any more. What its health check answered may be a page: only what is short is in the headline.
fn unwell(service: &str, environment: &str, why: &str, beside: Option<&OnTrial>) -> Card {
    let says = format!("{service} in {environment} is unhealthy");
    let card = if why.chars().count() <= WHY_CHARS {
        Card::new(Tone::Bad, format!("{says}: {why}"))
    } else {
        Card::new(Tone::Bad, format!("{says}.")).verbatim(vec![why.to_owned()])
    };
    let (card, status) = match beside {
        Some(canary) => (
            card.text(format!("That was found {}: it may be the canary's doing.", canary.until_just_now())),
            format!("status {}; ", canary.run),
        ),
        None => (card, String::new()),
    };
    card.text(format!("Next: {status}logs {service} in {environment}; restart {service} in {environment}"))
}

/// A live service keeps ending by itself: said once.
fn crash_loop(run: &Run, of: &CrashingService, crashes: &Crashes) -> Card {
    let environment = &run.environment().environment;
    let CrashingService { service, release } = of;
    let headline = format!(
        "{service} in {environment} keeps ending by itself: {} since {}",
        times(crashes.times),
        clock(crashes.since_ms)
    );
    let goes_on = if crashes.gave_up {
        format!("It is not started again by itself any more; `restart {service} in {environment}` does.")
    } else {
        "It is started again each time, and this is not said again while that goes on.".to_owned()
    };
    let last = if crashes.line.is_empty() { Vec::new() } else { vec![crashes.line.clone()] };
    Card::new(Tone::Bad, headline)
        .text(format!("Release {release} ({}), the last time with {}.", run.id, crashes.how))
        .verbatim(last)
        .text(goes_on)
        .text(format!("Next: logs {service} in {environment}; rollback {environment}"))
}

/// The same in a line about the service.
pub(super) fn crashes_line(crashes: &Crashes, now_ms: i64) -> String {
    let line =
        if crashes.line.is_empty() { String::new() } else { format!(": \u{ab}{}\u{bb}", crashes.line) };
    let gave_up = if crashes.gave_up { ", not started again" } else { "" };
    let since =
        if crashes.times == 1 { String::new() } else { format!(" since {}, last", clock(crashes.since_ms)) };
    format!(
        "ended by itself {}{since} {} with {}{line}{gave_up}",
        times(crashes.times),
        ago(crashes.last_ms, now_ms),
        crashes.how,
    )
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::plain;

    #[test]
    fn a_long_answer_of_a_health_check_is_no_headline() {
        let page =
            "GET /health answered 503: {\"status\":\"down\",\"error\":\"Connection refused (os error 111)\"}";
        let card = unwell("web", "staging", page, None);
        assert_eq!(card.headline, "web in staging is unhealthy.");
        assert!(plain(&card).contains(page));
        assert_eq!(
            unwell("web", "staging", "503 in 4 ms", None).headline,
            "web in staging is unhealthy: 503 in 4 ms"
        );
    }
}
