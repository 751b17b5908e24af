//! What is said beside the orders and split off before they are read: why the glass is broken, until when a lock holds,
//! which run's release is taken back, that the same is wanted again.
//! It goes where the orders go: into a question about what is missing, and behind a run that comes first.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{back, because, data, files, glass, incident, standing, until};
use crate::intent::{Action, Parsed, Problem, ProblemKind, Vocabulary, parse_with};

/// What was said beside the orders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asides {
    /// Why they break the glass, when they do.
    #[serde(default)]
    pub(super) glass: Option<String>,
    /// How long locks hold, as it was said: `2h`, `18:00`.
    #[serde(default)]
    pub(super) until: Option<String>,
    /// The run whose release a rollback takes back: `r-3f2a`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) takes_back: Option<String>,
    /// The same is wanted once more, though it was asked for before.
    #[serde(default)]
    pub(super) again: bool,
    /// Whether a data job counts first what it would change: `yes`, `no`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dry_run_first: Option<String>,
    /// The hours at which a data job may run: `22:00-06:00 UTC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) window: Option<String>,
    /// The data job whose orders were shown as a whole and found right: those that wait behind another are not asked about
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) found_right: Option<String>,
    /// What is to be taken away, as its name was typed once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retyped: Option<String>,
}

/// "deploy production again", "deploy v1.2.0 to production once more".
static AGAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?<order>.*?)[\s,]+(?:again|once\s+more)\b(?:[\s,]+(?:please|pls|now))?\W*$").ok()
});
/// Where a clause ends: a dot within `v1.2.0` and a dash within a name end none.
static CLAUSE_END: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[,;:.!?](?:\s|$)|[\n()\u{2013}\u{2014}]|\s-+\s|\s--").ok());
/// A clause that is an order: its verb comes first.
static IS_ORDER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*(?:(?:please|pls|and|then|now|ok|okay|so|just|let'?s|let\s+us|can\s+you|could\s+you)\s+)*
        (?:re-?)?(?:deploy|ship|release|push|roll|rollback|revert|undo|put|go|do|bring|take)\b",
    )
    .ok()
});
/// Words of a sentence that says how things are, or why: "web is down again" is no second order.
static IS_REMARK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)\b(?:is|are|was|were|am|be|been|isn'?t|it|it'?s|its|has|have|had|keeps?|kept|goes|went|gone|got|gets?|looks?|
        seems?|because|cause|cuz|bc|since|as|due|reason|so|when|while|after|but|they|that|this|down|broke|broken|
        breaks?|breaking|fail|fails|failed|failing|crash|crashes|crashed|crashing|errors?|died|dead|slow|stuck|hangs?|
        happens|happened|happening|flaps?|flapping)\b",
    )
    .ok()
});

/// Whether the order itself is said to be wanted again: a reason behind it may end with the same word.
fn wanted_again(text: &str) -> bool {
    let Some(order) =
        AGAIN.as_ref().and_then(|again| again.captures(text)).and_then(|found| found.name("order"))
    else {
        return false;
    };
    let order = order.as_str();
    let clause = CLAUSE_END.as_ref().and_then(|end| end.split(order).last()).unwrap_or(order);
    let is = |pattern: &LazyLock<Option<Regex>>| pattern.as_ref().is_some_and(|it| it.is_match(clause));
    is(&IS_ORDER) && !is(&IS_REMARK)
}

impl Asides {
    /// What is said now, and for the rest what was said before.
    pub(super) fn or(self, before: Self) -> Self {
        Self {
            glass: self.glass.or(before.glass),
            until: self.until.or(before.until),
            takes_back: self.takes_back.or(before.takes_back),
            again: self.again || before.again,
            dry_run_first: self.dry_run_first.or(before.dry_run_first),
            window: self.window.or(before.window),
            found_right: self.found_right.or(before.found_right),
            retyped: self.retyped.or(before.retyped),
        }
    }
}

/// What a text comes to at the desk: the commands, and what stands beside them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Understood {
    /// The commands, or why there are none.
    #[serde(flatten)]
    pub parsed: Parsed,
    /// What the desk takes from the text besides; absent when that is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
}

/// What people say that no key of a command holds, and the desk takes in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Beside {
    /// Why the glass is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<String>,
    /// How long a lock holds, as it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The run whose release is taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<String>,
    /// Why a run is rejected or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Whether a data job counts first what it would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run_first: Option<String>,
    /// The hours at which a data job may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// What is done with standing orders: `list alerts`, `remove rule 2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<String>,
    /// Whose files are shown: `artifacts of r-3f2a`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<String>,
}

