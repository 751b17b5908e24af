//! Reads a text sentence by sentence, and a sentence verb by verb, into drafts of commands.

use super::actions::{Action, Key};
use super::command::{Command, Migrate, Slot};
use super::grammar::heads::{self, Head, Meaning, Rest};
use super::grammar::questions::Asked;
use super::grammar::{self, Draft, places, standing};
use super::lexicon::{Class, near_verb};
use super::mood::{self, Mood, Opening};
use super::names::Vocabulary;
use super::problem::{Problem, ProblemKind};
use super::scan::{Scope, scan};
use super::words::{Kind, Token};
use super::{Parsed, help};

/// Why a text that orders nothing orders nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Heard {
    Nothing,
    Statement,
    Question,
    Refusal,
    Quotation,
    Log,
}

/// Reads all sentences of a text.
pub(super) fn read(tokens: &[Token<'_>], text: &str, vocabulary: &Vocabulary) -> Parsed {
    let mut reader = Reader {
        tokens,
        text,
        vocabulary,
        drafts: Vec::new(),
        sentence: 0,
        previous: 0,
        heard: Heard::Nothing,
        imperative: None,
        broken: true,
    };
    let result = reader.all();
    reader.finish(result)
}

struct Reader<'a, 't> {
    /// The whole text.
    tokens: &'a [Token<'t>],
    text: &'t str,
    vocabulary: &'a Vocabulary,
    drafts: Vec<Draft>,
    /// Where the drafts of this sentence begin.
    sentence: usize,
    /// Where those of the last sentence that ordered something begin.
    previous: usize,
    heard: Heard,
    /// The problem of an imperative we don't know, kept while better may come.
    imperative: Option<Problem>,
    /// A full stop, semicolon or new line stands before.
    broken: bool,
}

