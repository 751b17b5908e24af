//! What stands in a sentence of its own beside an order, and became no command: "Deploy production. Dry run."
//!
//! Most of it is small talk. What says how, when, where or whether the order is to go must not be passed over.

use std::ops::Range;

use super::{
    Action, Class, Command, Draft, Head, Key, Kind, Mood, Problem, Reader, Token, Words, abroad, before,
    behind, classes, clauses, conditions, framed, heads, mood, reach, remark, report, standing, waver,
};
use crate::intent::grammar::contrary;
use crate::intent::grammar::runs::is_run_action;
use crate::intent::names::{NameKind, Vocabulary};
use crate::intent::values;
use crate::intent::words::said_again;

/// Words of how an order is to go.
const MANNERS: Words = Words::of(&[
    "canary",
    "canaries",
    "dry",
    "dry-run",
    "dryrun",
    "dry_run",
    "rehearse",
    "rehearsal",
    "rehearsed",
    "simulate",
    "simulated",
    "simulation",
    "noop",
    "plan",
    "preview",
    "migration",
    "migrations",
    "migrate",
    "soak",
    "soaking",
    "weights",
    "replicas",
    "batch",
    "batches",
    "except",
    "excluding",
    "without",
    "only",
    "skip",
    "skipping",
]);

/// Words that say an order was a slip.
const SLIPS: &[&str] = &["oops", "whoops", "ooops", "oopsie", "typo", "correction", "mistake", "misclick"];

/// Words of a refusal that say no more than that the order before it is not to be done.
const IT: Words = Words::of(&[
    "do", "execute", "run", "start", "apply", "launch", "trigger", "perform", "proceed", "begin", "go",
    "ahead", "it", "that", "this", "them", "anything", "yet", "now", "today", "really", "actually", "just",
    "even", "for", "real", "please", "still", "ever", "the", "order", "any", "of", "through", "with", "live",
]);

