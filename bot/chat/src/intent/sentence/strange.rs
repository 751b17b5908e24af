//! Imperatives whose verb we don't have, or have but not for this.

use super::{Class, Heard, Problem, Reader, Token, Words, mood, near_verb, standing};
use crate::intent::values;
use crate::intent::words::said_again;

/// States that follow a verb's object ("paint production green") as well as they end a report.
const STATES: &[&str] = &["green", "red", "done", "ready", "still", "slow", "fine", "progress", "success"];

/// Words that only stand before a noun.
const DETERMINERS: Words = Words::of(&[
    "another", "yet", "these", "those", "such", "many", "several", "few", "most", "half", "certain", "no",
]);

/// Verbs of people who speak to each other and not to us.
const SOCIAL: Words = Words::of(&[
    "let", "tell", "ask", "send", "email", "message", "ping", "page", "give", "see", "use", "get", "do",
    "make", "have", "keep", "try",
]);

/// Whether an unknown word begins an order of its own rather than naming where to repeat the last one.
pub(super) fn orders(tokens: &[Token<'_>]) -> bool {
    let [verb, next, ..] = tokens else { return false };
    let article = next.any(&["the", "our", "all", "every", "my"]);
    !verb.class.known() && (next.name.is_some() || article || near_verb(verb.low).is_some())
}

/// Something of ours: a name, a run, a ref, or a word our orders are made of.
fn ours(token: &Token<'_>) -> bool {
    token.is_word()
        && (token.name.is_some()
            || token.is(Class::OBJECT)
            || token.is(Class::KEYWORD)
            || values::is_ref(token.low)
            || values::run(std::slice::from_ref(token)).is_some())
}

impl<'t> Reader<'_, 't> {
    /// "open an incident if a rollback triggers": a rule, though its verb begins nothing else.
    pub(super) fn standing(&mut self, tokens: &[Token<'t>]) -> Result<bool, Problem> {
        let Some(at) = mood::condition_within(tokens) else { return Ok(false) };
        if !tokens[0].any(&["open", "file", "raise", "create", "start", "log"])
            || standing::reactions(&tokens[..at], &[]).is_empty()
        {
            return Ok(false);
        }
        self.is_rule(tokens)
    }

    /// A name typed wrong stands among the first of these words.
    fn nearly_named(&self, tokens: &[Token<'t>]) -> bool {
        /// A name typed wrong as well stands close to its verb.
        const CLOSE: usize = 4;
        tokens.iter().take(CLOSE).any(|token| {
            token.is_word()
                && !token.class.known()
                && !self.vocabulary.near(token.low, values::ALL_KINDS).is_empty()
        })
    }

    /// A verb we don't have, or have but not for this.
    pub(super) fn stranger(&mut self, tokens: &[Token<'t>], asked: bool) {
        let Some(verb) = tokens.first() else { return };
        let after = &tokens[1..];
        let named = after.iter().take(5).any(|token| token.name.is_some());
        let direct = after.first().is_some_and(|token| token.name.is_some());
        let tells = after.iter().any(|token| {
            token.is_word()
                && token.name.is_none()
                && (token.is(Class::TELLS) || token.is(Class::SUBJECT))
                && !(direct && token.any(STATES))
        });
        let inflected = verb.low.ends_with("ing") || verb.low.ends_with("ed");
        let alone = tokens.iter().filter(|token| token.is_word()).count() == 1;
        // "happy to deploy", "forgot to deploy": told, not ordered.
        let intends = after.first().is_some_and(|token| token.any(&["to"]))
            && after.get(1).is_some_and(|token| token.is(Class::HEAD) && token.name.is_none());
        // "postmortem of the rollback", "another production deploy": nouns.
        let of = after.first().is_some_and(|token| token.any(&["of"])) && !verb.any(&["dispose"]);
        let noun = verb.among(&DETERMINERS) || of;
        if tells || noun || asked || verb.among(&SOCIAL) || intends || verb.quote > 0 {
            self.hear(if asked { Heard::Question } else { Heard::Statement });
            return;
        }
        if verb.any(&["stop", "cancel", "abort", "halt", "pause"])
            && after.first().is_some_and(|all| all.any(&["everything", "all", "both", "them"]))
        {
            self.imperative.get_or_insert_with(|| {
                Problem::not_a_command(
                    "I stop one run at a time, so I did nothing. `status` shows what is under way.",
                )
                .suggest(["cancel", "status"])
            });
            return;
        }
        if verb.any(&["repeat"]) {
            // An order given twice by one word would be of anything, and "revert" is near.
            self.imperative.get_or_insert_with(|| {
                Problem::unknown_verb("I don't repeat an order by a word, so I did nothing. Say it in full.")
                    .suggest(self.vocabulary.ways_out().iter().rev().take(2))
            });
            return;
        }
        // "resume" is spelled nearly alike and does the opposite.
        let refuses = verb.any(&["refuse"]).then_some("reject");
        let near = if inflected { None } else { refuses.or_else(|| near_verb(verb.low)) };
        if let Some(near) =
            near.filter(|_| named || alone || after.iter().any(ours) || self.nearly_named(after))
        {
            let words: Vec<&str> = std::iter::once(near).chain(said_again(after)).collect();
            self.imperative.get_or_insert_with(|| {
                Problem::unknown_verb(format!("I don't know `{}`; did you mean `{near}`?", verb.raw))
                    .suggest([words.join(" ")])
            });
            return;
        }
        let little = |token: &Token<'_>| {
            token.is(Class::PREPOSITION) || token.is(Class::FILLER) || token.any(&["all"])
        };
        let close = direct
            || after.first().is_some_and(little) && after.iter().take(4).any(|token| token.name.is_some());
        let article = after.first().is_some_and(|token| {
            token.any(&["the", "our", "all", "every", "its", "my", "everything"]) || token.is(Class::OBJECT)
        });
        if inflected || verb.low.ends_with("ly") || verb.class.is(Class::TELLS) || !(close || article) {
            self.hear(Heard::Statement);
            return;
        }
        let problem = Problem::unknown_verb(format!("I can't `{}`. `help` shows what I can do.", verb.raw))
            .suggest(self.vocabulary.ways_out().iter().rev().take(2));
        if close {
            self.imperative.get_or_insert(problem);
        } else {
            self.doubt.get_or_insert(problem);
            self.hear(Heard::Statement);
        }
    }
}
