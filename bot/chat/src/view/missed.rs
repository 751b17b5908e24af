//! What people read after a time in which a front was not heard.

use std::fmt::Write as _;

use super::clock;

/// Messages quoted in one channel.
const QUOTED_MAX: usize = 10;

/// For how long nothing was heard, and what was said meanwhile. `quotes` are single lines, written as the front shows them;
/// a line that begins with `> ` is a quotation there.
pub fn missed(front: &str, since_ms: i64, until_ms: i64, quotes: &[String]) -> String {
    let (from, to) = (clock(since_ms), clock(until_ms));
    let mut says = format!(
        "I could not hear {front} from {from} to {to}. Runs went on; their cards are brought up to date."
    );
    for quote in quotes.iter().take(QUOTED_MAX) {
        says.push_str("\n> ");
        says.push_str(quote);
    }
    if quotes.len() > QUOTED_MAX {
        let _ = write!(says, "\nand {} more.", quotes.len() - QUOTED_MAX);
    }
    if !quotes.is_empty() {
        says.push_str("\nNothing of that was done: say again what still holds.");
    }
    says
}