impl<'t> Reader<'_, 't> {
    /// The problem of what no sentence with an order could carry.
    pub(super) fn left_apart(&self) -> Option<Problem> {
        if let [Draft { command, .. }] = &self.drafts[..]
            && (is_run_action(command.action) || command.action == Action::Rollback)
            && self.apart.iter().any(|range| {
                let tokens = &self.tokens[range.clone()];
                tokens.first().is_some_and(|token| Some(token.at) > self.ordered) && waver::chats(tokens)
            })
            && *command == Command::new(command.action)
            && self.verb_alone()
        {
            return Some(waver::chatted(command.action));
        }
        let left = self.apart.iter().map(|range| &self.tokens[range.clone()]).find(|tokens| {
            let behind = tokens.first().is_some_and(|token| Some(token.at) > self.ordered);
            let end = tokens.last().map_or(0, Token::end);
            let asked = self.text[end.min(self.text.len())..].trim_start().starts_with('?');
            // "prod is down, don't. deploy production"
            let last = tokens.rsplit(|token| token.kind == Kind::Comma).next().unwrap_or_default();
            let parted = last.len() < tokens.len();
            parted
                && !behind
                && (clauses::refuses_alone(reach(last))
                    || matters(last, &self.drafts, behind, self.vocabulary))
                || behind && (hesitates(tokens) || self.reserved(tokens, asked))
                || behind
                    && tokens.first().is_some_and(|sign| matches!(sign.kind, Kind::Arrow | Kind::Equals))
                || behind
                    && framed::reports(tokens)
                    && self.drafts.iter().all(|draft| draft.command.action == Action::Deploy)
                || !behind && self.leads_in(tokens)
                || !behind
                    && (before::awaits(tokens)
                        || before::frames(reach(tokens), asked)
                            && !elsewhere(tokens, &self.drafts, self.vocabulary))
                || asked && (!behind && before::hopes(tokens) || behind && doubts(tokens))
                || matters(tokens, &self.drafts, behind, self.vocabulary)
                || !behind && clauses::refuses_alone(reach(tokens))
        })?;
        let last = left.rsplit(|token| token.kind == Kind::Comma).next().unwrap_or_default();
        if clauses::refuses_alone(reach(left)) || clauses::refuses_alone(reach(last)) {
            return Some(Problem::ambiguous(
                "Before the order I read that something is not to be done, so I did nothing. Say only what is to be done.",
            ));
        }
        let said = said_again(reach(left)).collect::<Vec<_>>().join(" ");
        let mut problem = Problem::ambiguous(format!(
            "I read an order, but not what \"{said}\" is to change about it, so I did nothing. Say it in one sentence."
        ));
        if let [draft] = &self.drafts[..] {
            let order = draft.command.canonical();
            // "deploy production? no, deploy local": what is an order by itself is no part of the other.
            let part = !matches!(mood::read(reach(left)), Mood::Order(_));
            // Who took it back or left something out is offered no button that does it all the same.
            let slipped = slips(left);
            let names = || left.iter().any(|token| token.name.is_some() || token.among(&MANNERS));
            let turned = slipped || part && (behind::holds_back(reach(left)) || names());
            problem = problem
                .suggest((part && !slipped).then(|| format!("{order} {said}")))
                .suggest((!turned).then_some(order));
        }
        Some(problem)
    }

    /// "deploy production. wait for my go": said behind an order that changes something, what keeps it from going as it stands.
    fn reserved(&self, tokens: &[Token<'_>], asked: bool) -> bool {
        let Some(action) =
            self.drafts.iter().map(|draft| draft.command.action).find(|action| action.row().changes)
        else {
            return false;
        };
        let spoken = reach(tokens);
        Self::may_hold_back(action, spoken, asked)
            || waver::reserves(spoken)
            || waver::wavers(action, spoken)
            || remark::demands(spoken)
            || remark::leaves_it(spoken)
            || contrary::looks(spoken)
            || contrary::audience(spoken)
            || conditions::hangs_on(spoken)
            || mood::condition_within(spoken).is_some_and(|at| {
                // "prod only if green"
                spoken[..at].iter().all(|token| {
                    token.name.is_some() || token.is(Class::OPENER) || token.any(&["only", "just", "but"])
                })
            })
    }

    /// "deploy production. ?": somebody asks, and says no more.
    pub(super) fn asks_alone(&mut self, sentence: Range<usize>, mark: Option<Kind>) {
        let alone = sentence.is_empty() && mark == Some(Kind::Question);
        let before = sentence.start.checked_sub(1).map(|at| self.tokens[at].kind);
        if alone && before.is_some_and(|before| before != Kind::Question) && !self.drafts.is_empty() {
            self.unread();
        }
    }

    /// Whether "and" or "then" stands right before this order.
    pub(super) fn stands_behind_and(&self, tokens: &[Token<'_>], at: usize) -> bool {
        let joins = |token: &Token<'_>| token.any(&["and", "then"]);
        let before =
            tokens.first().map_or(0, |first| self.tokens.partition_point(|token| token.at < first.at));
        tokens[..at].iter().any(joins) || self.tokens[..before].last().is_some_and(joins)
    }

    /// Whether it is none of what is known to change nothing of the order before it.
    fn may_hold_back(action: Action, spoken: &[Token<'_>], asked: bool) -> bool {
        // Who ends or holds a run has said what there is to say; the verbs for runs have rules of their own.
        if matches!(action, Action::Cancel | Action::Pause | Action::Reject | Action::Lock) {
            return false;
        }
        let said = classes(spoken);
        let (plain, _) = abroad::without_politeness(report::without_courtesies(spoken, said), said);
        match mood::read(&plain) {
            Mood::Notify(_) | Mood::Retraction => false,
            // "thoughts?", "any objections?"
            _ if asked => !is_run_action(action) && !behind::asks_kindly(&plain),
            Mood::Refusal => {
                let about = plain
                    .iter()
                    .any(|token| token.name.is_some() || token.is(Class::HEAD) && token.is_word());
                !about && !behind::is_harmless(&plain)
            }
            _ if is_run_action(action) => behind::holds_back(&plain),
            _ => !behind::is_harmless(&plain),
        }
    }

    /// "approve!", and neither "approve it!" nor "cancel the deploy!": the order says nothing of what it is about.
    fn verb_alone(&self) -> bool {
        let begin = self.tokens.partition_point(|token| Some(token.at) < self.ordered);
        let order = self.tokens[begin..].split(|token| token.kind.ends_sentence()).next().unwrap_or_default();
        let mut words = reach(order).iter().filter(|token| token.is_word() && !token.is(Class::OPENER));
        words.next().is_some()
            && !words.any(|token| token.is(Class::OBJECT) || token.any(&["it", "this", "that", "one"]))
    }

    /// "…, but don't run it", "… but don't touch web": what refuses the order before it, or a part of it.
    pub(super) fn refused_behind(&mut self, tokens: &[Token<'t>], goes_on: bool) -> Result<(), Problem> {
        let drafts = self.drafts.get(self.sentence..).unwrap_or_default();
        if !drafts.iter().any(|draft| draft.command.action.row().changes) {
            return Ok(());
        }
        let spoken = reach(tokens);
        // "nobody needs it any more", "then nothing": a reason or no more.
        let refusal = |token: &Token<'_>| {
            token.is_word()
                && token.any(&["don't", "dont", "not", "never", "cannot", "can't", "cant", "avoid"])
        };
        if !spoken.iter().any(refusal) {
            return Ok(());
        }
        if refuses_it(spoken, drafts) {
            if goes_on || self.drafts.len() > 1 {
                return Err(Problem::ambiguous(
                    "Behind an order I read that it is not to be done, so I did nothing. Send only what is to be done.",
                ));
            }
            self.drafts.clear();
            self.sentence = 0;
            self.previous = 0;
        } else if !goes_on && refuses(spoken, drafts, true, self.vocabulary) {
            return Err(Problem::ambiguous(format!(
                "I read an order, and behind it \"{}\", so I did nothing. Say only what is to be done.",
                said_again(spoken).skip_while(|word| *word == ",").collect::<Vec<_>>().join(" ")
            ))
            .suggest(self.without(spoken)));
        }
        Ok(())
    }
}

impl Reader<'_, '_> {
    /// The one order there is, without the services that are not to be touched.
    #[cold]
    fn without(&self, refused: &[Token<'_>]) -> Option<String> {
        let [draft] = &self.drafts[..] else { return None };
        let left = |token: &Token<'_>| {
            let hit = token.name.filter(|hit| hit.kind == NameKind::Service)?;
            Some(self.vocabulary.spelling(hit.kind, hit.index()))
        };
        let left: Vec<&str> = refused.iter().filter_map(left).collect();
        let mut meant = draft.command.clone();
        if left.is_empty() || !meant.action.has(Key::Services) {
            return None;
        }
        if meant.services.is_empty() {
            meant.services =
                self.vocabulary.names().services.iter().map(|named| named.name.clone()).collect();
        }
        meant.services.retain(|service| !left.contains(&service.as_str()));
        (!meant.services.is_empty()).then(|| meant.canonical())
    }
}

/// "no canary, deploy production": how the order behind it is to go, which must not be passed over.
pub(super) fn refused_before(refused: &[Token<'_>], order: &[Token<'_>]) -> Result<(), Problem> {
    let little =
        |token: &&Token<'_>| token.is(Class::OPENER.and(Class::INTERJECTION)) && !token.is(Class::NEGATION);
    let mut words = refused.iter().filter(|token| token.is_word() && !little(token));
    let without = words.next().is_some_and(|first| first.any(&["no", "without", "skip", "not"]));
    if !(without && words.next().is_some_and(|manner| manner.among(&MANNERS) && manner.quote == 0)) {
        return Ok(());
    }
    let manner = said_again(refused).filter(|word| *word != ",").collect::<Vec<_>>().join(" ");
    let order = said_again(order).skip_while(|word| *word == ",").collect::<Vec<_>>().join(" ");
    Err(Problem::ambiguous(format!(
        "I read \"{manner}\" before an order, so I did nothing. Say it behind the order if it is about that."
    ))
    .suggest([format!("{order} {manner}"), order]))
}

/// "don't actually do it", "do not execute", "don't really": nothing is named but the order itself.
fn refuses_it(tokens: &[Token<'_>], drafts: &[Draft]) -> bool {
    let Some(negation) = tokens.iter().position(|token| token.is_word() && token.is(Class::NEGATION)) else {
        return false;
    };
    tokens[negation + 1..].iter().enumerate().filter(|(_, token)| token.is_word()).all(|(at, token)| {
        token.among(&IT)
            || token.name.is_none()
                && matches!(heads::find(&tokens[negation + 1 + at..]), Some((Head::Act(action), _))
                    if drafts.iter().any(|draft| draft.command.action == action))
    })
}

/// Whether a sentence that became no command says something of the order beside it.
fn matters(tokens: &[Token<'_>], drafts: &[Draft], behind: bool, vocabulary: &Vocabulary) -> bool {
    let tokens = reach(tokens);
    let said = classes(tokens);
    let (spoken, _) = abroad::without_politeness(report::without_courtesies(tokens, said), said);
    let tokens = &*spoken;
    // "Deploy production. Nein!"
    if slips(tokens) || tokens.iter().any(abroad::refuses) {
        return true;
    }
    match mood::read(tokens) {
        Mood::Nothing | Mood::Retraction | Mood::Notify(_) | Mood::Question { .. } => false,
        Mood::Condition(_) => conditions::hangs_on(tokens) || only_if(tokens),
        Mood::Refusal => refuses(tokens, drafts, behind, vocabulary),
        Mood::Order(_) | Mood::Imperative(..) | Mood::Statement => {
            only_if(tokens)
                || says_how(tokens)
                || reacts(tokens)
                || behind
                    && (remark::demands(tokens) || contrary::audience(tokens) || contrary::looks(tokens))
        }
    }
}

/// "Deploy production. Maybe later.", "… not sure": it is not meant to be done yet.
fn hesitates(tokens: &[Token<'_>]) -> bool {
    let mut words = tokens.iter().filter(|token| token.is_word() && !token.is(Class::OPENER));
    let (Some(first), second) = (words.next(), words.next()) else { return false };
    first.any(&["maybe", "perhaps", "possibly", "unsure", "dunno", "asking", "wondering", "curious"])
        || first.any(&["not", "i'm", "im", "idk"])
            && second.is_none_or(|next| next.any(&["sure", "certain", "not", "unsure"]))
}

/// "Deploy production. Is it safe?", "… should we?", "… right?": whoever asks that waits for the answer.
pub(super) fn doubts(tokens: &[Token<'_>]) -> bool {
    /// Longer questions are about something else.
    const LONGEST: usize = 6;
    let mut words = tokens.iter().filter(|token| token.is_word()).take(LONGEST + 1);
    let (first, second) = (words.next(), words.next());
    let short = words.count() < LONGEST - 1 && tokens.iter().all(|token| token.name.is_none());
    short
        && match (first, second) {
            (Some(first), None) => {
                first.any(&["ok", "okay", "right", "correct", "agreed", "safe", "allowed"])
            }
            (Some(first), Some(second)) => {
                first.any(&["is", "isn't", "was"]) && second.any(&["it", "that", "this"])
                    || first.any(&[
                        "should", "shall", "may", "can", "could", "am", "are", "do", "must", "would", "will",
                    ]) && second.any(&["i", "we"])
                    || first.any(&["would", "will", "could", "does"]) && second.any(&["it", "that", "this"])
                    || first.any(&["what"]) && second.any(&["do"])
            }
            _ => false,
        }
}

/// "on 500s rollback": a rule, said as none is read.
fn reacts(tokens: &[Token<'_>]) -> bool {
    tokens.first().is_some_and(|first| first.any(&["on", "upon", "at"]))
        && !standing::signals(tokens, true).is_empty()
        && !standing::reactions(tokens, &[]).is_empty()
}

/// "only if green": a condition behind words that are none.
fn only_if(tokens: &[Token<'_>]) -> bool {
    tokens.iter().find(|token| token.is_word()).is_some_and(|token| token.any(&["only", "but", "provided"]))
        && tokens.iter().take(3).any(|token| token.is(Class::CONDITION))
}

/// "oops", "I mean staging", "this is a test", "not for real".
fn slips(tokens: &[Token<'_>]) -> bool {
    let words: Vec<&str> =
        tokens.iter().filter(|token| token.is_word() && token.quote == 0).map(|token| token.low).collect();
    let [first, ..] = words[..] else { return false };
    let means = |pair: &[&str]| {
        pair[0] == "i" && matches!(pair[1], "mean" | "meant")
            || pair[0] == "for" && matches!(pair[1], "real" | "fun" | "practice")
            || matches!(pair[0], "a" | "only" | "just")
                && matches!(pair[1], "test" | "testing" | "drill" | "joke")
    };
    let wrong = |pair: &[&str]| {
        pair[0] == "wrong"
            && matches!(
                pair[1],
                "channel"
                    | "chat"
                    | "window"
                    | "thread"
                    | "room"
                    | "environment"
                    | "env"
                    | "one"
                    | "server"
                    | "bot"
                    | "tab"
                    | "place"
                    | "project"
            )
    };
    let slip =
        words.iter().any(|word| matches!(*word, "typo" | "misclick" | "mistyped" | "mistake" | "accident"));
    if slip || words.windows(2).any(wrong) {
        return true;
    }
    let alone = matches!(words[..], ["test" | "testing" | "actually" | "rather" | "wait" | "drill"]);
    SLIPS.contains(&first) || alone || words.windows(2).any(means)
}

/// "don't actually do it", "no migrations", "don't touch web", and not "don't deploy production" before "deploy staging".
fn refuses(tokens: &[Token<'_>], drafts: &[Draft], behind: bool, vocabulary: &Vocabulary) -> bool {
    // "don't promote it" beside a retry refuses another order than the one given.
    let other = tokens.iter().position(|token| token.is(Class::HEAD) && token.is_word()).is_some_and(|at| {
        matches!(heads::find(&tokens[at..]), Some((Head::Act(action), _))
            if drafts.iter().all(|draft| draft.command.action != action && !(behind && does_too(draft, action))))
            && !tokens.iter().any(|token| token.among(&MANNERS))
    });
    // "don't touch anything else" changes nothing of the order.
    let rest = tokens.iter().any(|token| token.any(&["else"]));
    if other || rest {
        return false;
    }
    // "not production, staging": what was ordered is not meant.
    let taken = behind && takes_out(tokens, drafts, vocabulary);
    if taken || elsewhere(tokens, drafts, vocabulary) {
        return taken;
    }
    let manner = tokens.iter().any(|token| token.among(&MANNERS) && token.quote == 0);
    let does = tokens.iter().any(|token| {
        token.is_word()
            && (token.is(Class::HEAD) && !token.any(&["see", "check", "show"])
                || token.any(&["do", "execute", "touch", "really", "actually", "it", "anything"]))
    });
    let any_name = tokens.iter().any(|token| token.name.is_some());
    manner && says_value(tokens) || behind && (does || any_name || tokens.iter().any(behind::is_when))
}

fn takes_out(tokens: &[Token<'_>], drafts: &[Draft], vocabulary: &Vocabulary) -> bool {
    let no = tokens.iter().position(|token| token.is_word() && token.is(Class::NEGATION)).unwrap_or(0);
    let hit = tokens[no..].iter().filter(|token| token.quote == 0).find_map(|token| token.name);
    hit.is_some_and(|hit| {
        let name = vocabulary.spelling(hit.kind, hit.index());
        drafts.iter().any(|draft| match hit.kind {
            NameKind::Environment => draft.command.environments.iter().any(|said| said == name),
            NameKind::Service => draft.command.services.iter().any(|said| said == name),
            _ => false,
        })
    })
}

/// A deploy starts anew what it deploys: "deploy staging and don't restart cron".
fn does_too(draft: &Draft, action: Action) -> bool {
    action == Action::Restart && matches!(draft.command.action, Action::Deploy | Action::Rollback)
}

/// A place or a service is named in which nothing is ordered.
fn elsewhere(tokens: &[Token<'_>], drafts: &[Draft], vocabulary: &Vocabulary) -> bool {
    tokens.iter().filter_map(|token| token.name).any(|hit| {
        let apart = |said: &[String]| {
            let name = vocabulary.spelling(hit.kind, hit.index());
            !said.is_empty() && said.iter().all(|said| said != name)
        };
        match hit.kind {
            NameKind::Environment => drafts.iter().all(|draft| apart(&draft.command.environments)),
            NameKind::Service => drafts.iter().all(|draft| apart(&draft.command.services)),
            _ => false,
        }
    })
}

/// Something of a place, a time, a ref or a manner stands here, and nothing is told.
pub(super) fn says_how(tokens: &[Token<'_>]) -> bool {
    let told = tokens.iter().any(|token| {
        token.is_word()
            && token.name.is_none()
            && (token.is(Class::TELLS.and(Class::SUBJECT).and(Class::AILS)) || report::participle(token))
    }) || tokens.iter().skip(1).any(|token| token.any(remark::VERBS) && token.name.is_none());
    if told {
        let wished = tokens.iter().any(|token| token.any(&["should", "must", "want", "wanted", "be"]));
        let canary = tokens.iter().any(|token| token.any(&["canary"]))
            && (0..tokens.len())
                .any(|at| tokens[at].is(Class::DIGIT) && values::weights(&tokens[at..]).is_some());
        return canary || wished && tokens.iter().any(|token| token.among(&MANNERS) && token.quote == 0);
    }
    says_value(tokens)
}

/// A name, a value or a word of how an order is to go.
fn says_value(tokens: &[Token<'_>]) -> bool {
    // "to 2..4", "1..2am": what a full stop cut off.
    if let [alone] = tokens
        && alone.is_word()
        && alone.low.bytes().any(|byte| byte.is_ascii_digit())
        && !crate::intent::scan::is_ticket(alone.raw)
        && alone.quote == 0
    {
        return true;
    }
    (0..tokens.len()).any(|at| {
        let (token, rest) = (&tokens[at], &tokens[at..]);
        token.is_word()
            && token.quote == 0
            && (token.name.is_some()
                || token.among(&MANNERS)
                || values::is_ref(token.low)
                || token.is(Class::DIGIT)
                    && (values::weights(rest).is_some()
                        || values::rate(rest).is_some()
                        || values::duration(rest).is_some())
                || (at == 0 || !tokens[at - 1].is_word() || tokens[at - 1].class.known())
                    && values::time(rest).is_some_and(|time| time.from == 0))
    })
}
