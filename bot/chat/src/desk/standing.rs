//! Standing orders: "text me if …" and "if we see …, rollback" are kept, shown as one sentence each, and taken away. They
//! are listed and removed by whole messages of their own, so that no other sentence reads differently for them.

use std::sync::LazyLock;

use engine::control::Refusal;
use engine::model::{EnvironmentName, Standing, StandingKind, StandingOrder};
use regex::Regex;

use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::{Action, Command};
use crate::view;

/// Which kind was named; nothing when it was called a standing order.
type StandingFilter = Option<StandingKind>;

/// What people say about standing orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    /// Show them: of one kind, or all.
    List(StandingFilter),
    /// Take these away.
    Remove(StandingFilter, Vec<u32>),
    /// Take some away, and nobody said which: they are shown.
    Which(StandingFilter),
}

static LIST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*(?:please\s+)?(?:(?:show|list|see|display|give)\s+(?:me\s+)?|what(?:\s+are|'s|\s+is)?\s+|which\s+)?
        (?:all\s+)?(?:(?:my|our|the|your)\s+)?(?:active\s+|current\s+)?(alerts?|rules?|standing\s+orders?)
        (?:\s+(?:do\s+(?:i|we)\s+have|are\s+(?:there|set|active)|have\s+(?:i|we)(?:\s+set)?))?\W*$",
    )
    .ok()
});
static REMOVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*(?:please\s+)?(?:remove|delete|drop|forget|cancel|stop)\s+(?:the\s+|my\s+|our\s+)?
        (alert|rule|standing\s+order)s?\s+
        ((?:(?:number\s+|no\.?\s*|\#)?\d{1,6}(?:\s*(?:,|and|&|\+)\s*(?:and\s+)?(?:(?:alert|rule)\s+)?)?){1,20})\W*$",
    )
    .ok()
});
/// As [`REMOVE`], without the number that says which.
static REMOVE_SOME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*(?:please\s+)?(?:remove|delete|drop|forget|cancel|stop)\s+(?:(?:all|every|each|of|the|my|our|last|first|these|those)\s+)*
        (alert|rule|standing\s+order)s?(?:\s+(?:one|two|three|please))?\W*$",
    )
    .ok()
});
/// "stop texting me", "no more alerts", "unsubscribe": which of them is not said, so they are shown.
static NO_MORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*(?:please\s+)?(?:unsubscribe(?:\s+me)?
        |(?:stop|quit|don'?t|do\s+not|no\s+more|cease|mute|silence|disable|(?:turn|switch)\s+off)\s+(?:(?:all|the|my|these|those|sending(?:\s+me)?)\s+)*
        (?:text(?:s|ing)?|e-?mail(?:s|ing)?|alert(?:s|ing)?|messag(?:es|ing)|ping(?:s|ing)?|notif(?:y|ying|ications?)|sms(?:es)?|pag(?:e|es|ing)))
        (?:\s+(?:me|us|any\s?more|please|thanks|now|at\s+all))*\W*$",
    )
    .ok()
});

/// Whether a whole message is about standing orders.
pub(super) fn about(text: &str) -> Option<About> {
    if let Some(found) = REMOVE.as_ref().and_then(|remove| remove.captures(text)) {
        let said = found.get(2)?.as_str();
        let named = |word: &str| said.to_lowercase().contains(word);
        let kind = match kind(found.get(1)?.as_str()) {
            // "remove alert 1 and rule 2": a number belongs to one of them alone.
            Some(StandingKind::Alert) if named("rule") => None,
            Some(StandingKind::Rule) if named("alert") => None,
            kind => kind,
        };
        let mut numbers: Vec<u32> = Vec::new();
        for digits in said.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty()) {
            let number = digits.parse().ok()?;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        return Some(About::Remove(kind, numbers));
    }
    if let Some(found) = REMOVE_SOME.as_ref().and_then(|some| some.captures(text)) {
        return Some(About::Which(kind(found.get(1)?.as_str())));
    }
    if NO_MORE.as_ref().is_some_and(|no_more| no_more.is_match(text)) {
        return Some(About::Which(Some(StandingKind::Alert)));
    }
    let found = LIST.as_ref()?.captures(text)?;
    Some(About::List(kind(found.get(1)?.as_str())))
}

impl About {
    /// The sentence that says it.
    pub(super) fn canonical(&self) -> String {
        let called = |kind: StandingFilter| match kind {
            Some(StandingKind::Alert) => "alert",
            Some(StandingKind::Rule) => "rule",
            None => "standing order",
        };
        match self {
            Self::List(kind) | Self::Which(kind) => format!("{}s", called(*kind)),
            Self::Remove(kind, numbers) => {
                let plural = if numbers.len() == 1 { "" } else { "s" };
                let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                format!("remove {}{plural} {}", called(*kind), numbers.join(" and "))
            }
        }
    }
}

