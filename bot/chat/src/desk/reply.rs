//! What is said while a question is open: its answer, a correction of what was said before, a word that closes it, an order
//! of its own, or small talk.

use engine::control::Refusal;

use super::correct::{Corrected, besides, corrected, correction, named, none_of};
use super::meanwhile::{self, Meanwhile};
use super::orders::one_by_one;
use super::question::{Question, Wanted, said_once_more};
use super::talk::Talk;
use super::tree::{self, Draft, Slot, Takes};
use super::{Desk, Heard, Outcome, Speaker, elliptic};
use crate::intent::{Action, Command, MAX_CHARS, Names, Parsed, ProblemKind, parse};
use crate::message::{Card, Outbound};
use crate::view;

/// Words that close a question without an answer.
const NEVER_MIND: [&str; 16] = [
    "cancel",
    "cancel it",
    "cancel that",
    "never mind",
    "nevermind",
    "nvm",
    "stop",
    "forget it",
    "forget that",
    "no",
    "abort",
    "drop it",
    "don't",
    "dont",
    "do nothing",
    "no thanks",
];
/// Words that close one where there is one to close; otherwise they mean nothing.
const ENOUGH: [&str; 11] = [
    "forget about it",
    "scrap it",
    "scrap that",
    "leave it",
    "stop it",
    "stop that",
    "abort it",
    "abort that",
    "quit",
    "exit",
    "nothing",
];

/// The words without what people say before and behind them out of courtesy, for [`NEVER_MIND`].
fn without_courtesy(said: &str) -> String {
    let mut bare = tree::plain(said).to_lowercase();
    for before in ["please ", "pls ", "oh ", "ok ", "ok, ", "actually ", "actually, ", "no, ", "sorry, "] {
        bare = bare.strip_prefix(before).map_or(bare.clone(), ToOwned::to_owned);
    }
    for behind in [".", " please", " pls", " thanks", " thx", " for now", " then"] {
        bare = bare.strip_suffix(behind).map_or(bare.clone(), ToOwned::to_owned);
    }
    bare.trim_end_matches(',').to_owned()
}

/// Whether words close a question without an answer.
pub(super) fn closes(said: &str) -> bool {
    let bare = without_courtesy(said);
    NEVER_MIND.contains(&bare.as_str()) || ENOUGH.contains(&bare.as_str())
}

/// Whether somebody takes back what they said last, with no question open that a no could answer.
pub(super) fn takes_back(said: &str) -> bool {
    let bare = tree::plain(said).trim_end_matches('.').to_lowercase();
    NEVER_MIND.contains(&bare.as_str()) && !matches!(bare.as_str(), "no" | "no thanks")
}

/// "debug", where a variable's value is asked for: one word, and no order that would change anything.
fn is_value(question: &Question, said: &str, parsed: &Parsed) -> bool {
    let bare = tree::plain(said).to_lowercase();
    let is_order = parsed.commands.iter().any(|command| command.action.row().changes);
    question.slot == Slot::Value
        && !bare.contains(char::is_whitespace)
        && !is_order
        && Action::from_name(&bare).is_none()
        && !closes(said)
}

