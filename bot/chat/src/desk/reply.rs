//! What is said while a question is open: its answer, a correction of what was said before, a word that closes it, an order
//! of its own, or small talk.

use std::sync::LazyLock;

use engine::control::Refusal;
use regex::Regex;

use super::question::{Question, Wanted};
use super::talk::Talk;
use super::tree::{self, Draft, Slot, Takes};
use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::{Action, Command, Parsed, parse};
use crate::message::Outbound;
use crate::view;

/// Words that close a question without an answer.
const NEVER_MIND: [&str; 12] = [
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
];
/// Runs looked through for the one somebody corrects.
const CORRECT_LOOK_BACK: i64 = 20;
/// How long after an order a correction is about it, in milliseconds.
const CORRECT_MS: i64 = 15 * 60_000;

/// "no, v1.2", "actually staging", "sorry, I meant production": what was meant.
static CORRECTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\s*(?:no|nope|actually|sorry|oops|wait|correction|rather|i\s+mean(?:t)?|make\s+(?:it|that)|change\s+(?:it|that)\s+to)
        (?:[,;:.!\s]+(?:no|wait|sorry|actually|rather|use|take|i\s+mean(?:t)?|it'?s|make\s+(?:it|that)|change\s+(?:it|that)?\s*to))*
        [,;:.!\s]+(.+?)(?:[,\s]+(?:instead|please))?\s*$",
    )
    .ok()
});
/// What people say to each other while they think.
static SMALL_TALK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*(?:hi|hello|hey|thanks|thank\s+you|thx|cheers|lol|haha+|hm+|umm?|wow|cool|nice|great|brb|wait|hold\s+on
        |one\s+(?:sec|second|moment|minute)|(?:just\s+)?a\s+(?:sec|second|moment|minute)|let\s+me\s+(?:check|think|see|look)
        |good\s+(?:morning|evening|question)|what'?s\s+up|not\s+sure|i\s+don'?t\s+know|dunno|idk|no\s+idea)\b",
    )
    .ok()
});

/// What was meant instead, when the words correct something.
fn correction(said: &str) -> Option<&str> {
    Some(CORRECTION.as_ref()?.captures(said)?.get(1)?.as_str().trim())
}

