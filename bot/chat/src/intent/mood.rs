//! How a sentence begins: an order, a question, a refusal, a condition, or something we are not asked to do.
//!
//! Everything that changes the world must begin with its verb, after nothing but politeness. That one rule keeps reports,
//! intentions, hypotheticals and small talk from becoming orders.

mod ahead;
pub(super) mod condition;
mod front;
pub(super) mod openers;

use super::actions::Action;
use super::grammar::heads::{self, Head};
use super::grammar::questions::{self, Asked};
use super::grammar::standing;
use super::lexicon::Class;
use super::names::NameKind;
use super::problem::Problem;
use super::values;
use super::words::{Kind, Token, reach, words_at};

use condition::condition_at;
pub(super) use condition::{condition_within, refers_back};
use front::MAX_FRONTED;
use front::fronted;
pub(super) use front::placed_order;
pub(super) use openers::{after_favor, near_modal, skip_openers};
use openers::{retracts, skip_words};

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
    /// An imperative (as far as we can tell) whose verb stands at this place, and whether it was politely asked for.
    Imperative(usize, bool),
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
    /// When or how was said before the verb, for all that is ordered behind it.
    pub(super) ahead: bool,
}

impl Opening {
    /// What stood before the verb is said again in what is suggested: "dry run deploy production later".
    pub(super) fn keep_trying(&self, mut problem: Problem) -> Problem {
        let before = match (self.dry_run, self.rehearse) {
            (true, _) => "dry run",
            (_, true) => "rehearse",
            _ => return problem,
        };
        for suggestion in problem.suggestions.iter_mut().filter(|said| !said.starts_with("dry run")) {
            *suggestion = format!("{before} {suggestion}");
        }
        problem
    }
}

/// Reads how these tokens begin.
pub(super) fn read(tokens: &[Token<'_>]) -> Mood {
    let tokens = reach(tokens);
    if retracts(tokens) {
        return Mood::Retraction;
    }
    let mut at = skip_openers(tokens, 0);
    let word = words_at(tokens);
    if tokens[at.min(tokens.len())..].iter().all(|token| !token.is_word() && token.kind != Kind::Mention) {
        return Mood::Nothing;
    }
    if retracts(&tokens[at..]) {
        return Mood::Retraction;
    }
    let mut polite = false;
    // "please to scale api"
    let to = at > 0 && tokens[at - 1].is_please() && word(at) == "to";
    if to && heads::find(&tokens[at + 1..]).is_some() {
        at += 1;
    }
    if let Some(behind) = openers::preamble(tokens, at) {
        at = behind;
    }
    // What opens an order elsewhere may begin a condition: "that being so, deploy".
    let begin = (0..=at).find(|at| condition::refers_back(tokens, *at).is_some());
    if let Some(at) = begin.or_else(|| condition::stated(tokens, at).then_some(at)) {
        return Mood::Condition(at);
    }
    for _ in 0..4 {
        if let Some(condition) = condition_at(tokens, at) {
            return Mood::Condition(condition);
        }
        let Some(token) = tokens.get(at) else { return Mood::Nothing };
        // Most orders begin with a word that none of the rules from here on looks for.
        let sought = Class::LEADS.and(Class::NEGATION).and(Class::ASKS);
        if token.class.known() && !token.is(sought) && !polite {
            break;
        }
        let refuses = match word(at) {
            "do" => matches!(word(at + 1), "not" | "nothing"),
            "hold" => word(at + 1) == "off",
            "forget" => word(at + 1) != "it",
            // "without canary deploy production"
            "without" => ahead::read(tokens, at).is_none(),
            _ => token.is(Class::NEGATION),
        };
        if refuses {
            return Mood::Refusal;
        }
        // "cna you deploy …"
        if openers::near_modal(token) && !token.class.known() && questions::is_you(word(at + 1)) {
            at = skip_openers(tokens, at + 2);
            polite = true;
            continue;
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
        if word(at) == "go" && (word(at + 1) == "and" || word(at + 1) == "ahead" && word(at + 2) != "with") {
            at = skip_openers(tokens, at + 2);
            continue;
        }
        if polite && let Some(behind) = openers::favor(tokens, at) {
            at = behind;
            continue;
        }
        // "kindly do promote r-3f2a"
        let verbs = ["promote", "approve", "reject", "resume", "retry", "unlock", "reconcile"];
        if word(at) == "do" && verbs.contains(&word(at + 1)) {
            at += 1;
            continue;
        }
        // "go deploy staging", "go for it, deploy staging"
        let goes = !at.checked_sub(1).is_some_and(|lets| matches!(word(lets), "let's" | "lets" | "us"))
            && tokens.get(at + 1).is_some_and(|verb| verb.is(Class::HEAD) && verb.name.is_none());
        if word(at) == "go" && goes && ahead::changes_at(tokens, at + 1) {
            at += 1;
            continue;
        }
        let cheered = word(at) == "go" && word(at + 1) == "for" && word(at + 2) == "it";
        if cheered && tokens.get(at + 3).is_some_and(|next| next.kind == Kind::Comma) {
            at = skip_openers(tokens, at + 3);
            continue;
        }
        // "feel free to deploy" allows, as "you can deploy" does.
        if word(at) == "feel" && word(at + 1) == "free" {
            return Mood::Statement;
        }
        if token.is_word()
            && (token.is(Class::ASKS) || token.any(&["can", "could", "would", "will", "do"]))
            && let Some(asked) = questions::read(&tokens[at..])
        {
            if let Asked::Please(skip) = asked {
                at = skip_openers(tokens, at + skip);
                if word(at) == "mind" && heads::gerund(&tokens[at + 1..]).is_some() {
                    at += 1;
                }
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
    let word = words_at(tokens);
    let (at, front) = fronted(tokens, at);
    // "in staging, if we see repeated 500s, …"
    if !front.is_empty() && condition_at(tokens, at).is_some() {
        return Mood::Condition(at);
    }
    let said = if front.is_empty() { ahead::read(tokens, at) } else { None };
    let ahead = said.is_some();
    let (at, front, polite) = match said {
        Some(said) if said.conditional => return Mood::Condition(said.next),
        Some(said) => (said.next, said.said, polite || said.polite),
        None => (at, front, polite),
    };
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
        ahead,
    };
    let found = heads::find(&tokens[at.min(tokens.len())..]).or_else(|| {
        begins_job(tokens, at).map(|head| (head, 0)).filter(|_| named_view(tokens, at).is_none())
    });
    // "would you mind deploying staging?"
    let minded = polite && at > 0 && word(at - 1) == "mind";
    let gerund = || if flagged || minded { heads::gerund(&tokens[at.min(tokens.len())..]) } else { None };
    if let Some((head, len)) = found.or_else(gerund)
        && tokens[at].quote == tokens[at + len.max(1) - 1].quote
    {
        if matches!(head, Head::Show | Head::Get | Head::Check)
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
                ahead,
            });
        }
        if matches!(head, Head::Show | Head::Get | Head::Check)
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
            ahead,
        });
    }
    if flagged {
        return Mood::Statement;
    }
    if let Some((noun, head, len)) = named_view(tokens, at) {
        return Mood::Order(Opening {
            head,
            at: noun,
            len,
            front: at..noun,
            dry_run,
            rehearse,
            polite,
            ahead,
        });
    }
    // "standup's over" tells.
    if tokens.get(at).is_some_and(|token| {
        token.is_word()
            && token.name.is_none()
            && (!token.class.known() && !token.low.ends_with("'s") || token.class.only_head())
    }) {
        return Mood::Imperative(at, polite);
    }
    Mood::Statement
}

