//! What a data job is told that no key of its command holds: whether a dry run comes first, and at which hours it may run.
//! Its one sentence says both, in the words cards have for them: "backfill … on staging, dry run first: no, window:
//! 22:00-06:00 UTC".

use std::sync::LazyLock;

use regex::Regex;

use super::asides::Asides;
use super::tree::{Draft, Slot, take_alone};
use crate::intent::Action;

static DRY_RUN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)[,;]?\s+(?:and\s+|with\s+)?dry[\s-]run\s+first\s*[:=]\s*(?<answer>yes|no)\b").ok()
});
static WINDOW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)[,;]?\s+(?:and\s+|with\s+|in\s+)?(?:the\s+|a\s+)?window(?:\s*[:=]|\s+(?:is|of))?\s+
        (?<hours>any\s?time|\d{1,2}(?::\d{2})?\s*(?:-|to|until)\s*\d{1,2}(?::\d{2})?(?:\s*utc\b)?)",
    )
    .ok()
});

/// The text without what a data job is told beside its keys, whether a dry run comes first (`yes`, `no`), and the hours.
pub(super) fn split(text: &str) -> (String, Option<String>, Option<String>) {
    if !text.to_lowercase().contains("backfill") {
        return (text.to_owned(), None, None);
    }
    let part = |pattern: &LazyLock<Option<Regex>>, name: &str, text: &str| {
        let pattern = pattern.as_ref()?;
        let found = pattern.captures(text)?.name(name)?.as_str().to_lowercase();
        Some((pattern.replace_all(text, "").into_owned(), found))
    };
    let (text, first) = match part(&DRY_RUN, "answer", text) {
        Some((text, answer)) => (text, Some(answer)),
        None => (text.to_owned(), None),
    };
    // Hours that are none are left to be told as what they are.
    let window = part(&WINDOW, "hours", &text)
        .and_then(|(text, hours)| Some((text, take_alone(Slot::Window, &hours).ok()?)));
    match window {
        Some((text, hours)) => (text, first, Some(hours)),
        None => (text, first, None),
    }
}

impl Draft {
    /// With what was said beside the order.
    pub(super) fn told(mut self, asides: &Asides) -> Self {
        if self.command.action != Action::Backfill {
            return self;
        }
        let found_right = asides.found_right.is_some() && asides.found_right == self.command.job;
        let found_right = found_right.then(|| "yes".to_owned());
        let said = [
            (Slot::DryRunFirst, &asides.dry_run_first),
            (Slot::Window, &asides.window),
            (Slot::Confirm, &found_right),
        ];
        for (slot, value) in said {
            if let Some(value) = value {
                self.know(slot, None, value.clone());
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn what_a_job_is_told_is_split_off() {
        let text = "backfill timezone in staging at 100/min, dry run first: no, window: 22:00-06:00 UTC";
        let expected = (
            "backfill timezone in staging at 100/min".to_owned(),
            Some("no".to_owned()),
            Some("22:00-06:00 UTC".to_owned()),
        );
        assert_eq!(split(text), expected);
        let (text, first, window) = split("backfill timezone in staging with a window of 22 to 6 at 100/min");
        assert_eq!((text.as_str(), first), ("backfill timezone in staging at 100/min", None));
        assert_eq!(window.as_deref(), Some("22:00-06:00 UTC"));
    }

    #[test]
    fn what_is_no_hour_stays() {
        for text in [
            "backfill timezone in staging, window 25:00-26:00",
            "backfill timezone in staging with a dry run first",
            "deploy staging, dry run first: no",
            "dry run backfill timezone in staging",
        ] {
            assert_eq!(split(text), (text.to_owned(), None, None));
        }
    }
}
