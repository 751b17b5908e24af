//! What makes a report or a courtesy of words that look like an order.

use std::borrow::Cow;

use super::{Action, Class, Heard, Kind, Token, Vocabulary, classes, grammar, reach};

/// What the phrases of courtesy begin with.
pub(in crate::intent) const COURTEOUS: &[&str] = &["if", "when", "whenever", "while", "once", "as"];

/// Phrases of courtesy that hold "if" or "when" and mean neither.
const COURTESIES: &[&[&str]] = &[
    &["if", "possible"],
    &["if", "you", "can"],
    &["if", "you", "could"],
    &["if", "you", "please"],
    &["if", "you", "don't", "mind"],
    &["if", "you", "dont", "mind"],
    &["if", "you", "would"],
    &["when", "you", "can"],
    &["when", "you", "get", "a", "chance"],
    &["when", "you", "get", "a", "minute"],
    &["when", "you", "get", "a", "moment"],
    &["when", "you", "have", "a", "minute"],
    &["when", "you", "have", "a", "moment"],
    &["when", "you", "have", "a", "chance"],
    &["when", "you", "have", "time"],
    &["whenever", "you", "can"],
    &["whenever", "you", "like"],
    &["while", "you're", "at", "it"],
    &["while", "you", "are", "at", "it"],
    &["if", "that's", "ok"],
    &["if", "that's", "okay"],
    &["if", "it's", "ok"],
    &["if", "you", "have", "time"],
    &["once", "more"],
    &["as", "soon", "as", "possible"],
    &["as", "soon", "as", "you", "can"],
    &["if", "you", "will"],
    &["when", "possible"],
    &["if", "need", "be"],
];

/// How many tokens of courtesy stand here.
fn courtesy(tokens: &[Token<'_>]) -> usize {
    if !tokens[0].is(Class::COURTEOUS) {
        return 0;
    }
    let fits = |phrase: &&&[&str]| {
        phrase.len() <= tokens.len()
            && phrase.iter().zip(tokens).all(|(word, token)| token.is_word() && token.low == *word)
    };
    COURTESIES.iter().filter(fits).map(|phrase| phrase.len()).max().unwrap_or(0)
}

pub(super) fn without_courtesies<'a, 't>(tokens: &'a [Token<'t>]) -> Cow<'a, [Token<'t>]> {
    if !classes(tokens).is(Class::COURTEOUS) {
        return Cow::Borrowed(tokens);
    }
    let first = (0..tokens.len()).find(|at| courtesy(&tokens[*at..]) > 0);
    let Some(first) = first else { return Cow::Borrowed(tokens) };
    let mut kept = tokens[..first].to_vec();
    let mut at = first;
    while at < tokens.len() {
        let courtesy = courtesy(&tokens[at..]);
        if courtesy == 0 {
            kept.push(tokens[at]);
        }
        at += courtesy.max(1);
    }
    Cow::Owned(kept)
}

