//! A card as plain text: what a story compares.

use std::sync::LazyLock;

use chat::{Card, view};
use regex::Regex;

/// The card, a line each; ends with a line break.
pub(super) fn card(card: &Card) -> String {
    view::plain(card)
}

/// The text without the addresses of messages: they are a front's own matter, and of no use in a comparison.
#[allow(dead_code, reason = "for fronts whose messages have addresses")]
pub(crate) fn without_links(text: &str) -> String {
    static LINK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)^  shown at: https://\S+\n|, https://\S+/(?:archives|channels)/\S+").unwrap()
    });
    LINK.replace_all(text, "").into_owned()
}