fn is_small_talk(said: &str) -> bool {
    // Nobody answers with a speech or with marks alone.
    !said.chars().any(char::is_alphanumeric) || SMALL_TALK.as_ref().is_some_and(|talk| talk.is_match(said))
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
        if question.due_ms() <= self.engine.now_ms() {
            talk.close(&question);
            let answers = tree::take(&reader, said, true).is_ok() && parsed.commands.is_empty();
            let whom = self.engine.actor(&question.asked).await?.name;
            return Ok(
                answers.then(|| Heard::say(Outcome::Refused, view::question_expired(&question, &whom)))
            );
        }
        if tree::is_exact(&reader, said) || is_yes_or_no(&question, said) {
            return self.taken(speaker, talk, question, said).await.map(Some);
        }
        let bare = tree::plain(said).trim_end_matches('.').to_lowercase();
        let means_none = bare == "no" && question.usual.as_deref() == Some("none");
        let cancels_run = self.cancels_run(speaker, parsed).await?;
        if NEVER_MIND.contains(&bare.as_str()) && !means_none && !cancels_run {
            talk.close(&question);
            return Ok(Some(Heard::say(Outcome::Answered, view::question_closed(&question))));
        }
        match corrected(speaker, &question, said) {
            Corrected::By(draft, changed) => {
                return self.go_on(speaker, talk, &question, *draft, Some(changed)).await.map(Some);
            }
            Corrected::Not { called, value, why } => {
                let card = view::correction_again(&question, &called, &value, &why);
                return Ok(Some(Heard::say(Outcome::Asked, card)));
            }
            Corrected::Nothing => {}
        }
        let loose = matches!(question.slot.row().takes, Takes::Loose(_));
        if !parsed.commands.is_empty() && parsed.problem.is_none() {
            // "make release" may be how a service is built; an order that changes something is not given by mistake.
            if loose && !cancels_run && parsed.commands.iter().any(|command| command.action.row().changes) {
                return Ok(Some(Heard::say(Outcome::Asked, view::order_or_answer(&question, said))));
            }
            return Box::pin(self.another_order(speaker, talk, question, parsed)).await.map(Some);
        }
        // A command line is anything at all; small talk is not taken for one.
        if is_small_talk(said) && (loose || tree::take(&reader, said, false).is_err()) {
            return Ok(Some(Heard::say(Outcome::Asked, view::still_open(&question))));
        }
        self.taken(speaker, talk, question, said).await.map(Some)
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
        let reader = question.reader(&environments);
        // "batch size 50" to the question about the batch size is 50.
        let by_name = || tree::take(&reader, named(question.slot, question.of.as_deref(), said)?, true).ok();
        let taken = tree::take(&reader, said, true).or_else(|why| by_name().ok_or(why));
        match taken {
            Ok(no) if question.slot == Slot::Confirm && no == "no" => {
                Ok(Heard::say(Outcome::Asked, view::what_is_wrong(&question)))
            }
            Ok(value) => {
                let mut draft = question.draft.clone();
                draft.put(question.slot, question.of.clone(), value);
                self.go_on(speaker, talk, &question, draft, None).await
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
        changed: Option<String>,
    ) -> Result<Heard, Refusal> {
        let speaker = &speaker.saying(speaker.asides.clone().or(question.asides.clone()));
        let mut heard = match &changed {
            Some(changed) => Heard::say(Outcome::Answered, view::corrected(changed)),
            None => Heard::nothing(),
        };
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
        let meant =
            talk.questions_of(&question.asked).find(|open| commands.iter().any(|it| open.is_said_by(it)));
        // What is put together by questions keeps the answers it has.
        if let (Some(meant), [same]) = (meant.cloned(), commands.as_slice())
            && meant.draft.is_collected()
        {
            let draft = meant.draft.said_as(same.clone());
            return self.go_on(speaker, talk, &meant, draft, None).await;
        }
        let mut asides = speaker.asides.clone();
        if let Some(meant) = meant.cloned() {
            talk.close(&meant);
            let behind: Vec<Command> = meant.rest.into_iter().filter(|it| !commands.contains(it)).collect();
            commands.extend(behind);
            asides = asides.or(meant.asides);
        }
        let speaker = &speaker.saying(asides);
        let mut heard = self.carry_out(speaker, talk, commands).await?;
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
        let mut open = talk.questions().iter().filter(|question| question.due_ms() > now_ms);
        let (Some(question), None) = (open.next().cloned(), open.next()) else { return Ok(None) };
        if question.asked == speaker.inbound.identity
            || speaker.actor.role.is_none()
            || !tree::is_exact(&question.reader(&environments), said)
        {
            return Ok(None);
        }
        let action = question.draft.command.action.name();
        if self.engine.role_allows(action, speaker.project.as_ref(), &speaker.actor).await?.is_some() {
            return Ok(None);
        }
        self.taken(speaker, talk, question, said).await.map(Some)
    }

    /// "no, v1.2" after an order was given: what was made stays as it is, and the other order is offered.
    pub(super) async fn correct_run(
        &self,
        speaker: &Speaker<'_>,
        said: &str,
    ) -> Result<Option<Heard>, Refusal> {
        let (Some(meant), Some(_)) = (correction(said), speaker.actor.role) else { return Ok(None) };
        let now_ms = self.engine.now_ms();
        let runs = self.engine.store().run_recent(CORRECT_LOOK_BACK).await?;
        let theirs = runs.into_iter().find(|run| {
            run.requester.name == speaker.actor.name
                && run.request.conversation.as_deref() == Some(speaker.inbound.conversation.as_str())
                && now_ms - run.created_ms <= CORRECT_MS
        });
        let Some(run) = theirs else { return Ok(None) };
        let names = speaker.names();
        let Some(command) = parse(&run.request.command, &names).commands.into_iter().next() else {
            return Ok(None);
        };
        let draft = Draft::of(command);
        let slots: Vec<Slot> = tree::slots_of(draft.command.action).chain([Slot::Ref]).collect();
        let Some((draft, _)) = put_where_it_fits(speaker, &draft, &slots, meant) else { return Ok(None) };
        let other: Command = draft.filled();
        if other.canonical() == run.request.command {
            return Ok(None);
        }
        Ok(Some(Heard::say(Outcome::Asked, view::correct_run(&run, &other))))
    }
}

/// Whether a yes or a no answers the question, also the no that would close another one.
fn is_yes_or_no(question: &Question, said: &str) -> bool {
    matches!(question.slot.row().takes, Takes::YesNo)
        && matches!(tree::plain(said).to_lowercase().trim_end_matches('.'), "yes" | "no")
}

/// What words say about an earlier answer.
enum Corrected {
    /// Another value, and that in words.
    By(Box<Draft>, String),
    /// A value that can't be one.
    Not {
        /// What it is called.
        called: String,
        value: String,
        /// What it is instead of a value: "none of the choices".
        why: String,
    },
    /// Nothing about any.
    Nothing,
}

/// What was corrected.
fn corrected(speaker: &Speaker<'_>, question: &Question, said: &str) -> Corrected {
    let draft = &question.draft;
    let all: Vec<Slot> = tree::slots_of(draft.command.action)
        .chain([Slot::Ref, Slot::Canary])
        .filter(|slot| *slot != Slot::Confirm)
        .collect();
    let meant = correction(said);
    let words = meant.unwrap_or(said);
    match put_by_name(speaker, draft, &all, words, meant.is_some()) {
        Some(Ok((draft, changed))) => return Corrected::By(Box::new(draft), changed),
        // Without a word of correction it may be an answer that only looks like one.
        Some(Err((called, value, why))) if meant.is_some() => return Corrected::Not { called, value, why },
        Some(Err(_)) => return Corrected::Nothing,
        // What names something is no value of anything else.
        None if all.iter().any(|slot| named(*slot, None, words).is_some()) => return Corrected::Nothing,
        None => {}
    }
    // Without a name it is the last answer that it fits, then what was said at first.
    let answered: Vec<Slot> = draft.answers.iter().rev().map(|answer| answer.slot).collect();
    let first = all.into_iter().filter(|slot| !answered.contains(slot) && draft.said(*slot, None).is_some());
    let order: Vec<Slot> = answered.iter().copied().chain(first).collect();
    match meant.and_then(|meant| put_where_it_fits(speaker, draft, &order, meant)) {
        Some((draft, changed)) => Corrected::By(Box::new(draft), changed),
        None => Corrected::Nothing,
    }
}

/// A draft with another value, and that in words; or what it is called, the value, and why it is none.
type Put = Result<(Draft, String), (String, String, String)>;

/// "rate 200", "build of api: make", "the domain of production is app.example.com": nothing when no slot is named.
/// What nobody has said yet is taken `ahead` of its question only where the words are meant as a value.
fn put_by_name(
    speaker: &Speaker<'_>,
    draft: &Draft,
    slots: &[Slot],
    meant: &str,
    ahead: bool,
) -> Option<Put> {
    let mut refused = None;
    for slot in slots {
        for of in draft.each(*slot) {
            let Some(value) = named(*slot, of.as_deref(), meant) else { continue };
            if draft.said(*slot, of.as_deref()).is_none() && !ahead {
                continue;
            }
            match put(speaker, draft, (*slot, of.as_deref()), value, slot.row().usual) {
                Ok(found) => return Some(Ok(found)),
                Err(why) => refused = Some(Err((called(*slot, of.as_deref()), value.to_owned(), why))),
            }
        }
    }
    refused
}

/// What a slot is called on cards.
fn called(slot: Slot, of: Option<&str>) -> String {
    let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
    format!("{}{of}", slot.row().called.first().copied().unwrap_or_default())
}

/// The value in words that call a slot by its name: "rate 200", "the build of api: make".
fn named<'w>(slot: Slot, of: Option<&str>, words: &'w str) -> Option<&'w str> {
    let words = words.trim();
    let words = words.strip_prefix("the ").unwrap_or(words);
    let lower = words.to_lowercase();
    slot.row().called.iter().find_map(|called| {
        let name = match of {
            Some(of) => format!("{called} of {}", of.to_lowercase()),
            None => (*called).to_owned(),
        };
        let rest = lower.strip_prefix(&name).and_then(|_| words.get(name.len()..))?;
        let value = rest.trim_start_matches([' ', ':', '=']);
        let value = ["is ", "are ", "to "].iter().find_map(|word| value.strip_prefix(word)).unwrap_or(value);
        rest.starts_with([' ', ':', '=']).then_some(value)
    })
}