impl Desk {
    /// Takes what was said while somebody has a question open. `None` when it should be read by itself.
    pub(super) async fn answer(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        question: Question,
        said: &str,
        parsed: &Parsed,
    ) -> Result<Option<Heard>, Refusal> {
        let environments = speaker.environments();
        let reader = question.reader(&environments);
        let said = meant_by_sign(&question, said);
        if question.due_ms() <= self.engine.now_ms() {
            talk.close(&question);
            let answers = tree::take(&reader, said, true).is_ok() && parsed.commands.is_empty();
            let whom = self.engine.actor(&question.asked).await?.name;
            return Ok(
                answers.then(|| Heard::say(Outcome::Refused, view::question_expired(&question, &whom)))
            );
        }
        if tree::is_exact(&reader, said)
            || is_yes_or_no(&question, said)
            || is_value(&question, said, parsed) && meanwhile::about(&question, &reader, said).is_none()
        {
            return self.taken(speaker, talk, question, said).await.map(Some);
        }
        if tree::asks_for_the_whole(said) {
            return Ok(Some(Heard::say(Outcome::Asked, view::still_open(&question))));
        }
        let spoken = meanwhile::about(&question, &reader, said);
        if let Some(spoken) = spoken.filter(|it| *it != Meanwhile::Talk) {
            return Box::pin(self.spoken_about(speaker, talk, question, spoken)).await.map(Some);
        }
        let bare = without_courtesy(said);
        let empty = matches!(bare.as_str(), "no" | "nothing");
        let means_none = empty && question.usual.as_deref() == Some("none");
        let cancels_run = self.cancels_run(speaker, parsed).await?;
        if closes(said) && !means_none && !cancels_run {
            talk.close(&question);
            return Ok(Some(Heard::say(Outcome::Answered, view::question_closed(&question))));
        }
        // "also redis", where components are asked for: not one more of what was answered before.
        if let Some(more) = besides(said).filter(|_| matches!(question.slot.row().takes, Takes::Several))
            && tree::take(&reader, more, false).is_ok()
        {
            return self.taken(speaker, talk, question, more).await.map(Some);
        }
        match corrected(speaker, &question, said) {
            Corrected::By(draft, changed) => {
                let changed = view::corrected(&changed);
                return self.go_on(speaker, talk, &question, *draft, Some(changed)).await.map(Some);
            }
            Corrected::Meant(draft, of_what) => {
                let noted = view::meant_otherwise(said, &of_what);
                return self.go_on(speaker, talk, &question, *draft, Some(noted)).await.map(Some);
            }
            Corrected::Not { called, value, why } => {
                let card = view::correction_again(&question, &called, &value, &why);
                return Ok(Some(Heard::say(Outcome::Asked, card)));
            }
            Corrected::Nothing => {}
        }
        let loose = matches!(question.slot.row().takes, Takes::Loose(_));
        // "actually, roll back staging": the order stands behind the word.
        let behind = correction(said).filter(|_| parsed.commands.is_empty());
        let behind = behind.map(|meant| parse(meant, &speaker.names())).filter(|it| it.problem.is_none());
        let parsed = behind.as_ref().unwrap_or(parsed);
        if !parsed.commands.is_empty() && parsed.problem.is_none() {
            // "make release" may be how a service is built; an order that changes something is not given by mistake.
            if loose && !cancels_run && parsed.commands.iter().any(|command| command.action.row().changes) {
                return Ok(Some(Heard::say(Outcome::Asked, view::order_or_answer(&question, said))));
            }
            return Box::pin(self.another_order(speaker, talk, question, parsed)).await.map(Some);
        }
        if spoken.is_some() {
            return Ok(Some(Heard::say(Outcome::Asked, view::left_open(&question))));
        }
        // "what is a canary?"
        if value_in(&question, &reader, said).is_err()
            && said.chars().count() <= MAX_CHARS
            && let Some(help) = explained(parsed, &speaker.names())
        {
            return Box::pin(self.another_order(speaker, talk, question, &help)).await.map(Some);
        }
        // "v1.1.0 to staging", where main was said before.
        if value_in(&question, &reader, said).is_err()
            && let Some((draft, changed)) = elliptic::ref_put_right(&question, said, &speaker.names())
        {
            let changed = view::corrected(&changed);
            return self.go_on(speaker, talk, &question, draft, Some(changed)).await.map(Some);
        }
        // "staging v1.2.0": more than was asked for.
        let beside = || elliptic::whole_order(&question, said, &speaker.names());
        if value_in(&question, &reader, said).is_err()
            && let Some((whole, asides)) = beside()
        {
            let speaker = &speaker.saying(speaker.asides.clone().or(asides));
            let parsed = Parsed { commands: vec![whole], missing: Vec::new(), problem: None };
            return Box::pin(self.another_order(speaker, talk, question, &parsed)).await.map(Some);
        }
        // "set up qa": an order with a fault in it, and no answer.
        if let Some(problem) = parsed.problem.as_ref().filter(|it| is_faulty_order(it.kind))
            && value_in(&question, &reader, said).is_err()
        {
            let mut heard = Heard::say(Outcome::Refused, view::problem(problem));
            heard.outbound.push(Outbound::Say(view::left_open(&question)));
            return Ok(Some(heard));
        }
        self.taken(speaker, talk, question, said).await.map(Some)
    }

    /// Somebody speaks about the question; it stays open, or the one before it is asked once more.
    async fn spoken_about(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        question: Question,
        spoken: Meanwhile,
    ) -> Result<Heard, Refusal> {
        let card = match spoken {
            Meanwhile::Talk => view::left_open(&question),
            Meanwhile::Why => view::why_asked(&question),
            Meanwhile::Options => view::what_is_taken(&question),
            Meanwhile::Skip => view::not_skipped(&question),
            Meanwhile::Back => {
                let mut draft = question.draft.clone();
                let Some(called) = draft.back() else {
                    return Ok(Heard::say(Outcome::Asked, view::nothing_before(&question)));
                };
                let again = view::asked_anew(&called);
                return self.go_on(speaker, talk, &question, draft, Some(again)).await;
            }
        };
        Ok(Heard::say(Outcome::Asked, card))
    }

