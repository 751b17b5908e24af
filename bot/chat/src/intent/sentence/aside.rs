//! Remarks around an order that change nothing of it: "hey sorry to wake you, deploy api", "pause it, something smells".
//!
//! A remark is passed over when no word of it could change the order: no name, keyword, number, time, negation or condition,
//! none of our verbs, and none of the words that make a story, a rule or a trial of what stands beside it. Before an order
//! it ends with a comma, a sad face, "so" or "please", and the order begins behind it with its verb. Behind an order it must
//! be a clause of its own or thank somebody, for a bare noun there may be one more thing the order is about.

use super::told::LABELS;
use super::{Class, Kind, Mood, Token, heads, mood, reach};

/// A remark of more words tells a story, which may turn the order round in words nobody foresees.
const LONGEST: usize = 10;

/// Words that may make something else of the order beside them than an order.
const TURNS: &[&str] = &[
    // trials, jokes and stories
    "test", "tests", "testing", "tested", "trial", "try", "trying", "drill", "practice", "exercise", "simulation",
    "rehearsal", "joke", "jokes", "joking", "kidding", "fun", "prank", "april", "fool", "game", "riddle",
    "quiz", "trivia", "story", "poem", "song", "lyrics", "movie", "book", "novel", "quote", "headline", "slogan",
    "motto", "dream", "dreaming", "nightmare", "fantasy", "imagine", "pretend", "suppose", "supposing", "assume",
    "hypothetically", "theoretically", "technically", "ideally", "basically", "theory", "example", "instance",
    "meme", "spoiler", "record", "reference", "sake",
    // rules, plans and proposals
    "rule", "rules", "lesson", "tip", "advice", "fact", "habit", "practices", "policy", "plan", "plans", "planned",
    "idea", "ideas", "proposal", "suggestion", "suggest", "option", "options", "scenario", "scenarios", "case",
    "step", "steps", "goal", "goals", "task", "tasks", "item", "agenda", "vote", "poll", "bet", "guess", "question",
    "questions", "request", "procedure", "guide", "manual", "docs", "runbook", "checklist", "remember", "reminder",
    "remind", "forget", "recall", "repeat", "teach", "learn", "explain", "define", "translate", "spell", "pronounce",
    "type", "typing", "command", "commands", "phrase", "word", "words", "button", "message", "subject",
    // who says so, and whether it is meant
    "thinks", "think", "believes", "believe", "hopes", "hope", "wishes", "wish", "suggests", "recommends",
    "recommended", "insists", "claims", "demands", "orders", "shouts", "yells", "writes", "wrote", "reads", "begs",
    "calls", "called", "quoting", "according", "maybe", "perhaps", "possibly", "probably", "potentially",
    "eventually", "someday", "soon", "later", "yet", "instead", "rather", "otherwise", "else", "only",
    "except", "unless", "once", "first", "last", "next", "both", "either", "any", "every", "each", "given", "pending",
    "barring", "upon", "depending", "assuming", "provided", "while", "during", "wait", "waiting", "hold", "careful",
    "carefully", "never", "might", "may", "would", "could", "should", "shall", "must", "can", "will", "won't", "who",
    "what", "when", "where", "which", "why", "how", "whose", "whether", "someone", "somebody", "anyone", "anybody",
    "whoever", "nobody", "noone", "everyone", "you", "your", "yours", "yourself", "said", "says", "wrong", "mistake",
    "oops", "typo", "correction", "meant", "mean", "means", "meaning", "actually", "already", "done", "finished",
    "approval", "approvals", "green", "permission", "lock", "locked", "frozen", "freeze",
    "forbidden", "illegal", "risky", "dangerous", "unsafe", "live", "everything", "all", "none", "half", "same",
    "different", "other", "others", "another", "more", "less", "twice", "also", "too", "plus", "minus",
    "edit", "scratch", "strike", "ignore", "disregard", "bad", "better", "err", "er", "erm", "whoops", "ooops", "hm", "hmm",
    "permitting", "allowing", "willing", "moment", "minute", "second", "instant", "hasn't", "haven't", "hasnt", "havent",
    "without", "alone", "until", "till", "before", "after", "canceled", "cancelled", "cancel", "revoked", "denied",
];

