//! Which run a message shows, from what is remembered of it.

use engine::model::RunId;

/// What stands before the key of a card whose message takes no more edits: the card goes on in another one, and what is said
/// under the former is still about the same run.
const FORMER: &str = "former/";

/// What such a message is remembered under.
pub(crate) fn former(card: &str) -> String {
    format!("{FORMER}{card}")
}

/// The run whose card a message shows, or showed, by what the message is remembered under.
pub fn run_shown(card: &str) -> Option<RunId> {
    card.strip_prefix(FORMER).unwrap_or(card).parse().ok()
}
