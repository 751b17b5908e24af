//! A rehearsal: what a request comes to, played on a copy of how things stand.

use engine::control::{Performed, Rehearsal};
use engine::model::RunRequest;

use super::run;
use super::time::duration;
use crate::message::{Card, Tone};

/// Shorter than that is no time anybody waits.
const TOLD_MS: i64 = 1_000;

/// What came of it: as planned, and whatever went wrong. `order` does what was rehearsed.
pub(crate) fn rehearsal(rehearsal: &Rehearsal, request: &RunRequest, order: &str) -> Card {
    let Rehearsal { preview, performed, not_played, requests_per_s } = rehearsal;
    let well = performed.iter().filter(|one| one.well).count();
    let all_well = well == performed.len();
    let tone = if all_well { Tone::Good } else { Tone::Bad };
    let headline = format!("Rehearsed: {}. Nothing real was touched.", preview.plan.title);
    let mut card = Card::new(tone, headline);
    let times = if performed.len() == 1 { "once" } else { &format!("{} times", performed.len()) };
    card = card.text(if all_well {
        format!("Played {times} on a copy of how things stand; each time it ended as it should.")
    } else {
        format!("Played {times} on a copy of how things stand; {well} of them ended as they should.")
    });
    card = run::plan_parts(card, &preview.plan, None);
    let (planned, ifs): (Vec<&Performed>, Vec<&Performed>) =
        performed.iter().partition(|one| one.what_if.is_none());
    card = card.list("As planned", planned.into_iter().map(line).collect());
    card = card.list("What if", ifs.into_iter().map(line).collect());
    card = card.list("Not played", not_played.clone());
    let rate = requests_per_s
        .map(|rate| format!(" Its canary was judged by {rate} requests a second to each service."));
    card = card.text(format!(
        "Played is what I do: the code, its build and its SQL do not run, and are taken to go well where nothing else is said.{}",
        rate.unwrap_or_default()
    ));
    card = card.text(match (&preview.refused, &preview.approval) {
        (Some(say), _) => format!("Carried out, it would be refused now: {say}"),
        (None, Some((count, roles))) => format!("It would need {}.", run::approvals_needed(*count, roles)),
        (None, None) => "It would need no approval.".to_owned(),
    });
    card.command.clone_from(&request.command);
    if preview.refused.is_none() && all_well { card.button("Do it", order, true) } else { card }
}

/// "✓ its build fails: rolled back at preflight, and as it was before".
fn line(one: &Performed) -> String {
    let mark = if one.well { "\u{2713}" } else { "\u{2717}" };
    let said = |text: &Option<String>, before: &str, after: &str| match text {
        Some(text) => format!("{before}{text}{after}"),
        None => String::new(),
    };
    let (what, at) = (said(&one.what_if, "", ": "), said(&one.at, " at ", ""));
    let after =
        if one.took_ms < TOLD_MS { String::new() } else { format!(" after {}", duration(one.took_ms)) };
    let because = said(&one.because, " (", ")");
    let left = if one.well && one.what_if.is_none() { String::new() } else { format!(", {}", one.left) };
    format!("{mark} {what}{}{at}{after}{left}{because}", one.became.replace('-', " "))
}