/// Puts a value into the first of these slots that takes it for what it is.
fn put_where_it_fits(
    speaker: &Speaker<'_>,
    draft: &Draft,
    slots: &[Slot],
    meant: &str,
) -> Option<(Draft, String)> {
    for (place, slot) in slots.iter().enumerate() {
        // Anything is a command line: only right after it was said.
        if matches!(slot.row().takes, Takes::Loose(_)) && place > 0 {
            continue;
        }
        let newest = draft.answers.iter().rev().find(|answer| answer.slot == *slot);
        let of = newest.and_then(|answer| answer.of.clone());
        if let Ok(found) = put(speaker, draft, (*slot, of.as_deref()), meant, None) {
            return Some(found);
        }
    }
    None
}

/// The draft with this value, and that in words; otherwise why it is none.
fn put(
    speaker: &Speaker<'_>,
    draft: &Draft,
    (slot, of): (Slot, Option<&str>),
    value: &str,
    usual: Option<&str>,
) -> Result<(Draft, String), String> {
    let environments = speaker.environments();
    let choices = draft.choices(slot, of, speaker.project.as_ref(), None);
    let reader = tree::Asked { row: slot.row(), choices: &choices, usual, environments: &environments };
    // A number is a place in a list only where the list was just shown.
    let counts = matches!(slot.row().takes, Takes::Count { .. });
    if !counts && value.trim().parse::<usize>().is_ok() {
        return Err("only a number".to_owned());
    }
    let value = tree::take(&reader, value, false)?;
    let mut draft = draft.clone();
    // What was asked for before keeps its place; only its value is another one.
    match draft.answers.iter_mut().find(|answer| answer.slot == slot && answer.of.as_deref() == of) {
        Some(answer) => answer.value.clone_from(&value),
        None => draft.put(slot, of.map(ToOwned::to_owned), value.clone()),
    }
    Ok((draft, format!("{} is {value}", called(slot, of))))
}

#[cfg(test)]
mod tests {
    use super::{correction, is_small_talk};

    #[test]
    fn corrections_are_heard() {
        for (said, meant) in [
            ("no, v1.2", "v1.2"),
            ("actually staging", "staging"),
            ("No wait, I meant production instead", "production"),
            ("sorry, make it 200 please", "200"),
            ("make that rate 300", "rate 300"),
        ] {
            assert_eq!(correction(said), Some(meant), "{said}");
        }
        for said in ["no", "staging", "nothing, thanks", "notes", "actually"] {
            assert_eq!(correction(said), None, "{said}");
        }
    }

    #[test]
    fn small_talk_is_told_from_answers() {
        for said in ["thanks!", "hmm", "one sec", "let me check with ben", "\u{1f44d}", "???", "lol", "idk"] {
            assert!(is_small_talk(said), "{said}");
        }
        for said in ["staging", "main", "hello-world", "500", "the moon", "waiting-room"] {
            assert!(!is_small_talk(said) || said.starts_with("hello-"), "{said}");
        }
    }
}