    /// Takes an answer, or says what would be one and leaves the question open.
    async fn taken(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        question: Question,
        said: &str,
    ) -> Result<Heard, Refusal> {
        let environments = speaker.environments();
        let taken = value_in(&question, &question.reader(&environments), said);
        let taken = taken.and_then(|value| question.is_meant(value));
        match self.looked_at(question.slot, taken).await {
            Ok(no) if question.slot == Slot::Confirm && no == "no" => {
                Ok(Heard::say(Outcome::Asked, view::what_is_wrong(&question)))
            }
            Ok(value) => {
                let mut draft = question.draft.clone();
                draft.put(question.slot, question.of.clone(), value);
                let mut asides = speaker.asides.clone();
                asides.retyped = question.of.clone().filter(|_| question.slot == Slot::Retype);
                let speaker = &speaker.saying(asides);
                Box::pin(self.go_on(speaker, talk, &question, draft, None)).await
            }
            Err(why) => Ok(Heard::say(Outcome::Asked, view::question_again(&question, said, &why))),
        }
    }

    /// Goes on with a request that knows more than before: asks for the next slot, or carries it out.
    async fn go_on(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        question: &Question,
        draft: Draft,
        changed: Option<Card>,
    ) -> Result<Heard, Refusal> {
        let speaker = &speaker.saying(speaker.asides.clone().or(question.asides.clone()));
        let mut heard = changed.map_or_else(Heard::nothing, |card| Heard::say(Outcome::Answered, card));
        if let Some(next) = draft.next() {
            talk.going_on_with(question);
            let asked = self.ask(speaker, talk, draft, next, Wanted::default(), &question.rest).await?;
            return Ok(heard.and(asked));
        }
        if draft.is_collected() {
            return Ok(heard.and(self.put_together(speaker, talk, question, &draft).await?));
        }
        if speaker.inbound.identity == question.asked {
            talk.close(question);
        } else {
            talk.answered_by(question, &speaker.actor.name);
            let whom = self.engine.actor(&question.asked).await?.name;
            heard.outbound.push(Outbound::Say(view::answered_for(question, &whom, &speaker.actor.name)));
        }
        let mut commands = vec![draft.filled()];
        commands.extend(question.rest.iter().cloned());
        Ok(heard.and(Box::pin(self.carry_out(speaker, talk, commands)).await?))
    }

    /// Whether words under a run's card cancel that run: while it is not over, they are not about the question.
    async fn cancels_run(&self, speaker: &Speaker<'_>, parsed: &Parsed) -> Result<bool, Refusal> {
        let (Some(about), [only]) = (&speaker.about, parsed.commands.as_slice()) else { return Ok(false) };
        if only.action != Action::Cancel {
            return Ok(false);
        }
        let run = self.engine.store().run_get(about).await?;
        Ok(run.is_some_and(|run| !run.state.is_over()))
    }

    /// A whole order while a question is open. The same one, said in full, is the answer, and what waited behind the
    /// question is done behind it; after another one the question stays open.
    async fn another_order(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        question: Question,
        parsed: &Parsed,
    ) -> Result<Heard, Refusal> {
        let mut commands = parsed.commands.clone();
        let whole = one_by_one(commands.clone());
        if whole.len() > 1
            && let Some(same) = talk.questions_of(&question.asked).find(|open| open.draft.was_said_as(&whole))
        {
            return Ok(Heard::say(Outcome::Asked, view::still_open(same)));
        }
        // What is put together by questions is one order: several are no answer to it, they are orders of their own.
        let one = commands.len() == 1;
        let meant = talk
            .questions_of(&question.asked)
            .filter(|open| one || !open.draft.is_collected())
            .find(|open| commands.iter().any(|it| open.is_said_by(it)));
        // What is put together by questions keeps the answers it has.
        if let (Some(meant), [same]) = (meant.cloned(), commands.as_slice())
            && meant.draft.is_collected()
        {
            let draft = meant.draft.said_as(same.clone()).told(&speaker.asides);
            return self.go_on(speaker, talk, &meant, draft, None).await;
        }
        let mut asides = speaker.asides.clone();
        let mut again = None;
        if let Some(meant) = meant.cloned() {
            talk.close(&meant);
            // What was said before and is not said now is meant all the same.
            let known = meant.draft.filled();
            for command in commands.iter_mut().filter(|it| meant.is_said_by(it)) {
                let whole = said_once_more(&known, command);
                if whole != *command {
                    again = Some(view::said_again(&whole));
                    *command = whole;
                }
            }
            let behind: Vec<Command> = meant.rest.into_iter().filter(|it| !commands.contains(it)).collect();
            commands.extend(behind);
            asides = asides.or(meant.asides);
        }
        let speaker = &speaker.saying(asides);
        let mut heard = Heard::nothing();
        heard.outbound.extend(again.map(Outbound::Say));
        heard = heard.and(self.carry_out(speaker, talk, commands).await?);
        if talk.question_of(&question.asked) == Some(&question) {
            heard.outbound.push(Outbound::Say(view::left_open(&question)));
        }
        Ok(heard)
    }