/// Verbs of ours that everybody uses for anything.
const USUAL: &[&str] = &["see", "get", "do", "make", "take", "give", "start", "go", "find", "bring", "fix"];

/// Verbs of a remark behind an order, beside those people tell how things are with.
const SAYS: &[&str] = &[
    "am", "gave", "gives", "smells", "smell", "stinks", "stink", "hang", "hangs", "lag", "lags", "spins", "spin", "froze",
    "freezes", "flickers", "chokes", "choke", "crawls", "crawl", "burns", "burn", "complain", "complains", "scream",
    "screams", "suffer", "suffers", "stall", "stalls", "sound", "sounds", "acts", "behaves", "misbehaves", "misbehave",
    "drops", "drop", "dies", "die", "wobbles", "melts", "melt", "leaks", "leak", "explodes", "came", "comes", "left",
    "leaves", "love", "loves", "hate", "hates", "cry", "cries", "panic", "panics", "run", "runs", "ran", "signed",
    "blessed", "okayed", "agreed", "confirmed", "nodded", "promised", "paid", "got", "gets", "get", "went", "goes",
    "go", "wanna", "gotta", "gonna", "lost", "lose", "loses", "grew", "grows", "grow", "fell", "falls", "rose", "rises",
    "climbs", "jumped", "jumps", "spiked", "keeps", "keep", "looks", "look", "feels", "feel", "seems", "seem", "is",
    "are", "was", "were", "has", "have", "had", "need", "needs", "it's", "that's", "i'm", "we're", "they're", "i'll",
    "we'll", "sleeps", "slept", "works", "took", "takes", "made", "makes", "broke", "breaks", "stopped", "stops",
    "started", "starts", "happened", "happens", "noticed", "saw", "sees", "reported", "arrive", "arrives", "expired",
    "expires", "bug", "bugs", "annoys", "refuse", "refuses", "reject", "rejects", "stay", "stays", "stand", "stands",
];

/// What thanks begin with.
const THANKS: &[&str] = &["thanks", "thank", "thx", "ty", "cheers", "merci", "appreciated", "appreciate", "tia", "kudos", "grateful"];

/// What begins an excuse before an order.
const EXCUSES: &[&str] = &["sorry", "apologies", "pardon", "excuse", "forgive", "soz"];

/// A word that changes nothing of an order beside it.
fn is_idle(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    // "thanks in advance", "am on the train"
    if token.any(&["advance"]) && at > 0 && tokens[at - 1].any(&["in"]) || token.any(&["am"]) && at == 0 {
        return true;
    }
    let turns = Class::KEYWORD
        .and(Class::CONDITION)
        .and(Class::NEGATION)
        .and(Class::TIME)
        .and(Class::EITHER)
        .and(Class::DIGIT);
    let saying = token.is(Class::SAYING) && !token.any(&["to", "like", "about", "need", "going"]);
    let ours = token.is(Class::HEAD.and(Class::OBJECT)) && !token.any(USUAL) && !token.any(SAYS);
    let joins = token.is(Class::JOINS);
    token.is_word()
        && token.quote == 0
        && token.name.is_none()
        && !(token.is(turns) || saying || ours || joins)
        && !token.low.ends_with("n't")
        && !token.any(TURNS)
        && !token.any(LABELS)
        && !super::abroad::refuses(token)
        && token.low.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'\'' | b'-'))
        // "in case"
        && !(token.any(&["in", "on"]) && tokens.get(at + 1).is_some_and(|next| next.any(&["that", "this", "case", "which"])))
}

