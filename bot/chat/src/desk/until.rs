//! A lock that ends by itself: "lock staging for 2h because of a load test", "lock production until 18:00".
//!
//! A time that can't be read is split off as well: whoever carries the order out refuses it. Without that a lock meant for an
//! hour would never end.

use std::sync::LazyLock;

use regex::Regex;

use super::length;

/// Ends of a lock that say that it has none.
const OPEN_ENDS: [&str; 3] = ["further notice", "i unlock it", "unlocked"];

static UNTIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // A reason begins at `because`, `:` or `,`; a duration in there is a part of it.
    let order = r"^(?<order>\s*(?:please\s+)?(?:lock|freeze)\b[^:,;]*?)";
    // "for 2 …", "for an hour", "for the next 2h", "for a while"; "for the release" says why and not how long.
    let length = r"(?:for\s+(?:the\s+next\s+)?(?<length>(?:[-+]?\d|(?:one|two|three|four|five|six|seven|eight|nine|ten|half|a\s+half)\b|an?\s+(?:\w+\s+)?(?:hour|day|minute|second|week|fortnight|month|while|bit|moment)).*))";
    let clock = r"(?:(?:until|till|til)\s+(?<clock>.+))";
    Regex::new(&format!(r"(?i){order}\s+(?:{length}|{clock})$")).ok()
});
static CLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^((?:(?:today|tonight|tomorrow)\s+)?(?:at\s+)?\d{1,2}(?::\d{2})?\s*(?:am|pm)?(?:\s*utc)?)(?:\W.*)?$").ok()
});
static ENDS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)[:;,]\D|[:;,]$|\s+(?:because|please|pls|thanks|thx)\b").ok());

/// The text without the time, and the time as it was said.
pub(super) fn split(text: &str) -> (String, Option<String>) {
    split_off(text).unwrap_or_else(|| (text.to_owned(), None))
}

/// Whether an end that was split off has the form of a time or of a length.
pub(super) fn is_readable(until: &str) -> bool {
    let length = length::prefix(until).is_some_and(|(_, rest)| rest.trim().is_empty());
    length || CLOCK.as_ref().is_some_and(|clock| clock.is_match(until))
}

/// Whether a lock said so has that end: "for 2 huors" is no clock, however much it begins like one.
pub(super) fn is_end_of(text: &str, until: &str) -> bool {
    let length = length::prefix(until).is_some_and(|(_, rest)| rest.trim().is_empty());
    length || is_readable(until) && !text.contains(&format!("for {until}"))
}

/// An order with the time at its end, or before its reason: it reads back as both.
pub(super) fn with(order: &str, until: Option<&str>) -> String {
    let Some(until) = until else { return order.to_owned() };
    let word = if length::prefix(until).is_some() { "for" } else { "until" };
    let (place, reason) = order.split_at(order.find(':').unwrap_or(order.len()));
    format!("{place} {word} {until}{reason}")
}

fn split_off(text: &str) -> Option<(String, Option<String>)> {
    let found = UNTIL.as_ref()?.captures(text)?;
    let order = found.name("order")?.as_str();
    if order.to_lowercase().split_whitespace().any(|word| word == "because") {
        return None;
    }
    let said = found.name("length").or(found.name("clock"))?.as_str().trim_end_matches(['.', '!', ' ']);
    let readable = match found.name("clock") {
        None => length::prefix(said).map(|(_, rest)| said.len() - rest.len()),
        Some(_) => CLOCK.as_ref()?.captures(said).and_then(|clock| Some(clock.get(1)?.end())),
    };
    let end = readable.or_else(|| Some(ENDS.as_ref()?.find(said)?.start())).unwrap_or(said.len());
    let (when, rest) = said.split_at(end);
    let open = OPEN_ENDS.contains(&when.trim().to_lowercase().as_str());
    Some((format!("{order}{rest}"), (!open).then(|| when.trim().to_owned())))
}

#[cfg(test)]
mod tests {
    use super::{split, with};

    #[track_caller]
    fn check(text: &str, order: &str, when: Option<&str>) {
        assert_eq!(split(text), (order.to_owned(), when.map(ToOwned::to_owned)), "{text}");
    }

    #[test]
    fn the_time_is_split_off() {
        check("lock staging for 2h because of a test", "lock staging because of a test", Some("2h"));
        check("lock staging for 2h 30m because of a test", "lock staging because of a test", Some("2h 30m"));
        check("lock production until 18:00", "lock production", Some("18:00"));
        check("Lock staging until tomorrow 9am: audit", "Lock staging: audit", Some("tomorrow 9am"));
        check("freeze production for 30 minutes", "freeze production", Some("30 minutes"));
        check("lock for 3 days", "lock", Some("3 days"));
        check("lock local for half an hour, thanks", "lock local, thanks", Some("half an hour"));
        check("lock staging for the next 2h", "lock staging", Some("2h"));
        check("lock staging for 2h while we look", "lock staging while we look", Some("2h"));
    }

    #[test]
    fn an_order_with_its_time_reads_back() {
        for (order, until, whole) in [
            ("lock staging: a test", Some("2h"), "lock staging for 2h: a test"),
            ("lock staging", Some("half an hour"), "lock staging for half an hour"),
            ("lock staging: audit", Some("tomorrow 9am"), "lock staging until tomorrow 9am: audit"),
            ("lock staging: audit", None, "lock staging: audit"),
        ] {
            assert_eq!(with(order, until), whole);
            check(whole, order, until);
        }
    }

    #[test]
    fn a_reason_is_no_time() {
        check("lock staging because it was down for 2h", "lock staging because it was down for 2h", None);
        check("lock staging: down for 2h", "lock staging: down for 2h", None);
        check("lock staging for the release", "lock staging for the release", None);
        check("lock staging", "lock staging", None);
        check("lock staging until further notice", "lock staging", None);
    }

    #[test]
    fn a_time_that_cannot_be_read_is_not_lost() {
        check("lock staging for 2 deploys", "lock staging", Some("2 deploys"));
        check("lock local for 2", "lock local", Some("2"));
        check("lock local for -5 minutes", "lock local", Some("-5 minutes"));
        check("lock local for 99999999h", "lock local", Some("99999999h"));
        check("lock local for a while, please", "lock local, please", Some("a while"));
        check("lock local until the deploy is done", "lock local", Some("the deploy is done"));
        check("lock local until 99:99 because of x", "lock local because of x", Some("99:99"));
    }
}
