//! One order: its verb, its words, and what it repeats. What it shares with others is in `share`.

use std::borrow::Cow;

use crate::intent::words::said_again;

use super::{
    Action, Class, Head, Heard, Joined, Key, Kind, Meaning, Mood, Opening, Problem, Reader, Rest, Scope,
    Token, behind, classes, clauses, commentary, conditions, fits, goes_on, grammar, heads, mood, reach,
    reaction_like, remark, report, takes_back, unsettled, waver, withdraws, word_given,
};

/// An order of more tokens than this is none that people type.
const MAX_CLAUSE: usize = 96;

/// "it now please": an order of no more words may be about what was told before it.
const SHORTEST: usize = 4;

/// Words by which an order is about nothing, or about what was said before.
pub(in crate::intent) const WITHIN: &[&str] = &["same", "nothing", "nowhere", "never", "none", "neither"];

/// What an order may hang on, behind "on".
pub(in crate::intent) const OUTCOMES: &[&str] = &[
    "failure",
    "failures",
    "error",
    "errors",
    "success",
    "fail",
    "problems",
    "timeout",
    "timeouts",
    "crash",
    "green",
    "red",
    "approval",
    "completion",
    "alert",
    "alerts",
    "500s",
    "500",
    "5xx",
    "5xxs",
    "502s",
    "503s",
];

