//! What people say that orders nothing, and that something can be answered to: praise where a run waits for its approval, a
//! greeting, the same once more, a standing order's removal typed wrong. Nothing of it does anything; what is likely meant
//! is offered as a button.

use std::sync::LazyLock;

use engine::control::Refusal;
use engine::run::Run;
use regex::Regex;

use super::project::Meant;
use super::{Desk, FIRST_ORDERS, FIRST_SENTENCES, Heard, Outcome, Speaker};
use crate::intent::{Action, Problem, nearest_name};
use crate::offered::fits;
use crate::view;

/// What is offered to somebody who says hello.
const LOOKS: [&str; 2] = ["status", "help"];
/// Runs looked at for somebody's last order.
const LOOK_BACK: i64 = 30;

/// "lgtm", "ship it", "looks good to me": a yes among people, and none here.
static PRAISE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*(?:(?:lgtm|sgtm|nice|great|perfect|looks?\s+(?:good|fine|great)(?:\s+to\s+me)?|(?:let'?s\s+)?ship\s?it|shipit|all\s+good
        |go(?:\s+ahead|\s+for\s+it)|do\s+it|yes|yep|yeah|ok|okay|approved|\+?1|thumbs\s?up|from\s+me|for\s+me|please|guys|team|👍|✅|🚢|🚀|💯)[\W_]*)+$",
    )
    .ok()
});
/// Marks that say the same without a word.
const THUMBS: [&str; 4] = ["👍", "✅", "🚢", "+1"];
static GREETING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*(?:hi|hello|hey|hiya|yo|hallo|howdy|good\s+(?:morning|afternoon|evening)|morning)
        (?:\W+(?:there|all|team|everyone|everybody|bot|again|infra-?chat|you|guys|how\s+are\s+you|what'?s\s+up)){0,3}\W*$",
    )
    .ok()
});
static AGAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*(?:please\s+)?(?:repeat(?:\s+(?:it|that|this|the\s+(?:last|same)(?:\s+\w+)?|the\s+\w+|please))?|again|once\s+more
        |do\s+(?:it|that|the\s+same)\s+(?:again|once\s+more)|(?:the\s+)?same\s+again)(?:\s+please)?\W*$",
    )
    .ok()
});
/// "rmove rule 1": three words, of which the last is a number.
static REMOVAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?ix)^\W*(?:please\s+)?([a-z]{3,9})\s+(?:the\s+|my\s+)?([a-z]{3,7})\s+\#?(\d{1,6})\W*$").ok()
});

fn is(pattern: &LazyLock<Option<Regex>>, said: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(said))
}

/// What a removal typed wrong likely means.
fn removal(said: &str) -> Option<String> {
    let found = REMOVAL.as_ref()?.captures(said)?;
    let word = |at: usize| found.get(at).map(|word| word.as_str().to_lowercase());
    let known = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    let verbs = known(&["remove", "delete", "forget", "cancel"]);
    let things = known(&["alert", "rule", "alerts", "rules"]);
    nearest_name(&word(1)?, &verbs)?;
    let thing = nearest_name(&word(2)?, &things)?.trim_end_matches('s').to_owned();
    Some(format!("remove {thing} {}", word(3)?))
}

/// Whether it is a yes among people, which approves nothing.
fn is_praise(said: &str) -> bool {
    is(&PRAISE, said) || !said.chars().any(char::is_alphabetic) && THUMBS.iter().any(|it| said.contains(it))
}

/// A run of this talk that waits for its approval.
fn waits_here(speaker: &Speaker<'_>, run: &Run) -> bool {
    run.request.conversation.as_deref() == Some(speaker.inbound.conversation.as_str())
        && fits(Action::Approve, &run.state)
        && speaker.project.as_ref().is_none_or(|it| run.environment().project == it.project)
}