/// "db is calm again", "errors are climbing", "it hangs again": how things are, behind the comma of an order.
fn remark(tokens: &[Token<'_>]) -> bool {
    const VERBS: &[&str] = &[
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "had",
        "keeps",
        "keep",
        "looks",
        "look",
        "seems",
        "seem",
        "needs",
        "need",
        "wants",
        "want",
        "hangs",
        "hung",
        "got",
        "gets",
        "went",
        "goes",
        "broke",
        "broken",
        "crashed",
        "crashes",
        "died",
        "dies",
        "failed",
        "fails",
        "works",
        "worked",
        "finished",
        "passed",
        "started",
        "stopped",
        "complained",
        "complain",
        "waits",
        "wait",
        "isn't",
        "aren't",
        "wasn't",
        "leaks",
        "starts",
        "begins",
        "opens",
        "closes",
        "ends",
        "expires",
        "arrives",
        "see",
        "sees",
        "report",
        "reports",
    ];
    let ends =
        |token: &Token<'_>| !token.is_word() || token.any(&["and", "then", "but", "which", "who", "that"]);
    let clause = &tokens[..tokens.iter().position(ends).unwrap_or(tokens.len())];
    let begins = clause.first().is_some_and(|first| {
        let orders = first.is(Class::HEAD) && first.name.is_none() && !first.is(Class::OBJECT);
        let little = first.is(Class::NEGATION)
            || first.is(Class::PREPOSITION)
            || first.is(Class::ASKS)
            || first.is(Class::CONDITION)
            || first.any(&["only"]);
        !(orders || little)
    });
    let hangs = clause.first().is_some_and(|first| first.any(&["it", "they"]))
        && clause
            .get(1)
            .is_some_and(|verb| verb.name.is_none() && verb.low.len() > 2 && verb.low.ends_with('s'));
    let ends_all = clause.len() == tokens.len();
    begins
        && (hangs
            || clause.iter().skip(1).any(|token| token.any(VERBS) && token.quote == 0)
            || ends_all && state(clause))
}

/// "…, ana is waiting, dry run": whether what is said behind a remark is more than another remark.
pub(super) fn goes_on(tail: &[Token<'_>]) -> bool {
    let joint = |token: &Token<'_>| {
        matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Bracket) || token.any(&["and", "but", "then"])
    };
    let little = |token: &Token<'_>| {
        token.name.is_none()
            && token.is(Class::OPENER.and(Class::PREPOSITION).and(Class::NEGATION).and(Class::FILLER))
            && !token.is(Class::KEYWORD)
    };
    let begins = tail.iter().position(|token| !joint(token)).unwrap_or(tail.len());
    tail[begins..].split(joint).skip(1).any(|part| {
        let said = part.iter().find(|token| token.is_word() && !little(token));
        let told = part.iter().any(|token| token.is(Class::TELLS.and(Class::SUBJECT)) && token.is_word());
        said.is_some_and(|token| {
            token.quote == 0
                && (token.name.is_some()
                    || token.is(Class::KEYWORD)
                    || crate::intent::values::is_ref(token.low)
                    || crate::intent::values::weights(std::slice::from_ref(token)).is_some())
        }) && !told
    }) || tail.windows(2).any(|pair| {
        pair[0].quote == 0
            && (pair[0].any(&["dry-run", "dryrun", "rehearsal"])
                || pair[0].any(&["dry"]) && pair[1].any(&["run"]))
    }) || tail.last().is_some_and(|last| last.any(&["dry-run", "dryrun", "rehearsal"]) && last.quote == 0)
}

/// "memory leak again", "all good", "canary green": how things are, without a verb and without a name of ours.
fn state(clause: &[Token<'_>]) -> bool {
    /// Longer ones have a verb.
    const LONGEST: usize = 6;
    const WELL: &[&str] = &[
        "good",
        "fine",
        "ok",
        "okay",
        "green",
        "clear",
        "clean",
        "calm",
        "quiet",
        "recovered",
        "normal",
        "red",
        "slow",
        "down",
    ];
    let value = |token: &Token<'_>| {
        token.name.is_some()
            || token.quote > 0
            || token.is(Class::CONDITION.and(Class::EITHER).and(Class::NEGATION))
            || token.any(&["first", "given", "expected"])
            || token.is(Class::KEYWORD) && !token.any(&["canary"])
            || token.is(Class::DIGIT) && !token.is(Class::AILS)
            || token.is(Class::PREPOSITION) && !token.any(&["in"])
            || crate::intent::values::is_ref(token.low)
    };
    (2..=LONGEST).contains(&clause.len())
        && clause.iter().any(|token| token.is(Class::AILS) || token.any(WELL))
        && !clause.iter().any(value)
}

/// Words that say how things are, and that something is wrong, without a verb.
pub(in crate::intent) const AILS: &[&str] = &[
    "leak",
    "leaks",
    "leaking",
    "errors",
    "outage",
    "outages",
    "spike",
    "spikes",
    "spiking",
    "pegged",
    "oom",
    "ooms",
    "500s",
    "502s",
    "503s",
    "504s",
    "5xx",
    "timeouts",
    "unresponsive",
    "climbing",
    "rising",
    "degraded",
    "flat",
    "look",
    "see",
    "sees",
    "complain",
    "complains",
];

/// What begins a remark about an order, beside a comma or the like.
pub(in crate::intent) const COMMENTS: &[&str] =
    &["because", "cause", "cuz", "coz", "so", "since", "as", "reason"];

