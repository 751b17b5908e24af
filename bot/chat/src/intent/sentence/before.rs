//! What stands in a sentence of its own before an order and says that it is none, not yet one, or that it hangs on an answer.

use super::{Class, Mood, Token, Words, mood};

/// "Never do this:", "Kim wrote:", "Should I run this?", "After lunch.": what stands before an order and says that it is none, or not yet one.
pub(super) fn frames(spoken: &[Token<'_>], asked: bool) -> bool {
    const FRAMES: Words = Words::of(&[
        "wrote",
        "example",
        "docs",
        "documentation",
        "runbook",
        "hypothetically",
        "imagine",
        "suppose",
        "draft",
        "reminder",
        "message",
        "quote",
        "maybe",
        "perhaps",
        "later",
        "someday",
        "forwarded",
        "fwd",
        "transcript",
        "snippet",
    ]);
    const WHEN: &[&str] =
        &["when", "once", "after", "before", "until", "unless", "next", "later", "tomorrow", "tonight"];
    let mut words = spoken.iter().filter(|token| token.is_word() && token.quote == 0);
    let Some(first) = words.clone().next() else { return false };
    let short = words.clone().count() <= 4;
    let this = words.clone().any(|token| token.any(&["this", "that"]));
    let refused = matches!(mood::read(spoken), Mood::Refusal);
    words.any(|token| token.among(&FRAMES))
        || short && first.any(WHEN)
        || asked
            && (this
                || first.any(&["should", "shall", "may"]) && spoken.iter().any(|token| token.any(&["it"]))
                || first.any(&["can", "could"]) && spoken.iter().any(|token| token.any(&["explain"])))
        || short && first.any(&["not"]) && spoken.iter().all(|token| token.name.is_none())
        || this
            && (refused
                || first.any(&["ignore", "never"])
                || spoken.iter().any(|token| token.any(&["never"])))
        || refused
            && short
            && spoken.iter().all(|token| !token.is(Class::HEAD) || token.any(&["deploys", "hold", "run"]))
}

/// "Wait for the tests. Then deploy production.", "Make sure staging is fine. Deploy production.": what is to happen first.
pub(super) fn awaits(tokens: &[Token<'_>]) -> bool {
    let at = mood::skip_openers(tokens, 0);
    let rest = tokens.get(at..).unwrap_or_default();
    let begins = match rest {
        [first, second, ..] => {
            first.any(&["wait", "await", "hold"]) && second.any(&["for", "until", "till", "on"])
                || first.any(&["make", "be"]) && second.any(&["sure", "certain"])
                || first.any(&["ensure", "confirm", "await"])
        }
        _ => false,
    };
    begins && rest.iter().filter(|token| token.is_word()).count() > 2
}

/// "tests green?" before an order: it hangs on the answer.
pub(super) fn hopes(tokens: &[Token<'_>]) -> bool {
    const STATES: Words = Words::of(&[
        "green", "fine", "ok", "okay", "good", "ready", "done", "passing", "passed", "pass", "healthy",
        "stable", "clean", "approved", "merged", "finished", "calm", "quiet", "up",
    ]);
    /// What may be asked of in a word of its own: "green?"
    const ALONE: &[&str] = &[
        "green", "passing", "passed", "healthy", "stable", "clean", "approved", "merged", "finished", "quiet",
    ];
    tokens.last().is_some_and(|last| {
        last.among(&STATES)
            && last.quote == 0
            && (last.any(ALONE) || tokens.iter().filter(|token| token.is_word()).count() > 1)
    })
}