/// Reads a text as the desk does. What only the desk reads (a broken glass, the end of a lock, the reason behind a no,
/// standing orders) stands beside the commands.
pub fn parse_said(text: &str, vocabulary: &Vocabulary) -> Understood {
    let (job, dry_run_first, window) = data::split(text);
    if dry_run_first.is_some() || window.is_some() {
        let beside = Beside { dry_run_first, window, ..Beside::default() };
        return Understood { parsed: parse_with(&job, vocabulary), beside: Some(beside) };
    }
    let parsed = parse_with(text, vocabulary);
    if parsed.problem.is_none() {
        let locks = parsed.commands.iter().any(|command| command.action == Action::Lock);
        let until = if locks { until::split(text).1 } else { None };
        let beside = until.map(|until| Beside { until: Some(until), ..Beside::default() });
        return Understood { parsed, beside };
    }
    if incident::named(text).is_some() {
        return Understood { parsed: parse_with("incidents", vocabulary), beside: None };
    }
    if let Some(about) = standing::about(text) {
        return Understood { parsed: listed(parsed, &about.canonical()), beside: Some(about.into()) };
    }
    if let Some(asked) = files::asked(text).filter(|asked| asked.is_meant(None)) {
        let sentence = asked.canonical();
        let parsed = listed(parsed, &sentence);
        return Understood {
            parsed,
            beside: Some(Beside { artifacts: Some(sentence), ..Beside::default() }),
        };
    }
    let (order, break_glass) = glass::split(text);
    let (order, takes_back) = back::split(order);
    let (without_end, until) = until::split(&order);
    let ended = without_end != order;
    let (order, because) = because::split(&without_end);
    let because = because.map(ToOwned::to_owned);
    let beside = Beside { break_glass, until, takes_back, because, ..Beside::default() };
    if beside == Beside::default() && !ended {
        return Understood { parsed, beside: None };
    }
    let meant = parse_with(order, vocabulary);
    if ended {
        let until = beside.until.as_deref();
        return match meant.commands.as_slice() {
            [lock] if until.is_none_or(|until| until::is_end_of(text, until)) => {
                let parsed = ends(parsed, &until::with(&lock.canonical(), until));
                Understood { parsed, beside: Some(beside).filter(|it| it.until.is_some()) }
            }
            _ => Understood { parsed, beside: None },
        };
    }
    Understood { parsed: meant, beside: Some(beside) }
}

/// A lock's end has no key, and without it the lock would never end: it is no typed command, and the chat does it.
fn ends(parsed: Parsed, sentence: &str) -> Parsed {
    let kind = parsed.problem.as_ref().map_or(ProblemKind::BadValue, |problem| problem.kind);
    let message = format!("The chat does that (`{sentence}`); a typed command has no key for a lock's end.");
    Parsed { problem: Some(Problem::new(kind, message).suggest([sentence.to_owned()])), ..parsed }
}

/// No typed command stands for it, and the chat does it: that is said, with the sentence that does.
fn listed(parsed: Parsed, sentence: &str) -> Parsed {
    let kind = parsed.problem.as_ref().map_or(ProblemKind::NotACommand, |problem| problem.kind);
    let message = format!("The chat does that (`{sentence}`); it is no typed command.");
    Parsed { problem: Some(Problem::new(kind, message).suggest([sentence])), ..parsed }
}

impl From<standing::About> for Beside {
    fn from(about: standing::About) -> Self {
        Self { standing: Some(about.canonical()), ..Self::default() }
    }
}

/// The text without its asides, and the asides.
pub(super) fn split(text: &str) -> (String, Asides) {
    let (text, glass) = glass::split(text);
    let (text, until) = until::split(text);
    let (text, takes_back) = back::split(&text);
    let (text, dry_run_first, window) = data::split(&text);
    let again = wanted_again(&text);
    let asides = Asides { glass, until, takes_back, again, dry_run_first, window, ..Asides::default() };
    (text, asides)
}

#[cfg(test)]
mod tests {
    use super::wanted_again;

    #[test]
    fn the_order_is_wanted_again() {
        for text in [
            "deploy production again",
            "deploy v1.2.0 to production once more, please",
            "deploy production ref v1.1.0, again!",
            "web is down, roll back staging again",
            "please redeploy api and web to staging with canary 10/50 again.",
            "ok, rollback in staging again",
        ] {
            assert!(wanted_again(text), "{text}");
        }
    }

    #[test]
    fn a_reason_is_no_second_order() {
        for text in [
            "rollback staging, web is down again",
            "rollback staging, web down again",
            "rollback staging - 500s again",
            "rollback staging: errors again",
            "rollback staging because web is down again",
            "rollback staging since it broke once more",
            "rollback staging web is down again",
            "deploy production ref v2, it is broken again",
            "deploy production ref v2, the deploy is broken again",
            "rollback staging (web 500s, again)",
            "rollback staging. Memory leak again!",
            "rollback staging, web is down, again",
            "against",
            "again",
        ] {
            assert!(!wanted_again(text), "{text}");
        }
    }
}
