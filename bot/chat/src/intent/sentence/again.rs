//! "then do production": the commands of the last sentence again, and what can't be read as them.

use super::share::check_count;
use super::{
    Class, Draft, Head, Joined, Kind, Problem, Reader, Scope, Token, clauses, conditions, grammar, mood,
    reach, scan,
};
use crate::intent::names::NameKind;
use crate::intent::scan::unknown_name;

/// Words that leave open whether something is to happen at all.
const MAYBE: &[&str] = &["maybe", "perhaps", "possibly", "probably", "hopefully"];

impl<'t> Reader<'_, 't> {
    /// "then do production", "; production at 500/min": the last sentence's commands again, with what is new.
    pub(super) fn ellipsis(&mut self, tokens: &[Token<'t>], joined: Joined) -> Result<bool, Problem> {
        let templates: Vec<Draft> = match (self.drafts.len() > self.sentence, self.drafts.is_empty()) {
            (_, true) => return Ok(false),
            (true, _) => self.drafts[self.sentence..].to_vec(),
            (false, _) => self.drafts[self.previous..].to_vec(),
        };
        let begins = tokens.iter().find(|token| token.is_word());
        let says_so = begins.is_some_and(|token| {
            token.any(&[
                "then",
                "do",
                "and",
                "same",
                "likewise",
                "the",
                "next",
                "ditto",
                "now",
                "also",
                "afterwards",
            ])
        });
        if !(joined == Joined::Then
            || (self.broken && says_so)
            || (joined != Joined::Start && says_so)
            || self.after_semicolon(tokens))
        {
            return Ok(false);
        }
        if tokens.iter().any(|token| token.kind == Kind::Question) {
            return Ok(false);
        }
        // "Deploy production. The api only.": how it is to go, and no second one.
        let limits = tokens.iter().any(|token| token.any(&["only", "alone", "just"]) && token.quote == 0);
        if limits && (self.broken || begins.is_some_and(|token| token.any(&["the"]))) {
            return Ok(false);
        }
        // "deploy staging; plan prod"
        let tried =
            tokens.iter().any(|token| token.any(&["plan", "rehearse", "simulate"]) && token.quote == 0);
        if tried && tokens.iter().any(|token| token.name.is_some()) {
            return Err(Problem::ambiguous(
                "Behind an order I read what is only to be tried, so I did nothing. Send each as an order of its own.",
            ));
        }
        // "then staging then production": each again, one after the other.
        let parts = |at: &usize| tokens.get(*at).is_none_or(|token| token.any(&["then"]));
        let mut begin = 0;
        let mut placed = false;
        for end in (0..=tokens.len()).filter(parts) {
            let part = &tokens[begin..end];
            if !part.iter().any(|token| token.is_word() && !token.any(&["then"])) {
                continue;
            }
            begin = end;
            let again = !is_strange(part) && self.repeat(part, &templates)?;
            if placed && !again {
                self.unread_place(part, Joined::Then);
                if conditions::hangs_on(part) {
                    self.unread();
                }
            }
            placed |= again;
        }
        Ok(placed)
    }

    /// "deploy staging, do production if it works": a second place under a condition is no part of the order before it.
    pub(super) fn second_condition(&self, tokens: &[Token<'t>], joined: Joined) -> Result<(), Problem> {
        let place = |token: &Token<'_>| {
            token.name.is_some_and(|hit| matches!(hit.kind, NameKind::Environment | NameKind::Service))
        };
        if joined != Joined::Start
            && self.ordered_here()
            && reach(tokens).iter().any(place)
            && mood::condition_within(reach(tokens)).is_some()
        {
            return Err(conditions::conditional(&[], self.vocabulary));
        }
        Ok(())
    }

    /// These commands again, with what is said here.
    fn repeat(&mut self, tokens: &[Token<'t>], templates: &[Draft]) -> Result<bool, Problem> {
        let words: Vec<Token<'t>> = tokens
            .iter()
            .filter(|token| !token.any(&["do", "same", "then", "likewise", "next", "ditto"]))
            .copied()
            .collect();
        let mut repeated: Vec<Draft> = Vec::new();
        let mut placed = false;
        for template in templates {
            let scope = Scope {
                action: template.command.action,
                tokens: &words,
                text: self.text,
                vocabulary: self.vocabulary,
                again: true,
                asked: false,
            };
            let groups = scan(scope)?;
            let fresh = grammar::read(scope);
            let said = groups.iter().any(|said| said.environments.is_said() || said.services.is_said());
            if !said {
                return Ok(false);
            }
            // What one of the commands can't place, another may ("at 500 users/min" beside a schema change).
            placed |= groups.iter().all(|said| said.unknown == 0);
            let fresh = match fresh {
                Ok(drafts) => drafts,
                Err(problem) if templates.len() == 1 => return Err(problem),
                Err(_) => grammar::read(Scope { tokens: &only_names(&words), ..scope })?,
            };
            for mut draft in fresh {
                draft.inherit(&template.command);
                repeated.push(draft);
            }
            check_count(self.drafts.len() + repeated.len())?;
        }
        if placed {
            self.drafts.extend(repeated);
        }
        Ok(placed)
    }

    /// "…, then deploy preview": a noun in the place of a name, with nothing told of it.
    pub(super) fn unread_noun(&mut self, head: Head, after: &[Token<'t>]) {
        let (Head::Act(action), Some(noun)) = (head, after.first()) else { return };
        let ends = |token: &Token<'_>| token.kind == Kind::Comma || token.is_word() && token.is(Class::JOINS);
        let told = reach(&after[1..]).iter().take_while(|token| !ends(token)).any(|token| {
            let little =
                token.name.is_some() || token.is(Class::PREPOSITION.and(Class::OPENER).and(Class::DIGIT));
            token.is_word() && !little
        });
        if told || self.drafts.is_empty() {
            return;
        }
        let scope = Scope {
            action,
            tokens: after,
            text: self.text,
            vocabulary: self.vocabulary,
            again: false,
            asked: false,
        };
        self.doubt.get_or_insert_with(|| unknown_name(scope, noun, &[]));
    }

    /// "…, then …" that can't be read as an order: whoever said it expects something to happen.
    pub(super) fn unread(&mut self) {
        self.doubt.get_or_insert_with(|| {
            Problem::ambiguous(
                "I could not tell what is to happen after the first part, so I did nothing. Send the parts apart.",
            )
        });
    }

    /// "deploy staging, test it, then deploy prod": what is not done stands between two orders.
    pub(super) fn unread_order(&mut self, tokens: &[Token<'t>]) {
        let then = |pair: &[Token<'_>]| {
            pair[0].any(&["then"]) && pair[1].is(Class::HEAD) && pair[1].name.is_none() && pair[1].quote == 0
        };
        if self.ordered_here() && tokens.windows(2).any(then) {
            self.unread();
        }
    }

    /// "…, then production" that can't be read as the same again: whoever said it expects it to happen.
    pub(super) fn unread_place(&mut self, tokens: &[Token<'t>], joined: Joined) {
        let tokens = reach(tokens);
        let place = tokens
            .iter()
            .any(|token| token.name.is_some_and(|hit| hit.kind == NameKind::Environment) && token.quote == 0);
        let told = tokens.iter().any(|token| {
            let tells = token.is(Class::TELLS) && !token.any(MAYBE);
            token.is_word() && token.name.is_none() && (tells || token.is(Class::SUBJECT))
        });
        let follows = joined == Joined::Then
            || !self.drafts.is_empty() && tokens.first().is_some_and(|token| token.any(&["or"]))
            || joined != Joined::Start && tokens.iter().take(2).any(|token| token.any(&["then", "and"]));
        if place && follows && !told {
            self.doubt.get_or_insert_with(|| {
                Problem::ambiguous(
                    "I could not tell what is to happen in the second place you named. Send it as an order of its own.",
                )
            });
        }
        if joined == Joined::Then && !told && !self.drafts.is_empty() {
            self.unread();
        }
    }

    pub(super) fn after_semicolon(&self, tokens: &[Token<'t>]) -> bool {
        tokens.first().is_some_and(|first| {
            let place = self.tokens.partition_point(|token| token.at < first.at);
            place > 0 && self.tokens[place - 1].kind == Kind::Semicolon
        })
    }
}

/// Something is told or refused here, or hangs on a condition: no place where to do the same again.
fn is_strange(tokens: &[Token<'_>]) -> bool {
    (0..tokens.len()).any(|at| {
        let token = &tokens[at];
        // "then production with no canary" refuses the canary alone.
        let refuses = token.is(Class::NEGATION) && !clauses::modifies(&tokens[at..]);
        token.is_word()
            && token.name.is_none()
            && (token.is(Class::TELLS) || token.is(Class::SUBJECT) || refuses || token.is(Class::CONDITION))
    })
}

/// The names of an elliptic sentence, without what only some of its commands can carry.
pub(super) fn only_names<'t>(tokens: &[Token<'t>]) -> Vec<Token<'t>> {
    tokens.iter().filter(|token| token.name.is_some() || token.any(&["and"])).copied().collect()
}
