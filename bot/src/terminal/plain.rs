//! Where nothing that is written can be changed: a pipe, a file, a log of CI. A card is shown whole once, then a line for
//! each outcome of a step.

use std::collections::HashMap;

use chat::{Card, Outbound};

use super::render::{self, Style};

/// Cards remembered for showing changes; beyond that they are forgotten, and then shown whole again.
const CARDS_MAX: usize = 200;
/// A step in progress says what it waits for at most this often, in milliseconds: a build has a word for every line.
const SAYS_EVERY_MS: i64 = 10_000;

/// What has been written so far, as far as it matters.
pub(super) struct Plain {
    style: Style,
    cards: HashMap<String, Card>,
    /// When a step in progress was last heard of, by card and title.
    said: HashMap<(String, String), i64>,
}

impl Plain {
    /// Nothing written yet.
    pub(super) fn new(style: Style) -> Self {
        Self { style, cards: HashMap::new(), said: HashMap::new() }
    }

    /// A message, or what changed on a card. Times only count from one call to the next.
    pub(super) fn show(&mut self, outbound: &Outbound, answer: bool, now_ms: i64) -> String {
        let card = outbound.card();
        let before = match outbound {
            Outbound::Update(card) => self.cards.get(&card.key),
            Outbound::Say(_) => None,
        };
        if answer && before.is_some() {
            // What happened since was reported already, or will be.
            return String::new();
        }
        let due = |title: &str| {
            let said = self.said.get(&(card.key.clone(), title.to_owned()));
            said.is_some_and(|said| now_ms - said >= SAYS_EVERY_MS)
        };
        let (text, card) = match before {
            Some(before) => {
                let card = render::held(before, card, due);
                (render::changes(before, &card, self.style), card)
            }
            None => (render::card(card, self.style), card.clone()),
        };
        for title in render::going_shown(before, &card) {
            self.said.insert((card.key.clone(), title), now_ms);
        }
        if !card.key.is_empty() {
            if self.cards.len() >= CARDS_MAX {
                self.cards.clear();
                self.said.clear();
            }
            self.cards.insert(card.key.clone(), card);
        }
        text
    }
}
