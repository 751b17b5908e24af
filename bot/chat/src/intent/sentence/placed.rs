//! What stands apart from an order it belongs to: the place before an alert or a rule, and how a deploy is to go in a
//! sentence of its own.

use std::ops::Range;

use super::remark::BECAUSE;
use super::{
    Action, Class, Command, Draft, Joined, Key, Kind, Problem, Reader, Scope, Token, Words, grammar, reach,
    standing,
};
use crate::intent::command::{Canary, Signal};
use crate::intent::names::NameKind;
use crate::intent::words::said_again;

/// Longer sentences say more than how a deploy is to go.
const LONGEST: usize = 32;

/// The words in which people say with which canary and migrations a deploy is to go, beside numbers and times.
const COMPLETES: Words = Words::of(&[
    "with",
    "use",
    "using",
    "a",
    "an",
    "the",
    "of",
    "at",
    "to",
    "for",
    "and",
    "then",
    "canary",
    "soak",
    "soaking",
    "wait",
    "hold",
    "each",
    "every",
    "per",
    "between",
    "step",
    "steps",
    "stage",
    "stages",
    "percent",
    "run",
    "apply",
    "db",
    "database",
    "migrations",
    "migration",
    "migrate",
    "first",
    "beforehand",
    "no",
    "without",
    "skip",
    "straight",
    "please",
    "pls",
    "minutes",
    "minute",
    "mins",
    "min",
    "hours",
    "hour",
    "hrs",
    "seconds",
    "secs",
]);

