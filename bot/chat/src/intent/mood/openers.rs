//! Words before an order, and words that take one back.

use crate::intent::grammar::questions::is_you;
use crate::intent::lexicon::{Class, near_opener};
use crate::intent::markup::MENTION;
use crate::intent::words::{Kind, Token, Words, words_at};

/// The words before an order that [`read`](super::read) looks for by themselves.
pub(in crate::intent) const LEADS: &[&str] = &[
    "do", "hold", "forget", "let's", "lets", "let", "i", "we", "i'd", "we'd", "go", "feel", "can", "could",
    "would", "will",
];

/// Whom a greeting is for.
const ADDRESSED: Words = Words::of(&[
    "team",
    "all",
    "folks",
    "everyone",
    "everybody",
    "guys",
    "y'all",
    "friends",
    "people",
    "crew",
    "there",
]);

/// Words before an order that mean nothing: greetings, politeness, mentions of the bot.
pub(in crate::intent) fn skip_openers(tokens: &[Token<'_>], from: usize) -> usize {
    // A name that begins within reach may end beyond it.
    let mut at = from.min(tokens.len());
    loop {
        let begin = at;
        while let Some(token) = tokens.get(at) {
            let punctuation = matches!(
                token.kind,
                Kind::Comma | Kind::Dash | Kind::Colon | Kind::Bracket | Kind::Plus | Kind::Stop
            );
            let bot = token.kind == Kind::Mention && addresses_bot(token);
            let opener = token.is_word()
                && token.is(Class::OPENER)
                && !(token.any(&["right", "first"])
                    && tokens.get(at + 1).is_some_and(|next| next.is(Class::TELLS)));
            let number = token.is_word()
                && token.class.is(Class::DIGIT)
                && token.low.bytes().all(|byte| byte.is_ascii_digit())
                && tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Bracket);
            let typo = token.is_word() && token.name.is_none() && !token.class.known() && near_opener(token.low)
                // "rehease" is nearer to another word.
                && !token.low.starts_with("re");
            if punctuation || bot || opener || number || typo {
                at += 1;
            } else {
                break;
            }
        }
        // "hey team deploy …"
        let greeted = at > from
            && tokens[at - 1].any(&["hi", "hey", "hello", "hiya", "yo", "dear", "ok", "okay", "alright"])
            && tokens.get(at).is_some_and(|token| token.among(&ADDRESSED));
        if greeted
            && tokens
                .get(at + 1)
                .is_some_and(|next| next.is_word() && next.is(Class::HEAD.and(Class::OPENER)))
        {
            at += 1;
        }
        // "great, …", "good morning team, …": only with a comma or the like behind.
        let run = tokens[at..]
            .iter()
            .take(6)
            .take_while(|token| token.is_word() && (token.is(Class::INTERJECTION) || token.is(Class::OPENER)))
            .count();
        // "right so deploy …"
        let so = run > 1 && tokens[at + run - 1].any(&["so"]) && !tokens[at].is(Class::NEGATION);
        if run > 0
            && (so
                || tokens.get(at + run).is_some_and(|token| {
                    matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Colon | Kind::Mention)
                }))
        {
            at += run;
        }
        if at == begin {
            return at;
        }
    }
}

/// What preambles are made of, beside politeness.
pub(in crate::intent) const PREAMBLES: &[&str] = &[
    "one",
    "thing",
    "question",
    "favor",
    "favour",
    "request",
    "to",
    "bother",
    "bug",
    "noise",
    "interrupt",
    "disturb",
    "small",
    "little",
    "another",
    "tiny",
    "the",
    "for",
    "help",
    "if",
    "here",
    "ask",
    "pinging",
    "bothering",
    "late",
    "on",
    "friday",
];

