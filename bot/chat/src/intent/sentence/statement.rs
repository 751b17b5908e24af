//! Where an order begins behind what is told: "prod is down, roll back production".

use super::{Class, Kind, Mood, Token, Words, framed, heads, mood, reach, told};

/// Where an order after a report begins: "the deploy to prod failed, roll back production".
pub(super) fn after_statement(tokens: &[Token<'_>]) -> Option<usize> {
    let (mut says, mut subject, mut verbs, mut tells, mut quoted) = (false, false, false, false, false);
    // "memory leak again, restart api": without a verb it must be how things are, and not a heading or what may be.
    let mut ails = false;
    // "ana approved, deploy"
    let mut agreed = false;
    // Where the part behind the last comma begins.
    let mut begin = 0;
    let mut words = 0;
    // "only once ana is back, deploy", "whoever is on call, restart api"
    if tokens.iter().find(|token| token.is_word()).is_some_and(|first| first.any(&["only", "whoever"])) {
        return None;
    }
    for at in 1..tokens.len() {
        let last = &tokens[at - 1];
        // "the rollback to v1", "looks good to me"
        let plain_to =
            last.any(&["to"]) && (at > 1 && noun(&tokens[at - 2]) || tokens[at].any(&["me", "us"]));
        says |= last.is(Class::SAYING) && !plain_to;
        agreed |= at > 1 && last.any(AGREED);
        subject |= last.is(Class::SUBJECT) && last.is_word();
        verbs |= last.is(Class::HEAD) && last.is_word();
        tells |= last.is(Class::TELLS) && last.is_word() || over(last, &tokens[at]);
        ails |= last.is(Class::AILS) && last.is_word();
        quoted |= last.quote > 0 || last.kind == Kind::Mention;
        words += usize::from(last.is_word());
        // Nothing that follows takes these back.
        if says || quoted || (subject && verbs) {
            return None;
        }
        let joint = matches!(tokens[at].kind, Kind::Comma | Kind::Dash)
            || tokens[at].any(&["so", "but"]) && (tokens[at].low == "so" || all_the_same(tokens, at));
        if joint {
            // "ana approved, when it is green, deploy", "prod is down, ana, deploy"
            let part = &tokens[begin..at];
            if begin > 0 && part.iter().any(Token::is_word) {
                match mood::read(&tokens[begin..]) {
                    Mood::Refusal | Mood::Retraction => return Some(begin),
                    Mood::Condition(_) => return None,
                    _ if !tells_more(part) => return None,
                    _ => {}
                }
            }
            if waits(part) {
                return None;
            }
            begin = at + 1;
        }
        let goes_on = tokens.get(at + 1).is_some_and(|token| token.any(&["then", "and", "or"]));
        if joint
            && !goes_on
            && words > 1
            && !hangs_over(&tokens[..at])
            && (tells || subject || ails || agreed)
            && matches!(mood::read(&tokens[at..]), Mood::Order(_))
        {
            let before = &tokens[..at];
            let awaited = before.iter().any(|token| token.any(AWAITED) && token.quote == 0);
            let not =
                |token: &Token<'_>| token.is(Class::NEGATION) || token.any(&["hasn't", "haven't", "hasnt"]);
            let negated = agreed && before.iter().any(not);
            if awaited
                || negated
                || framed::foretold(before)
                || framed::lists(before)
                || !(tells || subject) && supposed(before)
            {
                return None;
            }
            return Some(at);
        }
    }
    None
}

/// "standup's over", "ben's back": how things are, with the verb drawn to what stands before it.
fn over(what: &Token<'_>, state: &Token<'_>) -> bool {
    what.low.ends_with("'s")
        && what.quote == 0
        && state.any(&[
            "over", "back", "in", "here", "out", "off", "asleep", "away", "free", "gone", "dead", "slow",
            "stuck",
        ])
}

/// "I know it's late *but* deploy web", "tests are red *but* please deploy web": what is wanted all the same follows.
fn all_the_same(tokens: &[Token<'_>], but: usize) -> bool {
    requests(&tokens[but + 1..]) || concedes(reach(tokens))
}

/// "I know it's late, …": whoever begins so goes on with what is wanted all the same.
fn concedes(tokens: &[Token<'_>]) -> bool {
    let begin = mood::skip_openers(tokens, 0);
    matches!(tokens.get(begin..), Some([who, know, ..]) if who.any(&["i", "we"]) && know.any(&["know"]))
}

/// "… but please restart api", "… but can you …": wanted in so many words.
fn requests(tokens: &[Token<'_>]) -> bool {
    match tokens {
        [first, you, ..] => {
            first.is_please() || mood::near_modal(first) && you.any(&["you", "u", "we", "someone"])
        }
        _ => false,
    }
}

/// What people did who said yes.
const AGREED: &[&str] = &["approved", "confirmed", "agreed", "signed", "okayed", "acked", "merged"];

/// Words that make a condition of how things are: "wait until metrics look flat, promote".
const AWAITED: &[&str] = &[
    "until",
    "till",
    "unless",
    "whenever",
    "once",
    "provided",
    "providing",
    "assuming",
    "given",
    "moment",
    "minute",
    "hypothetically",
    "supposing",
    "suppose",
    "imagine",
    "depending",
    "await",
    "awaiting",
];

/// Words that make a rule or a thought of what else would be how things are: "any errors, roll back".
const SUPPOSED: Words = Words::of(&[
    "any",
    "every",
    "each",
    "more",
    "further",
    "another",
    "too",
    "enough",
    "many",
    "case",
    "theory",
    "plan",
    "option",
    "scenario",
    "idea",
    "guide",
    "procedure",
    "rule",
    "worst",
    "best",
    "next",
    "either",
    "possible",
    "potential",
    "perhaps",
    "ideally",
]);

/// Whether the next part of a statement tells something as well, or is mere politeness, and calls nobody and supposes nothing.
fn tells_more(part: &[Token<'_>]) -> bool {
    let little = Class::OPENER.and(Class::INTERJECTION);
    let tells = Class::TELLS.and(Class::SUBJECT).and(Class::AILS);
    let spoken = || part.iter().filter(|token| token.is_word());
    spoken().all(|token| token.is(little))
        || spoken().any(|token| token.is(tells) || token.any(AGREED))
            && !supposed(part)
            && !part.first().is_some_and(|first| first.is(Class::PREPOSITION) && spoken().count() < SHORT)
}

/// "go when the tests are green", "lgtm on green", "fine with ana's ok": what people wait for.
fn waits(part: &[Token<'_>]) -> bool {
    const AWAITED: &[&str] = &[
        "green",
        "success",
        "approval",
        "ok",
        "okay",
        "blessing",
        "sign-off",
        "go-ahead",
        "passing",
        "permission",
    ];
    const FAULTS: &[&str] = &["errors", "error", "failure", "failures", "issues", "problems", "objections"];
    part.iter().enumerate().any(|(at, token)| {
        let behind = reach(&part[at + 1..]);
        token.quote == 0
            && (token.any(&["when", "whenever"])
                && behind
                    .iter()
                    .any(|verb| verb.any(&["is", "are", "approves", "passes"]) || verb.any(AGREED))
                || token.any(&["pending"]) && !behind.is_empty()
                || token.any(&["as"]) && behind.first().is_some_and(|next| next.any(&["soon", "long"]))
                || token.any(&["on", "upon", "without"]) && matches!(behind, [what] if what.any(FAULTS))
                || token.any(&["with", "on", "upon", "without"])
                    && behind.iter().take(SHORT).any(|state| state.any(AWAITED)))
    })
}

/// "on errors", "with tests green": as few words behind a preposition tell nothing.
const SHORT: usize = 4;

/// "we did not, …", "nobody should, …": a verb that lacks its own, which what follows the comma may be.
pub(super) fn hangs_over(before: &[Token<'_>]) -> bool {
    before.last().is_some_and(|last| {
        last.quote == 0
            && last.any(&[
                "not",
                "never",
                "did",
                "didn't",
                "do",
                "don't",
                "does",
                "doesn't",
                "should",
                "shouldn't",
                "would",
                "wouldn't",
                "could",
                "couldn't",
                "can",
                "can't",
                "cannot",
                "will",
                "won't",
                "may",
                "might",
                "must",
                "mustn't",
                "shall",
                "to",
                "dont",
                "cant",
                "wont",
                "ought",
                "let",
                "better",
            ])
    })
}

/// "any errors", "incident report", "ana: errors": a rule, a heading or somebody else's words, and not how things are.
fn supposed(tokens: &[Token<'_>]) -> bool {
    tokens.first().is_some_and(|first| first.is(Class::PREPOSITION))
        || tokens.last().is_some_and(|last| last.any(&["report", "summary"]))
        || tokens.windows(2).any(|pair| pair[0].any(&["report", "summary"]) && !pair[1].is_word())
        || tokens
            .iter()
            .any(|token| token.kind == Kind::Colon || token.listed(told::LABELS) || token.among(&SUPPOSED))
}

/// A noun an order may be called by: "the rollback to v1.4.1" says nothing of what somebody wants to do.
fn noun(token: &Token<'_>) -> bool {
    token.any(heads::DEPLOY_NOUNS) || token.any(&["rollback", "release", "migration", "push"])
}