fn all_idle(tokens: &[Token<'_>]) -> bool {
    (0..tokens.len()).all(|at| is_idle(tokens, at))
}

/// Where the order begins behind a remark that changes nothing of it; 0 where none does. `said` are the classes of these
/// tokens.
pub(super) fn before(tokens: &[Token<'_>], said: Class) -> usize {
    if !said.is(Class::HEAD) || tokens.first().is_none_or(|first| first.name.is_some()) {
        return 0;
    }
    let begin = mood::skip_openers(tokens, 0);
    let near = tokens.len().min(begin + LONGEST + 2);
    let ends = |at: &usize| {
        let token = &tokens[*at];
        let polite = token.any(&["please", "pls", "plz"])
            && tokens.get(at + 1).is_some_and(|next| next.is_word() && next.is(Class::HEAD));
        matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Colon) || token.any(&["so", "but"]) || polite
    };
    let Some(end) = (begin..near).find(ends) else { return 0 };
    let remark = &tokens[begin..end];
    let excuse = tokens[..end].iter().any(|token| token.any(EXCUSES));
    let least = if excuse { 0 } else { 2 };
    let face = |at: usize| tokens.get(at).is_some_and(|token| token.kind == Kind::Bracket && token.glued);
    let sad = tokens[end].kind == Kind::Colon && (face(end + 1) || face(end + 2) && tokens[end + 1].kind == Kind::Dash);
    let order = match tokens[end].kind {
        Kind::Colon if !sad => return 0,
        Kind::Colon => end + 1 + tokens[end + 1..].iter().take_while(|token| !token.is_word()).count(),
        _ => end + 1,
    };
    if remark.len() < least || tokens[end].any(&["but"]) && !excuse {
        return 0;
    }
    let lasting = |token: &Token<'_>| tokens[end].any(&["so"]) && token.any(&["weekend", "week", "day"]);
    let idle = (0..remark.len()).all(|at| is_idle(remark, at) || lasting(&remark[at]));
    let whom = |token: &Token<'_>| token.any(&["you", "everyone", "again"]);
    let pardoned = excuse && (0..remark.len()).all(|at| is_idle(remark, at) || whom(&remark[at]));
    // A bare noun before a comma may be a heading or somebody who is called.
    let tells = |token: &Token<'_>| token.is(Class::TELLS.and(Class::AILS)) || token.any(SAYS) || token.any(&["for"]);
    let told = !matches!(tokens[end].kind, Kind::Comma | Kind::Dash) || remark.iter().any(tells);
    if !(idle && told && begins(remark) || pardoned) {
        return 0;
    }
    let rest = reach(&tokens[order..]);
    let verb = mood::skip_openers(rest, 0);
    let ours = heads::find(&rest[verb..]).is_some();
    match mood::read(rest) {
        Mood::Order(opening) if ours && !opening.ahead && opening.at == verb => order,
        _ => 0,
    }
}

/// Whether a remark before an order begins as something told: not with a place, and not by calling somebody.
fn begins(remark: &[Token<'_>]) -> bool {
    match remark {
        [first, second, ..] if first.any(&["for"]) => second.any(&["the", "a", "our", "my", "their", "this"]),
        [first, ..] => !first.is(Class::PREPOSITION) && !first.any(&["as", "to", "by", "dear", "hey", "a", "an"]),
        [] => false,
    }
}

/// Whether what stands behind the comma of an order is a clause of its own that changes nothing of it, or thanks somebody.
pub(super) fn behind(tail: &[Token<'_>]) -> bool {
    let mut parts = tail.split(|token| !token.is_word()).filter(|part| !part.is_empty());
    let Some(first) = parts.next() else { return false };
    let thanks = |part: &[Token<'_>]| {
        part.iter().take(3).any(|token| token.any(THANKS))
            && (0..part.len()).all(|at| is_idle(part, at) || part[at].any(&["you", "everyone", "all", "again", "more"]))
    };
    let tells = |part: &[Token<'_>]| {
        part.len() > 1
            && part.len() <= LONGEST
            && all_idle(part)
            && part.iter().any(|token| token.any(SAYS))
            && !part[0].is(Class::PREPOSITION)
            && !part[0].any(USUAL)
    };
    (thanks(first) || tells(first)) && parts.all(|part| thanks(part) || all_idle(part) && tells(part))
}
