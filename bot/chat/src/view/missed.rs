//! What people read after a time in which a front was not heard.

use super::{clock, duration};
use crate::message::{Card, Quote, Tone};

/// Messages quoted in one channel.
const QUOTED_MAX: usize = 10;

/// For how long nothing was heard in a channel, and what was said there meanwhile. `whole` says whether all of it was looked
/// at.
pub(crate) fn missed(front: &str, since_ms: i64, until_ms: i64, mut quotes: Vec<Quote>, whole: bool) -> Card {
    let (from, to) = (clock(since_ms), clock(until_ms));
    // A clock without seconds says nothing of a short absence.
    let when = if from == to {
        format!("for {}, until {to}", duration(until_ms - since_ms))
    } else {
        format!("from {from} to {to}")
    };
    let more = quotes.len().saturating_sub(QUOTED_MAX);
    let any = !quotes.is_empty();
    quotes.truncate(QUOTED_MAX);
    let mut card = Card::new(Tone::Plain, format!("I could not hear {front} {when}."))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_absence_is_told_by_its_length_and_a_longer_one_by_the_clock() {
        let headline = |until_ms| missed("Slack", 1_000, until_ms, Vec::new(), true).headline;
        assert_eq!(headline(13_000), "I could not hear Slack for 12 s, until 1970-01-01 00:00 UTC.");
        assert_eq!(
            headline(601_000),
            "I could not hear Slack from 1970-01-01 00:00 UTC to 1970-01-01 00:10 UTC."
        );
    }
}
