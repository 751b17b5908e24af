//! Where one clause ends and the next begins.

use super::{Action, Class, Head, Kind, Meaning, Mood, Rest, Token, heads, mood, reach, standing, told};

/// Where the next order after a refusal begins: "don't deploy prod, deploy staging".
pub(super) fn after_refusal(tokens: &[Token<'_>]) -> Option<usize> {
    let refusal = tokens.iter().position(|token| {
        token.is_word() && (token.is(Class::NEGATION) || token.any(&["do", "hold", "forget"]))
    })?;
    if hangs(&tokens[refusal..]) {
        return None;
    }
    (1..tokens.len()).find(|at| {
        let joint = matches!(tokens[*at].kind, Kind::Comma | Kind::Dash)
            || tokens[*at].any(&["but", "instead", "just"]);
        let next = tokens.get(at + 1);
        joint
            && !hangs_over(&tokens[..*at])
            && !next.is_some_and(|token| token.any(&["or", "and", "nor", "then"]))
            && matches!(mood::read(&tokens[*at..]), Mood::Order(_))
    })
}

/// "no, deploy staging": where the order begins behind a no that answers what somebody else said; else 0.
pub(super) fn after_answer(tokens: &[Token<'_>]) -> usize {
    if let Some(at) = behind_only(tokens) {
        return at;
    }
    let no = |token: &Token<'_>| token.any(&["no", "nope", "nah"]) && token.quote == 0;
    let noes = tokens.iter().take_while(|token| no(token)).count();
    let comma = tokens.get(noes).is_some_and(|token| matches!(token.kind, Kind::Comma | Kind::Dash));
    if noes == 0 || !comma {
        return 0;
    }
    match mood::read(&tokens[noes + 1..]) {
        Mood::Order(opening) if !opening.ahead => noes + 1,
        _ => 0,
    }
}

/// "only deploy web": where the order begins. "only deploy … if" is a rule.
fn behind_only(tokens: &[Token<'_>]) -> Option<usize> {
    let at = mood::skip_openers(tokens, 0);
    let only = tokens.get(at).is_some_and(|token| token.any(&["only"]) && token.quote == 0);
    let rest = only.then(|| &tokens[at + 1..])?;
    let (head, _) = heads::find(rest)?;
    let changes = matches!(head, Head::Act(action) if action.row().changes);
    (changes && mood::condition_within(rest).is_none()).then_some(at + 1)
}

/// "lgtm approve it": where the approval begins behind the praise it is given with, without a comma between them; else 0.
pub(super) fn after_praise(tokens: &[Token<'_>]) -> usize {
    let praise = tokens.first().is_some_and(|first| first.any(&["lgtm"]) && first.quote == 0);
    let approves = tokens
        .get(1..)
        .and_then(heads::find)
        .is_some_and(|(head, _)| matches!(head, Head::Act(Action::Approve | Action::Promote)));
    usize::from(praise && approves)
}

/// Words that say when, how firmly or in what case something is not to be done, and not what.
const FIRMLY: &[&str] = &[
    "not", "now", "yet", "today", "tonight", "tomorrow", "really", "anymore", "ever", "even", "again",
    "just", "until", "till", "before", "after", "under", "on", "in", "at", "by", "for", "without", "during",
    "with", "like", "this", "any", "no", "never", "please", "pls", "so", "either", "off", "nothing", "you",
    "dare",
];

/// "don't, whatever happens, deploy", "do not under any circumstances, deploy", "never! …": nothing is named that is not to
/// be done, so that it is what follows. "not on production, deploy staging" names it.
fn hangs(tokens: &[Token<'_>]) -> bool {
    let end = tokens
        .iter()
        .skip(1)
        .position(|token| matches!(token.kind, Kind::Comma | Kind::Dash) || token.any(&["but", "instead"]))
        .map_or(tokens.len(), |at| at + 1);
    let said = &tokens[..end];
    if said[0].any(&["no", "nope", "nah"]) && said.len() > 1 || said.iter().any(|token| token.name.is_some())
    {
        return false;
    }
    // "do not", "hold off" are one word of refusal.
    let verb = said[0].any(&["do", "hold", "forget"]);
    said.iter()
        .skip(1 + usize::from(verb))
        .find(|token| token.is_word())
        .is_none_or(|first| first.any(FIRMLY))
}

/// "Don't!", "do not", "never (": a refusal in a sentence of its own that names nothing.
pub(super) fn refuses_alone(tokens: &[Token<'_>]) -> bool {
    let Some(first) = tokens.iter().position(|token| token.is_word() && !token.is(Class::OPENER)) else {
        return false;
    };
    let refusal = &tokens[first..];
    let firm = refusal[0].any(&["don't", "dont", "never"])
        || refusal[0].any(&["do", "hold"]) && refusal.get(1).is_some_and(|next| next.any(&["not", "off"]));
    // "never mind" takes back, and does not refuse.
    firm && refusal.iter().all(|token| token.name.is_none())
        && refusal.iter().skip(1).all(|token| !token.is_word() || token.any(FIRMLY))
}

/// Words by which people say, mean or want something: what follows is theirs and no order.
pub(in crate::intent) const SAYING: &[&str] = &[
    "said",
    "says",
    "say",
    "told",
    "asked",
    "wrote",
    "asks",
    "wants",
    "want",
    "would",
    "could",
    "might",
    "should",
    "going",
    "gonna",
    "plan",
    "planning",
    "usually",
    "always",
    "normally",
    "think",
    "thinking",
    "like",
    "need",
    "about",
    "try",
    "tried",
    "suggested",
    "mentioned",
    "if",
    "supposed",
    "used",
    "to",
];

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
const SUPPOSED: &[&str] = &[
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
];

/// Words that join two orders.
pub(in crate::intent) const JOINS: &[&str] = &["and", "then", "but", "also", "plus"];

/// Where an order after a report begins: "the deploy to prod failed, roll back production".
pub(super) fn after_statement(tokens: &[Token<'_>]) -> Option<usize> {
    let (mut says, mut subject, mut verbs, mut tells, mut quoted) = (false, false, false, false, false);
    // "memory leak again, restart api": without a verb it must be how things are, and not a heading or what may be.
    let mut ails = false;
    // "ana approved, deploy"
    let mut agreed = false;
    let mut words = 0;
    for at in 1..tokens.len() {
        let last = &tokens[at - 1];
        // "the rollback to v1", "looks good to me"
        let plain_to =
            last.any(&["to"]) && (at > 1 && noun(&tokens[at - 2]) || tokens[at].any(&["me", "us"]));
        says |= last.is(Class::SAYING) && !plain_to;
        agreed |= at > 1 && last.any(AGREED);
        subject |= last.is(Class::SUBJECT) && last.is_word();
        verbs |= last.is(Class::HEAD) && last.is_word();
        tells |= last.is(Class::TELLS) && last.is_word();
        ails |= last.is(Class::AILS) && last.is_word();
        quoted |= last.quote > 0 || last.kind == Kind::Mention;
        words += usize::from(last.is_word());
        // Nothing that follows takes these back.
        if says || quoted || (subject && verbs) {
            return None;
        }
        let joint = matches!(tokens[at].kind, Kind::Comma | Kind::Dash) || tokens[at].any(&["so"]);
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
            if awaited || negated || !(tells || subject) && supposed(before) {
                return None;
            }
            return Some(at);
        }
    }
    None
}

/// "we did not, …", "nobody should, …": a verb that lacks its own, which what follows the comma may be.
fn hangs_over(before: &[Token<'_>]) -> bool {
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
            .any(|token| token.kind == Kind::Colon || token.any(told::LABELS) || token.any(SUPPOSED))
}

/// "let me know, then restart api": where the next order begins behind a wish to be told that names no signal.
pub(super) fn after_courtesy(tokens: &[Token<'_>]) -> Option<usize> {
    let end = (1..tokens.len()).find(|at| {
        let joint = tokens[*at].kind == Kind::Comma || tokens[*at].any(&["and", "then", "but"]);
        joint && matches!(mood::read(&tokens[*at..]), Mood::Order(_))
    })?;
    standing::signals(&tokens[1..end], false).is_empty().then_some(end)
}

/// How many of these tokens belong to an order with this head.
pub(super) fn clause_end(head: Head, tokens: &[Token<'_>]) -> usize {
    let lock = matches!(head, Head::Act(Action::Lock | Action::Unlock));
    let setup = matches!(head, Head::Act(Action::Setup));
    let deploy = matches!(head, Head::Act(Action::Deploy) | Head::Start | Head::Roll);
    let connect = matches!(head, Head::Act(Action::Connect) | Head::Add);
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if lock && (token.kind == Kind::Colon || token.any(&["because", "reason"])) {
            return tokens.len();
        }
        if token.quote > 0 {
            at += 1;
            continue;
        }
        let joint = matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Plus | Kind::Arrow | Kind::Bracket)
            || token.is(Class::JOINS);
        if !joint {
            if at > 0 && breaks_in(tokens, at) {
                return at;
            }
            at += 1;
            continue;
        }
        let mut next = at;
        let mut then = false;
        while tokens.get(next).is_some_and(|token| {
            matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Plus | Kind::Bracket)
                || (token.is_word() && token.is(Class::OPENER) && token.name.is_none())
                || token.any(&["but", "plus", "after", "that"])
                    && tokens
                        .get(next.wrapping_sub(1))
                        .is_some_and(|before| before.any(&["and", "after"]) || before.kind == Kind::Comma)
        }) {
            then |= tokens[next].any(&["then", "afterwards", "next"]);
            next += 1;
        }
        if next == at {
            next += 1;
        }
        if next >= tokens.len() {
            return tokens.len();
        }
        if setup && tokens[next].any(&["use", "connect", "integrate", "link", "hook", "using"]) {
            at = next + 1;
            continue;
        }
        // "connect stripe live on staging and test on production": the mode, and no check.
        if connect
            && tokens[next].any(&["test", "live"])
            && tokens.get(next + 1).is_some_and(|token| token.any(&["in", "on", "for"]))
        {
            at = next + 1;
            continue;
        }
        let weights =
            crate::intent::values::weights(reach(&tokens[next..])).is_some() && token.kind != Kind::Dash;
        // "and then a dry run" is something else to do, and not how the first is to be done.
        let tried = then
            && !tokens[next..].iter().take(4).any(|token| {
                token.is_word()
                    && token.is(Class::KEYWORD)
                    && !token.any(&["dry", "dry-run", "dryrun", "rehearsal"])
            });
        if weights || (deploy && modifies(&tokens[next..]) && !tried) {
            at = next + 1;
            continue;
        }
        if then || begins_clause(&tokens[next..]) {
            return at;
        }
        at = next;
    }
    tokens.len()
}
/// Words of a clause that change the deploy before it instead of ordering something new.
pub(super) fn modifies(tokens: &[Token<'_>]) -> bool {
    let word = |at: usize| tokens.get(at).filter(|token| token.is_word()).map_or("", |token| token.low);
    let mut at = 0;
    while matches!(
        word(at),
        "no" | "not"
            | "don't"
            | "dont"
            | "do"
            | "without"
            | "with"
            | "skip"
            | "run"
            | "apply"
            | "use"
            | "using"
            | "the"
            | "a"
            | "db"
            | "database"
            | "any"
            | "all"
            | "pending"
            | "running"
            | "perform"
            | "skipping"
    ) {
        at += 1;
    }
    let negated = (0..at).any(|at| {
        matches!(word(at), "no" | "not" | "don't" | "dont" | "without" | "skip" | "with" | "skipping")
    });
    match word(at) {
        "migrations" | "migration" | "migrate" => {
            let first =
                (at + 1..at + 4).any(|at| matches!(word(at), "first" | "beforehand" | "before" | "upfront"));
            first || negated
        }
        "canary" | "canaries" => true,
        "dry-run" | "dryrun" | "rehearsal" => {
            crate::intent::grammar::heads::find(&tokens[(at + 1).min(tokens.len())..]).is_none()
        }
        "dry" => crate::intent::grammar::heads::find(&tokens[(at + 2).min(tokens.len())..]).is_none(),
        _ => {
            at > 0
                && word(at - 1) == "a"
                && crate::intent::values::weights(&tokens[at.min(tokens.len())..]).is_some()
        }
    }
}

/// Whether an order, a refusal or a statement of its own begins here.
pub(super) fn begins_clause(tokens: &[Token<'_>]) -> bool {
    let Some(first) = tokens.first() else { return false };
    let word = |at: usize| tokens.get(at).filter(|token| token.is_word()).map_or("", |token| token.low);
    if first.name.is_some() && !(first.is(Class::HEAD) && first.name.is_some_and(|hit| hit.len() > 1)) {
        return false;
    }
    if matches!(
        word(0),
        "don't" | "dont" | "never" | "can" | "could" | "would" | "let's" | "lets" | "who" | "what" | "how"
    ) || (word(0) == "do" && word(1) == "not")
        || (word(0) == "not" && first.is_word() && tokens.get(1).is_some_and(|next| next.is(Class::HEAD)))
    {
        return true;
    }
    if first.is_word() && first.is(Class::SUBJECT) {
        return true;
    }
    if matches!(word(0), "dry" | "dry-run" | "rehearse" | "plan" | "simulate") {
        return matches!(mood::read(tokens), Mood::Order(_));
    }
    if word(0) == "same" || (word(0) == "the" && word(1) == "same") {
        return true;
    }
    if standing::notifies(tokens) {
        return true;
    }
    let Some((head, len)) = heads::find(tokens) else { return false };
    if word(0) == "do" && tokens.get(1).is_some_and(|next| next.name.is_some() || next.any(&["the", "same"]))
    {
        return true;
    }
    let after = reach(&tokens[len..]);
    if after.first().is_some_and(|token| {
        token.is_word() && token.name.is_none() && (token.is(Class::NOUNED) || token.is(Class::TELLS))
    }) {
        return false;
    }
    !matches!(heads::resolve(head, &Rest(after)), Meaning::None)
        || matches!(head, Head::Use | Head::Stop | Head::Disable | Head::Enable)
}

/// Two orders without anything between them: "deploy staging restart api".
pub(super) fn breaks_in(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    let before = &tokens[at - 1];
    token.is_word()
        && token.is(Class::HEAD)
        && token.name.is_none()
        && before.name.is_some()
        && !(token.is(Class::OBJECT)
            || token.is(Class::FILLER)
            || token.is(Class::KEYWORD)
            || token.is(Class::TELLS)
            || token.is(Class::PREPOSITION))
        && !token.any(&["use", "see", "test", "slack", "get", "do"])
        // "deploy production lock": nothing is said of it, so it is a noun.
        && tokens.get(at + 1).is_some_and(Token::is_word)
        && begins_clause(&tokens[at..])
}

/// A noun an order may be called by: "the rollback to v1.4.1" says nothing of what somebody wants to do.
fn noun(token: &Token<'_>) -> bool {
    token.any(heads::DEPLOY_NOUNS) || token.any(&["rollback", "release", "migration", "push"])
}
