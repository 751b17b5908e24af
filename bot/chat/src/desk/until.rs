//! A lock that ends by itself: "lock staging for 2h because of a load test", "lock production until 18:00".

use std::sync::LazyLock;

use regex::Regex;

static UNTIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // A reason begins at `because`, `:` or `,`; a duration in there is a part of it.
    let order = r"^(\s*(?:please\s+)?(?:lock|freeze)\b[^:,;]*?)";
    let length = r"(?:for\s+(\d{1,4}\s*(?:seconds?|sec|s|minutes?|mins?|m|hours?|h|days?|d)))";
    let clock = r"(?:(?:until|till)\s+((?:(?:today|tonight|tomorrow)\s+)?(?:at\s+)?\d{1,2}(?::\d{2})?\s*(?:am|pm)?(?:\s*utc)?))";
    Regex::new(&format!(r"(?i){order}\s+(?:{length}|{clock})(\W.*)?$")).ok()
});

/// The text without the time, and the time as it was said.
pub(super) fn split(text: &str) -> (String, Option<String>) {
    let found = UNTIL.as_ref().and_then(|until| until.captures(text));
    let split = found.and_then(|found| {
        let order = found.get(1)?.as_str();
        let when = found.get(2).or(found.get(3))?.as_str().trim();
        let rest = found.get(4).map_or("", |rest| rest.as_str());
        let in_reason = order.to_lowercase().split_whitespace().any(|word| word == "because");
        (!in_reason).then(|| (format!("{order}{rest}"), Some(when.to_owned())))
    });
    split.unwrap_or_else(|| (text.to_owned(), None))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_time_is_split_off() {
        let check = |text: &str, order: &str, when: Option<&str>| {
            assert_eq!(split(text), (order.to_owned(), when.map(ToOwned::to_owned)), "{text}");
        };
        check("lock staging for 2h because of a test", "lock staging because of a test", Some("2h"));
        check("lock production until 18:00", "lock production", Some("18:00"));
        check("Lock staging until tomorrow 9am: audit", "Lock staging: audit", Some("tomorrow 9am"));
        check("freeze production for 30 minutes", "freeze production", Some("30 minutes"));
        check("lock for 3 days", "lock", Some("3 days"));
        check("lock staging because it was down for 2h", "lock staging because it was down for 2h", None);
        check("lock staging: down for 2h", "lock staging: down for 2h", None);
        check("lock staging for 2 deploys", "lock staging for 2 deploys", None);
        check("lock staging", "lock staging", None);
    }
}