impl Desk {
    /// What is said to somebody whose words are no order, and about nothing that goes on.
    pub(super) async fn not_understood(
        &self,
        speaker: &Speaker<'_>,
        meant: &Meant,
        said: &str,
        problem: &Problem,
    ) -> Result<Heard, Refusal> {
        let mut problem = problem.clone();
        let no_project = meant.project.is_none() && !meant.among;
        if let Some(removal) = removal(said).filter(|_| !no_project) {
            problem.message = format!("I don't know that; did you mean `{removal}`?");
            problem.suggestions = vec![removal];
        } else if speaker.actor.role.is_some() && is(&AGAIN, said) {
            return self.once_more(speaker).await;
        }
        if no_project {
            // Before there is a project, nothing can be ordered but one.
            problem.suggestions.retain(|sentence| FIRST_ORDERS.iter().any(|it| sentence.starts_with(it)));
            if problem.suggestions.iter().all(|sentence| sentence == "help") {
                problem.suggestions = FIRST_SENTENCES.map(ToOwned::to_owned).into();
            }
        }
        if is(&GREETING, said) {
            if !no_project {
                problem.suggestions = LOOKS.map(ToOwned::to_owned).into();
            }
            return Ok(Heard::say(
                Outcome::Answered,
                view::greeting(&speaker.actor.name, &problem.suggestions),
            ));
        }
        Ok(Heard::say(Outcome::Refused, view::problem(&problem)))
    }

    /// "lgtm" where a run waits for its approval: how it is approved. In its thread nothing else can be meant.
    pub(super) async fn praised(&self, speaker: &Speaker<'_>, said: &str) -> Result<Option<Heard>, Refusal> {
        if speaker.actor.role.is_none() || !is_praise(said) {
            return Ok(None);
        }
        let mut runs = self.engine.store().run_live().await?;
        runs.retain(|run| match &speaker.about {
            Some(about) => run.id == *about && fits(Action::Approve, &run.state),
            None => waits_here(speaker, run),
        });
        // Elsewhere than in its thread "ship it" is an order.
        if runs.is_empty() || speaker.about.is_none() && said.to_lowercase().contains("ship") {
            return Ok(None);
        }
        let ids = runs.iter().map(|run| run.id.clone()).collect();
        let links = self.links(ids, &speaker.inbound.conversation).await?;
        Ok(Some(Heard::say(Outcome::Asked, view::no_approval(&runs, &links))))
    }

    /// "again": what somebody ordered here last, to be ordered anew.
    async fn once_more(&self, speaker: &Speaker<'_>) -> Result<Heard, Refusal> {
        let runs = self.engine.store().run_recent(LOOK_BACK).await?;
        let last = runs.iter().find(|run| {
            run.requester.name == speaker.actor.name
                && run.request.conversation.as_deref() == Some(speaker.inbound.conversation.as_str())
                && speaker.project.as_ref().is_none_or(|it| run.environment().project == it.project)
        });
        Ok(Heard::say(Outcome::Asked, view::once_more(last)))
    }
}

#[cfg(test)]
mod tests {
    use super::{AGAIN, GREETING, is, is_praise, removal};

    #[test]
    fn small_words_are_told_apart() {
        for said in [
            "👍",
            "lgtm",
            "LGTM 👍",
            "ship it!",
            "looks good to me",
            "+1",
            ":+1:",
            "yes, go ahead",
            "approved",
        ] {
            assert!(is_praise(said), "{said}");
        }
        for said in
            ["deploy staging 👍", "lgtm but wait", "no", "ship it to staging", "approve", "1.5", "retry"]
        {
            assert!(!is_praise(said), "{said}");
        }
        for said in ["hi", "Hello!", "hey bot", "good morning team", "hello bot, how are you?"] {
            assert!(is(&GREETING, said), "{said}");
        }
        assert!(!is(&GREETING, "hi, deploy staging"));
        for said in ["repeat", "again", "do it again please", "repeat the deploy", "once more"] {
            assert!(is(&AGAIN, said), "{said}");
        }
        assert!(!is(&AGAIN, "deploy staging again"));
    }

    #[test]
    fn a_removal_typed_wrong_is_offered_right() {
        assert_eq!(removal("rmove rule 1").as_deref(), Some("remove rule 1"));
        assert_eq!(removal("delte my alrt #12").as_deref(), Some("remove alert 12"));
        for said in ["restart api 1", "remove role", "scale api 4"] {
            assert_eq!(removal(said), None, "{said}");
        }
    }
}