/// "hi all quick one can you …", "sorry to bother you but could you …", "one small thing, …": where what is wanted begins.
pub(super) fn preamble(tokens: &[Token<'_>], from: usize) -> Option<usize> {
    /// Longer preambles tell something.
    const LONGEST: usize = 12;
    let begin = tokens.get(from)?;
    if !(begin.is(Class::INTERJECTION) || begin.is(Class::PREAMBLE))
        || !begin.is_word()
        || begin.name.is_some()
    {
        return None;
    }
    for (at, token) in tokens.iter().enumerate().skip(from).take(LONGEST) {
        let asks =
            near_modal(token) && tokens.get(at + 1).is_some_and(|next| next.is_word() && is_you(next.low));
        if asks {
            return (at > from).then_some(at);
        }
        let little = token.is_word()
            && token.name.is_none()
            && (token.is(Class::OPENER) || token.is(Class::INTERJECTION) || token.is(Class::PREAMBLE));
        if matches!(token.kind, Kind::Comma | Kind::Dash) && at > from {
            // "if so, deploy production"
            if tokens[from..at].iter().any(|token| token.any(&["if"])) {
                return None;
            }
            return Some(skip_openers(tokens, at + 1));
        }
        // "quick one: could you …"
        let asks_next = tokens.get(at + 1).is_some_and(near_modal)
            && tokens.get(at + 2).is_some_and(|next| next.is_word() && is_you(next.low));
        if !(little || token.kind == Kind::Colon && asks_next) {
            return None;
        }
    }
    None
}

/// "do me a favor and …", "be so kind to …": where what is wanted begins.
pub(super) fn favor(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    const FAVORS: &[&[&str]] = &[
        &["do", "me", "a", "favor"],
        &["do", "me", "a", "favour"],
        &["do", "us", "a", "favor"],
        &["do", "us", "a", "favour"],
        &["be", "a", "dear"],
        &["be", "so", "kind"],
        &["be", "so", "kind", "as"],
        &["be", "so", "good"],
    ];
    if !tokens.get(at)?.any(&["do", "be"]) {
        return None;
    }
    let fits = |phrase: &&&[&str]| {
        phrase.iter().enumerate().all(|(step, word)| {
            tokens.get(at + step).is_some_and(|token| token.is_word() && token.low == *word)
        })
    };
    let end = at + FAVORS.iter().filter(fits).map(|phrase| phrase.len()).max()?;
    let joint = tokens.get(end)?;
    (joint.kind == Kind::Comma || joint.any(&["and", "to"])).then(|| skip_openers(tokens, end + 1))
}

/// "can", "could", "would", also typed wrong.
pub(in crate::intent) const MODALS: &[&str] = &[
    "can", "could", "would", "will", "cna", "cn", "coudl", "cuold", "culd", "coud", "woudl", "wuold", "cud",
    "wold", "wud",
];

/// Whether it is one of those.
pub(in crate::intent) fn near_modal(token: &Token<'_>) -> bool {
    token.is(Class::MODAL) && token.is_word()
}

/// `<@U…>` is how chats send a mention of the bot; `@infra-chat` is how people type it.
fn addresses_bot(token: &Token<'_>) -> bool {
    token.raw.starts_with(MENTION)
        || matches!(
            token.low,
            "@infra-chat"
                | "@infrachat"
                | "@infra"
                | "@bot"
                | "@infra-bot"
                | "@infrabot"
                | "@chat"
                | "@here"
                | "@channel"
                | "@all"
                | "@everyone"
        )
}

/// Passes over these words and the punctuation between them.
pub(super) fn skip_words(tokens: &[Token<'_>], from: usize, words: &[&str]) -> usize {
    let mut at = from;
    while tokens.get(at).is_some_and(|token| {
        token.any(words) || matches!(token.kind, Kind::Colon | Kind::Comma | Kind::Dash | Kind::Bracket)
    }) {
        at += 1;
    }
    at
}

/// What begins the taking back of an order.
pub(in crate::intent) const RETRACTS: &[&str] = &[
    "no",
    "nope",
    "nah",
    "done",
    "finished",
    "completed",
    "wait",
    "actually",
    "don't",
    "dont",
    "hold",
    "or",
    "not",
    "never",
    "nevermind",
    "nvm",
    "jk",
    "kidding",
    "joking",
    "scratch",
    "just",
    "only",
    "i'm",
    "im",
    "forget",
    "ignore",
    "on",
    "i",
];

/// "never mind", "scratch that", "just kidding".
pub(super) fn retracts(tokens: &[Token<'_>]) -> bool {
    if !tokens.first().is_some_and(|first| first.is(Class::RETRACTS)) {
        return false;
    }
    let word = words_at(tokens);
    let negated = matches!(word(0), "no" | "nope" | "nah") && word(1).is_empty();
    // "Rollback production. Done.": it was told, not ordered.
    let over = matches!(word(0), "done" | "finished" | "completed")
        && tokens.iter().filter(|token| token.is_word()).count() == 1;
    negated
        || over
        || (matches!(word(0), "wait" | "actually") && matches!(word(1), "" | "no" | "don't" | "not" | "dont"))
        || (matches!(word(0), "don't" | "dont" | "wait") && word(1).is_empty())
        || (word(0) == "hold" && word(1) == "on" && word(2).is_empty())
        || matches!((word(0), word(1)), ("or", "not") | ("not", ""))
        || (word(0) == "not" && matches!(word(1), "yet" | "now" | "today" | "really" | "anymore"))
        || matches!(
            (word(0), word(1)),
            ("never", "mind")
                | ("nevermind" | "nvm" | "jk" | "kidding" | "joking", "")
                | ("scratch", "that")
                | ("just" | "only" | "i'm" | "im", "kidding" | "joking")
                | ("forget", "it" | "that")
                | ("wait", "no")
                | ("no", "wait" | "no" | "nope")
                | ("ignore", "that" | "me")
                | ("kidding" | "jk" | "nvm" | "nevermind", _)
                | ("on", "second")
                | ("i", "take")
                | ("not", "really")
        )
}

/// "do me a favor and deploy staging": where what is wanted begins; else 0.
pub(in crate::intent) fn after_favor(tokens: &[Token<'_>]) -> usize {
    /// A favor is asked with the first words.
    const REACH: usize = 8;
    if !tokens.iter().take(REACH).any(|token| token.any(&["favor", "favour", "dear"])) {
        return 0;
    }
    favor(tokens, skip_openers(tokens, 0)).unwrap_or(0)
}