/// "backfill-timezone on staging": a job's name in one word, which says what is to be done like "backfill timezone" does.
fn begins_job(tokens: &[Token<'_>], at: usize) -> Option<Head> {
    let first =
        tokens.get(at).filter(|token| token.low.len() > BACKFILL.len() && token.low.starts_with(BACKFILL))?;
    let job = first.name.is_some_and(|hit| hit.kind == NameKind::Job);
    // In capitals inside it is a name that somebody writes about, as in code.
    (job && first.low.contains(['-', '_'])).then_some(Head::Act(Action::Backfill))
}

const BACKFILL: &str = "backfill";

/// "api logs", "timezone backfill status", "last 10m of api logs": what is to be shown of the things named before it, and nothing told of it.
fn named_view(tokens: &[Token<'_>], at: usize) -> Option<(usize, Head, usize)> {
    let mut noun = at;
    let last = tokens.get(at).is_some_and(|token| token.any(&["last", "past"]));
    if last && let Some((_, len)) = values::since(&tokens[at..]) {
        noun += len;
        while tokens.get(noun).is_some_and(|token| token.any(&["of", "worth", "the", "from"])) {
            noun += 1;
        }
    }
    let begin = noun;
    while let Some(token) = tokens.get(noun).filter(|_| noun - at < MAX_FRONTED) {
        let listed = || {
            token.any(&["backfill", "and"])
                || token.kind == Kind::Plus
                || token.kind == Kind::Comma && tokens.get(noun + 1).is_some_and(|next| next.name.is_some())
        };
        noun += match token.name {
            Some(hit) => hit.len(),
            None if noun > begin && listed() => 1,
            None => break,
        };
    }
    let shows = |token: &Token<'_>| token.any(&["status", "logs", "releases", "incidents"]);
    if noun == at || !tokens.get(noun).is_some_and(shows) {
        return None;
    }
    let told = tokens[noun + 1..].iter().any(|token| {
        token.is_word()
            && token.name.is_none()
            && (token.is(Class::TELLS) || token.is(Class::SUBJECT) || token.is(Class::HEAD))
    });
    let job = tokens[at..noun]
        .iter()
        .any(|token| token.any(&["backfill"]) || token.name.is_some_and(|hit| hit.kind == NameKind::Job));
    let head = heads::find(&tokens[noun..])?;
    let head = if job { (Head::Act(Action::BackfillStatus), head.1) } else { head };
    (!told && (!job || tokens[noun].any(&["status"]))).then_some((noun, head.0, head.1))
}

/// "dry run", "plan", "rehearse" before an order: how many words, and whether it is the rehearsal.
fn flag(tokens: &[Token<'_>], at: usize) -> Option<(usize, bool)> {
    let word = words_at(tokens);
    match word(at) {
        "dry-run" | "dryrun" | "simulate" | "preview" | "plan" | "dry_run" => Some((1, false)),
        "dry" if word(at + 1) == "run" => Some((2, false)),
        // "do a dry run of deploying production"
        "do" | "make" | "perform" if word(at + 1) == "a" && of_gerund(tokens, at + 2) => Some((2, false)),
        "rehearse" | "rehearsal" => Some((1, true)),
        _ => None,
    }
}

/// "dry run of deploying …": the order is said as what is to be tried.
fn of_gerund(tokens: &[Token<'_>], at: usize) -> bool {
    let Some((len, _)) = flag(tokens, at) else { return false };
    let tried = &tokens[at..tokens.len().min(at + len)];
    let of = tokens.get(at + len).is_some_and(|token| token.any(&["of"]));
    tried.iter().all(|token| token.any(&["dry", "run", "dry-run", "dryrun"]))
        && of
        && heads::gerund(&tokens[at + len + 1..]).is_some()
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
