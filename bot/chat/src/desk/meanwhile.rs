//! What people say about an open question instead of answering it: why it is asked, what can be said, one question back,
//! that it be left out, and what they say to each other while they think. Nothing of it is an answer.

use std::sync::LazyLock;

use regex::Regex;

use super::question::Question;
use super::tree::{self, Slot, Takes};

/// What was said about the question at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meanwhile {
    /// What people say to each other while they think.
    Talk,
    /// Why it is asked.
    Why,
    /// What can be answered.
    Options,
    /// The question before it is wanted once more.
    Back,
    /// It is to be left out, or to be what is usual, and nothing is.
    Skip,
}

fn pattern(words: &str) -> Option<Regex> {
    Regex::new(words).ok()
}

/// What people say to each other while they think.
static TALK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)^\W*(?:hi|hello|hey|thanks|thank\s+you|thx|cheers|lol|haha+|h+m+|umm?|uh+|oh|wow|cool|nice|great|brb|wait|hold\s+on|hang\s+on
        |(?:just\s+)?(?:one|a|1)\s+(?:sec|second|moment|minute|min)|moment|(?:just\s+)?sec\s*(?:please|pls)?\W*$|give\s+me\s+a
        |let\s+me\s+(?:check|think|see|look|ask|find)|let'?s\s+see|(?:i'?ll|i\s+will|i\s+(?:have|need|want)\s+to|i'?m\s+going\s+to|gonna)\s+(?:check|look|ask|find|think)
        |(?:asking|checking|looking|thinking)\b
        |good\s+(?:morning|evening|question|point|idea)|what'?s\s+up|not\s+sure|no\s+clue|i\s+don'?t\s+know|don'?t\s+know|dunno|idk|no\s+idea|sorry\W*$)(?:[^\w/-]|$)",
    )
});
/// Of these nobody makes a name: others, like `hello`, have been one.
static NO_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?ix)^\W*(?:h+m+|umm?|uh+|wait|moment|sec|brb|lol|haha+|idk|dunno|thx|thanks|hi|hey)\W*$")
});
static WHY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)^\W*(?:(?:but\s+)?why(?:\s+(?:that|this|though|so|now|ask))?
        |(?:but\s+)?why\s+(?:do|are|would|should|must|is|does)\s+(?:you|i|we|it|that|this)\b.{0,60}\b(?:ask(?:ing)?|need(?:ed)?|want|know|say|answer|important|necessary|matters?)\b.{0,20}
        |what\s+for|what(?:'?s|\s+is)\s+(?:that|this|it)\s+(?:for|about|good\s+for)|what\s+(?:do|does)\s+(?:you|that|this|it)\s+mean
        |explain(?:\s+(?:that|this|it))?(?:\s+please)?|how\s+(?:so|come)|huh|i\s+don'?t\s+(?:understand|get\s+it))\W*$",
    )
});
static OPTIONS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)^(?:\W*(?:(?:(?:what|which)(?:\s+(?:are|were|other))?|show|list|give)(?:\s+me)?(?:\s+(?:my|the|these|those|all))*\s+(?:options?|choices?|possibilities|alternatives)(?:\s+(?:are\s+there|do\s+i\s+have|again|here))?
        |(?:the\s+)?(?:options?|choices?)|what\s+(?:can|could|may|should)\s+i\s+(?:say|answer|choose|pick|type|write|enter|reply|put|take)(?:\s+(?:here|now|there|to\s+that))?
        |which\s+(?:ones?|are\s+there|can\s+i\s+(?:choose|pick|take))(?:\s+are\s+there)?|what\s+(?:was|is)\s+the\s+question(?:\s+again)?|(?:come|say\s+that|ask)\s+again)\W*|\s*\?+\s*)$",
    )
});
static BACK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)^\W*(?:(?:(?:go|one|a)\s+)?(?:step\s+|question\s+)?back(?:\s+(?:one|a\s+step|please|to\s+the\s+(?:last|previous)\s+(?:one|question)))?|(?:the\s+)?previous(?:\s+(?:one|question))?
        |(?:the\s+)?(?:last|previous)\s+question(?:\s+again)?|(?:undo|change)\s+(?:my|the)\s+(?:last\s+)?answer)\W*$",
    )
});
/// As [`BACK`], where something was answered before: otherwise it is a rollback that somebody wants.
static UNDO: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?ix)^\W*undo(?:\s+(?:that|it|this|last|the\s+last(?:\s+one)?))?\W*$"));
static SKIP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)^\W*(?:(?:i'?d\s+like\s+to\s+)?(?:skip|leave)(?:\s+(?:it|this|that|one|out|this\s+one|it\s+out|this\s+question|the\s+question))*
        |(?:the\s+)?(?:default|usual)(?:\s+(?:one|value))?|you\s+(?:choose|decide|pick)|whatever|don'?t\s+care)\W*$",
    )
});