impl<'t> Reader<'_, 't> {
    pub(super) fn order(
        &mut self,
        tokens: &[Token<'t>],
        opening: &Opening,
        joined: Joined,
        asked: bool,
    ) -> Result<(usize, Joined), Problem> {
        let whole = (tokens.len(), Joined::Start);
        // "lock staging, or unlock it"
        if !self.drafts.is_empty() && tokens[..opening.at].iter().any(|token| token.any(&["or"])) {
            return Err(Problem::ambiguous("I read \"or\" between two orders: which of the two is meant?"));
        }
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
        // "deploys to production": what somebody does.
        if tokens.get(opening.at).is_some_and(|verb| verb.any(&["deploys"]))
            && after.first().is_some_and(|to| to.any(&["to"]))
            && !asked
        {
            self.hear(Heard::Statement);
            return Ok(whole);
        }
        if nouny && noun_follows {
            head = match after[0].low {
                "status" | "state" => Head::Act(Action::Status),
                "history" => Head::Act(Action::Releases),
                "log" => Head::Act(Action::Logs),
                _ => {
                    self.unread_noun(head, after);
                    self.hear(Heard::Statement);
                    // "release train is late, so please restart cron"
                    return self.behind_statement(tokens);
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
            .is_some_and(|token| token.name.is_some_and(|hit| hit.len() > opening.len.max(1)))
        {
            from = opening.at;
        }
        if tokens
            .get(opening.at)
            .is_some_and(|token| token.any(&["health", "healthcheck", "security", "backup"]))
        {
            from = opening.at;
        }
        // What is read again from a place within it must not be long, or the time would grow with its square.
        let lock = matches!(head, Head::Act(Action::Lock | Action::Unlock));
        let most = if lock { tokens.len() } else { tokens.len().min(from + MAX_CLAUSE) };
        let end = from + clauses::clause_end(head, &tokens[from..most]);
        if end < tokens.len() && end == from + MAX_CLAUSE {
            return Err(Problem::ambiguous(format!(
                "I read one order of more than {MAX_CLAUSE} words, so I did nothing. Send it in smaller parts."
            )));
        }
        let words = &tokens[from..end];
        let said = classes(words);
        // "add one more replica to api"
        let replica = |token: &Token<'_>| token.any(&["replica", "replicas", "instance", "instances"]);
        if matches!(head, Head::Add | Head::Remove) && words.iter().any(replica) {
            return Err(Problem::bad_value(
                "More or fewer replicas depends on how many run now; say how many there should be.",
            )
            .suggest(self.vocabulary.examples(Action::Scale)));
        }
        let (action, looked) = match heads::resolve(head, &Rest(words)) {
            Meaning::Action(action) => (action, false),
            Meaning::DryRun(action) => (action, true),
            Meaning::None => {
                self.second_condition(tokens, joined)?;
                if self.ellipsis(tokens, joined)? {
                    return Ok(whole);
                }
                let before = self.drafts.len();
                if self.standing(&tokens[opening.at..])? {
                    self.placed(before, tokens, opening.front.clone(), asked)?;
                    return Ok(whole);
                }
                // "migrate staging and stop before the last": how far the order is to go.
                // "disable cron on prod then enable it": something more is to happen.
                if (joined != Joined::Start && matches!(head, Head::Stop | Head::Hold | Head::GoOn)
                    || joined == Joined::Then
                    || joined == Joined::And
                        && tokens[from..].first().is_some_and(|it| it.any(&["it", "them"])))
                    && self.ordered_here()
                {
                    self.unread();
                }
                // "deploy production, use v1.2"
                if joined != Joined::Start && self.ordered_here() && matches!(head, Head::Use) {
                    return Err(unsettled::unsettled(tokens));
                }
                self.unread_order(tokens);
                self.stranger(&tokens[opening.at..], asked && !opening.polite);
                return Ok(whole);
            }
        };
        let changes = action.row().changes;
        self.behind_help(changes)?;
        // "deploy prod, first migrate staging"
        if changes
            && joined != Joined::Then
            && self.ordered_here()
            && tokens[..opening.at].iter().any(|token| token.any(&["first"]) && token.quote == 0)
        {
            return Err(Problem::ambiguous(
                "Behind an order I read one that is to go first, so I did nothing. Say them in the order they are to run.",
            ));
        }
        // "status staging and if it's ok deploy production"
        if !changes && let Some(then) = conditions::looks_first(reach(&tokens[from..])) {
            return Err(conditions::conditional(&tokens[from + then..], self.vocabulary));
        }
        // "would you rather deploy production"
        if opening.polite && changes && tokens[..opening.at].iter().any(|token| token.any(&["rather"])) {
            self.hear(Heard::Question);
            return Ok(whole);
        }
        let it = |token: &Token<'_>| {
            !token.is_word() || token.is(Class::OPENER) || token.any(&["it", "that", "this", "everything"])
        };
        // "deploy prod. Drop it.", and not "deploy prod and lock it".
        let turns = matches!(action, Action::Rollback | Action::RemoveComponent | Action::Lock);
        let halts = matches!(action, Action::Cancel | Action::Pause)
            || turns && !self.stands_behind_and(tokens, opening.at)
            || tokens.get(opening.at).is_some_and(|verb| verb.any(&["undo"]));
        // "deploy staging then stop there"
        let stops = matches!(action, Action::Cancel | Action::Pause)
            && words.iter().all(|token| !token.is_word() || token.any(&["there", "here"]))
            && joined == Joined::Then;
        if (stops || halts && joined != Joined::Then && words.iter().all(it)) && self.ordered_any() {
            return Err(Problem::ambiguous(
                "Behind an order I read that it is not to be done, or not yet, so I did nothing. Send only what is to be done.",
            ));
        }
        if changes && joined == Joined::Then && words.iter().all(it) {
            self.about_no_run(action)?;
        }
        // "approve. ship it": the run that is approved.
        let lets_go = self.drafts.last().is_some_and(|draft| {
            matches!(draft.command.action, Action::Approve | Action::Promote | Action::Resume)
        });
        if action == Action::Deploy && lets_go && words.iter().all(it) {
            return Ok(whole);
        }
        // "stop and restart api": what is to be stopped is no run.
        if matches!(action, Action::Cancel | Action::Pause)
            && !words.iter().any(Token::is_word)
            && tokens.get(end).is_some_and(|next| next.any(&["and"]) || next.kind == Kind::Plus)
            && !tokens[end..].iter().take(2).any(|token| token.any(&["then"]))
            && let Mood::Order(next) = mood::read(&tokens[end..])
            && !matches!(next.head, Head::Act(next) if grammar::runs::is_run_action(next))
        {
            return Err(Problem::ambiguous(format!(
                "I read `{}`, and not whether a run is meant or what stands behind it, so I did nothing. Send the two apart.",
                tokens[opening.at].raw
            ))
            .suggest([format!("{} it", action.name())]));
        }
        // "deploy staging but hold the migrations": how the deploy is to go, and no run that is to pause.
        let within = self.ordered_here() && matches!(action, Action::Pause | Action::Cancel);
        if within && words.iter().any(|token| token.any(&["migrations", "migration"])) {
            return Err(Problem::ambiguous(
                "Behind an order I read something about migrations, so I did nothing. Say `run migrations first` or `skip migrations`.",
            ));
        }
        // "deploy the same to production", with nothing before it that would be the same.
        let same = || {
            let first = words.iter().find(|token| !token.any(&["the", "exact"]));
            let thing = words.iter().skip_while(|token| !token.any(&["same"])).nth(1);
            first.is_some_and(|token| token.any(&["same"]) && token.quote == 0)
                && thing.is_none_or(|next| {
                    !next.is_word() || next.is(Class::PREPOSITION) || next.any(&["thing", "code", "again"])
                })
        };
        if action == Action::Deploy && self.drafts.is_empty() && said.is(Class::WITHIN) && same() {
            return Err(Problem::ambiguous(
                "I read `the same`, and nothing was said before that it could be, so I did nothing. Name the ref.",
            )
            .suggest(self.vocabulary.examples(action)));
        }
        // "deploy production pipeline": the pipeline, not the order.
        // What stands behind a colon is a reason.
        let colon = said
            .is(Class::of_kind(Kind::Colon))
            .then(|| words.iter().position(|token| token.kind == Kind::Colon))
            .flatten()
            .unwrap_or(words.len());
        let mut spoken_words = words[..colon].iter().rev().filter(|token| token.is_word());
        if nouny
            && changes
            && let (Some(last), Some(before)) = (spoken_words.next(), spoken_words.next())
            && last.is(Class::NOUNED)
            && !(last.is(Class::FILLER) || last.is(Class::OBJECT) || last.is(Class::TIME))
            && last.name.is_none()
            && before.name.is_some()
        {
            self.hear(Heard::Statement);
            return Ok(whole);
        }
        // A commit that takes another back: revert "deploy production".
        let titled = words
            .first()
            .is_some_and(|token| token.quote > 0 && token.is(Class::HEAD) && token.name.is_none());
        let names = matches!(action, Action::Expand | Action::RotateSecret | Action::SetVariable);
        if changes && titled && !names && opening.len > 0 && tokens[opening.at].quote == 0 {
            self.hear(Heard::Quotation);
            return Ok(whole);
        }
        let (plain, spoken) = commentary(action, words);
        let quoted = tokens[from + plain.len()..]
            .iter()
            .take(4)
            .any(|token| token.any(&["said", "says", "say", "told", "wrote"]));
        if quoted && spoken && changes {
            self.hear(Heard::Quotation);
            return Ok(whole);
        }
        // "roll back on failure"
        let hangs = |pair: &[Token<'_>]| {
            pair[0].any(&["on", "upon"])
                && pair[1].is(Class::WITHIN)
                && pair[1].any(OUTCOMES)
                && pair[1].quote == 0
        };
        if changes && spoken && said.is(Class::WITHIN) && plain.windows(2).any(hangs) {
            return Err(conditions::conditional(plain, self.vocabulary));
        }
        if changes
            && said.is(Class::WITHIN)
            && let Some(waits) = word_given::within(&words[..colon])
        {
            return Err(conditions::conditional(&tokens[opening.at..from + waits], self.vocabulary));
        }
        let condition = mood::condition_within(plain);
        let before_it = &plain[..condition.unwrap_or(plain.len())];
        if let Some(heard) = report(action, looked, self.vocabulary, before_it) {
            if joined == Joined::Then || joined == Joined::And && self.ordered_here() {
                self.unread();
            }
            self.hear(heard);
            return self.behind_statement(tokens);
        }
        // The remark may stand in this clause or, with a subject of its own, in the one behind. Most orders have none.
        let remark = &words[plain.len()..];
        let tail = if remark.is_empty() { &tokens[end..] } else { remark };
        self.lost_of_set_up(action == Action::Setup, tail)?;
        if changes && spoken && !tail.is_empty() && withdraws(tail) {
            if !self.drafts.is_empty() {
                return Err(Problem::ambiguous(
                    "Behind the order I read that it is taken back, so I did nothing.",
                ));
            }
            self.hear(Heard::Refusal);
            return Ok(whole);
        }
        if changes
            && spoken
            && !tail.is_empty()
            && (remark::demands(tail)
                || grammar::contrary::looks(reach(tail))
                || grammar::contrary::audience(reach(tail)))
        {
            let said = said_again(reach(tail))
                .skip_while(|word| matches!(*word, "," | "-" | "but"))
                .collect::<Vec<_>>();
            return Err(Problem::ambiguous(format!(
                "Behind the order I read \"{}\", which is how it is to go and no part of it, so I did nothing. Say it in the order itself.",
                said.join(" ")
            )));
        }
        if changes
            && spoken
            && (!tail.is_empty() && waver::wavers(action, tail)
                || action != Action::Backfill
                    && !grammar::runs::is_ended_by(action)
                    && (!tail.is_empty() || said.is(behind::JOINTS))
                    && behind::hedges(tail, words)
                || said.is(Class::of_kind(Kind::Comma)) && waver::ranks(words))
        {
            return Err(Problem::ambiguous(
                "What stands behind the order leaves open whether or how it is meant, so I did nothing. Say the order alone.",
            ));
        }
        // "continue, please, I'm listening"
        if grammar::runs::is_run_action(action)
            && tail
                .iter()
                .find(|token| token.is_word() && !token.is(Class::OPENER))
                .is_some_and(|who| who.is(Class::SUBJECT))
            && plain.iter().all(|token| !token.is_word() || token.is(Class::OPENER))
            && waver::chats(tail)
        {
            return Err(waver::chatted(action));
        }
        // "stop, nobody deploys today"
        if grammar::runs::is_run_action(action) && !tail.is_empty() && waver::is_banter(action, tail) {
            return Err(waver::chatted(action));
        }
        let run_remarked = !remark.is_empty() && grammar::runs::is_run_action(action);
        if run_remarked {
            unsettled::not_later(action, remark)?;
        }
        if run_remarked && unsettled::doubts_run(action, remark) {
            return Err(unsettled::unsettled(remark));
        }
        let remarked = changes && spoken && !remark.is_empty();
        if remarked && remark::leaves_it(remark) {
            self.hear(Heard::Statement);
            return Ok(whole);
        }
        if remarked && unsettled::unsettles(action, plain, remark) {
            return Err(unsettled::unsettled(remark));
        }
        if remarked && conditions::hangs_on(remark) {
            return Err(conditions::conditional(plain, self.vocabulary));
        }
        if remarked && goes_on(remark) {
            return Err(Problem::ambiguous(
                "Behind the remark I read something that belongs to the order, so I did nothing. Say the remark last.",
            ));
        }
        let pleads = words.iter().rev().find(|token| token.is_word()).is_some_and(Token::is_courtesy);
        if asked && changes && !looked && !opening.polite && !pleads {
            self.hear(Heard::Question);
            return Ok(whole);
        }
        if changes {
            if let Some(at) = condition {
                // "disable cron and if it fails roll back": it holds of what stands behind it.
                if at > 0 && plain[at - 1].any(&["and"]) {
                    return Err(conditions::conditional(&plain[at..], self.vocabulary));
                }
                let before = self.drafts.len();
                self.trailing_condition(action, &tokens[opening.at..], from - opening.at + at)?;
                self.placed(before, tokens, opening.front.clone(), asked)?;
                return Ok(whole);
            }
            // The condition may stand behind the last of several orders.
            let before = self.drafts.len();
            if end < tokens.len() && reaction_like(action) && self.is_rule(&tokens[opening.at..])? {
                self.placed(before, tokens, opening.front.clone(), asked)?;
                return Ok(whole);
            }
        }
        if changes
            && said.is(Class::WITHIN)
            && words.iter().any(|token| {
                token.any(&["nothing", "nowhere", "never", "none", "neither"]) && token.quote == 0
            })
            && !matches!(action, Action::Lock | Action::Unlock | Action::SetVariable)
        {
            self.hear(Heard::Refusal);
            return Ok(whole);
        }
        let behind = if spoken { plain } else { words };
        let arguments = match &tokens[opening.front.clone()] {
            [] => Cow::Borrowed(behind),
            front => Cow::Owned([front, behind].concat()),
        };
        if takes_back(&arguments) {
            self.hear(Heard::Refusal);
            return Ok(whole);
        }
        if changes {
            fits::one_place(action, &tokens[opening.front.clone()], behind)?;
            if self.drafts.is_empty() {
                fits::beginning(&tokens[..opening.at])?;
            }
            fits::verb(action, &tokens[opening.at..], self.vocabulary)?;
        }
        if opening.ahead {
            fits::ahead(action, &tokens[opening.front.clone()])?;
        }
        self.behind_standing(action, tokens[opening.at].at, joined)?;
        let scope = Scope {
            action,
            tokens: &arguments,
            text: self.text,
            vocabulary: self.vocabulary,
            again: false,
            asked: false,
        };
        let mut drafts = grammar::read(scope)
            .map_err(|problem| opening.keep_trying(problem).or_suggest_examples(scope))?;
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
        if changes
            && self.drafts.is_empty()
            && words.len() <= SHORTEST
            && said.is(Class::FILLER.and(Class::LITTLE))
        {
            self.about_told(&drafts, words, tokens[opening.at].at)?;
        }
        if opening.ahead && (drafts.len() > 1 || matches!(mood::read(&tokens[end..]), Mood::Order(_))) {
            return Err(Problem::ambiguous(format!(
                "I read `{}` before more than one order, so I did nothing. Say it with each it is meant for.",
                said_again(&tokens[opening.front.clone()]).collect::<Vec<_>>().join(" ")
            )));
        }
        // "deploy staging || deploy production": the one, or the other if that fails?
        if changes
            && tokens.get(end).is_some_and(|sign| sign.raw == "|")
            && matches!(mood::read(&tokens[end..]), Mood::Order(_))
        {
            return Err(Problem::ambiguous(
                "I read `|` between two orders, and not whether both are meant, so I did nothing. Put \"and\" between them.",
            ));
        }
        self.add(drafts, joined)?;
        let next =
            tokens[end..].iter().take(3).any(|token| token.any(&["then"]) || token.kind == Kind::Arrow);
        Ok((end, if next { Joined::Then } else { Joined::And }))
    }
}
