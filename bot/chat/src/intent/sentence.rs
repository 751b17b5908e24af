//! Reads a text sentence by sentence, and a sentence verb by verb, into drafts of commands.

pub(super) mod abroad;
mod again;
mod answer;
mod apart;
pub(super) mod aside;
mod before;
mod behind;
pub(super) mod clauses;
mod commentary;
mod conditions;
pub(super) mod correction;
mod fits;
mod framed;
mod hidden;
pub(super) mod lead;
pub(super) mod log;
mod nothing;
pub(super) mod order;
mod placed;
pub(super) mod remark;
pub(super) mod report;
mod share;
mod statement;
mod strange;
pub(super) mod told;
mod unsettled;
mod waver;
pub(super) mod word_given;
mod wrapped;

pub(crate) use nothing::DO_NOTHING;

use std::ops::Range;

use smallvec::SmallVec;

use super::actions::{Action, Key};
use super::command::{Command, Migrate, Slot};
use super::grammar::heads::{self, Head, Meaning, Rest};
use super::grammar::questions::Asked;
use super::grammar::{self, Draft, places, standing};
use super::lexicon::{Class, near_verb};
use super::markup::{Bytes, TICK};
use super::mood::{self, Mood, Opening};
use super::names::Vocabulary;
use super::problem::{Problem, ProblemKind};
use super::scan::{Scope, scan};
use super::words::{Kind, Token, Words, classes, reach};
use super::{Parsed, help};

use clauses::begins_clause;
use commentary::commentary;
use conditions::reaction_like;
use nothing::left_to_people;
use remark::{goes_on, withdraws};
use report::{report, takes_back, without_courtesies};
use told::Telling;

/// Why a text that orders nothing orders nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Heard {
    Nothing,
    Statement,
    Question,
    Refusal,
    Quotation,
    List,
    Log,
}

/// Reads all sentences of a text.
pub(super) fn read(tokens: &[Token<'_>], text: &str, bytes: Bytes, vocabulary: &Vocabulary) -> Parsed {
    #[cfg(test)]
    super::growth::reading();
    let mut reader = Reader {
        tokens,
        said: classes(tokens),
        text,
        starred: bytes.star(),
        ticked: if bytes.tick() { ticked_values(text) } else { Vec::new() },
        vocabulary,
        drafts: Vec::new(),
        sentence: 0,
        previous: 0,
        heard: Heard::Nothing,
        imperative: None,
        doubt: None,
        broken: true,
        apart: SmallVec::new(),
        ordered: None,
        extended: false,
    };
    let result = reader.all();
    reader.finish(result)
}

/// "set NOTE to `Back soon. Promise`": the stretches between ticks that begin behind "to" or a sign.
#[cold]
fn ticked_values(text: &str) -> Vec<Range<usize>> {
    let mut values = Vec::new();
    let mut ticks = text.match_indices(TICK).map(|(at, _)| at);
    while let (Some(open), Some(close)) = (ticks.next(), ticks.next()) {
        let before = text[..open].trim_end();
        let begins = before.ends_with(['=', ':']) || before.ends_with(" to") || before.ends_with(" as");
        if begins && !text[open..close].contains('\n') {
            values.push(open..close);
        }
    }
    values
}

struct Reader<'a, 't> {
    /// The whole text.
    tokens: &'a [Token<'t>],
    /// All classes there are in it.
    said: Class,
    text: &'t str,
    /// A star stands in it, which may put a word right.
    starred: bool,
    /// Where values stand between ticks, in bytes: what ends a sentence elsewhere is part of them.
    ticked: Vec<Range<usize>>,
    vocabulary: &'a Vocabulary,
    drafts: Vec<Draft>,
    /// Where the drafts of this sentence begin.
    sentence: usize,
    /// Where those of the last sentence that ordered something begin.
    previous: usize,
    heard: Heard,
    /// The problem of an imperative we don't know, kept while better may come.
    imperative: Option<Problem>,
    /// The problem of words that may be an order beside others: never dropped silently.
    doubt: Option<Problem>,
    /// A full stop, semicolon or new line stands before.
    broken: bool,
    /// Sentences that became no command.
    apart: SmallVec<[Range<usize>; 2]>,
    /// Where the first sentence that ordered something begins, in bytes.
    ordered: Option<usize>,
    /// A sentence added to a command that stood before it.
    extended: bool,
}