fn is(pattern: &LazyLock<Option<Regex>>, said: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(said))
}

/// What these words say about the question, if they are about it and no answer to it.
pub(super) fn about(question: &Question, reader: &tree::Asked<'_>, said: &str) -> Option<Meanwhile> {
    // Nearly anything with letters in it could be a name, or a command: in ticks it is one.
    let loose = matches!(reader.row.takes, Takes::Loose(_));
    let free = loose || matches!(reader.row.takes, Takes::Words(_));
    if free && said.trim_start().starts_with('`') {
        return None;
    }
    if is(&WHY, said) {
        return Some(Meanwhile::Why);
    }
    if is(&OPTIONS, said) {
        return Some(Meanwhile::Options);
    }
    if is(&BACK, said) || question.draft.is_answered() && is(&UNDO, said) {
        return Some(Meanwhile::Back);
    }
    let answers = || tree::take(reader, said, false).is_ok();
    if is(&SKIP, said) && (reader.usual.is_none() && free || !answers()) {
        return Some(Meanwhile::Skip);
    }
    let sentence = question.slot == Slot::Project && said.trim().contains(char::is_whitespace);
    let no_name = free && is(&NO_NAME, said) || sentence && is(&TALK, said);
    (is_talk(said) && (loose || no_name || !answers())).then_some(Meanwhile::Talk)
}

/// Whether it is what people say to each other: nobody answers with a speech, or with marks alone.
pub(super) fn is_talk(said: &str) -> bool {
    !said.chars().any(char::is_alphanumeric) || is(&TALK, said)
}

#[cfg(test)]
mod tests {
    use super::{BACK, OPTIONS, SKIP, UNDO, WHY, is, is_talk};

    #[test]
    fn talk_is_told_from_answers() {
        for said in [
            "thanks!",
            "hmm",
            "one sec",
            "let me check with ben",
            "\u{1f44d}",
            "...",
            "lol",
            "idk",
            "moment, asking ben",
            "hang on",
            "a sec",
            "sec",
            "i'll ask ben",
            "checking",
            "hm let me check the wiki",
        ] {
            assert!(is_talk(said), "{said}");
        }
        for said in [
            "staging",
            "main",
            "500",
            "the moon",
            "waiting-room",
            "second",
            "secrets",
            "sorry-page",
            "hellofresh",
            "hello-world",
            "wait-for-it.sh ./api",
        ] {
            assert!(!is_talk(said), "{said}");
        }
    }

    #[test]
    fn words_about_a_question_are_told_from_each_other() {
        for said in [
            "why?",
            "why do you ask?",
            "Why do you need to know that?",
            "what for?",
            "what's that for?",
            "what do you mean",
            "huh?",
        ] {
            assert!(is(&WHY, said), "{said}");
        }
        for said in [
            "what are my options?",
            "options",
            "which ones are there?",
            "what can I say here?",
            "?",
            "list the choices",
        ] {
            assert!(is(&OPTIONS, said), "{said}");
        }
        for said in
            ["back", "go back", "one back", "previous question", "go back please", "change my last answer"]
        {
            assert!(is(&BACK, said), "{said}");
        }
        for said in ["skip", "skip it", "skip this one", "default", "you choose", "whatever"] {
            assert!(is(&SKIP, said), "{said}");
        }
        for said in ["undo", "undo that"] {
            assert!(is(&UNDO, said), "{said}");
        }
        for said in [
            "why did the deploy fail?",
            "why is production down?",
            "what is deployed in staging?",
            "go back to v1.0.0",
            "rollback staging",
            "undo the last release",
            "back-office",
            "skipper",
            "next-app",
            "nextjs",
            "optional",
        ] {
            for pattern in [&WHY, &OPTIONS, &BACK, &SKIP, &UNDO] {
                assert!(!is(pattern, said), "{said}");
            }
        }
    }
}
