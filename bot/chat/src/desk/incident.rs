//! One incident, asked for by its name: `incident i-3f2a`, "show me the incident bundle of i-3f2a". No action of its own: it looks
//! closer at what `incidents` lists.

use std::sync::LazyLock;

use engine::control::Refusal;
use regex::Regex;

use super::{Desk, Heard, Outcome, Speaker};
use crate::view;

static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*
        (?:(?:please|pls|can|could|you|show|open|see|get|give|what|is|was|what's|about|me|us|the|of|for|in|
            incidents?|bundles?|reports?|story)\s+)*
        \#?(?<id>i-[0-9a-f]{4,32}(?:-[a-z][a-z0-9-]*)?)
        (?:\s+(?:incident|bundle|report|story|please|pls))*\W*$",
    )
    .ok()
});

/// The incident that a text asks for.
pub(super) fn named(text: &str) -> Option<String> {
    // Hardly any text names one, and this is cheaper to see.
    if !text.as_bytes().windows(2).any(|part| part.eq_ignore_ascii_case(b"i-")) {
        return None;
    }
    Some(NAMED.as_ref()?.captures(text)?.name("id")?.as_str().to_lowercase())
}

impl Desk {
    /// Shows an incident's story.
    pub(super) async fn incident(&self, speaker: &Speaker<'_>, id: &str) -> Result<Heard, Refusal> {
        let detail = self.engine.incident(id, &speaker.actor).await?;
        let mut card = view::incident(&detail);
        card.command = format!("incident {id}");
        Ok(Heard::say(Outcome::Answered, card))
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn an_incident_is_asked_for_by_its_name() {
        for text in [
            "incident i-3f2a",
            "I-3F2A",
            "show me the incident bundle of #i-3f2a please",
            "what is incident i-3f2a?",
            "incident bundle i-3f2a",
        ] {
            assert_eq!(named(text).as_deref(), Some("i-3f2a"), "{text}");
        }
        assert_eq!(named("incident i-3f2a-api").as_deref(), Some("i-3f2a-api"));
    }

    #[test]
    fn an_order_that_mentions_one_is_an_order() {
        for text in [
            "rollback production: see i-3f2a",
            "lock staging because of i-3f2a",
            "incidents in staging",
            "wi-fi is down",
        ] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
