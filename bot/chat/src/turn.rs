//! Whose turn it is: which of the messages that wait in a conversation goes next, and which conversation goes first when the
//! front as a whole takes fewer messages than wait.

use std::collections::HashMap;

use engine::clock::EpochMs;
use engine::store::{OutboxMessage, Shown, Store, StoreError};

use crate::aside::Bound;
use crate::letter::Letter;
use crate::message::{Outbound, Tone};
use crate::pace::Kind;

/// Messages of one conversation looked at when one is chosen.
const LOOKED_AT: i64 = 200;
/// How long it is remembered when a card was drawn last, in milliseconds: later it is as good as never.
const REMEMBERED_MS: EpochMs = 600_000;

/// A message whose turn it is.
pub(crate) struct Turn {
    pub(crate) conversation: String,
    /// Its place in the outbox.
    pub(crate) message: String,
    /// The card it draws; empty for a message of its own.
    pub(crate) card: String,
    pub(crate) letter: Letter,
    /// The message that shows it by now; an empty one when nobody knows whether a first showing arrived.
    pub(crate) known: Option<Shown>,
    /// Older drawings of the same card, which go with it.
    pub(crate) drawings: Vec<String>,
    rank: Rank,
}

/// What goes first: answers and first showings, because somebody waits for them; then how runs ended; then what asks
/// somebody; then the card that was drawn the longest time ago.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    class: u8,
    drawn_ms: EpochMs,
    order: String,
}

impl Turn {
    /// What the front counts it as.
    pub(crate) fn kind(&self) -> Kind {
        match &self.known {
            _ if self.letter.place.edits.is_some() => Kind::Edit,
            _ if self.letter.place.to.is_some() => Kind::Whisper,
            Some(shown) if !shown.message.is_empty() && !self.card.is_empty() => Kind::Edit,
            _ => Kind::Post,
        }
    }

    /// Under what it is remembered until it is known to have arrived.
    pub(crate) fn remembered_as(&self) -> &str {
        if self.card.is_empty() { &self.message } else { &self.card }
    }

    /// Which letter it is, and where it goes.
    pub(crate) fn bound(&self) -> Bound {
        Bound::new(&self.conversation, self.remembered_as(), &self.letter)
    }

    /// Whether the address of the message that shows it is to be found out: when it is shown first, and where that did not
    /// work, once more when nothing moves any more.
    pub(crate) fn wants_link(&self) -> bool {
        let going = matches!(self.letter.outbound.card().tone, Tone::Going | Tone::Ask);
        self.known.as_ref().is_none_or(|known| known.message.is_empty() || (known.link.is_empty() && !going))
    }

    /// The first of two conversations.
    pub(crate) fn before(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

/// When each card was drawn last.
#[derive(Debug, Default)]
pub(crate) struct Drawn(HashMap<(String, String), EpochMs>);

impl Drawn {
    /// A card is drawn.
    pub(crate) fn note(&mut self, turn: &Turn, now_ms: EpochMs) {
        if !turn.card.is_empty() {
            self.0.retain(|_, drawn_ms| now_ms - *drawn_ms < REMEMBERED_MS);
            self.0.insert((turn.conversation.clone(), turn.card.clone()), now_ms);
        }
    }

    fn of(&self, conversation: &str, card: &str) -> EpochMs {
        self.0.get(&(conversation.to_owned(), card.to_owned())).copied().unwrap_or(EpochMs::MIN)
    }

    /// The next message of a conversation, of those that may go now.
    pub(crate) async fn next(
        &self,
        store: &Store,
        conversation: &str,
        may_go: &mut (dyn FnMut(&Turn) -> bool + Send),
    ) -> Result<Option<Turn>, StoreError> {
        let waiting = store.outbox_list(conversation, LOOKED_AT).await?;
        let mut best: Option<Turn> = None;
        for message in newest(&waiting) {
            let turn = self.turn(store, conversation, message, &waiting).await?;
            let Some(turn) = turn.filter(&mut *may_go) else { continue };
            if best.as_ref().is_none_or(|best| turn.before(best).is_lt()) {
                best = Some(turn);
            }
            // Among answers the first is the best there is, and they are looked at first.
            if best.as_ref().is_some_and(|best| best.card.is_empty()) {
                break;
            }
        }
        Ok(best)
    }

    /// The turn of a message; none while it waits for the card it stands under.
    async fn turn(
        &self,
        store: &Store,
        conversation: &str,
        message: &OutboxMessage,
        waiting: &[OutboxMessage],
    ) -> Result<Option<Turn>, StoreError> {
        let mut letter: Letter = serde_json::from_str(&message.body)
            .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
        if let Some(card) = &letter.place.under {
            let root = store.shown_get(conversation, card).await?.map(|shown| shown.message);
            match root.filter(|root| !root.is_empty()) {
                Some(root) => letter.place.thread = Some(root),
                None if waiting.iter().any(|other| other.card == *card) => return Ok(None),
                None => {}
            }
        }
        let card = message.card.clone();
        let known =
            store.shown_get(conversation, if card.is_empty() { &message.message } else { &card }).await?;
        let is_shown = known.as_ref().is_some_and(|shown| !shown.message.is_empty());
        let class = match (&letter.outbound, letter.outbound.card().tone) {
            (Outbound::Say(_), _) => 0,
            (Outbound::Update(_), _) if !is_shown => 0,
            (Outbound::Update(_), Tone::Good | Tone::Bad | Tone::Plain) => 1,
            (Outbound::Update(_), Tone::Ask) => 2,
            (Outbound::Update(_), Tone::Going) => 3,
        };
        let drawn_ms = if class <= 1 { EpochMs::MIN } else { self.of(conversation, &card) };
        let older = |other: &&OutboxMessage| {
            !card.is_empty() && other.card == card && other.message != message.message
        };
        Ok(Some(Turn {
            conversation: conversation.to_owned(),
            message: message.message.clone(),
            letter,
            known,
            drawings: waiting.iter().filter(older).map(|other| other.message.clone()).collect(),
            rank: Rank { class, drawn_ms, order: message.message.clone() },
            card,
        }))
    }
}

/// Messages of their own in order, and then the newest drawing of each card.
fn newest(waiting: &[OutboxMessage]) -> Vec<&OutboxMessage> {
    let mut found: Vec<&OutboxMessage> = waiting.iter().filter(|message| message.card.is_empty()).collect();
    for (place, message) in waiting.iter().enumerate() {
        let is_newest = !waiting[place + 1..].iter().any(|later| later.card == message.card);
        if !message.card.is_empty() && is_newest {
            found.push(message);
        }
    }
    found
}
