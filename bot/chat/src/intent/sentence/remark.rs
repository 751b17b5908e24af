//! What is only said about an order, before or behind it.

use super::{Class, Kind, Mood, Token, Words, mood, reach};
use crate::intent::names::NameKind;

/// Verbs by which people tell how things are.
pub(super) const VERBS: &[&str] = &[
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

/// "db is calm again", "errors are climbing", "it hangs again": how things are, behind the comma of an order.
pub(super) fn remark(tokens: &[Token<'_>]) -> bool {
    let ends =
        |token: &Token<'_>| !token.is_word() || token.any(&["and", "then", "but", "which", "who", "that"]);
    let clause = &tokens[..tokens.iter().position(ends).unwrap_or(tokens.len())];
    let begins = clause.first().is_some_and(|first| {
        let orders = first.is(Class::HEAD) && first.name.is_none() && !first.is(Class::OBJECT);
        let little = first.is(Class::NEGATION)
            || first.is(Class::PREPOSITION)
            || first.is(Class::ASKS)
            || first.is(Class::CONDITION)
            || first.is(Class::CONDITIONAL) && mood::condition_within(clause) == Some(0)
            || first.any(&["only", "or"]);
        !(orders || little)
    });
    // "it only eats money"
    let how = clause.iter().skip(1).take_while(|token| token.any(HOW)).count();
    let plain = how == 0
        || !clause.iter().any(|token| token.name.is_some() || token.is(Class::KEYWORD.and(Class::NEGATION)));
    let hangs = clause.first().is_some_and(|first| first.any(&["it", "they"]))
        && plain
        && clause
            .get(1 + how)
            .is_some_and(|verb| verb.name.is_none() && verb.low.len() > 2 && verb.low.ends_with('s'));
    let ends_all = clause.len() == tokens.len();
    seems(clause)
        || begins
            && (hangs
                || fails(clause)
                || clause.iter().skip(1).any(|token| token.any(VERBS) && token.quote == 0)
                || ends_all && state(clause))
}

/// "we need canary 10/50/100", "i only want api", "it's v1.2.0", "the canary is 10/50/100", "it should be staging": how the order is to go, told like a
/// remark.
pub(super) fn demands(told: &[Token<'_>]) -> bool {
    reach(told)
        .split(|token| matches!(token.kind, Kind::Comma | Kind::Dash) || token.kind.ends_sentence())
        .any(demand)
}

fn demand(clause: &[Token<'_>]) -> bool {
    /// So many words stand before the verb at most: "we really only just".
    const CLOSE: usize = 4;
    let joins = |token: &&Token<'_>| {
        token.quote == 0 && token.any(&["but", "and", "so", "as", "since", "because", "then"])
    };
    let clause = &clause[clause.iter().take_while(joins).count()..];
    let word =
        |at: usize, words: &[&str]| clause.get(at).is_some_and(|token| token.quote == 0 && token.any(words));
    let article = usize::from(word(0, &["the", "its", "our", "my"]));
    let wishes = (1..clause.len().min(CLOSE + 1)).find(|at| {
        word(*at, &["want", "wants", "need", "needs", "prefer", "like", "expect"])
            && word(0, &["i", "we", "it", "they", "this", "i'd", "we'd"])
    });
    let is = if word(0, &["it's", "its", "that's", "thats", "it'll"]) {
        Some(0)
    } else {
        let subject = word(
            article,
            &[
                "it",
                "this",
                "that",
                "ref",
                "version",
                "tag",
                "branch",
                "canary",
                "target",
                "reason",
                "migrations",
            ],
        );
        (article + 1..clause.len().min(CLOSE + 1)).find(|at| {
            subject && word(*at, &["is", "are", "should", "must", "has", "needs", "'s", "=", "was"])
        })
    };
    let how = |token: &Token<'_>| {
        token.quote == 0
            && (token.name.is_some()
                || token.is(Class::KEYWORD)
                || token.is(Class::DIGIT)
                || token.any(&["tonight", "plan", "preview", "diff", "skipped", "first", "off"])
                || token.is_word() && token.raw.bytes().any(|byte| byte.is_ascii_digit()))
    };
    let told = |from: usize| clause[from..].iter().skip(1).any(how);
    // "it is slow since 10:00" tells how it is.
    let little = |token: &&Token<'_>| {
        token.quote == 0
            && token.any(&["be", "a", "the", "to", "for", "only", "just", "not", "really", "in", "on", "of"])
    };
    let at_once = |from: usize| {
        let from = from + clause[from..].iter().skip(1).take_while(little).count();
        // "it has to be at 22:00"
        let from = from + usize::from(word(from, &["be"]) && word(from + 1, &["at"]));
        told(from) && clause.get(from + 1).is_some_and(how)
    };
    wishes.is_some_and(told) || is.is_some_and(at_once)
}

/// Words between somebody and what they do.
pub(super) const HOW: &[&str] = &[
    "only",
    "just",
    "barely",
    "hardly",
    "really",
    "always",
    "constantly",
    "simply",
    "merely",
    "literally",
    "again",
];

/// "looks stuck", "seems slow": how what is ordered about is. "looks done" is what came of it.
fn seems(clause: &[Token<'_>]) -> bool {
    const OVER: Words = Words::of(&[
        "done",
        "finished",
        "complete",
        "completed",
        "deployed",
        "released",
        "shipped",
        "live",
        "merged",
        "already",
        "failed",
        "wrong",
        "like",
        "out",
        "through",
        "impossible",
        "scheduled",
    ]);
    let plain = |token: &Token<'_>| {
        token.name.is_none()
            && token.quote == 0
            && !token.among(&OVER)
            && !token.is(Class::NEGATION.and(Class::CONDITION))
    };
    clause.len() > 1
        && clause[0].any(&["looks", "seems", "feels", "keeps", "hangs"])
        && clause.iter().all(plain)
}

/// "…, someone", "…, anybody please": it is left to people, and ordered of none.
pub(super) fn leaves_it(tail: &[Token<'_>]) -> bool {
    /// "someone should", "somebody has to".
    const LONGEST: usize = 4;
    let mut words = tail.iter().filter(|token| token.is_word());
    words
        .next()
        .is_some_and(|first| first.any(&["someone", "somebody", "anyone", "anybody", "whoever", "y'all"]))
        && words.count() < LONGEST
}

/// "who does it", "who's in": what nobody asks who wants to know what was done.
pub(super) fn asks_people(tokens: &[Token<'_>]) -> bool {
    match tokens {
        [who, verb, ..] if who.any(&["who"]) => verb.any(&[
            "does",
            "do",
            "can",
            "could",
            "will",
            "would",
            "wants",
            "want",
            "is",
            "has",
            "takes",
            "volunteers",
        ]),
        [who, ..] => who.any(&["who's", "whos", "who'll", "who", "anyone", "anybody"]),
        [] => false,
    }
}

/// "users can't log in": what somebody can't do, and not that the order can't be done.
pub(super) fn fails(clause: &[Token<'_>]) -> bool {
    const CANNOT: Words = Words::of(&[
        "can't", "cant", "cannot", "couldn't", "couldnt", "doesn't", "doesnt", "don't", "dont", "won't",
        "wont",
    ]);
    let verb = clause.iter().skip(1).position(|token| token.among(&CANNOT)).map(|at| at + 2);
    verb.and_then(|at| clause.get(at)).is_some_and(|verb| {
        verb.name.is_none()
            && verb.quote == 0
            && (!verb.is(Class::HEAD) || verb.any(&["log"]))
            && !verb.any(&[
                "do", "be", "have", "want", "agree", "approve", "allow", "think", "like", "go", "happen",
            ])
    })
}

/// "we can't", "I won't do it", "oh wait", "that was ben": a remark that takes the order back or says whose it was.
pub(super) fn withdraws(tail: &[Token<'_>]) -> bool {
    const NOT: Words = Words::of(&[
        "can't",
        "cant",
        "cannot",
        "couldn't",
        "won't",
        "wont",
        "wouldn't",
        "shouldn't",
        "mustn't",
        "don't",
        "dont",
        "didn't",
        "doesn't",
        "not",
        "never",
        "might",
        "may",
        "would",
        "could",
    ]);
    /// A remark of more parts than these is a text of its own.
    const PARTS: usize = 8;
    let said = |clause: &[Token<'_>]| {
        let refuses = clause.first().is_some_and(|first| first.is(Class::SUBJECT))
            && clause.iter().position(|token| token.among(&NOT)).is_some_and(|at| match &clause[at + 1..] {
                [] => true,
                [verb, ..] => verb.any(&["do", "deploy", "want", "think", "yet", "now"]),
            });
        let whose = clause.first().is_some_and(|first| first.any(&["that", "that's", "thats", "this"]))
            && clause[1..]
                .iter()
                .any(|token| token.any(&["was", "were", "said", "says", "wrote", "told", "would"]));
        let halts = matches!(clause, [sound, wait]
            if wait.any(&["wait", "no"]) && sound.any(&["hm", "hmm", "um", "uh", "er", "ah", "oh", "ow", "no", "but"]));
        refuses || whose || halts || matches!(mood::read(clause), Mood::Retraction)
    };
    tail.split(|token| !token.is_word()).filter(|clause| !clause.is_empty()).take(PARTS).any(said)
}

/// "…, ana is waiting, dry run": whether what is said behind a remark is more than another remark.
pub(super) fn goes_on(tail: &[Token<'_>]) -> bool {
    // "deploy production, that is staging"
    let says = tail.windows(2).any(|pair| {
        pair[0].any(&["is", "that's", "thats", "meaning", "means"])
            && pair[1].name.is_some()
            && pair[1].quote == 0
    });
    // "deploy web to production, it goes to staging"
    let first = tail.iter().find(|token| token.is_word());
    let whither = first.is_some_and(|it| it.any(&["it", "that", "this", "they"]))
        && tail.windows(2).any(|pair| {
            let place =
                pair[1].name.is_some_and(|hit| hit.kind == NameKind::Environment) && pair[1].quote == 0;
            place && pair[0].any(&["to", "into", "onto"])
        })
        && tail.iter().any(|token| token.any(&["goes", "go", "belongs", "belong"]));
    if whither {
        return true;
    }
    if says
        && tail
            .iter()
            .filter(|token| token.is_word())
            .take(2)
            .any(|token| token.any(&["that", "that's", "thats"]))
    {
        return true;
    }
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
pub(super) fn state(clause: &[Token<'_>]) -> bool {
    /// Longer ones have a verb.
    const LONGEST: usize = 6;
    /// "watch the errors" is no state: something is to be done, by whomever.
    const WATCHES: &[&str] =
        &["watch", "monitor", "observe", "look", "ignore", "mind", "keep", "expect", "wait"];
    const WELL: Words = Words::of(&[
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
    ]);
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
        && !clause[0].any(WATCHES)
        && clause.iter().any(|token| token.is(Class::AILS) || token.among(&WELL))
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
    &["because", "cause", "cuz", "coz", "bc", "b/c", "so", "since", "as", "reason"];

/// How people say "because".
pub(in crate::intent) const BECAUSE: &[&str] = &["because", "cause", "cuz", "coz", "bc", "b/c"];
