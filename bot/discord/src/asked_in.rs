//! Private answers that are told between the bot and somebody, about what they did in a channel: the message names the channel,
//! and a click on it is heard there, where its questions are open and its runs belong.

use serde_json::Value;

use crate::limits::CONTENT_CHARS;
use crate::markdown::clip;
use crate::payload::text;

/// What stands before the channel, in small letters on a line of its own. No headline has a second line.
const BEFORE: &str = "\n-# in <#";
/// … and behind it.
const BEHIND: char = '>';
/// Characters of the longest identifier, and of what stands around it.
const LINE_CHARS: usize = BEFORE.len() + 20 + 1;

/// A text with the channel or thread it is about.
pub(crate) fn named(content: &str, place: &str) -> String {
    format!("{}{BEFORE}{place}{BEHIND}", clip(content, CONTENT_CHARS - LINE_CHARS).0)
}

/// The channel or thread that a message of ours is about.
pub(crate) fn of(message: &Value) -> Option<String> {
    let content = text(message, "content");
    let (_, place) = content.rsplit_once(BEFORE)?;
    let is_id = |place: &&str| !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_digit());
    place.strip_suffix(BEHIND).filter(is_id).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_place_is_read_back_however_long_the_text_is() {
        for length in [0, 10, CONTENT_CHARS, 2 * CONTENT_CHARS] {
            let content = named(&"x".repeat(length), "1000000000000000010");
            assert!(content.chars().count() <= CONTENT_CHARS);
            assert_eq!(of(&json!({ "content": content })).as_deref(), Some("1000000000000000010"));
        }
        for other in ["", "in <#12>", "\n-# in <#>", "\n-# in <#ab>", "\n-# in <#12> or so"] {
            assert_eq!(of(&json!({ "content": other })), None, "{other}");
        }
    }
}
