//! What makes an order behind it somebody else's: who does it is told, it is quoted behind a colon, or a line leads in to
//! what is pasted below it.

use super::told::Telling;
use super::{
    Class, Head, Heard, Kind, Mood, Problem, Reader, Token, Words, behind, clauses, conditions, heads, mood,
    reach,
};
use crate::intent::grammar::runs::is_run_action;
use crate::intent::names::Vocabulary;

/// "the plan is: lock production": an order is quoted behind a colon, with all that is listed behind it.
#[cold]
pub(super) fn lists(tokens: &[Token<'_>]) -> bool {
    tokens.iter().enumerate().skip(1).any(|(at, sign)| {
        sign.kind == Kind::Colon && sign.quote == 0 && at + 1 < tokens.len() && orders(&tokens[at + 1..])
    })
}

/// An order that does something begins here.
fn orders(tokens: &[Token<'_>]) -> bool {
    match mood::read(tokens) {
        Mood::Order(opening) => {
            !matches!(opening.head, Head::Show | Head::Get | Head::Check)
                && !matches!(opening.head, Head::Act(action) if !action.row().changes)
        }
        _ => false,
    }
}

/// "Kim will deploy production", "you must never lock production", "our process is lock production": told of who does it, or may.
#[cold]
pub(super) fn foretold(tokens: &[Token<'_>]) -> bool {
    const MODALS: Words = Words::of(&[
        "will",
        "can",
        "may",
        "must",
        "shall",
        "does",
        "do",
        "shouldn't",
        "shouldnt",
        "mustn't",
        "mustnt",
        "gonna",
    ]);
    const COPULAS: &[&str] = &["is", "are", "was", "were"];
    /// Of these forms it can't be told whether they are said of what is or of what is to be done.
    const EITHER: &[&str] = &["set", "put", "hold", "run", "cut", "shut"];
    /// As many words may stand between the two: "will then also".
    const BETWEEN: usize = 3;
    tokens.iter().enumerate().any(|(at, token)| {
        if !token.is_word() || token.quote > 0 || token.name.is_some() {
            return false;
        }
        let copula = token.any(COPULAS);
        if !(copula || token.among(&MODALS) || token.low.ends_with("'ll")) {
            return false;
        }
        let most = at + 2 + if copula { 0 } else { BETWEEN };
        (at + 1..most.min(tokens.len())).any(|verb| {
            let word = &tokens[verb];
            word.is_word()
                && word.is(Class::HEAD)
                && word.name.is_none()
                && !(copula && word.any(EITHER))
                && !tokens[verb - 1].any(&["the", "a", "an", "this", "that", "our", "last"])
                && clauses::begins_clause(reach(&tokens[verb..]))
                && orders(&tokens[verb..])
        })
    })
}

/// "Kim said deploy production", "he wrote restart api": words of somebody, without a mark of where they end.
fn says(tokens: &[Token<'_>]) -> bool {
    const SAID: &[&str] = &["said", "says", "wrote", "writes", "shouted", "typed", "told", "asked", "wants"];
    (1..tokens.len()).any(|at| {
        // "he told me deploy production"
        let whom = tokens.get(at + 1).is_some_and(|whom| {
            whom.any(&["me", "us", "him", "her", "them", "you", "everyone", "everybody"])
        });
        let behind = at + 1 + usize::from(whom);
        tokens[at].any(SAID)
            && tokens[at].quote == 0
            && tokens
                .get(behind)
                .is_some_and(|verb| verb.is_word() && verb.is(Class::HEAD) && verb.name.is_none())
            && clauses::begins_clause(reach(&tokens[behind..]))
    })
}

/// What follows a sentence that became no command, up to the end of its line, belongs to what it tells or quotes.
pub(super) fn goes_on(tokens: &[Token<'_>], mark: Option<Kind>) -> Option<Telling> {
    if !matches!(mark, Some(Kind::Semicolon | Kind::Stop)) {
        return None;
    }
    let we = tokens.first().is_some_and(|first| first.any(&["we", "i", "we'll", "i'll"]));
    let told = lists(tokens) || says(tokens) || mark == Some(Kind::Semicolon) && !we && foretold(tokens);
    told.then_some(Telling { heard: Heard::Quotation, goes_on: false, further: false, ahead: false })
}

/// "don't wait if we see 500s, roll back": the condition may be one of the order. "don't restart api, clear the cache, deploy
/// web": the no may be one to them all.
#[cold]
pub(super) fn refused(
    refusal: &[Token<'_>],
    order: &[Token<'_>],
    vocabulary: &Vocabulary,
) -> Result<(), Problem> {
    let verb = |tokens: &[Token<'_>]| {
        (0..tokens.len())
            .find(|at| tokens[*at].is_word() && tokens[*at].is(Class::HEAD) && tokens[*at].name.is_none())
            .and_then(|at| Some((at, heads::find(&tokens[at..])?.0)))
    };
    // "no: if a deploy fails, roll back"
    let colon = refusal.iter().position(|token| token.kind == Kind::Colon);
    if colon.is_some_and(|colon| matches!(mood::read(&refusal[colon + 1..]), Mood::Condition(_))) {
        return Err(conditions::conditional(order, vocabulary));
    }
    let (no, yes) = (verb(reach(refusal)), verb(reach(order)));
    let same = no.zip(yes).is_some_and(|((_, no), (_, yes))| no == yes);
    if same {
        return Ok(());
    }
    if mood::condition_within(reach(refusal)).is_some() {
        return Err(conditions::conditional(order, vocabulary));
    }
    let of_ours = no.is_some_and(|(at, _)| clauses::begins_clause(reach(&refusal[at..])));
    let comma = |at: usize| order[at].kind == Kind::Comma && order.get(at + 1).is_some_and(Token::is_word);
    let apart =
        |at: usize| order[at + 1].any(&["but", "just", "instead", "then", "and", "please", "so", "only"]);
    let listed = (1..order.len())
        .filter(|at| comma(*at) && !apart(*at) && order[*at + 1].is(Class::HEAD))
        .any(|at| orders(&order[at + 1..]));
    if of_ours && !order.is_empty() && comma(0) && !apart(0) && listed {
        return Err(Problem::ambiguous(
            "I read \"don't\" before several orders, and not whether it is meant for all of them, so I did nothing. Say only what is to be done.",
        ));
    }
    Ok(())
}

/// "From: kim", "Subject: now": what stands above a mail somebody pasted.
pub(super) fn heads_mail(line: &[Token<'_>], said: Class) -> bool {
    const KEYS: Words =
        Words::of(&["from", "to", "cc", "bcc", "sent", "subject", "date", "reply-to", "re", "fwd", "fw"]);
    said.is(Class::of_kind(Kind::Colon))
        && matches!(line, [key, colon, ..] if colon.kind == Kind::Colon && key.among(&KEYS))
}

/// "please do this:", "run the following": what stands below is wanted.
fn hands_over(line: &[Token<'_>]) -> bool {
    const ALL: Words = Words::of(&[
        "run",
        "do",
        "execute",
        "perform",
        "this",
        "these",
        "that",
        "the",
        "following",
        "command",
        "commands",
        "steps",
        "for",
        "me",
        "us",
        "now",
        "i",
        "want",
        "need",
        "you",
        "to",
    ]);
    let asks = |token: &Token<'_>| token.any(&["can", "could", "would", "will", "you", "u"]);
    let mut words =
        line.iter().filter(|token| token.is_word() && !token.is(Class::OPENER) && !asks(token)).peekable();
    words.peek().is_some_and(|verb| verb.any(&["run", "do", "execute", "perform"]))
        && words.all(|token| token.among(&ALL) && token.quote == 0)
}

/// "deploy production", and "it failed" behind it: what came of a deploy that was made already.
pub(super) fn reports(behind: &[Token<'_>]) -> bool {
    const CAME: &[&str] = &[
        "failed",
        "broke",
        "crashed",
        "errored",
        "hung",
        "worked",
        "passed",
        "finished",
        "succeeded",
        "stalled",
        "aborted",
        "exploded",
    ];
    let mut words = behind.iter().filter(|token| token.is_word() && !token.is(Class::OPENER));
    let (first, second) = (words.next(), words.next());
    first.is_some_and(|it| it.any(&["it", "that", "this", "which"]))
        && second.is_some_and(|came| came.any(CAME))
}

/// "this one broke:" above "retry r-3f2a", with code between them that is not read: what is to be done about it.
pub(super) fn tends(line: &[Token<'_>], next: &[Token<'_>]) -> bool {
    let runs = matches!(mood::read(next), Mood::Order(opening)
        if matches!(opening.head, Head::Act(action) if is_run_action(action)));
    runs && !line.iter().any(|token| token.is(Class::SAYING))
}

impl Reader<'_, '_> {
    /// "Kim said", and the order on the line below: a line without a mark of its end right above the first order, unless it
    /// greets or tells how things are, may be the heading of what was pasted.
    #[cold]
    pub(super) fn leads_in(&self, tokens: &[Token<'_>]) -> bool {
        const ENDS: Words = Words::of(&[
            "is",
            "was",
            "are",
            "were",
            "this",
            "these",
            "following",
            "below",
            "did",
            "ran",
            "said",
            "says",
            "happened",
            "wrote",
            "typed",
            "sent",
            "got",
            "see",
            "saw",
            "tried",
            "used",
            "posted",
            "asked",
            "told",
            "entered",
            "pasted",
            "reported",
            "reads",
        ]);
        let Some(last) = tokens.last() else { return false };
        let from = self.tokens.partition_point(|token| token.at <= last.at);
        let between = self.tokens[from..].iter().take_while(|token| token.kind.ends_sentence()).count();
        let marks = &self.tokens[from..from + between];
        let next = self.tokens.get(from + between);
        if !marks.iter().any(|token| token.kind == Kind::Newline)
            || next.map(|token| token.at) != self.ordered
        {
            return false;
        }
        // "this one broke:", code that is not read, and what is to be done about the run.
        let runs = self.drafts.iter().all(|draft| is_run_action(draft.command.action));
        if runs && marks.len() > 1 && !tokens.iter().any(|token| token.is(Class::SAYING)) {
            return false;
        }
        let words = || tokens.iter().filter(|token| token.is_word());
        let little = Class::OPENER.and(Class::INTERJECTION).and(Class::PREAMBLE);
        let greets = words().all(|token| token.is(little) || token.is_courtesy())
            || tokens[0].is_thanks()
            || matches!(mood::read(reach(tokens)), Mood::Refusal | Mood::Retraction);
        if greets || hands_over(tokens) {
            return false;
        }
        let asks = words().next().is_some_and(|first| {
            first.any(&[
                "what", "how", "where", "which", "who", "why", "things", "steps", "this", "these", "here",
            ])
        });
        let subject = words().any(|token| token.is(Class::SUBJECT));
        let verb = words().any(|token| token.is(Class::HEAD) && token.name.is_none());
        let ends = tokens
            .iter()
            .rfind(|token| token.is_word())
            .is_some_and(|word| word.among(&ENDS) && word.quote == 0);
        // A sentence with a mark of its end stands by itself.
        if marks[0].kind != Kind::Newline {
            return ends && words().count() > 1;
        }
        if ends || asks || subject && verb || last.kind == Kind::Colon {
            return true;
        }
        let tells = Class::TELLS.and(Class::SUBJECT).and(Class::AILS);
        let urgent = last.any(&["asap", "urgent", "urgently", "now", "quick", "quickly", "help"]);
        let first = words().next();
        let reason = first.is_some_and(|first| {
            first.any(&[
                "hotfix", "bugfix", "fix", "ticket", "issue", "incident", "outage", "because", "since", "due",
            ]) || first.any(&["for"]) && !last.any(&["instance", "example", "reference", "docs", "tests"])
                || first.any(&["as"])
                    && last.any(&["discussed", "agreed", "planned", "promised", "requested", "scheduled"])
        }) || last.any(&["request"]);
        !urgent && !reason && !words().any(|token| token.is(tells)) && !behind::is_harmless(tokens)
    }

    /// "deploy production", and "Error: locked" on the line below: what came of it, so that both were pasted.
    #[cold]
    pub(super) fn answered(&mut self, begin: usize, end: usize) {
        const ANSWERS: &[&str] = &["error", "fatal", "failed", "failure", "traceback", "exception", "panic"];
        let below = begin > 1
            && self.tokens[begin - 1].kind == Kind::Newline
            && self.tokens[begin - 2].kind != Kind::Newline;
        let first = self.tokens[begin..end].first();
        if below && self.ordered_here() && first.is_some_and(|word| word.any(ANSWERS)) {
            self.doubt.get_or_insert_with(|| {
                Problem::ambiguous(
                    "Below the order I read what came of it, so it may be pasted, and I did nothing. Send the order alone.",
                )
            });
        }
    }
}
