//! What people read after a time in which a front was not heard.

use super::clock;
use crate::message::{Card, Quote, Tone};

/// Messages quoted in one channel.
const QUOTED_MAX: usize = 10;

/// For how long nothing was heard in a channel, and what was said there meanwhile. `whole` says whether all of it was looked
/// at.
pub(crate) fn missed(front: &str, since_ms: i64, until_ms: i64, mut quotes: Vec<Quote>, whole: bool) -> Card {
    let (from, to) = (clock(since_ms), clock(until_ms));
    let more = quotes.len().saturating_sub(QUOTED_MAX);
    let any = !quotes.is_empty();
    quotes.truncate(QUOTED_MAX);
    let mut card = Card::new(Tone::Plain, format!("I could not hear {front} from {from} to {to}."))
        .text("Runs went on; their cards are brought up to date.")
        .quotes(quotes);
    if more > 0 {
        card = card.text(format!("and {more} more."));
    }
    if !whole {
        card = card.text("I could not look at all of it: there may be more.");
    }
    if any || !whole {
        card = card.text("Nothing of that was done: say again what still holds.");
    }
    card
}
