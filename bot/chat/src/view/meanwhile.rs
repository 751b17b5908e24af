//! What is said to somebody who speaks about a question instead of answering it: one or two lines, and the question stays.

use super::question::{headline, left_open, once_more};
use crate::desk::{Question, Slot};
use crate::message::{Card, Tone};

/// Why it is asked, and what may be answered.
pub(crate) fn why_asked(asked: &Question) -> Card {
    let mut card = left_open(asked);
    card = card.text(asked.slot.row().why).text(&asked.why);
    card.text(what_is_usual(asked))
}

/// All that may be answered, where that is asked for.
pub(crate) fn what_is_taken(asked: &Question) -> Card {
    once_more(asked)
}

/// It can't be left out, and nothing is usual.
pub(crate) fn not_skipped(asked: &Question) -> Card {
    let mut card = left_open(asked);
    card.headline = match asked.usual.as_deref() {
        Some(usual) if asked.slot != Slot::Confirm => {
            format!("To skip is no answer here; `{usual}` is the default. {}", headline(asked))
        }
        Some(_) => format!("That wants a yes or a no. {}", headline(asked)),
        None => format!("Without that I can't go on, and no default is safe. {}", headline(asked)),
    };
    card
}

/// The question before is wanted, and nothing was asked before.
pub(crate) fn nothing_before(asked: &Question) -> Card {
    let mut card = left_open(asked);
    card.headline = format!("I asked nothing before that. {}", headline(asked));
    card.text("What you said yourself is changed with `no, NEW VALUE`; `never mind` drops it all.")
}

/// The question before is asked once more.
pub(crate) fn asked_anew(called: &str) -> Card {
    Card::new(Tone::Plain, format!("Back: {called} is open again."))
}

/// What is put together is asked for, and nothing is.
pub(crate) fn nothing_open() -> Card {
    Card::new(Tone::Plain, "No question of yours is open, so nothing is put together.")
        .button("status", "status", false)
}

fn what_is_usual(asked: &Question) -> String {
    match asked.usual.as_deref() {
        Some(usual) if asked.slot != Slot::Confirm => format!("When in doubt: `default`, which is {usual}."),
        _ => String::new(),
    }
}
