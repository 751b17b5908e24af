//! How a sentence begins: an order, a question, a refusal, a condition, or something we are not asked to do.
//!
//! Everything that changes the world must begin with its verb, after nothing but politeness. That one rule keeps reports,
//! intentions, hypotheticals and small talk from becoming orders.

use super::grammar::heads::{self, Head};
use super::grammar::questions::{self, Asked};
use super::grammar::standing;
use super::lexicon::Class;
use super::words::{Kind, Token};

/// How a stretch of words begins.
#[derive(Debug, Clone)]
pub(super) enum Mood {
    Order(Opening),
    Question {
        from: usize,
        asked: Asked,
    },
    /// "don't deploy", from this place on.
    Refusal,
    /// "if …": the condition begins at this place.
    Condition(usize),
    /// "text me …": begins at this place.
    Notify(usize),
    /// "never mind": what was ordered before is taken back.
    Retraction,
    /// An imperative (as far as we can tell) whose verb stands at this place.
    Imperative(usize),
    Statement,
    Nothing,
}

/// Where an order's verb stands, and what stood before it.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    pub(super) head: Head,
    pub(super) at: usize,
    pub(super) len: usize,
    /// "on staging, …": the tokens of the place named before the verb.
    pub(super) front: std::ops::Range<usize>,
    pub(super) dry_run: bool,
    pub(super) rehearse: bool,
    /// "can you …": a question mark at the end changes nothing.
    pub(super) polite: bool,
}

