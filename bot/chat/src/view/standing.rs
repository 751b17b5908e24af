//! Standing orders, each as its one sentence.

use engine::model::{Reaction, Signal, Standing, StandingKind, StandingOrder};

use super::time::ago;
use crate::message::{Card, Tone};

/// Removal buttons on one card.
const BUTTONS_MAX: usize = 10;
/// From when they take effect.
const NOT_YET: &str = "It is kept and takes effect once I watch canaries and services; I don't yet.";

/// The same of a rule that is about what canaries do anyway.
const IN_CANARIES: &str = "A canary does so by itself, with or without it: it goes back, and its incident has logs and diffs. After \
                           a deploy without a canary it takes effect once I watch services; I don't yet.";

/// From when an order takes effect.
fn takes_effect(order: &StandingOrder) -> &'static str {
    let Standing::Rule { when, then } = &order.what else { return NOT_YET };
    let is_seen =
        |signal: &Signal| matches!(signal, Signal::CanaryAnomaly | Signal::Repeated5xx | Signal::Unhealthy);
    let is_done = |reaction: &Reaction| matches!(reaction, Reaction::Rollback | Reaction::Incident);
    if when.iter().all(is_seen) && then.iter().all(is_done) { IN_CANARIES } else { NOT_YET }
}

fn name(order: &StandingOrder) -> String {
    format!("{} {}", order.what.kind().as_str(), order.number)
}

fn list_of(kind: Option<StandingKind>) -> &'static str {
    match kind {
        Some(StandingKind::Alert) => "alerts",
        Some(StandingKind::Rule) => "rules",
        None => "standing orders",
    }
}

/// A standing order is kept, or was before.
pub(crate) fn standing_kept(order: &StandingOrder, is_new: bool) -> Card {
    let name = name(order);
    let stands = if is_new { "stands" } else { "stands already" };
    let mut card =
        Card::new(Tone::Good, format!("{} {stands}: {}", super::sentence_start(&name), order.sentence))
            .text(takes_effect(order));
    card.command.clone_from(&order.sentence);
    let all = list_of(Some(order.what.kind()));
    card.button("Remove", format!("remove {name}"), false).button(&format!("All {all}"), all, false)
}

/// What stands.
pub(crate) fn standing_orders(
    orders: &[StandingOrder],
    kind: Option<StandingKind>,
    who: &str,
    now_ms: i64,
) -> Card {
    let all = list_of(kind);
    if orders.is_empty() {
        let example = match kind {
            Some(StandingKind::Rule) => "if we see repeated 500s, rollback and open an incident",
            _ => "text me if a deploy fails",
        };
        let mut card =
            Card::new(Tone::Plain, format!("There are no {all}.")).text(format!("Next: {example}"));
        all.clone_into(&mut card.command);
        return card;
    }
    let lines = orders
        .iter()
        .map(|order| {
            let whose = if order.person == who { "you".to_owned() } else { order.person.clone() };
            format!("{}: {} ({whose}, {})", name(order), order.sentence, ago(order.made_ms, now_ms))
        })
        .collect();
    let count = match orders.len() {
        1 => format!("1 {}", all.trim_end_matches('s')),
        many => format!("{many} {all}"),
    };
    let mut card = Card::new(Tone::Plain, format!("What stands: {count}"))
        .list("", lines)
        .text("They are kept and take effect once I watch canaries and services; I don't yet.");
    all.clone_into(&mut card.command);
    for order in orders.iter().take(BUTTONS_MAX) {
        card = card.button(&format!("Remove {}", name(order)), format!("remove {}", name(order)), false);
    }
    card
}

/// A standing order is gone.
pub(crate) fn standing_removed(order: &StandingOrder) -> Card {
    let name = name(order);
    let mut card =
        Card::new(Tone::Good, format!("{} is removed: {}", super::sentence_start(&name), order.sentence))
            .text(format!("Next, to have it back: {}", order.sentence));
    card.command = format!("remove {name}");
    card
}
