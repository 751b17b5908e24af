//! Letters that a front refuses until a person mends something: a permission, an archived channel. Each steps aside for a while,
//! and what else waits in its conversation goes on. Where one after the other is refused in the same spot, the spot is left alone,
//! and not each of them is tried. Pure: the time is an argument.

use std::collections::HashMap;

use engine::clock::EpochMs;

use crate::letter::{Letter, Place};

/// Refusals in a row in one spot before nothing more is tried there for a while.
const REFUSED_MAX: u32 = 3;

/// Where in a conversation a letter goes: what is refused in one of these may be taken in another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Spot {
    /// Everybody sees it.
    Open,
    /// In the thread of a message.
    Thread(String),
    /// For one person alone.
    Person(String),
    /// Where the front itself said that this answer goes.
    Answer(String),
}

impl Spot {
    fn of(place: &Place) -> Self {
        let thread = place.thread.as_ref().filter(|_| place.inside || place.under.is_some());
        match (&place.to, &place.answer_at, thread) {
            (Some(_), Some(answer_at), _) => Self::Answer(answer_at.clone()),
            (Some(person), None, _) => Self::Person(person.clone()),
            (None, _, Some(thread)) => Self::Thread(thread.clone()),
            (None, _, None) => Self::Open,
        }
    }
}

/// Which letter it is, and where it goes.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    conversation: String,
    /// The same for all drawings of a card.
    name: String,
    spot: Spot,
}

impl Bound {
    pub(crate) fn new(conversation: &str, name: &str, letter: &Letter) -> Self {
        Self { conversation: conversation.to_owned(), name: name.to_owned(), spot: Spot::of(&letter.place) }
    }
}

#[derive(Debug)]
struct Waits {
    until_ms: EpochMs,
    times: u32,
    spot: Spot,
}

/// What stepped aside.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    /// By conversation and name.
    letters: HashMap<(String, String), Waits>,
    /// Refusals in a row, and until when nothing is tried there.
    spots: HashMap<(String, Spot), (u32, EpochMs)>,
}

impl Aside {
    /// Until when a letter is not tried; long ago for one that may go.
    pub(crate) fn until_ms(&self, bound: &Bound) -> EpochMs {
        let letter = self.letters.get(&(bound.conversation.clone(), bound.name.clone()));
        let spot = self.spots.get(&(bound.conversation.clone(), bound.spot.clone()));
        let letter_ms = letter.map_or(EpochMs::MIN, |waits| waits.until_ms);
        letter_ms.max(spot.map_or(EpochMs::MIN, |(_, until_ms)| *until_ms))
    }

    /// How often a letter was refused.
    pub(crate) fn times(&self, bound: &Bound) -> u32 {
        self.letters.get(&(bound.conversation.clone(), bound.name.clone())).map_or(0, |waits| waits.times)
    }

    /// A letter is refused, for so many milliseconds.
    pub(crate) fn refused(&mut self, bound: Bound, now_ms: EpochMs, after_ms: i64) {
        let Bound { conversation, name, spot } = bound;
        let until_ms = now_ms + after_ms;
        let (in_a_row, left_ms) =
            self.spots.entry((conversation.clone(), spot.clone())).or_insert((0, EpochMs::MIN));
        *in_a_row += 1;
        if *in_a_row >= REFUSED_MAX {
            *left_ms = until_ms;
        }
        let waits = self.letters.entry((conversation, name)).or_insert(Waits { until_ms, times: 0, spot });
        waits.until_ms = until_ms;
        waits.times += 1;
    }

    /// A letter is done with: it arrived. Where a spot was left alone it is mended, and what was refused there may arrive too;
    /// otherwise a refusal was that letter's own.
    pub(crate) fn arrived(&mut self, bound: &Bound) {
        let Bound { conversation, name, spot } = bound;
        self.letters.remove(&(conversation.clone(), name.clone()));
        let refused = self.spots.remove(&(conversation.clone(), spot.clone()));
        if refused.is_some_and(|(in_a_row, _)| in_a_row >= REFUSED_MAX) {
            let there = |of: &str, waits: &Waits| of == conversation && waits.spot == *spot;
            let same = self.letters.iter_mut().filter(|((of, _), waits)| there(of, waits));
            same.for_each(|(_, waits)| waits.until_ms = EpochMs::MIN);
        }
    }

    /// Nothing waits any more but in these conversations.
    pub(crate) fn retain(&mut self, waits: impl Fn(&str) -> bool) {
        self.letters.retain(|(conversation, _), _| waits(conversation));
        self.spots.retain(|(conversation, _), _| waits(conversation));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Card, Outbound, Tone};

    fn bound(name: &str, place: &Place) -> Bound {
        let outbound = Outbound::Say(Card::new(Tone::Plain, name));
        Bound::new("slack:C1", name, &Letter { outbound, place: place.clone() })
    }

    #[test]
    fn a_refused_letter_waits_and_the_spot_only_after_several() {
        let (mut aside, open) = (Aside::default(), Place::default());
        let thread = Place { thread: Some("7".to_owned()), inside: true, ..Place::default() };
        for (name, free) in [("a", true), ("b", true), ("c", false)] {
            aside.refused(bound(name, &open), 1_000, 60_000);
            assert_eq!(aside.until_ms(&bound(name, &open)), 61_000);
            assert_eq!(aside.until_ms(&bound("other", &open)) < 1_000, free, "after {name}");
            assert!(aside.until_ms(&bound("other", &thread)) < 1_000, "another spot is free");
        }
        // One of them is tried once a minute, and not all.
        aside.refused(bound("a", &open), 61_000, 60_000);
        assert_eq!((aside.until_ms(&bound("b", &open)), aside.times(&bound("a", &open))), (121_000, 2));
        aside.arrived(&bound("a", &open));
        assert!(aside.until_ms(&bound("b", &open)) < 1_000, "it is mended");
        assert_eq!(aside.times(&bound("a", &open)), 0);
    }
}
