//! What a letter is on Discord: its message, what stands for what Discord does not take of it, and where it belongs.

use chat::{Card, Letter, Outbound, Place, view};
use serde_json::{Value, json};

use crate::attached::Attached;
use crate::embeds::{Rendered, render};
use crate::limits::CONTENT_CHARS;
use crate::markdown::clip;
use crate::payload::{list, text};
use crate::web::Message;

/// What stands for what Discord does not take.
const AS_FILE: &str = "Discord does not take the whole of this; it comes as a file.";

/// A letter to somebody who wrote a secret, with whether their message could be deleted.
pub(crate) fn with_deletion(letter: &Letter, deleted: bool) -> Letter {
    let card = view::secret_deleted(letter.outbound.card().clone(), "Discord", deleted);
    Letter { outbound: Outbound::Say(card), place: letter.place.clone() }
}

pub(crate) fn message_of(letter: &Letter) -> Message {
    let Rendered { content, embeds, components, rest } = drawn(letter);
    let picture = || letter.outbound.card().chart().and_then(Attached::picture);
    Message {
        content,
        embeds,
        components,
        files: rest.map(Attached::text).or_else(picture).into_iter().collect(),
        wakes: letter.place.mention.clone(),
        ..Message::default()
    }
}

/// A card that Discord does not take as it is: its first line, its buttons where they are what it takes, and all of it as a
/// file.
pub(crate) fn plainly(letter: &Letter) -> Message {
    let card = letter.outbound.card();
    let Rendered { content, embeds, components, .. } = drawn(letter);
    // By its key a card is found again, and a run's thread known.
    let foot = embeds.iter().filter(|embed| !embed["footer"].is_null());
    let foot = foot.map(|embed| json!({ "footer": embed["footer"], "description": AS_FILE }));
    Message {
        content,
        embeds: foot.collect(),
        components: components.into_iter().filter(has_buttons_alone).collect(),
        files: vec![Attached::text(view::plain(card))],
        wakes: letter.place.mention.clone(),
        ..Message::default()
    }
}

/// A row whose buttons hold all of what they say.
fn has_buttons_alone(row: &Value) -> bool {
    list(&row["components"]).all(|one| one["type"] == 2 && !text(one, "custom_id").contains('#'))
}

/// A letter without the files of its run, which says so.
pub(crate) fn without_files(letter: &Letter, why: &str) -> Letter {
    let mut card = letter.outbound.card().clone();
    let run = card.files.take().map(|files| files.run.to_string()).unwrap_or_default();
    let card = card.text(format!(
        "The files can't be brought here ({why}). Give the bot the permission *Attach Files* in this channel and ask again; \
         `infra-chat artifacts {run}` says where they are."
    ));
    Letter { outbound: Outbound::Say(card), place: letter.place.clone() }
}

/// Whether it belongs into a thread, and not under a message as its reply.
pub(crate) fn is_inside(place: &Place) -> bool {
    place.inside || place.under.is_some()
}

/// The card as it goes out: only a card that is edited carries its key. Whose attention it wants is named.
pub(crate) fn drawn(letter: &Letter) -> Rendered {
    let mut rendered = match &letter.outbound {
        Outbound::Update(card) => render(card),
        Outbound::Say(card) => render(&Card { key: String::new(), ..card.clone() }),
    };
    if let Some(user) = &letter.place.mention {
        rendered.content = clip(&format!("{} <@{user}>", rendered.content), CONTENT_CHARS).0;
    }
    rendered
}
