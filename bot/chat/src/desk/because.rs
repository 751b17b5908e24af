//! The reason behind a no: "reject r-3f2a because not on a Friday", "cancel: the wrong tag". It is split off before the rest
//! is read, and goes into the record and onto the run's card.

use std::sync::LazyLock;

use regex::Regex;

use crate::intent::{Action, Command};

static BECAUSE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^\s*((?:please\s+)?(?:reject|deny|decline|cancel|abort|stop)\b[^:,]*?)(?:,?\s+because\b|:|,?\s+reason\b:?)\s*(\S.*)$",
    )
    .ok()
});

/// The text without its reason, and the reason when there is one.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    let found = BECAUSE.as_ref().and_then(|because| because.captures(text));
    match found.and_then(|found| Some((found.get(1)?.as_str(), found.get(2)?.as_str()))) {
        Some((order, reason)) => (order, Some(unquoted(reason.trim()))),
        None => (text, None),
    }
}

/// A reason without the quotation marks it is shown in where a word of it could be read as something else.
fn unquoted(reason: &str) -> &str {
    let inside = reason.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.filter(|inside| !inside.is_empty() && !inside.contains('"')).unwrap_or(reason)
}

/// Puts the reason where it belongs.
pub(super) fn give(commands: &mut [Command], because: &str) {
    for command in commands.iter_mut().filter(|it| matches!(it.action, Action::Reject | Action::Cancel)) {
        command.reason.get_or_insert_with(|| because.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_reason_is_split_off() {
        assert_eq!(split("reject r-3f2a because not today"), ("reject r-3f2a", Some("not today")));
        assert_eq!(split("cancel: the wrong tag"), ("cancel", Some("the wrong tag")));
        assert_eq!(split("Stop the deploy, because it is late"), ("Stop the deploy", Some("it is late")));
        assert_eq!(split("reject r-3f2a: \"not today\""), ("reject r-3f2a", Some("not today")));
        assert_eq!(split("reject r-3f2a: \"no\" from \"us\""), ("reject r-3f2a", Some("\"no\" from \"us\"")));
        assert_eq!(split("cancel r-3f2a"), ("cancel r-3f2a", None));
        assert_eq!(split("lock staging because load test"), ("lock staging because load test", None));
    }
}
