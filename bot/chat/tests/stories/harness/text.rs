//! A card as plain text: what a story compares.

use chat::{Card, view};

/// The card, a line each; ends with a line break.
pub(super) fn card(card: &Card) -> String {
    view::plain(card)
}
