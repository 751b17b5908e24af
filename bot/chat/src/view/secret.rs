//! What people read who wrote a secret where it does not belong.

use crate::desk::SecretWish;
use crate::message::{Card, Tone};

/// What a click says that opens the form for a secret. Fronts with forms open it, with what is said behind it filled in.
pub const SECRET_FORM: &str = "secret";

/// Whether a button's command opens the form for a secret; a project may stand before it.
#[must_use]
pub fn opens_secret_form(command: &str) -> bool {
    let said = command.split_once(": ").map_or(command, |(_, said)| said);
    said == SECRET_FORM || said.strip_prefix(SECRET_FORM).is_some_and(|rest| rest.starts_with(' '))
}

/// Somebody wants to set a secret: where they can.
pub(crate) fn secret_offered(wish: &SecretWish) -> Card {
    let place = wish.environment.as_deref().unwrap_or("ENVIRONMENT");
    let project = wish.project.as_ref().map_or("PROJECT", engine::model::ProjectName::as_str);
    let name = wish.name.as_ref().map_or("NAME", engine::model::SecretName::as_str);
    Card::new(Tone::Plain, "Secrets are entered in a form, and never pass through a conversation.")
        .text(format!("In a terminal: `infra-chat secret set {project}/{place}/{name}`"))
        .button("Enter it safely", wish.said(), false)
}

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

/// Somebody wrote a secret where nobody else reads, as a terminal.
pub(crate) fn secret_typed() -> Card {
    Card::new(Tone::Plain, "That looks like a secret.")
        .text("Nothing of it was kept or done. It may stand where you typed it, as in a shell's history: replace it where it came from.")
        .text("Next: `set secret NAME`, without its value: it says where that is entered")
        .privately()
}

/// What somebody is told who wrote a secret among others, once it is known whether the message could be deleted.
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