    /// Somebody else names a choice of the only question that is open here. They are heard when their role lets them give
    /// the order themselves; what comes of it is then theirs.
    pub(super) async fn answer_for(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        said: &str,
        parsed: &Parsed,
    ) -> Result<Option<Heard>, Refusal> {
        let now_ms = self.engine.now_ms();
        let environments = speaker.environments();
        // Their own question was answered by somebody else: what they say now is about that, and nobody else's, unless
        // it is an order.
        if let Some((question, by)) = talk.answered_for(&speaker.inbound.identity).cloned() {
            let answers = tree::take(&question.reader(&environments), said, true).is_ok();
            if answers && parsed.commands.is_empty() && question.due_ms() > now_ms {
                talk.told(&question.asked);
                return Ok(Some(Heard::say(Outcome::Answered, view::answered_already(&question, &by))));
            }
        }
        let open = talk.questions_here().filter(|question| question.due_ms() > now_ms);
        let open: Vec<Question> = open.cloned().collect();
        let [question] = open.as_slice() else { return Ok(None) };
        let question = question.clone();
        let reader = question.reader(&environments);
        let exact = tree::is_exact(&reader, said);
        // A number, or the beginning of a name, is too little to be taken for another person's answer.
        let any = matches!(reader.row.takes, Takes::Words(_) | Takes::Loose(_));
        let value = tree::take(&reader, said, true).ok().filter(|_| !any && parsed.commands.is_empty());
        if question.asked == speaker.inbound.identity
            || speaker.actor.role.is_none()
            || !(exact || value.is_some())
        {
            return Ok(None);
        }
        let action = question.draft.command.action.name();
        if self.engine.role_allows(action, speaker.project.as_ref(), &speaker.actor).await?.is_some() {
            return Ok(None);
        }
        if !exact {
            let whom = self.engine.actor(&question.asked).await?.name;
            let mut whole = question.draft.clone();
            if let Some(value) = value {
                whole.put(question.slot, question.of.clone(), value);
            }
            let card = view::asked_of_another(&question, &whom, &whole.canonical());
            return Ok(Some(Heard::say(Outcome::Refused, card)));
        }
        self.taken(speaker, talk, question, said).await.map(Some)
    }
}

/// The value that words give what was asked for; otherwise why they give none.
fn value_in(question: &Question, reader: &tree::Asked<'_>, said: &str) -> Result<String, String> {
    let meant = correction(said);
    // "no, make release" is no command line, and what stands behind the no is one.
    let loose = matches!(reader.row.takes, Takes::Loose(_));
    let said = meant.filter(|_| loose).unwrap_or(said);
    // Nearly anything with words in it could be a name.
    let in_words = matches!(reader.row.takes, Takes::Words(_));
    let meant = meant.filter(|meant| !in_words || !meant.contains(char::is_whitespace));
    // "batch size 50" to the question about the batch size is 50.
    let by_name = || tree::take(reader, named(question.slot, question.of.as_deref(), said)?, true).ok();
    let behind_no = || tree::take(reader, meant?, true).ok();
    if none_of(question.slot, said) {
        return Ok("none".to_owned());
    }
    tree::take(reader, said, true).or_else(|why| by_name().or_else(behind_no).ok_or(why))
}

/// A sign in words, where these could be an answer: a thumb is no number.
fn meant_by_sign<'w>(question: &Question, said: &'w str) -> &'w str {
    let agreed = question.usual.is_some() || matches!(question.slot.row().takes, Takes::YesNo);
    tree::in_words(said).filter(|words| agreed || *words != "yes").unwrap_or(said)
}

/// The help that a question about a word of ours is answered with.
fn explained(parsed: &Parsed, names: &Names) -> Option<Parsed> {
    let problem = parsed.problem.as_ref().filter(|it| it.kind == ProblemKind::NotACommand)?;
    let [help] = &problem.suggestions[..] else { return None };
    let help = parse(help, names);
    matches!(&help.commands[..], [command] if command.action == Action::Help).then_some(help)
}

/// Whether a text was an order, if there were not this in its way.
fn is_faulty_order(kind: ProblemKind) -> bool {
    matches!(kind, ProblemKind::UnknownName | ProblemKind::BadValue | ProblemKind::Ambiguous)
}

/// Whether a yes or a no answers the question, also the no that would close another one.
pub(super) fn is_yes_or_no(question: &Question, said: &str) -> bool {
    matches!(question.slot.row().takes, Takes::YesNo)
        && matches!(tree::plain(said).to_lowercase().trim_end_matches('.'), "yes" | "no")
}