impl<'t> Reader<'_, 't> {
    /// "in staging, text me if …": the alerts and rules read from this draft on hold where it was said before them.
    pub(super) fn placed(
        &mut self,
        from: usize,
        tokens: &[Token<'t>],
        front: Range<usize>,
        asked: bool,
    ) -> Result<(), Problem> {
        self.not_asked(from, asked, tokens)?;
        let front = &tokens[front];
        if front.is_empty() {
            return Ok(());
        }
        let standing = |draft: &&mut Draft| matches!(draft.command.action, Action::Alert | Action::Rule);
        let places = standing::environments(front, self.vocabulary);
        let held = |token: &Token<'t>| {
            token.name.is_none_or(|hit| matches!(hit.kind, NameKind::Environment | NameKind::Project))
                && (token.name.is_some()
                    || token.is(Class::OPENER.and(Class::INTERJECTION))
                    || !token.is(Class::TIME.and(Class::KEYWORD)))
        };
        let lost = front.iter().find(|token| token.is_word() && !held(token));
        for draft in self.drafts.get_mut(from..).unwrap_or_default().iter_mut().filter(standing) {
            if let Some(lost) = lost {
                return Err(Problem::ambiguous(format!(
                    "I read `{}` before a standing order, which can't keep it, so I kept nothing. Say the order without it.",
                    lost.raw
                )));
            }
            if draft.command.environments.is_empty() {
                draft.command.environments.clone_from(&places);
            } else if !places.is_empty() && draft.command.environments != places {
                return Err(Problem::ambiguous(
                    "I read one place before the standing order and another in it, so I kept nothing. Say which is meant.",
                )
                .suggest([draft.command.canonical()]));
            }
        }
        Ok(())
    }

    /// "if a deploy fails, rollback?": whether the standing orders read from this draft on are wanted, is asked.
    fn not_asked(&self, from: usize, asked: bool, tokens: &[Token<'t>]) -> Result<(), Problem> {
        let polite = || tokens.iter().any(|token| token.is(Class::MODAL) || token.is_please());
        let Some(draft) = self.drafts.get(from).filter(|_| asked && !polite()) else { return Ok(()) };
        Err(Problem::ambiguous(
            "I read a question mark behind a standing order, so I kept nothing. Say it without, if it is meant.",
        )
        .suggest([draft.command.canonical()]))
    }

    /// "roll back and text me if we see repeated 500s": whether it is done now, or when that happens, nobody can tell.
    pub(super) fn told_or_done(&self, told: &[Token<'t>], joined: Joined) -> Result<(), Problem> {
        let Some(last) = self.drafts.last().filter(|_| joined == Joined::And) else { return Ok(()) };
        let reacts =
            matches!(last.command.action, Action::Rollback | Action::Pause) && last.command.to.is_none();
        let causes = |signal: &Signal| *signal != Signal::Rollback;
        let waits = told.iter().any(|token| token.any(&["if", "when", "whenever"]));
        if reacts && waits && standing::signals(&told[1..], true).iter().any(causes) {
            return Err(Problem::ambiguous(format!(
                "Is `{}` to be done now, or when that happens? I did nothing. Send the two apart.",
                last.command.canonical()
            ))
            .suggest([last.command.canonical()]));
        }
        Ok(())
    }

    /// "if we see repeated 500s, open an incident; rollback": what a rule may do as well, or at once.
    pub(super) fn behind_standing(&self, action: Action, at: usize, joined: Joined) -> Result<(), Problem> {
        let standing = |last: &&Draft| matches!(last.command.action, Action::Rule | Action::Alert);
        let Some(last) = self.drafts.last().filter(standing) else { return Ok(()) };
        if joined != Joined::Start || !super::reaction_like(action) {
            return Ok(());
        }
        let verb = self.tokens.partition_point(|token| token.at < at);
        let (before, behind) = self.tokens.split_at(verb);
        let ended = before.iter().rev().find(|token| token.kind.ends_sentence());
        let order = behind.split(|token| token.kind.ends_sentence()).next().unwrap_or_default();
        let placed = !standing::environments(order, self.vocabulary).is_empty();
        if placed && ended.is_some_and(|mark| mark.kind != Kind::Semicolon) {
            return Ok(());
        }
        let order = said_again(reach(order)).collect::<Vec<_>>().join(" ");
        let rule = last.command.canonical();
        let both = (last.command.action == Action::Rule).then(|| format!("{rule} and {order}"));
        Err(Problem::ambiguous(format!(
            "Is `{order}` to be done at once, or when that happens? I did nothing. Send the two apart, or in one sentence.",
        ))
        .suggest(both.into_iter().chain([rule])))
    }

    /// "api in production hangs, restart it": which service is meant was told and not ordered, and all of them would be more.
    pub(super) fn about_told(&self, drafts: &[Draft], words: &[Token<'t>], at: usize) -> Result<(), Problem> {
        let ([draft], true) =
            (drafts, words.iter().any(|token| token.any(&["it", "them"]) && token.quote == 0))
        else {
            return Ok(());
        };
        if draft.command.says(Key::Services) || !draft.command.action.has(Key::Services) {
            return Ok(());
        }
        let before = self.tokens.partition_point(|token| token.at < at);
        let told = |kind: NameKind| {
            let mut names: Vec<String> = Vec::new();
            for hit in
                self.tokens[..before].iter().filter(|token| token.quote == 0).filter_map(|token| token.name)
            {
                let name = self.vocabulary.spelling(hit.kind, hit.index());
                if hit.kind == kind && !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
            names
        };
        let mut meant = draft.command.clone();
        meant.services = told(NameKind::Service);
        if meant.services.is_empty() {
            return Ok(());
        }
        if meant.environments.is_empty() {
            meant.environments = told(NameKind::Environment);
        }
        Err(Problem::ambiguous(format!(
            "Is `{}` about {}? I did nothing. Say what it is about.",
            said_again(words)
                .fold(draft.command.action.row().verbs[0].to_owned(), |all, word| all + " " + word),
            meant.services.join(" and ")
        ))
        .suggest([meant.canonical()]))
    }

    /// "set up staging, the code is in /srv/shop": what a set-up asks for later is not passed over as something told.
    pub(super) fn lost_of_set_up(&self, sets_up: bool, tokens: &[Token<'t>]) -> Result<(), Problem> {
        let lost = sets_up.then(|| grammar::places::setup::lost_behind(tokens, self.text)).flatten();
        lost.map_or(Ok(()), Err)
    }

    /// "lock staging", and below it "- reason: the dump": why what was ordered before is so.
    pub(super) fn gives_reason(&mut self, tokens: &[Token<'t>]) -> bool {
        let locks = |draft: &&mut Draft| matches!(draft.command.action, Action::Lock | Action::Unlock);
        let marks = tokens.iter().take_while(|token| token.kind == Kind::Dash).count();
        let Some(first) = tokens.get(marks) else { return false };
        if !(first.any(&["reason"]) || first.any(BECAUSE)) || first.quote > 0 {
            return false;
        }
        let Some((reason, _)) = grammar::settings::reason(&tokens[marks..], self.text) else { return false };
        let mut given = false;
        for draft in self.drafts.iter_mut().filter(locks).filter(|draft| draft.command.reason.is_none()) {
            draft.command.reason = Some(reason.clone());
            given = true;
        }
        self.extended |= given;
        given
    }

    /// "Deploy production. Canary 10/50/100, run migrations first.": with which canary and migrations the deploy before is to
    /// go, and nothing else.
    pub(super) fn completes(&mut self, tokens: &[Token<'t>], said: Class) -> Result<bool, Problem> {
        if self.gives_reason(tokens) {
            return Ok(true);
        }
        let deploys = |draft: &&Draft| draft.command.action == Action::Deploy;
        let last = self.drafts.last().is_some_and(|last| deploys(&last));
        if !last
            || !said.is(Class::MANNER)
            || !only_manner(tokens)
            || self.drafts.iter().filter(deploys).count() > 1
        {
            return Ok(false);
        }
        let verb =
            tokens.iter().take_while(|token| token.is_please() || token.any(&["use", "using"])).count();
        let scope = Scope {
            action: Action::Deploy,
            tokens: &tokens[verb..],
            text: self.text,
            vocabulary: self.vocabulary,
            again: false,
            asked: false,
        };
        let fresh = match grammar::read(scope) {
            Ok(drafts) => drafts,
            Err(mut problem) if tokens.iter().any(|token| token.any(&["canary"])) => {
                // What is suggested is the whole order, put right.
                let order = self.drafts.last().map(|draft| draft.command.canonical()).unwrap_or_default();
                for suggestion in &mut problem.suggestions {
                    *suggestion = suggestion.replacen("deploy", &order, 1);
                }
                return Err(problem);
            }
            Err(_) => return Ok(false),
        };
        let Ok([fresh]) = <[Draft; 1]>::try_from(fresh) else { return Ok(false) };
        let mut rest = fresh.command.clone();
        let (canary, migrate) = (rest.canary.take(), rest.migrate.take());
        if rest != Command::new(Action::Deploy) || canary.is_none() && migrate.is_none() {
            return Ok(false);
        }
        let Some(deploy) = self.drafts.last_mut().map(|draft| &mut draft.command) else { return Ok(false) };
        let plain = Canary::On { weights: Vec::new(), soak_s: None };
        // "Deploy production with canary. Canary 10/50/100."
        deploy.canary.take_if(|said| *said == plain && canary.is_some());
        let same = |said: &Canary| canary.as_ref().is_none_or(|canary| canary == said);
        if deploy.canary.as_ref().is_some_and(|said| !same(said))
            || deploy.migrate.is_some() && migrate.is_some() && deploy.migrate != migrate
        {
            return Err(Problem::ambiguous(format!(
                "The order says how it is to go, and \"{}\" behind it says otherwise, so I did nothing. Say it once.",
                said_again(tokens).collect::<Vec<_>>().join(" ")
            )));
        }
        deploy.canary = deploy.canary.take().or(canary);
        deploy.migrate = deploy.migrate.or(migrate);
        self.extended = true;
        Ok(true)
    }
}

/// Whether these words say with which canary and migrations something is to go, and nothing else.
fn only_manner(tokens: &[Token<'_>]) -> bool {
    // "Run migrations." is an order of its own.
    let own = |part: &[Token<'_>]| {
        part.iter().any(|token| token.any(&["migrations", "migration", "migrate"]))
            && !part.iter().any(|token| token.any(&["first", "beforehand", "no", "without", "skip", "with"]))
    };
    tokens.len() <= LONGEST
        && !tokens.split(|token| token.kind == Kind::Comma || token.any(&["and"])).any(own)
        && tokens.iter().all(|token| {
            token.quote == 0
                && token.name.is_none()
                && match token.kind {
                    Kind::Word => token.among(&COMPLETES) || token.is(Class::DIGIT.and(Class::NUMBER)),
                    Kind::Comma | Kind::Arrow | Kind::Colon | Kind::Dash | Kind::Bracket | Kind::Plus => true,
                    _ => false,
                }
        })
}
