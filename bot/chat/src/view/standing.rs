//! Standing orders, each as its one sentence.

use engine::model::{Channel, Reaction, Signal, Standing, StandingKind, StandingOrder};

use super::time::ago;
use crate::message::{Card, Tone};

/// Removal buttons on one card.
const BUTTONS_MAX: usize = 10;
/// From when it takes effect, and what it lacks to.
fn effect(order: &StandingOrder, has_phone: bool) -> String {
    let by = match &order.what {
        Standing::Alert { by, .. } => by,
        Standing::Rule { when, then } => return rule_effect(&order.person, when, then),
    };
    if by.contains(&Channel::Sms) && !has_phone {
        return format!(
            "I know no phone of {person} yet; an admin adds it: infra-chat user link {person} sms:+4917139200099",
            person = order.person
        );
    }
    if only_mail(order) {
        return "It is kept and takes effect once I can send e-mail; I can't yet. Say `text me` or `tell me` instead."
            .to_owned();
    }
    let mail = if by.contains(&Channel::Email) { " E-mail I can't send yet." } else { "" };
    format!("It takes effect at once.{mail}")
}

/// When a rule acts, in whose name, and what it leaves to people.
fn rule_effect(person: &str, when: &[Signal], then: &[Reaction]) -> String {
    let mut say = format!(
        "It takes effect at once: what it does is done in {person}'s name, as far as {person} may, once for what happens \
         together, and not while another run or lock holds the environment."
    );
    if then.contains(&Reaction::Rollback) {
        say.push_str(" It goes back one release; going back further is for people.");
    }
    if then.contains(&Reaction::Scale) {
        say.push_str(" It adds one process of the service at a time.");
    }
    if when.iter().all(|signal| matches!(signal, Signal::Rollback | Signal::DeployFailed))
        && then.iter().all(|reaction| *reaction == Reaction::Rollback)
    {
        say.push_str(" What fails goes back by itself, with or without it.");
    }
    say
}

/// An alert that comes by e-mail and in no other way.
fn only_mail(order: &StandingOrder) -> bool {
    matches!(&order.what, Standing::Alert { by, .. } if !by.is_empty() && by.iter().all(|channel| *channel == Channel::Email))
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
pub(crate) fn standing_kept(order: &StandingOrder, is_new: bool, has_phone: bool) -> Card {
    let name = name(order);
    let stands = if is_new { "stands" } else { "stands already" };
    let mut card =
        Card::new(Tone::Good, format!("{} {stands}: {}", super::sentence_start(&name), order.sentence))
            .text(effect(order, has_phone));
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
    let mailed: Vec<String> = orders.iter().filter(|order| only_mail(order)).map(name).collect();
    let effect = match mailed.as_slice() {
        [] => "All of them take effect.".to_owned(),
        [one] => format!("{} waits until I can send e-mail; I can't yet.", super::sentence_start(one)),
        _ => format!(
            "{} wait until I can send e-mail; I can't yet.",
            super::sentence_start(&mailed.join(", "))
        ),
    };
    let mut card = Card::new(Tone::Plain, format!("What stands: {count}")).list("", lines).text(effect);
    all.clone_into(&mut card.command);
    for order in orders.iter().take(BUTTONS_MAX) {
        card = card.button(&format!("Remove {}", name(order)), format!("remove {}", name(order)), false);
    }
    card
}

/// Somebody wants one taken away and does not say which: what stands, to choose from.
pub(crate) fn which_standing(mut list: Card) -> Card {
    if !list.buttons.is_empty() {
        list.headline = format!("Say which one by its number; nothing was removed. {}", list.headline);
    }
    list
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