impl<'t> Reader<'_, 't> {
    fn all(&mut self) -> Result<(), Problem> {
        let mut begin = 0;
        let mut line_begin = 0;
        let mut telling = None;
        while begin < self.tokens.len() {
            let end = self.sentence_end(begin);
            let mark = self.tokens.get(end).map(|token| token.kind);
            if begin == line_begin {
                telling = self.line(begin, telling);
            }
            if let Some(Telling { heard, .. }) = telling {
                self.hear(heard);
                match heard {
                    Heard::Log => self.answered(begin, end),
                    Heard::List => self.signed(begin, end),
                    _ => {}
                }
            } else {
                self.start_sentence();
                let before = self.drafts.len();
                self.extended = false;
                self.read_sentence(begin, end, mark)?;
                if self.drafts.len() > before || self.extended {
                    self.ordered = self.ordered.or(self.tokens.get(begin).map(|token| token.at));
                } else if begin < end {
                    self.apart.push(begin..end);
                    telling = framed::goes_on(&self.tokens[begin..end], mark);
                }
            }
            self.asks_alone(begin..end, mark);
            if mark == Some(Kind::Newline) {
                line_begin = end + 1;
            }
            begin = end + 1;
        }
        Ok(())
    }

    /// Where the sentence ends that begins here.
    fn sentence_end(&self, begin: usize) -> usize {
        let len = self.tokens.len();
        if self.said.is(Class::ENDS) { (begin..len).find(|at| self.ends_at(*at)).unwrap_or(len) } else { len }
    }

    /// A sentence ends here: marks outside quotation end it, and "1." before an item of a list does not.
    fn ends_at(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        if !token.kind.ends_sentence() {
            return false;
        }
        if !self.ticked.is_empty() {
            let before = self.ticked.partition_point(|value| value.end <= token.at);
            if self.ticked.get(before).is_some_and(|value| value.contains(&token.at)) {
                return false;
            }
        }
        if token.glued && self.in_value(at) {
            return false;
        }
        // "deploy production!?" asks.
        let asks = token.kind == Kind::Stop
            && self.tokens[at + 1..]
                .iter()
                .take(3)
                .find(|next| next.kind != Kind::Stop)
                .is_some_and(|next| next.kind == Kind::Question && next.glued);
        !asks
            && (token.quote == 0 || token.kind == Kind::Newline)
            && !(token.kind == Kind::Stop
                && at > 0
                && self.tokens[at - 1].is_word()
                && (self.tokens[at - 1].any(&["e.g", "i.e"])
                    || self.tokens[at - 1].low.bytes().all(|byte| byte.is_ascii_digit())
                        && (at == 1 || matches!(self.tokens[at - 2].kind, Kind::Newline | Kind::Colon))))
    }

    /// "NAME=a..b": the full stop at this place is part of what is set.
    fn in_value(&self, at: usize) -> bool {
        /// Few signs without a blank between them make a value.
        const SIGNS: usize = 16;
        let goes_on = self.tokens[at + 1..].iter().take(SIGNS).find(|token| token.kind != Kind::Stop);
        let before = self.tokens[..at].iter().rev().take(SIGNS);
        goes_on.is_some_and(|token| token.glued)
            && self.tokens[at].kind == Kind::Stop
            && before
                .map_while(|token| (token.glued || token.kind == Kind::Equals).then_some(token.kind))
                .any(|kind| kind == Kind::Equals)
    }

    fn start_sentence(&mut self) {
        if self.drafts.len() > self.sentence {
            self.previous = self.sentence;
            self.sentence = self.drafts.len();
        }
        self.broken = true;
    }

    fn hear(&mut self, heard: Heard) {
        self.heard = self.heard.max(heard);
    }

    fn read_sentence(&mut self, begin: usize, end: usize, mark: Option<Kind>) -> Result<(), Problem> {
        // The question mark belongs to the sentence: it tells an order from a question.
        let until = if mark == Some(Kind::Question) { end + 1 } else { end };
        let all = self.tokens;
        // One look tells which of the rules below have anything to look for.
        let said = if (begin, until) == (0, all.len()) { self.said } else { classes(&all[begin..until]) };
        let tokens = without_courtesies(&all[begin..until], said);
        let (tokens, pleaded) = abroad::without_politeness(tokens, said);
        let asked = mark == Some(Kind::Question) && !pleaded;
        let number = tokens
            .first()
            .is_some_and(|token| token.is_word() && token.low.bytes().all(|b| b.is_ascii_digit()))
            && tokens.get(1).is_some_and(|token| token.kind == Kind::Stop);
        let tokens = if number { &tokens[2..] } else { &tokens[..] };
        let sets_up = self.drafts.last().is_some_and(|draft| draft.command.action == Action::Setup);
        if sets_up && let Some(problem) = places::unknown_in_setup(tokens, self.vocabulary) {
            return Err(problem);
        }
        if sets_up && places::continues_setup(tokens) {
            if let Some(draft) = self.drafts.last_mut() {
                places::extend_setup(&mut draft.command, tokens, self.vocabulary)?;
            }
            self.extended = true;
            return Ok(());
        }
        if !self.drafts.is_empty() && self.completes(tokens, said)? {
            return Ok(());
        }
        if begin > 0
            && all[begin - 1].kind == Kind::Question
            && let Some(at) = conditions::hangs_on_answer(tokens, !self.drafts.is_empty())
        {
            return Err(conditions::conditional(&tokens[at..], self.vocabulary));
        }
        let tokens = report::without_limit(tokens, said);
        let mut at = if self.starred || said.is(Class::CORRECTS) { self.corrected(tokens)? } else { 0 };
        if at == 0 && self.drafts.is_empty() {
            let remark = aside::before(tokens, said);
            if remark > 0 && hidden::hangs(&tokens[..remark]) {
                return Err(conditions::conditional(&tokens[remark..], self.vocabulary));
            }
            at = lead::end(tokens, said).max(remark);
        }
        if at == 0 {
            at = if said.is(Class::of_kind(Kind::Colon)) { conditions::rule_label(tokens) } else { 0 };
            conditions::either(tokens, said)?;
            conditions::waited_for(tokens, said, self.vocabulary)?;
            word_given::before(tokens, said, self.vocabulary)?;
        }
        let mut joined = Joined::Start;
        // Each turn reads at least one token.
        while at < tokens.len() {
            let (len, next) = self.read_clause(&tokens[at..], joined, asked)?;
            at += len.max(1);
            joined = next;
        }
        Ok(())
    }

    /// Reads up to where the next order of this sentence begins.
    fn read_clause(
        &mut self,
        tokens: &[Token<'t>],
        joined: Joined,
        asked: bool,
    ) -> Result<(usize, Joined), Problem> {
        let whole = (tokens.len(), Joined::Start);
        match mood::read(tokens) {
            Mood::Nothing => Ok(whole),
            Mood::Retraction => {
                self.drafts.clear();
                self.sentence = 0;
                self.previous = 0;
                self.hear(Heard::Refusal);
                let next = clauses::after_refusal(tokens).unwrap_or(tokens.len());
                // "no: if a deploy fails, roll back"
                if next < tokens.len() && hidden::labels(&tokens[..next]) {
                    return Err(conditions::conditional(&tokens[next..], self.vocabulary));
                }
                Ok((next, Joined::Start))
            }
            Mood::Refusal => {
                let next = clauses::after_refusal(tokens);
                if let Some(next) = next {
                    apart::refused_before(&tokens[..next], &tokens[next..])?;
                    framed::refused(&tokens[..next], &tokens[next..], self.vocabulary)?;
                }
                // "deploy production then not before 22:00"
                if joined == Joined::Then
                    && next.is_none()
                    && self.ordered_here()
                    && (mood::condition_within(reach(tokens)).is_some()
                        || reach(tokens).iter().any(|token| token.any(&["before", "earlier", "sooner"])))
                {
                    return Err(conditions::conditional(&[], self.vocabulary));
                }
                if joined != Joined::Start {
                    self.refused_behind(&tokens[..next.unwrap_or(tokens.len())], next.is_some())?;
                    self.nobody(tokens)?;
                }
                self.hear(Heard::Refusal);
                Ok((next.unwrap_or(tokens.len()), Joined::Start))
            }
            Mood::Condition(at) => {
                let before = self.drafts.len();
                self.condition(tokens, at)?;
                // "deploy production then when quiet"
                if joined == Joined::Then && self.drafts.len() == before && self.ordered_here() {
                    return Err(conditions::conditional(&[], self.vocabulary));
                }
                self.placed(before, tokens, 0..at, asked)?;
                Ok(whole)
            }
            Mood::Notify(at) => {
                if self.quoted(&tokens[at]) {
                    self.hear(Heard::Quotation);
                    return Ok(whole);
                }
                let end = clauses::after_courtesy(&tokens[at..]).map_or(tokens.len(), |end| at + end);
                self.told_or_done(&tokens[at..end], joined)?;
                let before = self.drafts.len();
                self.alert(&tokens[at..end], &[])?;
                self.placed(before, tokens, 0..at, asked)?;
                Ok((end, Joined::And))
            }
            Mood::Question { from, asked } => {
                if joined != Joined::Start && self.ordered_here() {
                    unsettled::asked_behind(tokens, from)?;
                }
                self.question(&tokens[from..], asked)?;
                Ok(whole)
            }
            Mood::Order(opening) => {
                if self.quoted(&tokens[opening.at.min(tokens.len() - 1)]) {
                    self.hear(Heard::Quotation);
                    return Ok(whole);
                }
                self.order(tokens, &opening, joined, asked)
            }
            Mood::Imperative(at, polite) => {
                if self.standing(&tokens[at..])?
                    || !strange::orders(&tokens[at..]) && self.ellipsis(tokens, joined)?
                {
                    return Ok(whole);
                }
                self.unread_place(tokens, joined);
                self.unread_order(tokens);
                self.stranger(&tokens[at..], asked && !polite);
                self.behind_statement(tokens)
            }
            Mood::Statement => {
                self.unread_order(tokens);
                if self.ellipsis(tokens, joined)? {
                    return Ok(whole);
                }
                self.unread_place(tokens, joined);
                let sets_up = self.drafts.last().is_some_and(|it| it.command.action == Action::Setup);
                self.lost_of_set_up(sets_up, tokens)?;
                if joined != Joined::Start && remark::leaves_it(tokens) && self.ordered_here() {
                    return Err(left_to_people());
                }
                if joined != Joined::Start {
                    self.unsettled_by(tokens)?;
                }
                if joined != Joined::Start && conditions::hangs_on(tokens) {
                    self.doubt.get_or_insert_with(|| conditions::conditional(&[], self.vocabulary));
                }
                self.hear(Heard::Statement);
                self.behind_statement(tokens)
            }
        }
    }

    /// This sentence ordered something that changes the world.
    fn ordered_here(&self) -> bool {
        self.drafts[self.sentence.min(self.drafts.len())..]
            .iter()
            .any(|draft| draft.command.action.row().changes)
    }

    /// Something was ordered before that changes the world.
    fn ordered_any(&self) -> bool {
        self.drafts.iter().any(|draft| draft.command.action.row().changes)
    }

    /// An order stands in quotation marks, and somebody speaks around it.
    fn quoted(&self, verb: &Token<'_>) -> bool {
        verb.quote > 0
            && self.tokens.iter().any(|token| {
                token.is_word()
                    && token.quote != verb.quote
                    && !token.is(Class::OPENER)
                    && !token.any(&["thanks", "thank", "you"])
            })
    }

    fn finish(mut self, result: Result<(), Problem>) -> Parsed {
        let mut problem = result.err();
        if problem.is_none()
            && let Some(unknown) = self.imperative.take()
        {
            problem = Some(unknown);
        }
        if problem.is_none() && self.drafts.iter().any(|draft| draft.command.action.row().changes) {
            problem = self.doubt.take().or_else(|| self.left_apart());
            if problem.is_none() && self.said.is(Class::of_kind(Kind::Newline)) {
                problem = self.wrapped();
            }
        }
        if problem.is_none() && self.drafts.is_empty() {
            problem = Some(self.not_a_command());
        }
        if let Some(problem) = problem {
            return Parsed { commands: Vec::new(), missing: Vec::new(), problem: Some(problem) };
        }
        // In the memory of the drafts, which are larger, it would take longer: that would have to be cut to size.
        let mut commands: Vec<Command> = Vec::with_capacity(self.drafts.len());
        commands.extend(self.drafts.into_iter().map(|draft| draft.command));
        for command in &mut commands {
            // "can I cancel the run of web and cron?" is about the run.
            if command.verb.is_some_and(|verb| !verb.has(Key::Services)) {
                command.services.clear();
            }
        }
        let mut missing: Vec<Slot> = Vec::new();
        for command in &commands {
            missing.extend(command.missing());
        }
        missing.sort_unstable();
        missing.dedup();
        Parsed { commands, missing, problem: None }
    }
}

/// What stands before a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joined {
    Start,
    And,
    Then,
}
