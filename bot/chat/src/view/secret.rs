//! What people read who wrote a secret where it does not belong.

use crate::message::{Card, Tone};

/// What a click says that opens the form for a secret. Fronts with forms open it; nobody types it.
pub const SECRET_FORM: &str = "secret";

/// Somebody wrote a secret; `among_others` when others could read it.
pub(crate) fn secret_noticed(among_others: bool) -> Card {
    let mut card = Card::new(Tone::Plain, "That looks like a secret.")
        .text("Nothing of it was kept or done.")
        .privately();
    if among_others {
        card = card.text("Who could read it here may have it: replace it where it came from.");
    }
    card.button("Enter it safely", SECRET_FORM, false)
}

/// The same, once it is known whether the message could be deleted.
#[must_use]
pub fn secret_deleted(mut card: Card, front: &str, deleted: bool) -> Card {
    let says = if deleted {
        "I deleted your message.".to_owned()
    } else {
        format!("Delete your message: {front} does not let me.")
    };
    card.headline = format!("{} {says}", card.headline);
    card
}

/// A panic or another fault of ours ended what somebody asked for; `text` is what they said.
pub(crate) fn stumbled(text: &str) -> Card {
    Card::new(Tone::Bad, format!("I failed over \u{ab}{text}\u{bb}, several times, through a fault of mine."))
        .text("Whatever of it stands in `status` or on a run's card was done, and nothing else. The log of infra-chat says more.")
        .text("Next: say it another way, or `infra-chat doctor`")
        .privately()
}