impl<'t> Reader<'_, 't> {
    fn all(&mut self) -> Result<(), Problem> {
        let mut begin = 0;
        let mut logging = false;
        let mut line_begin = 0;
        while begin < self.tokens.len() {
            let end = (begin..self.tokens.len()).find(|at| self.ends_at(*at)).unwrap_or(self.tokens.len());
            let mark = self.tokens.get(end).map(|token| token.kind);
            if begin == line_begin {
                let line_end = (begin..self.tokens.len())
                    .find(|at| self.tokens[*at].kind == Kind::Newline)
                    .unwrap_or(self.tokens.len());
                let blank = line_end == begin;
                logging = !blank && (logging || is_log(&self.tokens[begin..line_end]));
            }
            if logging {
                self.hear(Heard::Log);
            } else {
                self.start_sentence();
                self.read_sentence(begin, end, mark)?;
            }
            if mark == Some(Kind::Newline) {
                line_begin = end + 1;
            }
            begin = end + 1;
        }
        Ok(())
    }

    /// A sentence ends here: marks outside quotation end it, and "1." before an item of a list does not.
    fn ends_at(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        token.kind.ends_sentence()
            && (token.quote == 0 || token.kind == Kind::Newline)
            && !(token.kind == Kind::Stop
                && at > 0
                && self.tokens[at - 1].is_word()
                && self.tokens[at - 1].low.bytes().all(|byte| byte.is_ascii_digit())
                && (at == 1 || self.tokens[at - 2].kind == Kind::Newline))
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
        let tokens: Vec<Token<'t>> = without_courtesies(&self.tokens[begin..until]);
        let number = tokens
            .first()
            .is_some_and(|token| token.is_word() && token.low.bytes().all(|b| b.is_ascii_digit()))
            && tokens.get(1).is_some_and(|token| token.kind == Kind::Stop);
        let tokens = if number { &tokens[2..] } else { &tokens[..] };
        if self.drafts.last().is_some_and(|draft| draft.command.action == Action::Setup)
            && places::continues_setup(tokens)
        {
            if let Some(draft) = self.drafts.last_mut() {
                places::extend_setup(&mut draft.command, tokens, self.vocabulary)?;
            }
            return Ok(());
        }
        let mut at = 0;
        let mut joined = Joined::Start;
        // Each turn reads at least one token.
        while at < tokens.len() {
            let (len, next) = self.read_clause(&tokens[at..], joined, mark == Some(Kind::Question))?;
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
                Ok(whole)
            }
            Mood::Refusal => {
                self.hear(Heard::Refusal);
                Ok((self.after_refusal(tokens).unwrap_or(tokens.len()), Joined::Start))
            }
            Mood::Condition(at) => {
                self.condition(tokens, at)?;
                Ok(whole)
            }
            Mood::Notify(at) => {
                if self.quoted(&tokens[at]) {
                    self.hear(Heard::Quotation);
                    return Ok(whole);
                }
                self.alert(&tokens[at..], &[])?;
                Ok(whole)
            }
            Mood::Question { from, asked } => {
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
            Mood::Imperative(at) => {
                if self.ellipsis(tokens, joined)? {
                    return Ok(whole);
                }
                self.stranger(&tokens[at..], asked);
                Ok((self.after_statement(tokens).unwrap_or(tokens.len()), Joined::Start))
            }
            Mood::Statement => {
                if self.ellipsis(tokens, joined)? {
                    return Ok(whole);
                }
                self.hear(Heard::Statement);
                Ok((self.after_statement(tokens).unwrap_or(tokens.len()), Joined::Start))
            }
        }
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

    fn order(
        &mut self,
        tokens: &[Token<'t>],
        opening: &Opening,
        joined: Joined,
        asked: bool,
    ) -> Result<(usize, Joined), Problem> {
        let whole = (tokens.len(), Joined::Start);
        let mut from = opening.at + opening.len;
        let after = &tokens[from..];
        let noun_follows = after
            .first()
            .is_some_and(|token| token.is(Class::NOUNED) && token.name.is_none() && token.is_word());
        let nouny = matches!(
            opening.head,
            Head::Act(
                Action::Deploy
                    | Action::Rollback
                    | Action::Restart
                    | Action::Scale
                    | Action::Lock
                    | Action::Migrate
            )
        );
        let of = after.first().is_some_and(|token| token.any(&["of"]));
        let mut head = opening.head;
        if nouny && noun_follows {
            head = match after[0].low {
                "status" | "state" => Head::Act(Action::Status),
                "history" => Head::Act(Action::Releases),
                "log" => Head::Act(Action::Logs),
                _ => {
                    self.hear(Heard::Statement);
                    return Ok(whole);
                }
            };
        } else if nouny && after.first().is_some_and(|token| token.any(&["logs", "incidents"])) {
            head = Head::Show;
        } else if of && !opening.polite && matches!(head, Head::Act(action) if action.row().changes) {
            self.hear(Heard::Statement);
            return Ok(whole);
        }
        if tokens
            .get(opening.at)
            .is_some_and(|token| token.name.is_some_and(|hit| hit.len > opening.len.max(1)))
        {
            from = opening.at;
        }
        if tokens
            .get(opening.at)
            .is_some_and(|token| token.any(&["health", "healthcheck", "security", "backup"]))
        {
            from = opening.at;
        }
        let end = from + self.clause_end(head, &tokens[from..]);
        let words = &tokens[from..end];
        let (action, looked) = match heads::resolve(head, &Rest(words)) {
            Meaning::Action(action) => (action, false),
            Meaning::DryRun(action) => (action, true),
            Meaning::None => {
                if self.ellipsis(tokens, joined)? {
                    return Ok(whole);
                }
                self.stranger(&tokens[opening.at..], asked && !opening.polite);
                return Ok(whole);
            }
        };
        let changes = action.row().changes;
        let (plain, spoken) = commentary(action, words);
        let quoted = tokens[from + plain.len()..]
            .iter()
            .take(4)
            .any(|token| token.any(&["said", "says", "say", "told", "wrote"]));
        if quoted && spoken && changes {
            self.hear(Heard::Quotation);
            return Ok(whole);
        }
        if let Some(heard) =
            report(action, looked, &plain[..mood::condition_within(plain).unwrap_or(plain.len())])
        {
            self.hear(heard);
            return Ok((self.after_statement(tokens).unwrap_or(tokens.len()), Joined::Start));
        }
        let pleads = words
            .iter()
            .rev()
            .find(|token| token.is_word())
            .is_some_and(|token| token.any(&["please", "pls", "plz", "thanks", "thx"]));
        if asked && changes && !looked && !opening.polite && !pleads {
            self.hear(Heard::Question);
            return Ok(whole);
        }
        if changes {
            if let Some(at) = mood::condition_within(plain) {
                self.trailing_condition(action, &tokens[opening.at..], from - opening.at + at)?;
                return Ok(whole);
            }
            // The condition may stand behind the last of several orders.
            if end < tokens.len() && reaction_like(action) && self.is_rule(&tokens[opening.at..])? {
                return Ok(whole);
            }
        }
        if words.iter().any(|token| token.any(&["nothing", "nowhere", "never", "none"]) && token.quote == 0)
            && changes
            && !matches!(action, Action::Lock | Action::Unlock | Action::SetVariable)
        {
            self.hear(Heard::Refusal);
            return Ok(whole);
        }
        let mut arguments: Vec<Token<'t>> = tokens[opening.front.clone()].to_vec();
        arguments.extend_from_slice(if spoken { plain } else { words });
        if takes_back(&arguments) {
            self.hear(Heard::Refusal);
            return Ok(whole);
        }
        let scope =
            Scope { action, tokens: &arguments, text: self.text, vocabulary: self.vocabulary, asked: false };
        let mut drafts = grammar::read(scope)?;
        for draft in &mut drafts {
            draft.command.dry_run |= (opening.dry_run || looked) && action.has(Key::DryRun);
            draft.first = action == Action::Migrate
                && words.iter().any(|token| token.any(&["first"]))
                && !draft.command.says(Key::Environments);
            draft.command.rehearse |= opening.rehearse && action.has(Key::Rehearse);
            if changes
                && ((opening.dry_run && !action.has(Key::DryRun))
                    || (opening.rehearse && !action.has(Key::Rehearse)))
            {
                return Err(Problem::ambiguous(format!(
                    "`{}` can't be tried without doing it, so I did nothing.",
                    action.name()
                )));
            }
        }
        self.add(drafts, joined)?;
        let next =
            tokens[end..].iter().take(3).any(|token| token.any(&["then"]) || token.kind == Kind::Arrow);
        Ok((end, if next { Joined::Then } else { Joined::And }))
    }

    /// Adds commands, which inherit from the one before and share with the ones before in their sentence.
    fn add(&mut self, drafts: Vec<Draft>, joined: Joined) -> Result<(), Problem> {
        for mut draft in drafts {
            if let Some(earlier) = self.drafts.last() {
                let lost = (earlier.command.dry_run && !draft.command.action.has(Key::DryRun))
                    || (earlier.command.rehearse && !draft.command.action.has(Key::Rehearse));
                if lost && draft.command.action.row().changes && joined != Joined::Start {
                    return Err(Problem::ambiguous(format!(
                        "The first part is only to be tried, and `{}` can't be; send them apart.",
                        draft.command.action.name()
                    )));
                }
                let own = draft.command.says(Key::Environments);
                if draft.command.action != Action::DestroyEnvironment {
                    grammar::inherit(&mut draft.command, &earlier.command, draft.all_services);
                }
                // "deploy and restart staging": a verb that says nothing at all shares what follows.
                let silent = earlier.command == Command::new(earlier.command.action);
                if own && (draft.placed || silent) && joined == Joined::And {
                    let environments = draft.command.environments.clone();
                    for earlier in &mut self.drafts[self.sentence..] {
                        if earlier.command.environments.is_empty()
                            && earlier.command.action.has(Key::Environments)
                        {
                            earlier.command.environments.clone_from(&environments);
                        }
                    }
                }
            }
            if let Some(earlier) = self.drafts.last_mut()
                && earlier.first
                && draft.command.action == Action::Deploy
                && draft.command.migrate.is_none()
            {
                draft.command.migrate = Some(Migrate::First);
                *earlier = draft;
                continue;
            }
            self.drafts.push(draft);
        }
        Ok(())
    }

    /// "then do production", "; production at 500/min": the last sentence's commands again, with what is new.
    fn ellipsis(&mut self, tokens: &[Token<'t>], joined: Joined) -> Result<bool, Problem> {
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
        let strange = |token: &Token<'_>| {
            token.is_word()
                && token.name.is_none()
                && (token.is(Class::TELLS)
                    || token.is(Class::SUBJECT)
                    || token.is(Class::NEGATION)
                    || token.is(Class::CONDITION))
        };
        if tokens.iter().any(|token| strange(token) || token.kind == Kind::Question) {
            return Ok(false);
        }
        let words: Vec<Token<'t>> = tokens
            .iter()
            .filter(|token| !token.any(&["do", "same", "then", "likewise", "next", "ditto"]))
            .copied()
            .collect();
        let mut repeated = Vec::new();
        let mut placed = false;
        for template in &templates {
            let scope = Scope {
                action: template.command.action,
                tokens: &words,
                text: self.text,
                vocabulary: self.vocabulary,
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
                grammar::inherit(&mut draft.command, &template.command, draft.all_services);
                repeated.push(draft);
            }
        }
        if placed {
            self.drafts.extend(repeated);
        }
        Ok(placed)
    }

    fn after_semicolon(&self, tokens: &[Token<'t>]) -> bool {
        tokens.first().is_some_and(|first| {
            let place = self.tokens.partition_point(|token| token.at < first.at);
            place > 0 && self.tokens[place - 1].kind == Kind::Semicolon
        })
    }

    fn question(&mut self, tokens: &[Token<'t>], asked: Asked) -> Result<(), Problem> {
        let scope = |action, tokens| Scope {
            action,
            tokens,
            text: self.text,
            vocabulary: self.vocabulary,
            asked: true,
        };
        let clean = |tokens: &[Token<'t>]| -> Vec<Token<'t>> {
            tokens.iter().filter(|token| token.kind != Kind::Question).copied().collect()
        };
        match asked {
            Asked::By(action, from) => {
                let words = clean(&tokens[from.min(tokens.len())..]);
                let mut drafts = grammar::read(scope(action, &words))?;
                if action == Action::Audit && tokens.first().is_some_and(|token| !token.any(&["what"])) {
                    for draft in &mut drafts {
                        draft.command.actor = None;
                    }
                }
                self.drafts.extend(drafts);
            }
            Asked::DryRun(action, from) => {
                let words = clean(&tokens[from.min(tokens.len())..]);
                let mut drafts = grammar::read(scope(action, &words))?;
                for draft in &mut drafts {
                    draft.command.dry_run = true;
                }
                self.drafts.extend(drafts);
            }
            Asked::Order(from, to) => {
                let words = clean(&tokens[from.min(tokens.len())..to.min(tokens.len())]);
                let Some((action, at)) = ordered(&words) else {
                    self.hear(Heard::Question);
                    return Ok(());
                };
                if !action.has(Key::DryRun) {
                    self.hear(Heard::Question);
                    return Ok(());
                }
                let mut drafts = grammar::read(scope(action, &words[at..]))?;
                for draft in &mut drafts {
                    draft.command.dry_run = true;
                }
                self.drafts.extend(drafts);
            }
            Asked::Can(from) => {
                let words = clean(&tokens[from.min(tokens.len())..]);
                let Some((action, at)) = ordered(&words) else {
                    self.hear(Heard::Question);
                    return Ok(());
                };
                let drafts = grammar::read(scope(Action::Can, &words[at..]))?;
                for mut draft in drafts {
                    draft.command.verb = Some(action);
                    self.drafts.push(draft);
                }
            }
            Asked::Refused => self.hear(Heard::Refusal),
            Asked::Please(_) | Asked::Unanswered => self.hear(Heard::Question),
        }
        Ok(())
    }

    /// "if X, Y": an alert, a rule, or two readings.
    fn condition(&mut self, tokens: &[Token<'t>], at: usize) -> Result<(), Problem> {
        let Some(then) = consequent(tokens, at) else {
            self.hear(Heard::Statement);
            return Ok(());
        };
        let (condition, orders) = (&tokens[at..then], &tokens[then..]);
        match mood::read(orders) {
            Mood::Notify(begin) => self.alert(&orders[begin..], condition),
            Mood::Order(opening) => {
                if let Some(notify) = notify_within(orders) {
                    self.rule(condition, &orders[opening.at..notify])?;
                    return self.alert(&orders[notify..], condition);
                }
                self.rule(condition, &orders[opening.at..])
            }
            Mood::Imperative(_) if !standing::reactions(orders).is_empty() => self.rule(condition, orders),
            Mood::Statement if orders.first().is_some_and(|token| token.any(&["an", "open"])) => {
                self.rule(condition, orders)
            }
            Mood::Imperative(begin) => {
                self.stranger(&orders[begin..], false);
                Ok(())
            }
            _ => {
                self.hear(Heard::Statement);
                Ok(())
            }
        }
    }

    fn trailing_condition(&mut self, action: Action, tokens: &[Token<'t>], at: usize) -> Result<(), Problem> {
        let (orders, condition) = tokens.split_at(at);
        if reaction_like(action) && !standing::signals(condition).is_empty() {
            return self.rule(condition, orders);
        }
        Err(conditional(orders, self.vocabulary))
    }

    /// "roll back and open an incident if we see repeated 500s".
    fn is_rule(&mut self, tokens: &[Token<'t>]) -> Result<bool, Problem> {
        let Some(at) = mood::condition_within(tokens) else { return Ok(false) };
        if notify_within(&tokens[..at]).is_some() || standing::signals(&tokens[at..]).is_empty() {
            return Ok(false);
        }
        self.rule(&tokens[at..], &tokens[..at])?;
        Ok(true)
    }

    fn rule(&mut self, condition: &[Token<'t>], orders: &[Token<'t>]) -> Result<(), Problem> {
        let signals = standing::signals(condition);
        let reactions = standing::reactions(orders);
        if signals.is_empty() || reactions.is_empty() || orders_more(orders) {
            return Err(conditional(orders, self.vocabulary));
        }
        let mut command = Command::new(Action::Rule);
        command.when = signals;
        command.then = reactions;
        let all: Vec<Token<'t>> = condition.iter().chain(orders).copied().collect();
        command.environments = standing::environments(&all, self.vocabulary);
        self.drafts.push(Draft::plain(command));
        Ok(())
    }

    fn alert(&mut self, tokens: &[Token<'t>], condition: &[Token<'t>]) -> Result<(), Problem> {
        let mut command = Command::new(Action::Alert);
        command.by = standing::channels(tokens);
        let words = if condition.is_empty() { tokens } else { condition };
        let skip = usize::from(condition.is_empty());
        command.on = standing::signals(&words[skip.min(words.len())..]);
        let all: Vec<Token<'t>> = condition.iter().chain(tokens).copied().collect();
        command.environments = standing::environments(&all, self.vocabulary);
        if command.on.is_empty() {
            let waits = all
                .iter()
                .any(|token| token.any(&["if", "when", "whenever", "once", "on", "about", "every"]));
            if !waits {
                self.hear(Heard::Statement);
                return Ok(());
            }
            return Err(Problem::bad_value(
                "I can tell you of a weird canary, a rollback, a failed deploy, repeated 500s, or something unhealthy.",
            )
            .suggest(["text me if the canary looks weird", "email me when a deploy fails"]));
        }
        self.add(vec![Draft::plain(command)], Joined::And)
    }

    /// Where the next order after a refusal begins: "don't deploy prod, deploy staging".
    fn after_refusal(&self, tokens: &[Token<'t>]) -> Option<usize> {
        // "don't, under any circumstances, deploy": the order after the comma is what is refused.
        let refusal = tokens
            .iter()
            .position(|token| token.is_word() && (token.is(Class::NEGATION) || token.any(&["do"])))?;
        if tokens.get(refusal + 1).is_some_and(|token| token.kind == Kind::Comma) {
            return None;
        }
        (1..tokens.len()).find(|at| {
            let joint = matches!(tokens[*at].kind, Kind::Comma | Kind::Dash)
                || tokens[*at].any(&["but", "instead", "just"]);
            let next = tokens.get(at + 1);
            joint
                && !next.is_some_and(|token| token.any(&["or", "and", "nor", "then"]))
                && matches!(mood::read(&tokens[*at..]), Mood::Order(_))
        })
    }

    /// Where an order after a report begins: "the deploy to prod failed, roll back production".
    fn after_statement(&self, tokens: &[Token<'t>]) -> Option<usize> {
        const SAYING: &[&str] = &[
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
        (1..tokens.len()).find(|at| {
            let joint = matches!(tokens[*at].kind, Kind::Comma | Kind::Dash) || tokens[*at].any(&["so"]);
            if !joint || tokens.get(at + 1).is_some_and(|token| token.any(&["then", "and", "or"])) {
                return false;
            }
            let before = &tokens[..*at];
            let says = before.iter().any(|token| token.any(SAYING) && !after_noun(before, token));
            let subject = before.iter().any(|token| token.is(Class::SUBJECT) && token.is_word());
            let verbs = before.iter().any(|token| token.is(Class::HEAD) && token.is_word());
            let tells = before.iter().any(|token| token.is(Class::TELLS) && token.is_word());
            let long = before.iter().filter(|token| token.is_word()).count() > 1;
            let report = tells || (subject && !verbs);
            report
                && long
                && !says
                && !(subject && verbs)
                && before.iter().all(|token| token.quote == 0 && token.kind != Kind::Mention)
                && matches!(mood::read(&tokens[*at..]), Mood::Order(_))
        })
    }

    /// A verb we don't have, or have but not for this.
    fn stranger(&mut self, tokens: &[Token<'t>], asked: bool) {
        let Some(verb) = tokens.first() else { return };
        let named = tokens.iter().skip(1).take(5).any(|token| token.name.is_some());
        let tells = tokens.iter().skip(1).any(|token| {
            token.is_word() && token.name.is_none() && (token.is(Class::TELLS) || token.is(Class::SUBJECT))
        });
        let gerund = verb.low.ends_with("ing") || verb.low.ends_with("ed") || verb.low.ends_with("ly");
        let alone = tokens.iter().filter(|token| token.is_word()).count() == 1;
        let near = near_verb(verb.low).filter(|_| !gerund);
        let somebody = verb.any(&["let", "tell", "ask", "send", "email", "message", "ping", "page", "give"]);
        // "happy to deploy", "forgot to deploy": told, not ordered.
        let intends = tokens.get(1).is_some_and(|token| token.any(&["to"]))
            && tokens.get(2).is_some_and(|token| token.is(Class::HEAD) && token.name.is_none());
        if tells || asked || somebody || intends || verb.quote > 0 {
            self.hear(if asked { Heard::Question } else { Heard::Statement });
            return;
        }
        if let Some(near) = near.filter(|_| {
            named || alone || tokens.iter().any(|token| token.is(Class::OBJECT) || token.is(Class::KEYWORD))
        }) {
            let rest: String = tokens.iter().skip(1).map(|token| format!(" {}", token.raw)).collect();
            self.imperative.get_or_insert(
                Problem::unknown_verb(format!("I don't know `{}`; did you mean `{near}`?", verb.raw))
                    .suggest([format!("{near}{rest}")]),
            );
            return;
        }
        let close = tokens.get(1).is_some_and(|token| token.name.is_some())
            || (tokens.get(1).is_some_and(|token| {
                token.is(Class::PREPOSITION) || token.is(Class::FILLER) || token.any(&["all"])
            }) && tokens.iter().skip(1).take(4).any(|token| token.name.is_some()));
        if close && !gerund && !verb.class.is(Class::TELLS) {
            self.imperative.get_or_insert(
                Problem::unknown_verb(format!("I can't `{}`. `help` shows what I can do.", verb.raw))
                    .suggest(["help", "deploy staging", "status"]),
            );
            return;
        }
        self.hear(Heard::Statement);
    }

    /// How many of these tokens belong to an order with this head.
    fn clause_end(&self, head: Head, tokens: &[Token<'t>]) -> usize {
        let lock = matches!(head, Head::Act(Action::Lock | Action::Unlock));
        let setup = matches!(head, Head::Act(Action::Setup));
        let deploy = matches!(head, Head::Act(Action::Deploy) | Head::Start | Head::Roll);
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
            let joint =
                matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Plus | Kind::Arrow | Kind::Bracket)
                    || token.any(&["and", "then", "but", "also", "plus"]);
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
            let weights = super::values::weights(&tokens[next..]).is_some() && token.kind != Kind::Dash;
            if weights || (deploy && modifies(&tokens[next..])) {
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

    fn finish(mut self, result: Result<(), Problem>) -> Parsed {
        let mut problem = result.err();
        if problem.is_none()
            && let Some(unknown) = self.imperative.take()
        {
            problem = Some(unknown);
        }
        if problem.is_none() && self.drafts.is_empty() {
            problem = Some(self.not_a_command());
        }
        if let Some(problem) = problem {
            return Parsed { commands: Vec::new(), missing: Vec::new(), problem: Some(problem) };
        }
        let commands: Vec<Command> = self.drafts.into_iter().map(|draft| draft.command).collect();
        let mut missing: Vec<Slot> = commands.iter().flat_map(Command::missing).collect();
        missing.sort_unstable();
        missing.dedup();
        Parsed { commands, missing, problem: None }
    }

    fn not_a_command(&self) -> Problem {
        let message = match self.heard {
            Heard::Nothing => "There is nothing here for me to do.",
            Heard::Statement => "I read this as something told, not as an order, so I did nothing.",
            Heard::Question => {
                "That is a question I can't answer. I can answer what is deployed, who did what, how things are, and what you may do."
            }
            Heard::Refusal => "Understood: I do nothing.",
            Heard::Quotation => "I read this as a quotation, not as an order, so I did nothing.",
            Heard::Log => "I read this as pasted output, not as an order, so I did nothing.",
        };
        let names = self.vocabulary.names();
        Problem::not_a_command(message).suggest([
            help::fill("deploy {env}", names),
            help::fill("status {env}", names),
            "help".to_owned(),
        ])
    }
}

/// What stands before a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joined {
    Start,
    And,
    Then,
}

/// A line of a log or a stack trace: a time, a level, or a prompt first.
fn is_log(tokens: &[Token<'_>]) -> bool {
    let Some(first) = tokens.iter().find(|token| token.is_word()) else { return false };
    let level = |word: &str| {
        matches!(
            word,
            "ERROR" | "INFO" | "WARN" | "WARNING" | "DEBUG" | "TRACE" | "FATAL" | "CRITICAL" | "PANIC"
        )
    };
    let dated = first.low.len() >= 8
        && first.low.as_bytes()[..4].iter().all(u8::is_ascii_digit)
        && first.low.as_bytes()[4] == b'-';
    let clock = first.low.len() >= 7
        && first.low.matches(':').count() == 2
        && first.low.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let levelled = tokens.iter().take(6).any(|token| level(token.raw));
    let bracketed = tokens.first().is_some_and(|token| token.raw == "[")
        && tokens.get(1).is_some_and(|token| {
            level(&token.raw.to_ascii_uppercase())
                || token.low.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
        });
    let trace = first.any(&[
        "traceback",
        "panicked",
        "npm",
        "exception",
        "stderr",
        "stdout",
        "error",
        "warn",
        "info",
        "fatal",
    ]) && tokens
        .get(1)
        .is_some_and(|token| !token.is_word() || token.raw == "ERR" || token.any(&["err"]));
    let key_value =
        tokens.windows(2).filter(|pair| pair[0].kind == Kind::Equals && pair[1].is_word()).count() >= 3;
    let prompt = first.low.starts_with('$') || first.low.ends_with('$') || first.low == "%";
    dated || clock || levelled || bracketed || trace || prompt || (key_value && !first.is(Class::HEAD))
}

/// Phrases of courtesy that hold "if" or "when" and mean neither.
const COURTESIES: &[&str] = &[
    "if possible",
    "if you can",
    "if you could",
    "if you please",
    "if you don't mind",
    "if you dont mind",
    "if you would",
    "when you can",
    "when you get a chance",
    "when you get a minute",
    "when you get a moment",
    "when you have a minute",
    "when you have a moment",
    "when you have a chance",
    "when you have time",
    "whenever you can",
    "whenever you like",
    "while you're at it",
    "while you are at it",
    "if that's ok",
    "if that's okay",
    "if it's ok",
    "if you have time",
    "once more",
    "as soon as possible",
    "as soon as you can",
    "if you will",
    "when possible",
    "if need be",
];

fn without_courtesies<'t>(tokens: &[Token<'t>]) -> Vec<Token<'t>> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let courtesy = if tokens[at].any(&["if", "when", "whenever", "while", "once", "as"]) {
            COURTESIES
                .iter()
                .map(|phrase| {
                    let words = phrase.split(' ');
                    let len = words.clone().count();
                    let fits = words.enumerate().all(|(step, word)| {
                        tokens.get(at + step).is_some_and(|token| token.is_word() && token.low == word)
                    });
                    if fits { len } else { 0 }
                })
                .max()
                .unwrap_or(0)
        } else {
            0
        };
        if courtesy == 0 {
            kept.push(tokens[at]);
            at += 1;
        } else {
            at += courtesy;
        }
    }
    kept
}

/// The words of an order without what is only said about it: "…, it's broken", "because …", "so that …". Locks keep
/// their reason.
fn commentary<'a, 't>(action: Action, tokens: &'a [Token<'t>]) -> (&'a [Token<'t>], bool) {
    let place = tokens.iter().enumerate().position(|(at, token)| {
        let next = tokens.get(at + 1);
        token.quote == 0
            && (token.any(&["because", "cause", "cuz", "coz"])
                || (token.any(&["so"])
                    && next.is_some_and(|next| next.is(Class::SUBJECT) || next.any(&["that", "the", "it"])))
                || (token.any(&["since", "as"])
                    && next.is_some_and(|next| next.is(Class::SUBJECT) || next.any(&["it", "the"])))
                || (matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Colon)
                    && action != Action::SetVariable
                    && next.is_some_and(|next| {
                        next.is(Class::SUBJECT)
                            || (next.any(&["it", "this", "that", "the", "there"])
                                && tokens[at + 1..]
                                    .iter()
                                    .any(|token| token.is(Class::TELLS) && token.is_word()))
                    })))
    });
    let place = place.or_else(|| {
        let runs = grammar::runs::is_run_action(action);
        tokens.iter().position(|token| runs && matches!(token.kind, Kind::Colon | Kind::Dash))
    });
    let locks = matches!(action, Action::Lock | Action::Unlock);
    let colon = tokens
        .iter()
        .position(|token| locks && (token.kind == Kind::Colon || token.any(&["reason", "because"])));
    match (place, colon) {
        (_, Some(colon)) => (&tokens[..colon], false),
        (Some(place), None) if action != Action::SetVariable => (&tokens[..place], true),
        _ => (tokens, true),
    }
}

/// Words after a verb that make a report of it: "deploy failed", "release went out".
fn report(action: Action, looked: bool, tokens: &[Token<'_>]) -> Option<Heard> {
    let tells = |token: &Token<'_>| {
        token.is_word() && token.is(Class::TELLS) && token.quote == 0 && token.name.is_none()
    };
    if action == Action::SetVariable {
        return tokens.first().filter(|token| tells(token)).map(|_| Heard::Statement);
    }
    if looked || !action.row().changes {
        let told = tokens.first().is_some_and(|token| {
            tells(token) && !token.any(&["deployed", "can", "failed", "ready", "green"])
        });
        let later = tokens
            .iter()
            .any(|token| token.any(&["is", "are", "was", "were", "looks", "look", "seem", "seems"]));
        return (told || (later && !looked && !matches!(action, Action::Help | Action::Audit)))
            .then_some(Heard::Statement);
    }
    let before = |at: usize, words: &[&str]| {
        at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|token| token.any(words))
    };
    for (at, token) in tokens.iter().enumerate() {
        let told = participle(token) && !before(at, PARTICIPLE_AFTER);
        let idiom = (token.any(&["ready"]) && action == Action::Readiness)
            || (before(at, &["that", "which"]) && action == Action::Rollback)
            || (token.any(&["working", "successful", "green", "deployed", "released"])
                && (before(at, &["last", "previous", "good", "known", "latest"])
                    || before(at, &["was"]) && action == Action::Rollback))
            || (token.any(&["failed", "pending", "paused", "blocked", "scheduled"])
                && super::grammar::runs::is_run_action(action)
                && at + 1 < tokens.len()
                && tokens.get(at + 1).is_some_and(|next| next.is(Class::OBJECT) || next.any(&["step"])))
            || (token.any(&["scheduled"]) && matches!(action, Action::CronDisable | Action::CronEnable));
        if (tells(token)
            || (told && !matches!(action, Action::Setup | Action::CreateEnvironment | Action::Expand)))
            && !idiom
        {
            return Some(Heard::Statement);
        }
    }
    None
}

/// Words that may stand before a participle without making a report of the order: "as discussed", "the failing api".
const PARTICIPLE_AFTER: &[&str] = &[
    "as", "to", "by", "for", "before", "after", "without", "while", "of", "with", "the", "a", "an", "from",
    "in", "on", "stop", "please", "be", "and", "all", "any",
];

/// "fixed", "awaiting", "crashed": a report, unless it is one of the words orders are made of.
fn participle(token: &Token<'_>) -> bool {
    const PLAIN: &[&str] = &[
        "including",
        "excluding",
        "using",
        "starting",
        "beginning",
        "following",
        "testing",
        "everything",
        "nothing",
        "something",
        "morning",
        "evening",
        "during",
        "soaking",
        "skipping",
        "running",
        "waiting",
        "holding",
        "needed",
        "required",
        "requested",
        "planned",
        "agreed",
        "discussed",
        "promised",
        "scheduled",
        "limited",
        "throttled",
        "batched",
        "named",
        "called",
        "based",
        "cached",
        "speed",
        "nullable",
        "pending",
        "setting",
        "string",
        "thing",
        "rehearsed",
        "simulated",
        "skipped",
        "excluded",
        "migrating",
        "bundled",
        "indeed",
        "deploying",
        "failed",
        "deployed",
        "released",
        "going",
        "applying",
        "paused",
        "blocked",
    ];
    token.is_word()
        && token.quote == 0
        && token.name.is_none()
        && token.low.len() > 4
        && (token.low.ends_with("ed") || token.low.ends_with("ing"))
        && token.low.bytes().all(|byte| byte.is_ascii_lowercase())
        && !PLAIN.contains(&token.low)
}

/// "deploy production? no", "deploy production not yet".
fn takes_back(tokens: &[Token<'_>]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        let someday =
            token.any(&["next", "some"]) && tokens.get(at + 1).is_some_and(|next| next.any(&["time", "day"]));
        if someday || token.any(&["jk", "kidding", "nvm", "nevermind", "joking", "someday"]) {
            return true;
        }
        token.any(&["not"])
            && token.quote == 0
            && tokens
                .get(at + 1)
                .is_none_or(|next| next.any(&["yet", "now", "today", "tonight", "anymore", "really"]))
    })
}

/// Words of a clause that change the deploy before it instead of ordering something new.
fn modifies(tokens: &[Token<'_>]) -> bool {
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
            !super::grammar::heads::find(&tokens[(at + 1).min(tokens.len())..]).is_some()
        }
        "dry" => super::grammar::heads::find(&tokens[(at + 2).min(tokens.len())..]).is_none(),
        _ => {
            at > 0 && word(at - 1) == "a" && super::values::weights(&tokens[at.min(tokens.len())..]).is_some()
        }
    }
}

/// Whether an order, a refusal or a statement of its own begins here.
fn begins_clause(tokens: &[Token<'_>]) -> bool {
    let Some(first) = tokens.first() else { return false };
    let word = |at: usize| tokens.get(at).filter(|token| token.is_word()).map_or("", |token| token.low);
    if first.name.is_some() && !(first.is(Class::HEAD) && first.name.is_some_and(|hit| hit.len > 1)) {
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
    let after = &tokens[len..];
    if after.first().is_some_and(|token| {
        token.is_word() && token.name.is_none() && (token.is(Class::NOUNED) || token.is(Class::TELLS))
    }) {
        return false;
    }
    !matches!(heads::resolve(head, &Rest(after)), Meaning::None)
        || matches!(head, Head::Use | Head::Stop | Head::Disable | Head::Enable)
}

/// Two orders without anything between them: "deploy staging restart api".
fn breaks_in(tokens: &[Token<'_>], at: usize) -> bool {
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
        && begins_clause(&tokens[at..])
}

/// The action and the place behind its verb, where words begin with a verb, a participle or a noun of ours.
fn ordered(tokens: &[Token<'_>]) -> Option<(Action, usize)> {
    let mut at = 0;
    while tokens.get(at).is_some_and(|token| {
        token.any(&["a", "an", "the", "to", "do", "run", "start", "of"]) && heads_again(tokens, at)
    }) {
        at += 1;
    }
    if let Some((head, len)) = heads::find(&tokens[at..]) {
        return match heads::resolve(head, &Rest(&tokens[at + len..])) {
            Meaning::Action(action) | Meaning::DryRun(action) => Some((action, at + len)),
            Meaning::None => None,
        };
    }
    let token = tokens.get(at)?;
    let action = match token.low {
        "deployed" | "shipped" | "released" | "deploying" | "shipping" | "deployment" | "releasing" => {
            Action::Deploy
        }
        "rolled" | "rolling" | "reverted" | "reverting" => Action::Rollback,
        "restarted" | "restarting" => Action::Restart,
        "scaled" | "scaling" => Action::Scale,
        "migrated" | "migrating" | "migrations" | "migration" => Action::Migrate,
        "reconciled" | "reconciling" | "reconciliation" => Action::Reconcile,
        "backfilled" | "backfilling" => Action::Backfill,
        _ => {
            // "what would the production deploy change?"
            let noun =
                tokens.iter().position(|token| token.any(heads::DEPLOY_NOUNS) || token.any(&["rollback"]))?;
            let action = if tokens[noun].any(&["rollback"]) { Action::Rollback } else { Action::Deploy };
            return token.name.is_some().then_some((action, at));
        }
    };
    Some((action, at + 1))
}

fn heads_again(tokens: &[Token<'_>], at: usize) -> bool {
    !tokens[at].any(&["run", "start", "do"])
        || tokens.get(at + 1).is_some_and(|next| {
            next.any(&["a", "an", "the"]) && tokens.get(at + 2).is_some_and(|token| token.is(Class::HEAD))
        })
}

/// Where what is to be done begins, after a condition.
fn consequent(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let comma = (at + 1..tokens.len()).find(|place| {
        (tokens[*place].kind == Kind::Comma
            || tokens[*place].kind == Kind::Dash
            || tokens[*place].any(&["then"]))
            && matches!(
                mood::read(&tokens[place + 1..]),
                Mood::Order(_) | Mood::Notify(_) | Mood::Imperative(_) | Mood::Refusal
            )
    });
    if let Some(comma) = comma {
        return Some(comma + 1);
    }
    if (at + 1..tokens.len()).any(|place| tokens[place].kind == Kind::Comma) {
        return None;
    }
    (at + 2..tokens.len()).find(|place| {
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
        ]);
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

/// Whether an action may be what a rule does.
fn reaction_like(action: Action) -> bool {
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

/// Whether there are orders among these that no rule can give.
fn orders_more(tokens: &[Token<'_>]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        token.is_word()
            && token.any(&[
                "deploy", "ship", "push", "migrate", "lock", "unlock", "destroy", "promote", "approve",
                "delete", "remove", "add", "set", "rotate",
            ])
            && (at == 0 || tokens[at - 1].any(&["and", "then"]) || tokens[at - 1].kind == Kind::Comma)
    })
}

/// Where "… and text me" begins among orders.
fn notify_within(tokens: &[Token<'_>]) -> Option<usize> {
    (1..tokens.len()).find(|at| {
        (tokens[at - 1].any(&["and", "then", "also"]) || tokens[at - 1].kind == Kind::Comma)
            && standing::notifies(&tokens[*at..])
    })
}

/// "roll back" as a noun with "to": whether a word of saying belongs to a noun before it.
fn after_noun(tokens: &[Token<'_>], word: &Token<'_>) -> bool {
    word.any(&["to", "about", "like", "need", "used"])
        && word.any(&["to"])
        && tokens.iter().take_while(|token| token.at < word.at).last().is_some_and(|before| {
            before.any(heads::DEPLOY_NOUNS) || before.any(&["rollback", "release", "migration", "push"])
        })
}

fn conditional(orders: &[Token<'_>], vocabulary: &Vocabulary) -> Problem {
    let order =
        orders.iter().filter(|token| token.is_word()).map(|token| token.raw).collect::<Vec<_>>().join(" ");
    Problem::new(
        ProblemKind::Ambiguous,
        "This holds a condition I can't watch, so I did nothing. Say the order when the time has come, or make a rule of it.",
    )
    .suggest([order, help::fill("can I deploy {env}?", vocabulary.names()), "if we see repeated 500s, rollback".to_owned()])
}

/// The names of an elliptic sentence, without what only some of its commands can carry.
fn only_names<'t>(tokens: &[Token<'t>]) -> Vec<Token<'t>> {
    tokens.iter().filter(|token| token.name.is_some() || token.any(&["and"])).copied().collect()
}