/// The words of an order without what is only said about it: "…, it's broken", "because …", "so that …". Locks keep
/// their reason.
pub(super) fn commentary<'a, 't>(action: Action, tokens: &'a [Token<'t>]) -> (&'a [Token<'t>], bool) {
    let signs = Class::COMMENTS
        .and(Class::of_kind(Kind::Comma))
        .and(Class::of_kind(Kind::Dash))
        .and(Class::of_kind(Kind::Colon));
    if !classes(tokens).is(signs) {
        return (tokens, true);
    }
    let place = tokens.iter().enumerate().position(|(at, token)| {
        let next = tokens.get(at + 1);
        token.quote == 0
            && (token.any(&["because", "cause", "cuz", "coz"])
                || (token.any(&["so"])
                    && next.is_some_and(|next| next.is(Class::SUBJECT) || next.any(&["that", "the", "it"])))
                || (token.any(&["since", "as"])
                    && next.is_some_and(|next| next.is(Class::SUBJECT) || next.any(&["it", "the"])))
                || (matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Colon)
                    && action != Action::SetVariable
                    && next.is_some_and(|next| {
                        next.is(Class::SUBJECT)
                            || token.kind != Kind::Colon && remark(reach(&tokens[at + 1..]))
                            || (next.any(&["it", "this", "that", "the", "there"])
                                && reach(&tokens[at + 1..])
                                    .iter()
                                    .any(|token| token.is(Class::TELLS) && token.is_word()))
                    })))
    });
    let place = place.or_else(|| {
        let runs = grammar::runs::is_run_action(action);
        tokens.iter().position(|token| runs && matches!(token.kind, Kind::Colon | Kind::Dash))
    });
    let locks = matches!(action, Action::Lock | Action::Unlock);
    let colon = tokens
        .iter()
        .position(|token| locks && (token.kind == Kind::Colon || token.any(&["reason", "because"])));
    match (place, colon) {
        (_, Some(colon)) => (&tokens[..colon], false),
        (Some(place), None) if action != Action::SetVariable => (&tokens[..place], true),
        _ => (tokens, true),
    }
}

/// Words after a verb that make a report of it: "deploy failed", "release went out".
pub(super) fn report(
    action: Action,
    looked: bool,
    vocabulary: &Vocabulary,
    tokens: &[Token<'_>],
) -> Option<Heard> {
    let tells = |token: &Token<'_>| {
        token.is_word() && token.is(Class::TELLS) && token.quote == 0 && token.name.is_none()
    };
    if action == Action::SetVariable {
        let assigned = tokens.get(1).is_some_and(|next| next.kind == Kind::Equals);
        return tokens.first().filter(|token| tells(token) && !assigned).map(|_| Heard::Statement);
    }
    if looked || !action.row().changes {
        let told = tokens.first().is_some_and(|token| {
            tells(token) && !token.any(&["deployed", "can", "failed", "ready", "green"])
        });
        let later = tokens
            .iter()
            .any(|token| token.any(&["is", "are", "was", "were", "looks", "look", "seem", "seems"]));
        // "deploys to production make me nervous"
        let headline = !looked
            && matches!(action, Action::Releases | Action::Logs | Action::Incidents)
            && tokens.iter().any(|token| token.any(HEADLINE_VERBS) && token.quote == 0);
        return (told || headline || (later && !looked && !matches!(action, Action::Help | Action::Audit)))
            .then_some(Heard::Statement);
    }
    let before = |at: usize, words: &[&str]| {
        at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|token| token.any(words))
    };
    // "deploying on a friday" is a custom, "on friday" a time.
    let some_day =
        |pair: &[Token<'_>]| pair[0].any(&["a", "any"]) && crate::intent::values::is_day(pair[1].low);
    if tokens.windows(2).any(some_day) {
        return Some(Heard::Statement);
    }
    for (at, token) in tokens.iter().enumerate() {
        let participle = participle(token);
        if !participle && !tells(token) {
            continue;
        }
        let shouted = !token.raw.bytes().any(|byte| byte.is_ascii_lowercase());
        let called = || {
            token.any(CALLED)
                || action == Action::RotateSecret && shouted
                || !vocabulary.near(token.low, crate::intent::values::ALL_KINDS).is_empty()
        };
        let told = participle && !before(at, PARTICIPLE_AFTER) && !called();
        let idiom = (token.any(&["pending"]) && action == Action::Migrate)
            || (token.any(&["ready"]) && action == Action::Readiness)
            || (before(at, &["that", "which"]) && action == Action::Rollback)
            || (token.any(&["working", "successful", "green", "deployed", "released"])
                && (before(at, &["last", "previous", "good", "known", "latest"])
                    || before(at, &["was"]) && action == Action::Rollback))
            || (token.any(&["failed", "pending", "paused", "blocked", "scheduled"])
                && crate::intent::grammar::runs::is_run_action(action)
                && at + 1 < tokens.len()
                && tokens.get(at + 1).is_some_and(|next| next.is(Class::OBJECT) || next.any(&["step"])))
            || (token.any(&["scheduled"]) && matches!(action, Action::CronDisable | Action::CronEnable));
        if (tells(token)
            || (told && !matches!(action, Action::Setup | Action::CreateEnvironment | Action::Expand)))
            && !idiom
        {
            return Some(Heard::Statement);
        }
    }
    None
}

