//! Conditions: the alerts and rules that name a signal, and the orders that hang on something we can't watch.

mod beyond;
mod whole;

use super::{
    Action, Class, Command, Draft, Head, Heard, Joined, Kind, Mood, Problem, ProblemKind, Reader, Scope,
    Token, Vocabulary, Words, before, begins_clause, help, mood, reach, standing,
};
use crate::intent::command::Channel;
use crate::intent::names::NameKind;
use crate::intent::problem::{A_RULE, ALERTS, MAY_DEPLOY};
use crate::intent::scan::unknown_name;
use crate::intent::values;
use crate::intent::words::said_again;

impl<'t> Reader<'_, 't> {
    /// "if X, Y": an alert, a rule, or two readings.
    pub(super) fn condition(&mut self, tokens: &[Token<'t>], at: usize) -> Result<(), Problem> {
        let Some(then) = consequent(tokens, at) else {
            // "deploy staging then, if green, production": the place is all that is said of a second order.
            let ends = tokens.iter().rev().find(|token| token.is_word()).and_then(|token| token.name);
            if !self.drafts.is_empty() && ends.is_some_and(|hit| hit.kind == NameKind::Environment) {
                self.doubt.get_or_insert_with(|| conditional(&[], self.vocabulary));
            }
            self.hear(Heard::Statement);
            return Ok(());
        };
        let (condition, orders) = (&tokens[at..then], &tokens[then..]);
        match mood::read(orders) {
            Mood::Notify(begin) => {
                let orders = &orders[begin..];
                let Some(order) = beyond::order_within(orders, false) else {
                    return self.alert(orders, condition);
                };
                Err(beyond::not_told(&orders[order..]))
            }
            Mood::Order(opening) => {
                whole::ahead(&orders[..opening.at])?;
                if let Some(notify) = notify_within(orders) {
                    self.rule(condition, &orders[opening.at..notify])?;
                    return self.alert(&orders[notify..], condition);
                }
                self.rule(condition, &orders[opening.at..])
            }
            Mood::Imperative(..) if !standing::reactions(orders, &[]).is_empty() => {
                self.rule(condition, orders)
            }
            Mood::Statement if orders.first().is_some_and(|token| token.any(&["an", "open"])) => {
                self.rule(condition, orders)
            }
            Mood::Imperative(begin, _) => {
                self.stranger(&orders[begin..], false);
                Ok(())
            }
            _ => {
                self.hear(Heard::Statement);
                Ok(())
            }
        }
    }

    pub(super) fn trailing_condition(
        &mut self,
        action: Action,
        tokens: &[Token<'t>],
        at: usize,
    ) -> Result<(), Problem> {
        let (orders, condition) = tokens.split_at(at);
        own_order(condition, self.vocabulary)?;
        if reaction_like(action) && !standing::signals(condition, true).is_empty() {
            return self.rule(condition, orders);
        }
        Err(conditional(orders, self.vocabulary))
    }

    /// "roll back and open an incident if we see repeated 500s".
    pub(super) fn is_rule(&mut self, tokens: &[Token<'t>]) -> Result<bool, Problem> {
        let Some(at) = mood::condition_within(tokens) else { return Ok(false) };
        if notify_within(&tokens[..at]).is_some() || standing::signals(&tokens[at..], true).is_empty() {
            return Ok(false);
        }
        own_order(&tokens[at..], self.vocabulary)?;
        self.rule(&tokens[at..], &tokens[..at])?;
        Ok(true)
    }

    pub(super) fn rule(&mut self, condition: &[Token<'t>], orders: &[Token<'t>]) -> Result<(), Problem> {
        let signals = standing::signals(condition, true);
        let reactions = standing::reactions(orders, &signals);
        let which =
            orders.iter().any(|token| token.is_word() && token.name.is_none() && values::is_ref(token.low));
        if signals.is_empty() || reactions.is_empty() {
            return Err(beyond::no_rule(&signals, orders, self.vocabulary));
        }
        // "rollback to v1.2": what is gone back to is the release before, whichever that is.
        let undone = if which { Some(orders) } else { beyond::undone(orders, &signals) };
        let mut command = Command::new(Action::Rule);
        command.when = signals;
        command.then = reactions;
        let all: Vec<Token<'t>> = condition.iter().chain(orders).copied().collect();
        self.known_places(Action::Rule, &all)?;
        command.environments = standing::environments(&all, self.vocabulary);
        beyond::unturned(&command, &all, self.vocabulary)?;
        if let Some(part) = undone {
            return Err(beyond::not_by_rule(part, &command));
        }
        beyond::watched(&command, condition, &all)?;
        whole::watches(&command, condition)?;
        whole::reacts(&command, orders)?;
        beyond::one_place(&command, condition, orders, self.vocabulary)?;
        self.drafts.push(Draft::plain(command));
        Ok(())
    }

    /// "text me if a deploy fails in preprod": a place nobody knows would make it stand for all of them.
    fn known_places(&self, action: Action, tokens: &[Token<'t>]) -> Result<(), Problem> {
        let placed = (1..tokens.len()).find(|at| {
            let article = usize::from(tokens[at - 1].any(&["the", "our"]));
            let preposition = at.checked_sub(1 + article).and_then(|at| tokens.get(at));
            let token = &tokens[*at];
            // Looked for behind an "on" alone, up to the next word: however long a message is, once.
            let last = || !tokens[at + 1..].iter().any(Token::is_word);
            preposition.is_some_and(|token| token.any(&["in"]) || token.any(&["on"]) && last())
                && token.is_word()
                && token.name.is_none()
                && token.quote == 0
                && !token.class.known()
                && standing::channels(&tokens[*at..=*at]).is_empty()
                && standing::signals(&tokens[*at..=*at], true).is_empty()
                && token.low.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'))
        });
        let Some(stranger) = placed.map(|at| &tokens[at]) else { return Ok(()) };
        let near = self.vocabulary.near(stranger.low, &[NameKind::Environment]);
        let scope = Scope {
            action,
            tokens,
            text: self.text,
            vocabulary: self.vocabulary,
            again: false,
            asked: false,
        };
        Err(unknown_name(scope, stranger, &near))
    }

    pub(super) fn alert(&mut self, tokens: &[Token<'t>], condition: &[Token<'t>]) -> Result<(), Problem> {
        if let Some(second) = whole::second_alert(tokens).filter(|_| condition.is_empty()) {
            self.alert(&tokens[..second], condition)?;
            return self.alert(&tokens[second..], condition);
        }
        let mut command = Command::new(Action::Alert);
        command.by = standing::channels(tokens);
        if let Some(order) = order_behind(tokens) {
            return Err(Problem::ambiguous(format!(
                "Behind the wish to be told I read `{}`, which may be an order or something to tell of, so I did nothing. Send the two apart.",
                tokens[order].raw
            ))
            .suggest([said_again(&tokens[order..]).collect::<Vec<_>>().join(" ")]));
        }
        let words = if condition.is_empty() { tokens } else { condition };
        let skip = usize::from(condition.is_empty());
        command.on = standing::signals(&words[skip.min(words.len())..], false);
        let all: Vec<Token<'t>> = condition.iter().chain(tokens).copied().collect();
        command.environments = standing::environments(&all, self.vocabulary);
        if !command.on.is_empty() {
            self.known_places(Action::Alert, &all)?;
            beyond::unturned(&command, &all, self.vocabulary)?;
            if let Some(stranger) = standing::no_signal(tokens).filter(|_| condition.is_empty()) {
                return Err(Problem::bad_value(format!(
                    "`{}` is nothing I can tell of: I know a weird canary, a rollback, a failed deploy, repeated 500s, or something unhealthy.",
                    stranger.raw
                ))
                .suggest(ALERTS));
            }
            beyond::told_alone(tokens)?;
            whole::told_others(&command, tokens)?;
            if let Some(order) = beyond::order_within(tokens, true) {
                return Err(beyond::not_told(&tokens[order..]));
            }
            beyond::watched(&command, if condition.is_empty() { tokens } else { condition }, &all)?;
            whole::watches(&command, &all)?;
        }
        if command.on.is_empty() {
            let waits = all
                .iter()
                .any(|token| token.any(&["if", "when", "whenever", "once", "on", "about", "every"]));
            // "tell me when it's done" is told anyway, in the thread of the order.
            let over = all.iter().any(|token| {
                token.any(&[
                    "done",
                    "finished",
                    "finishes",
                    "complete",
                    "completed",
                    "completes",
                    "live",
                    "through",
                    "over",
                    "out",
                    "up",
                ])
            });
            let elsewhere = command.by.iter().any(|channel| matches!(channel, Channel::Sms | Channel::Email));
            if elsewhere && self.ordered_any() && (!waits || over) {
                return Err(Problem::ambiguous(
                    "I tell of the end of an order where it was given, and not by text or email, so I did nothing. Say the order alone.",
                )
                .suggest(ALERTS));
            }
            // "text me": of what is asked.
            if self.drafts.is_empty() && tokens.len() <= 2 && condition.is_empty() && !tokens.is_empty() {
                return Err(beyond::of_what(tokens));
            }
            if !waits || over && condition.is_empty() && !self.drafts.is_empty() {
                self.hear(Heard::Statement);
                return Ok(());
            }
            return Err(Problem::bad_value(
                "I can tell you of a weird canary, a rollback, a failed deploy, repeated 500s, or something unhealthy.",
            )
            .suggest(ALERTS));
        }
        self.add(vec![Draft::plain(command)], Joined::And)
    }
}

/// "text me if a deploy fails and restart api": where an order stands behind the signals one wants to be told of.
fn order_behind(tokens: &[Token<'_>]) -> Option<usize> {
    let waits = tokens.iter().any(|token| token.any(&["if", "when", "whenever", "once"]));
    let last_or = tokens.iter().rposition(|token| token.any(&["or"]));
    (1..tokens.len()).find_map(|at| {
        let joint = tokens[at].kind == Kind::Comma || tokens[at].any(&["and", "then", "but", "also"]);
        if !joint || tokens[at].quote > 0 {
            return None;
        }
        let Mood::Order(opening) = mood::read(&tokens[at..]) else { return None };
        let verb = at + opening.at;
        let Head::Act(action) = opening.head else { return None };
        let behind = tokens.get(verb + opening.len);
        // "on failed deploys and rollbacks": the verb is also a noun, of something to be told of.
        let listed = last_or.is_some_and(|or| or >= verb);
        let noun = tokens[verb].is(Class::OBJECT)
            && behind.is_none_or(|next| next.name.is_none())
            && (!waits
                || listed
                || behind.is_some_and(|next| next.kind == Kind::Comma || next.any(&["and"])));
        (action.row().changes && !noun && begins_clause(&tokens[verb..])).then_some(verb)
    })
}

/// "restart production, if that fails roll back": the condition has an order of its own, and is of that one.
#[cold]
fn own_order(condition: &[Token<'_>], vocabulary: &Vocabulary) -> Result<(), Problem> {
    match consequent(condition, 0) {
        Some(then) => Err(conditional(&condition[then..], vocabulary)),
        None => Ok(()),
    }
}

/// Where what is to be done begins, after a condition.
pub(super) fn consequent(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let comma = (at + 1..tokens.len()).find(|place| {
        (tokens[*place].kind == Kind::Comma
            || tokens[*place].kind == Kind::Dash
            || tokens[*place].any(&["then"]))
            && matches!(
                mood::read(&tokens[place + 1..]),
                Mood::Order(_) | Mood::Notify(_) | Mood::Imperative(..) | Mood::Refusal
            )
    });
    if let Some(comma) = comma {
        return Some(comma + 1);
    }
    if (at + 1..tokens.len()).any(|place| tokens[place].kind == Kind::Comma) {
        return None;
    }
    let back = mood::refers_back(tokens, at).unwrap_or(2);
    (at + back..tokens.len()).find(|place| {
        let token = &tokens[*place];
        let before = &tokens[*place - 1];
        let noun = before.any(&[
            "a",
            "an",
            "the",
            "our",
            "this",
            "that",
            "any",
            "after",
            "before",
            "during",
            "if",
            "when",
            "of",
            "with",
            "to",
            "on",
            "in",
            "production",
            "we",
            "i",
            "you",
            "can",
            "would",
        ]) || before.is(Class::SUBJECT) && !before.any(&["it", "u"]);
        // "in production open an incident"
        let opens =
            token.any(&["open"]) && tokens.get(place + 1).is_some_and(|next| next.any(&["an", "incident"]));
        let noun = noun && !opens || intends(&tokens[at..*place]);
        let told = tokens.get(place + 1).is_some_and(|next| {
            next.is(Class::TELLS) || next.any(&["looks", "triggers", "happens", "triggered"])
        });
        token.is_word()
            && (token.is(Class::HEAD) || token.any(&["please"]))
            && !noun
            && !told
            && (standing::notifies(&tokens[*place..])
                || begins_clause(&tokens[*place..])
                || token.any(&["please", "open"]))
    })
}

/// "after we deploy production we should *restart* api": what somebody thinks of doing, and orders of none.
fn intends(before: &[Token<'_>]) -> bool {
    const ADVERBS: &[&str] =
        &["then", "also", "just", "probably", "really", "always", "maybe", "better", "definitely", "be"];
    let mut words = before.iter().rev().skip_while(|token| token.any(ADVERBS));
    words.next().is_some_and(|modal| {
        modal.any(&[
            "should",
            "must",
            "will",
            "would",
            "could",
            "might",
            "may",
            "shall",
            "gonna",
            "cannot",
            "won't",
            "shouldn't",
        ])
    }) && words.next().is_some_and(|who| {
        // "ben will roll back"
        who.is(Class::SUBJECT) && !who.any(&["u"])
            || who.is_word() && !who.class.known() && who.name.is_none()
    })
}

/// "ana is fine with it if the tests pass": a remark on which the order hangs. One on what is done about trouble is none.
pub(super) fn hangs_on(tokens: &[Token<'_>]) -> bool {
    const STRONG: &[&str] = &["if", "unless", "until", "provided", "assuming", "once"];
    const TROUBLE: Words = Words::of(&[
        "break",
        "breaks",
        "fail",
        "fails",
        "wrong",
        "trouble",
        "problem",
        "problems",
        "issue",
        "issues",
        "need",
        "needed",
        "needs",
        "anything",
        "something",
        "you",
    ]);
    let condition =
        tokens.iter().position(|token| token.quote == 0 && token.is(Class::CONDITION) && token.any(STRONG));
    let moment = tokens.windows(2).any(|pair| {
        pair[0].any(&["the"]) && pair[1].any(&["moment", "minute", "second"])
            || pair[0].any(&["given", "supposing", "providing"]) && pair[0].quote == 0
            || pair[0].any(&["soon", "long"]) && pair[1].any(&["as"])
    });
    moment
        || condition.is_some_and(|at| {
            tokens[at + 1..].iter().any(Token::is_word)
                && !tokens[at..].iter().any(|token| token.among(&TROUBLE))
        })
}

/// "is staging healthy? ok then deploy production", "… deploy production then": where the order begins that hangs on the
/// answer.
pub(super) fn hangs_on_answer(tokens: &[Token<'_>], ordered: bool) -> Option<usize> {
    let Mood::Order(opening) = mood::read(tokens) else {
        // "deploy staging. Looks fine? Then production."
        let then = tokens.iter().take(2).any(|token| token.any(&["then"]));
        let place = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
        return (ordered && then && reach(tokens).iter().any(place)).then_some(0);
    };
    let drawn = |token: &Token<'_>| token.any(&["then", "so"]);
    let before = tokens[..opening.at.min(tokens.len())].iter().any(drawn);
    let ends = tokens.iter().rev().find(|token| token.is_word()).is_some_and(|last| last.any(&["then"]));
    (before || ends).then_some(opening.at)
}

/// "… and if so deploy production", behind what only looks: the order hangs on what is seen.
pub(super) fn looks_first(tokens: &[Token<'_>]) -> Option<usize> {
    let at = mood::condition_within(tokens)?;
    let then = consequent(tokens, at)?;
    let Mood::Order(opening) = mood::read(&tokens[then..]) else { return None };
    matches!(opening.head, Head::Act(action) if action.row().changes).then_some(then)
}

/// "rule: whenever …": where the rule begins behind what it is called.
pub(super) fn rule_label(tokens: &[Token<'_>]) -> usize {
    let colon = tokens.iter().take(4).position(|token| token.kind == Kind::Colon);
    let Some(colon) = colon.filter(|colon| *colon > 0 && tokens[colon - 1].any(&["rule"])) else { return 0 };
    let little =
        tokens[..colon - 1].iter().all(|token| token.any(&["new", "a", "add", "standing", "please"]));
    match mood::read(&tokens[colon + 1..]) {
        Mood::Condition(_) if little => colon + 1,
        _ => 0,
    }
}

/// "wait for green, then deploy production": the order hangs on what is waited for.
pub(super) fn waited_for(tokens: &[Token<'_>], said: Class, vocabulary: &Vocabulary) -> Result<(), Problem> {
    if !said.is(Class::JOINS) {
        return Ok(());
    }
    let tokens = reach(tokens);
    if !before::awaits(tokens) {
        return Ok(());
    }
    let Some(then) = tokens.iter().position(|token| token.any(&["then"])) else { return Ok(()) };
    match mood::read(&tokens[then..]) {
        Mood::Order(opening) if matches!(opening.head, Head::Act(action) if action.row().changes) => {
            Err(conditional(&tokens[then + 1..], vocabulary))
        }
        _ => Ok(()),
    }
}

/// "either promote or cancel it": two orders, of which one is to be chosen.
pub(super) fn either(tokens: &[Token<'_>], said: Class) -> Result<(), Problem> {
    if !said.is(Class::EITHER) {
        return Ok(());
    }
    let at = mood::skip_openers(tokens, 0);
    let [first, rest @ ..] = tokens.get(at..).unwrap_or_default() else { return Ok(()) };
    let chooses = first.any(&["either"]) && first.quote == 0 && rest.iter().any(|token| token.any(&["or"]));
    if chooses && matches!(mood::read(rest), Mood::Order(_)) {
        return Err(Problem::ambiguous("I read \"or\" between two orders: which of the two is meant?"));
    }
    Ok(())
}

/// Whether an action may be what a rule does.
pub(super) fn reaction_like(action: Action) -> bool {
    matches!(
        action,
        Action::Rollback
            | Action::Restart
            | Action::Scale
            | Action::CronDisable
            | Action::Pause
            | Action::Cancel
    )
}

/// Where "… and text me" begins among orders.
pub(super) fn notify_within(tokens: &[Token<'_>]) -> Option<usize> {
    (1..tokens.len()).find(|at| {
        (tokens[at - 1].any(&["and", "then", "also"]) || tokens[at - 1].kind == Kind::Comma)
            && standing::notifies(&tokens[*at..])
    })
}

pub(super) fn conditional(orders: &[Token<'_>], vocabulary: &Vocabulary) -> Problem {
    let order =
        orders.iter().filter(|token| token.is_word()).map(|token| token.raw).collect::<Vec<_>>().join(" ");
    Problem::new(
        ProblemKind::Ambiguous,
        "This holds a condition I can't watch, so I did nothing. Say the order when the time has come, or make a rule of it.",
    )
    .suggest([order, help::fill(MAY_DEPLOY, vocabulary.names()), A_RULE.to_owned()])
}