fn kind(word: &str) -> StandingFilter {
    match word.as_bytes().first() {
        Some(b'a' | b'A') => Some(StandingKind::Alert),
        Some(b'r' | b'R') => Some(StandingKind::Rule),
        _ => None,
    }
}

impl Desk {
    /// Keeps an alert or a rule.
    pub(super) async fn stand(&self, speaker: &Speaker<'_>, command: &Command) -> Result<Heard, Refusal> {
        let environments = command
            .environments
            .iter()
            .map(|name| super::orders::key(speaker, name).map(|key| key.environment))
            .collect::<Result<Vec<EnvironmentName>, Refusal>>()?;
        let what = if command.action == Action::Alert {
            Standing::Alert { on: command.on.clone(), by: command.by.clone() }
        } else {
            Standing::Rule { when: command.when.clone(), then: command.then.clone() }
        };
        let order = StandingOrder {
            project: speaker.project()?.project.clone(),
            number: 0,
            person: speaker.actor.name.clone(),
            environments,
            what,
            sentence: command.canonical(),
            conversation: speaker.inbound.conversation.clone(),
            made_ms: self.engine.now_ms(),
        };
        let (order, is_new) = self.engine.standing_add(&order, &speaker.actor).await?;
        let has_phone = self.engine.has_phone(&order.person).await?;
        let card = view::standing_kept(&order, is_new, has_phone);
        Ok(Heard::say(Outcome::Answered, card.text(super::plainly::all_services(speaker, command))))
    }

    /// Shows standing orders, or takes one away.
    pub(super) async fn about_standing(&self, speaker: &Speaker<'_>, about: About) -> Result<Heard, Refusal> {
        let project = &speaker.project()?.project;
        let card = match &about {
            About::List(kind) | About::Which(kind) => {
                let kind = *kind;
                let mut orders = self.engine.standing_list(project, &speaker.actor).await?;
                orders.retain(|order| kind.is_none_or(|kind| order.what.kind() == kind));
                let list = view::standing_orders(&orders, kind, &speaker.actor.name, self.engine.now_ms());
                if matches!(about, About::Which(_)) { view::which_standing(list) } else { list }
            }
            About::Remove(kind, numbers) => {
                let mut heard = Heard::nothing();
                for number in numbers {
                    let removed = self.engine.standing_remove(project, *number, *kind, &speaker.actor).await;
                    heard = heard.and(match removed {
                        Ok(order) => Heard::say(Outcome::Answered, view::standing_removed(&order)),
                        Err(refusal) if !super::is_passing(&refusal) => Heard::refused(&refusal),
                        Err(refusal) => return Err(refusal),
                    });
                }
                return Ok(heard);
            }
        };
        Ok(Heard::say(Outcome::Answered, card))
    }
}

#[cfg(test)]
mod tests {
    use engine::model::StandingKind;

    use super::{About, about};

    #[test]
    fn whole_messages_are_about_standing_orders() {
        for said in ["what are my alerts?", "alerts", "show me all alerts", "which alerts do I have?"] {
            assert_eq!(about(said), Some(About::List(Some(StandingKind::Alert))), "{said}");
        }
        assert_eq!(about("list rules"), Some(About::List(Some(StandingKind::Rule))));
        assert_eq!(about("standing orders"), Some(About::List(None)));
        assert_eq!(about("remove rule 2"), Some(About::Remove(Some(StandingKind::Rule), vec![2])));
        for said in
            ["remove all alerts", "delete my last alert", "forget the alert please", "remove alert one"]
        {
            assert_eq!(about(said), Some(About::Which(Some(StandingKind::Alert))), "{said}");
        }
        for said in [
            "stop texting me",
            "no more texts please",
            "unsubscribe",
            "mute alerts",
            "don't text me any more",
        ] {
            assert_eq!(about(said), Some(About::Which(Some(StandingKind::Alert))), "{said}");
        }
        assert_eq!(about("remove all standing orders"), Some(About::Which(None)));
        assert_eq!(
            about("please delete my alert #12."),
            Some(About::Remove(Some(StandingKind::Alert), vec![12]))
        );
        for said in [
            "remove rules 3 and 4",
            "remove rule 3, 4",
            "please delete rules #3 & #4",
            "remove rule 3 and rule 4, 3",
        ] {
            assert_eq!(about(said), Some(About::Remove(Some(StandingKind::Rule), vec![3, 4])), "{said}");
        }
        assert_eq!(about("remove alert 1 and rule 2"), Some(About::Remove(None, vec![1, 2])));
        for said in [
            "alert me if a deploy fails",
            "the alerts are firing",
            "remove redis from staging",
            "rules are rules",
            "don't text ben",
            "disable cron",
            "remove rule 2 and redis",
            "remove rule 2 and restart api",
            "remove redis and the alerts",
        ] {
            assert_eq!(about(said), None, "{said}");
        }
    }
}