/// What is said of many things of a kind, which nobody says when asking for a list of them.
const HEADLINE_VERBS: &[&str] = &[
    "make", "makes", "scare", "worry", "suck", "rock", "happen", "take", "need", "feel", "hurt", "cost",
    "break", "fail", "bring", "require", "stress", "annoy", "terrify", "frighten", "become", "cause", "seem",
    "tend", "should", "must", "never", "always", "usually",
];

/// Words in -ing that services are called by.
const CALLED: &[&str] = &[
    "billing",
    "pricing",
    "messaging",
    "reporting",
    "accounting",
    "onboarding",
    "booking",
    "tracking",
    "monitoring",
    "mailing",
    "ticketing",
    "invoicing",
    "banking",
    "marketing",
    "ranking",
    "rating",
    "routing",
    "scheduling",
    "indexing",
    "logging",
    "staging",
    "landing",
    "training",
];

/// Words that may stand before a participle without making a report of the order: "as discussed", "the failing api".
pub(super) const PARTICIPLE_AFTER: &[&str] = &[
    "as", "to", "by", "for", "before", "after", "without", "while", "of", "with", "the", "a", "an", "from",
    "in", "on", "stop", "please", "be", "and", "all", "any", "ref", "branch", "tag", "commit", "release",
    "version",
];

/// "fixed", "awaiting", "crashed": a report, unless it is one of the words orders are made of.
pub(super) fn participle(token: &Token<'_>) -> bool {
    const PLAIN: &[&str] = &[
        "including",
        "excluding",
        "using",
        "starting",
        "beginning",
        "following",
        "testing",
        "everything",
        "nothing",
        "something",
        "morning",
        "evening",
        "during",
        "soaking",
        "skipping",
        "running",
        "waiting",
        "holding",
        "needed",
        "required",
        "requested",
        "planned",
        "agreed",
        "discussed",
        "promised",
        "scheduled",
        "limited",
        "throttled",
        "batched",
        "named",
        "called",
        "based",
        "cached",
        "speed",
        "nullable",
        "pending",
        "setting",
        "string",
        "thing",
        "rehearsed",
        "simulated",
        "skipped",
        "excluded",
        "migrating",
        "bundled",
        "indeed",
        "deploying",
        "failed",
        "deployed",
        "released",
        "going",
        "applying",
        "paused",
        "blocked",
    ];
    token.is_word()
        && token.quote == 0
        && token.name.is_none()
        && token.low.len() > 4
        && (token.low.ends_with("ed") || token.low.ends_with("ing"))
        && token.low.bytes().all(|byte| byte.is_ascii_lowercase())
        && !PLAIN.contains(&token.low)
}

/// The words one of which takes an order back.
pub(in crate::intent) const TAKES_BACK: &[&str] = &[
    "no",
    "nope",
    "nah",
    "not",
    "never",
    "next",
    "some",
    "one",
    "jk",
    "kidding",
    "nvm",
    "nevermind",
    "joking",
    "someday",
];

/// "deploy production? no", "deploy production not yet".
pub(super) fn takes_back(tokens: &[Token<'_>]) -> bool {
    if !classes(tokens).is(Class::TAKES_BACK) {
        return false;
    }
    // "deploy production lol no", "deploy production or nah"
    let last = tokens.iter().rposition(Token::is_word);
    if last.is_some_and(|at| {
        let value = at > 0 && (tokens[at - 1].kind == Kind::Equals || tokens[at - 1].any(&["ref"]));
        tokens[at].any(&["no", "nope", "nah", "not", "never"]) && tokens[at].quote == 0 && !value
    }) {
        return true;
    }
    tokens.iter().enumerate().any(|(at, token)| {
        let someday = token.any(&["next", "some", "one"])
            && tokens.get(at + 1).is_some_and(|next| next.any(&["time", "day"]));
        if someday || token.any(&["jk", "kidding", "nvm", "nevermind", "joking", "someday"]) {
            return true;
        }
        token.any(&["not"])
            && token.quote == 0
            && tokens
                .get(at + 1)
                .is_none_or(|next| next.any(&["yet", "now", "today", "tonight", "anymore", "really"]))
    })
}