/// Reads how these tokens begin.
pub(super) fn read(tokens: &[Token<'_>]) -> Mood {
    if retracts(tokens) {
        return Mood::Retraction;
    }
    let mut at = skip_openers(tokens, 0);
    let word = |at: usize| tokens.get(at).filter(|token| token.is_word()).map_or("", |token| token.low);
    if tokens[at.min(tokens.len())..].iter().all(|token| !token.is_word() && token.kind != Kind::Mention) {
        return Mood::Nothing;
    }
    if retracts(&tokens[at..]) {
        return Mood::Retraction;
    }
    let mut polite = false;
    for _ in 0..4 {
        if let Some(condition) = condition_at(tokens, at) {
            return Mood::Condition(condition);
        }
        let Some(token) = tokens.get(at) else { return Mood::Nothing };
        if token.is(Class::NEGATION) || (word(at) == "do" && matches!(word(at + 1), "not" | "nothing")) {
            return Mood::Refusal;
        }
        if matches!(word(at), "let's" | "lets")
            || (word(at) == "let" && word(at + 1) == "us" && word(at + 2) != "know")
        {
            at = skip_openers(tokens, at + 1 + usize::from(word(at) == "let"));
            if matches!(word(at), "not" | "see" | "say" | "hope" | "pretend" | "assume" | "suppose") {
                return Mood::Refusal;
            }
            polite = true;
            continue;
        }
        let asks_you = matches!(word(at), "i" | "we" | "i'd" | "we'd")
            && (1..4).any(|step| word(at + step) == "you" && word(at + step + 1) == "to")
            && (1..4).any(|step| matches!(word(at + step), "need" | "want" | "like"))
            && !tokens[at..].iter().take(4).any(|token| token.is(Class::NEGATION));
        if asks_you && let Some(to) = (at..tokens.len()).find(|place| word(*place) == "to") {
            at = skip_openers(tokens, to + 1);
            polite = true;
            continue;
        }
        if word(at) == "go" && matches!(word(at + 1), "ahead" | "and") {
            at = skip_openers(tokens, at + 2);
            continue;
        }
        if word(at) == "feel" && word(at + 1) == "free" && word(at + 2) == "to" {
            at += 3;
            continue;
        }
        if token.is_word()
            && (token.is(Class::ASKS) || token.any(&["can", "could", "would", "will", "do"]))
            && let Some(asked) = questions::read(&tokens[at..])
        {
            if let Asked::Please(skip) = asked {
                at = skip_openers(tokens, at + skip);
                if tokens.get(at).is_some_and(|token| token.is(Class::NEGATION)) {
                    return Mood::Refusal;
                }
                polite = true;
                continue;
            }
            return Mood::Question { from: at, asked };
        }
        break;
    }
    order(tokens, at, polite)
}

fn order(tokens: &[Token<'_>], at: usize, polite: bool) -> Mood {
    let word = |at: usize| tokens.get(at).filter(|token| token.is_word()).map_or("", |token| token.low);
    let (at, front) = fronted(tokens, at);
    if standing::notifies(&tokens[at.min(tokens.len())..]) {
        if matches!(word(at), "tell" | "let" | "give" | "send")
            && let Some(place) = asks_within(tokens, at)
            && let Some(asked) = questions::read(&tokens[place..])
        {
            return Mood::Question { from: place, asked };
        }
        return Mood::Notify(at);
    }
    let (mut dry_run, mut rehearse) = (false, false);
    // "canary deploy production": the canary is read with the words after the verb.
    let (at, front) = match tokens.get(at) {
        Some(token)
            if token.any(&["canary"])
                && front.is_empty()
                && tokens.get(at + 1).is_some_and(|next| next.any(&["deploy", "release", "ship"])) =>
        {
            (at + 1, at..at + 1)
        }
        _ => (at, front),
    };
    let mut at = at;
    let mut flagged = false;
    for _ in 0..3 {
        let Some((len, rehearsal)) = flag(tokens, at) else { break };
        if rehearsal {
            rehearse = true;
        } else {
            dry_run = true;
        }
        at = skip_words(
            tokens,
            at + len,
            &[
                "a", "an", "the", "of", "for", "to", "please", "it", "on", "in", "and", "how", "out",
                "running", "what",
            ],
        );
        flagged = true;
    }
    let opening = |head, at, len| Opening {
        head,
        at,
        len,
        front: front.clone(),
        dry_run,
        rehearse,
        polite: polite || flagged,
    };
    if let Some((head, len)) = heads::find(&tokens[at.min(tokens.len())..])
        && tokens[at].quote == tokens[at + len - 1].quote
    {
        if matches!(head, Head::Show | Head::Check)
            && let Some(place) = asks_within(tokens, at)
            && let Some(asked) = questions::read(&tokens[place..])
        {
            return Mood::Question { from: place, asked };
        }
        if flagged && matches!(head, Head::Act(_)) && word(at + len) == "of" {
            return Mood::Order(Opening {
                head: Head::Start,
                at,
                len: 0,
                front,
                dry_run,
                rehearse,
                polite: true,
            });
        }
        if matches!(head, Head::Show | Head::Check)
            && let Some(place) = asks_whether(tokens, at)
        {
            return Mood::Question { from: place, asked: questions::stated(&tokens[place..]) };
        }
        return Mood::Order(opening(head, at, len));
    }
    if flagged
        && tokens[at.min(tokens.len())..].iter().any(|token| {
            token.any(heads::DEPLOY_NOUNS) || token.any(&["rollback", "migrations", "migration", "backfill"])
        })
    {
        return Mood::Order(Opening {
            head: Head::Start,
            at,
            len: 0,
            front,
            dry_run,
            rehearse,
            polite: true,
        });
    }
    if flagged {
        return Mood::Statement;
    }
    if tokens.get(at).is_some_and(|token| token.is_word() && token.name.is_none() && !token.class.known()) {
        return Mood::Imperative(at);
    }
    Mood::Statement
}

/// "dry run", "plan", "rehearse" before an order: how many words, and whether it is the rehearsal.
fn flag(tokens: &[Token<'_>], at: usize) -> Option<(usize, bool)> {
    let word = |at: usize| tokens.get(at).filter(|token| token.is_word()).map_or("", |token| token.low);
    match word(at) {
        "dry-run" | "dryrun" | "simulate" | "preview" | "plan" | "dry_run" => Some((1, false)),
        "dry" if word(at + 1) == "run" => Some((2, false)),
        "rehearse" | "rehearsal" => Some((1, true)),
        _ => None,
    }
}

/// "show me who …", "check if …": where the question begins.
fn asks_within(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let from = at + 1;
    let end = (from + 3).min(tokens.len());
    (from..end)
        .find(|place| {
            tokens[*place].is_word()
                && tokens[*place].any(&[
                    "who", "what", "what's", "when", "how", "which", "where", "why", "is", "did", "whether",
                    "if",
                ])
        })
        .filter(|place| {
            !tokens[*place].any(&["when"]) || tokens.get(place + 1).is_some_and(|next| next.is(Class::TELLS))
        })
        .filter(|place| !tokens[*place].any(&["if", "whether"]))
}

/// "check if …": where the statement in question begins.
fn asks_whether(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let end = (at + 4).min(tokens.len());
    let condition = (at + 1..end).find(|place| tokens[*place].any(&["if", "whether"]))?;
    tokens[condition..].iter().any(|token| token.any(&["is", "are"])).then_some(condition + 1)
}

/// "on staging, …", "staging: …": the place before the verb.
fn fronted(tokens: &[Token<'_>], at: usize) -> (usize, std::ops::Range<usize>) {
    let none = (at, at..at);
    let mut place = at;
    let preposition =
        tokens.get(place).is_some_and(|token| token.any(&["in", "on", "for", "to", "from", "into"]));
    if preposition {
        place += 1;
        while tokens.get(place).is_some_and(|token| token.any(&["the", "our"])) {
            place += 1;
        }
    }
    let first = place;
    let mut named = false;
    while let Some(token) = tokens.get(place) {
        if let Some(hit) = token.name {
            named = true;
            place += hit.len;
        } else if named
            && (token.any(&["and", "environment", "env"])
                || (token.kind == Kind::Comma
                    && tokens.get(place + 1).is_some_and(|next| next.name.is_some())))
        {
            place += 1;
        } else {
            break;
        }
    }
    if !named || first == tokens.len() {
        return none;
    }
    let mut next = place;
    let marked =
        tokens.get(next).is_some_and(|token| matches!(token.kind, Kind::Comma | Kind::Colon | Kind::Dash));
    while tokens.get(next).is_some_and(|token| matches!(token.kind, Kind::Comma | Kind::Colon | Kind::Dash)) {
        next += 1;
    }
    let next = skip_openers(tokens, next);
    let verb = heads::find(&tokens[next.min(tokens.len())..]).is_some() || flag(tokens, next).is_some();
    let colon = tokens.get(place).is_some_and(|token| token.kind == Kind::Colon);
    if verb && (preposition || colon) && (marked || preposition) { (next, at..place) } else { none }
}

/// A condition begins here.
fn condition_at(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let token = tokens.get(at)?;
    let word = |at: usize| tokens.get(at).filter(|token| token.is_word()).map_or("", |token| token.low);
    if !token.is_word() || token.quote > 0 {
        return None;
    }
    match token.low {
        "if" | "whenever" | "unless" | "until" | "till" | "provided" | "assuming" | "while" | "once" => {
            Some(at)
        }
        "when"
            if !matches!(
                word(at + 1),
                "did"
                    | "was"
                    | "were"
                    | "can"
                    | "could"
                    | "will"
                    | "is"
                    | "are"
                    | "do"
                    | "does"
                    | "should"
                    | "has"
                    | "have"
                    | "may"
            ) =>
        {
            Some(at)
        }
        "when"
            if matches!(word(at + 1), "is" | "are")
                && !tokens.iter().any(|token| token.kind == Kind::Question)
                && tokens.iter().any(|token| token.kind == Kind::Comma) =>
        {
            Some(at)
        }
        "after" | "before" => super::values::time(&tokens[at..]).is_none().then_some(at),
        "as" if word(at + 1) == "soon" || (word(at + 1) == "long" && word(at + 2) == "as") => Some(at),
        "in" if matches!(word(at + 1), "case") => Some(at),
        "only" if matches!(word(at + 1), "if" | "when" | "after" | "once") => Some(at),
        "every" | "any" if word(at + 1) == "time" => Some(at),
        "should"
            if tokens.iter().any(|token| token.kind == Kind::Comma)
                && !matches!(word(at + 1), "we" | "i" | "you") =>
        {
            Some(at)
        }
        _ => None,
    }
}

/// Where in the words of an order a condition begins.
pub(super) fn condition_within(tokens: &[Token<'_>]) -> Option<usize> {
    (0..tokens.len()).find(|at| {
        let last = !tokens[at + 1..].iter().any(Token::is_word);
        condition_at(tokens, *at).is_some()
            && !last
            && !(tokens[*at].any(&["once", "until", "till"]) && super::values::time(&tokens[*at..]).is_some())
    })
}

/// Words before an order that mean nothing: greetings, politeness, mentions of the bot.
pub(super) fn skip_openers(tokens: &[Token<'_>], from: usize) -> usize {
    let mut at = from;
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
                && token.low.bytes().all(|byte| byte.is_ascii_digit())
                && tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Bracket);
            let typo = token.is_word()
                && token.name.is_none()
                && !token.class.known()
                && super::lexicon::near_opener(token.low);
            if punctuation || bot || opener || number || typo {
                at += 1;
            } else {
                break;
            }
        }
        // "great, …", "good morning team, …": only with a comma or the like behind.
        let run = tokens[at..]
            .iter()
            .take(6)
            .take_while(|token| token.is_word() && (token.is(Class::INTERJECTION) || token.is(Class::OPENER)))
            .count();
        if run > 0
            && tokens.get(at + run).is_some_and(|token| {
                matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Colon | Kind::Mention)
            })
        {
            at += run;
        }
        if at == begin {
            return at;
        }
    }
}

/// `<@U…>` is how chats send a mention of the bot; `@infra-chat` is how people type it.
fn addresses_bot(token: &Token<'_>) -> bool {
    token.raw.starts_with(super::markup::MENTION)
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

fn skip_words(tokens: &[Token<'_>], from: usize, words: &[&str]) -> usize {
    let mut at = from;
    while tokens.get(at).is_some_and(|token| {
        token.any(words) || matches!(token.kind, Kind::Colon | Kind::Comma | Kind::Dash | Kind::Bracket)
    }) {
        at += 1;
    }
    at
}

/// "never mind", "scratch that", "just kidding".
fn retracts(tokens: &[Token<'_>]) -> bool {
    let word = |at: usize| tokens.get(at).filter(|token| token.is_word()).map_or("", |token| token.low);
    let negated = matches!(word(0), "no" | "nope" | "nah") && word(1).is_empty();
    negated
        || (matches!(word(0), "wait" | "actually") && matches!(word(1), "" | "no" | "don't" | "not" | "dont"))
        || (matches!(word(0), "don't" | "dont" | "wait") && word(1).is_empty())
        || (word(0) == "hold" && word(1) == "on" && word(2).is_empty())
        || (word(0) == "or" && word(1) == "not")
        || (word(0) == "not" && matches!(word(1), "yet" | "now" | "today" | "really" | "anymore"))
        || matches!(
            (word(0), word(1)),
            ("never", "mind")
                | ("nevermind" | "nvm" | "jk" | "kidding" | "joking", "")
                | ("scratch", "that")
                | ("just" | "only" | "i'm" | "im", "kidding" | "joking")
                | ("forget", "it" | "that")
                | ("wait", "no")
                | ("ignore", "that" | "me")
                | ("kidding" | "jk" | "nvm" | "nevermind", _)
                | ("on", "second")
                | ("i", "take")
                | ("not", "really")
        )
}
