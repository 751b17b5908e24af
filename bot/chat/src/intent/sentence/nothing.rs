//! What is answered where nothing was ordered.

use super::{Class, Heard, Problem, Reader, Token, Words, help, standing};

/// What a question about a word begins with.
const ASKS: &[&str] = &["what", "what's", "whats", "how", "explain", "define", "describe"];
/// And what stands beside the word.
const BESIDE: Words = Words::of(&[
    "is", "are", "a", "an", "the", "your", "does", "do", "work", "works", "mean", "means", "please", "me",
    "run", "to",
]);
/// The answer to words that order nothing.
const TOLD: &str = "I read this as something told, not as an order, so I did nothing.";

/// What is said to whoever wants nothing done: that is no fault of theirs.
pub(crate) const DO_NOTHING: &str = "Understood: I do nothing.";

impl Reader<'_, '_> {
    /// The problem of a text that orders nothing.
    pub(super) fn not_a_command(&self) -> Problem {
        if let Some(topic) = self.asked_about() {
            return Problem::not_a_command(format!("`help {topic}` tells how that works."))
                .suggest([format!("help {topic}")]);
        }
        let meant = || self.begins_with_name().then(|| self.noun_first()).flatten();
        if let Some(problem) = self.about_deploys().or_else(|| self.asked_of_place()).or_else(meant) {
            return problem;
        }
        let message = match self.heard {
            Heard::Nothing => "There is nothing here for me to do.",
            Heard::Statement => TOLD,
            Heard::Question => {
                "That is a question I can't answer. I can answer what is deployed, who did what, how things are, and what you may do."
            }
            Heard::Refusal => DO_NOTHING,
            Heard::Quotation => "I read this as a quotation, not as an order, so I did nothing.",
            Heard::List => {
                "I read this as a list, a note or a mark of what is or was to do, not as an order, so I did nothing."
            }
            Heard::Log => "I read this as pasted output, not as an order, so I did nothing.",
        };
        // Where nothing is suggested, the ways out are.
        Problem::not_a_command(message)
    }
}

impl<'t> Reader<'_, 't> {
    /// "what is a canary?", "explain approvals": what help is wanted on.
    fn asked_about(&self) -> Option<&'t str> {
        /// Longer questions are about something particular.
        const LONGEST: usize = 7;
        let asks = self.tokens.first()?.any(ASKS);
        if !asks || self.tokens.len() > LONGEST || !matches!(self.heard, Heard::Question | Heard::Statement) {
            return None;
        }
        let little = |token: &&Token<'_>| !token.is_word() || token.among(&BESIDE) || token.any(ASKS);
        let mut said = self.tokens.iter().filter(|token| !little(token));
        let word = said.next()?.low;
        (said.next().is_none() && help::has(word)).then_some(word)
    }
}

impl Reader<'_, '_> {
    /// "prod rollback now", "prod?": short, and a name comes first.
    fn begins_with_name(&self) -> bool {
        /// More words tell something.
        const LONGEST: usize = 8;
        self.heard == Heard::Statement
            && self.tokens.len() <= LONGEST
            && self.tokens.first().is_some_and(|first| first.name.is_some())
    }

    /// The order these words may be meant for, which is none before its verb comes first.
    fn noun_first(&self) -> Option<Problem> {
        let names = self.tokens.iter().take_while(|token| token.name.is_some()).count();
        let (names, behind) = self.tokens.split_at(names);
        let verb = behind.first().filter(|verb| verb.is(Class::HEAD) && verb.is_word());
        let words = |tokens: &[Token<'_>]| {
            tokens.iter().filter(|token| token.is_word()).map(|token| token.raw).collect::<Vec<_>>().join(" ")
        };
        let order = |verb: &Token<'_>| {
            format!("{} {} {}", verb.raw, words(names), words(&behind[1..])).trim_end().to_owned()
        };
        let ways_out = self.vocabulary.ways_out();
        let Some(verb) = verb else {
            // "staging": what can be done there is offered as it is for anything; of another place, a look at it.
            let places = standing::environments(names, self.vocabulary);
            let look = format!("status {}", places.first()?);
            let other = !ways_out.contains(&look);
            return other.then(|| {
                Problem::not_a_command(TOLD).suggest([look].into_iter().chain(ways_out.last().cloned()))
            });
        };
        let problem = Problem::not_a_command(
            "I read this as something told, and an order begins with its verb, so I did nothing.",
        );
        Some(problem.suggest([order(verb)].into_iter().chain(ways_out.iter().rev().take(2).cloned())))
    }

    /// "stop deploys to production": nobody is to deploy there, which a lock does.
    fn about_deploys(&self) -> Option<Problem> {
        let first = self.tokens.first()?;
        let stops = first.any(&["stop", "disable", "block", "prevent", "forbid", "no", "pause", "halt"]);
        if !stops && !first.any(&["allow", "enable", "permit"])
            || !matches!(self.heard, Heard::Statement | Heard::Refusal)
            || !self.tokens.iter().any(|token| token.any(&["deploys", "deployments", "releases"]))
        {
            return None;
        }
        let verb = if stops { "lock" } else { "unlock" };
        let places = standing::environments(self.tokens, self.vocabulary);
        let place = if places.is_empty() { String::new() } else { format!(" {}", places.join(" and ")) };
        Some(
            Problem::not_a_command(format!(
                "I did nothing. What keeps everybody else from deploying is a lock: `{verb}{place}`."
            ))
            .suggest([format!("{verb}{place}"), format!("status{place}")]),
        )
    }

    /// "why is production locked?": where what there is to know of a place is shown.
    fn asked_of_place(&self) -> Option<Problem> {
        if self.heard != Heard::Question {
            return None;
        }
        let places = standing::environments(self.tokens, self.vocabulary);
        let [place] = places.as_slice() else { return None };
        Some(
            Problem::not_a_command(format!(
                "That is a question I can't answer. How {place} is, what was done there and what it runs I can tell."
            ))
            .suggest([format!("status {place}"), format!("audit in {place}"), format!("releases {place}")]),
        )
    }
}

/// The problem of an order that other people are to carry out.
pub(super) fn left_to_people() -> Problem {
    Problem::not_a_command(
        "Behind the order I read that somebody else is to do it, so I did nothing. Say the order alone.",
    )
}
