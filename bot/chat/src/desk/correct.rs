//! "no, v1.2", "actually staging", "rate is 200": what was said before is another thing now.

use std::sync::LazyLock;

use engine::control::Refusal;
use regex::Regex;

use super::question::Question;
use super::tree::{self, Draft, Slot, Takes, called_it, list_of, rate_said};
use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::{Action, Command, nearest_name, parse};
use crate::view;

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
/// What was meant instead, when the words correct something.
pub(super) fn correction(said: &str) -> Option<&str> {
    Some(CORRECTION.as_ref()?.captures(said)?.get(1)?.as_str().trim())
}

impl Desk {
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
                && speaker.project.as_ref().is_some_and(|it| run.environment().project == it.project)
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

/// What words say about an earlier answer.
pub(super) enum Corrected {
    /// Another value, and that in words.
    By(Box<Draft>, String),
    /// What was said is the value of something else than was asked for: of what.
    Meant(Box<Draft>, String),
    /// A value that can't be one.
    Not {
        /// What it is called.
        called: String,
        /// As it was said.
        value: String,
        /// What it is instead of a value: "none of the choices".
        why: String,
    },
    /// Nothing about any.
    Nothing,
}

/// What was corrected.
pub(super) fn corrected(speaker: &Speaker<'_>, question: &Question, said: &str) -> Corrected {
    let draft = &question.draft;
    let all: Vec<Slot> = tree::slots_of(draft.command.action)
        .chain([Slot::Ref, Slot::Canary])
        .filter(|slot| *slot != Slot::Confirm)
        .collect();
    if let Some((draft, changed)) = swapped(speaker, draft, said) {
        return Corrected::By(Box::new(draft), changed);
    }
    let meant = correction(said);
    let words = meant.unwrap_or(said);
    if let Some(found) = said_of_another(speaker, question, &all, said) {
        return found;
    }
    if let Some((draft, changed)) = one_more(speaker, draft, words) {
        return Corrected::By(Box::new(draft), changed);
    }
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

/// Words that say themselves what they are the value of, when that is not what was asked for: "call it store", "no build",
/// "no canary", and "500 users/min" where rows are counted.
fn said_of_another(
    speaker: &Speaker<'_>,
    question: &Question,
    all: &[Slot],
    said: &str,
) -> Option<Corrected> {
    let draft = &question.draft;
    let name = called_it(correction(said).unwrap_or(said));
    if let Some(name) = name.filter(|_| question.slot != Slot::Project && all.contains(&Slot::Project)) {
        let put = put(speaker, draft, (Slot::Project, None), name, None);
        return Some(put.map_or_else(
            |why| Corrected::Not { called: Slot::Project.called(None), value: name.to_owned(), why },
            |(draft, changed)| Corrected::By(Box::new(draft), changed),
        ));
    }
    let none = all.iter().copied().find(|slot| *slot != question.slot && none_of(*slot, said));
    if let Some((slot, of)) = none.and_then(|slot| Some((slot, of_which(question, slot)?))) {
        let mut draft = draft.clone();
        draft.correct(slot, of.as_deref(), "none".to_owned());
        return Some(Corrected::By(Box::new(draft), format!("{} is none", slot.called(of.as_deref()))));
    }
    let deploys = draft.command.action == Action::Deploy && question.slot != Slot::Canary;
    if deploys
        && said.to_lowercase().contains("canary")
        && let Ok((draft, changed)) = put(speaker, draft, (Slot::Canary, None), said, None)
    {
        return Some(Corrected::By(Box::new(draft), changed));
    }
    let counts = matches!(question.slot.row().takes, Takes::Count { .. }) && all.contains(&Slot::Rate);
    let rate = rate_said(&tree::plain(said)).filter(|_| counts)?;
    let of = of_which(question, Slot::Rate)?;
    let called = Slot::Rate.called(of.as_deref());
    let mut draft = draft.clone();
    draft.correct(Slot::Rate, of.as_deref(), rate.clone());
    Some(Corrected::Meant(Box::new(draft), format!("{called}: {rate}")))
}

/// Whether words say that there is none of what a slot asks for: "no build", "no components".
pub(super) fn none_of(slot: Slot, said: &str) -> bool {
    let said = tree::plain(said).to_lowercase();
    let name = said.strip_prefix("no ").map(|name| name.trim().trim_end_matches('.'));
    let row = slot.row();
    row.usual == Some("none") && name.is_some_and(|name| row.called.contains(&name))
}

/// Which of several a slot is about that was named alone: the one that is being asked about, or the only one, or the only
/// one nobody has spoken of.
#[allow(clippy::option_option)]
fn of_which(question: &Question, slot: Slot) -> Option<Option<String>> {
    let each = question.draft.each(slot);
    if question.of.is_some() && each.contains(&question.of) {
        return Some(question.of.clone());
    }
    if let [only] = each.as_slice() {
        return Some(only.clone());
    }
    let mut unsaid = each.into_iter().filter(|of| question.draft.said(slot, of.as_deref()).is_none());
    unsaid.next().filter(|_| unsaid.next().is_none())
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
    let places = draft.filled().environments;
    if slots.contains(&Slot::Rate) && places.len() > 1 && !draft.rates_differ() {
        let mut of_one =
            places.iter().filter_map(|place| Some((place, named(Slot::Rate, Some(place), meant)?)));
        if let Some((place, value)) = of_one.next() {
            let called = Slot::Rate.called(Some(place));
            return Some(match put(speaker, draft, (Slot::Rate, Some(place)), value, None) {
                Ok((put, changed)) => {
                    let mut draft = draft.clone();
                    let value = put.said(Slot::Rate, Some(place)).unwrap_or_default();
                    draft.rate_apart(place, value);
                    Ok((draft, changed))
                }
                Err(why) => Err((called, value.to_owned(), why)),
            });
        }
    }
    for slot in slots {
        let each = draft.each(*slot);
        // "no, build is make": of the only service there is, or of the one it was said of last.
        let said_last = draft.answers.iter().rev().find(|answer| answer.slot == *slot).map(|it| &it.of);
        let unnamed = match each.as_slice() {
            [Some(only)] => Some(only.clone()),
            _ => said_last.cloned().flatten(),
        };
        for of in each {
            // Where there is only one, its name may be said with it.
            let only = places.first().filter(|_| of.is_none() && places.len() == 1 && *slot == Slot::Rate);
            let of_only = || named(*slot, Some(only?), meant);
            let alone = || named(*slot, None, meant).filter(|_| ahead && of.is_some() && of == unnamed);
            let Some(value) = of_only().or_else(|| named(*slot, of.as_deref(), meant)).or_else(alone) else {
                continue;
            };
            if draft.said(*slot, of.as_deref()).is_none() && !ahead {
                continue;
            }
            match put(speaker, draft, (*slot, of.as_deref()), value, slot.row().usual) {
                Ok(found) => return Some(Ok(found)),
                Err(why) => refused = Some(Err((slot.called(of.as_deref()), value.to_owned(), why))),
            }
        }
    }
    refused
}

/// The value in words that call a slot by its name: "rate 200", "the build of api: make".
pub(super) fn named<'w>(slot: Slot, of: Option<&str>, words: &'w str) -> Option<&'w str> {
    let words = words.trim();
    let words = words.strip_prefix("the ").unwrap_or(words);
    let lower = words.to_lowercase();
    let names = slot.row().called.iter().flat_map(|called| match of.map(str::to_lowercase) {
        Some(of) => vec![
            format!("{called} of {of}"),
            format!("{called} in {of}"),
            format!("{of} {called}"),
            format!("{of}'s {called}"),
        ],
        None => vec![(*called).to_owned()],
    });
    names.into_iter().find_map(|name| {
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
    // A value that can be told from any word is what it is, however long ago it was said; any word could be a name. That
    // there is none of something is about what was said last.
    let names_any = |slot: Slot| {
        matches!(slot, Slot::Project | Slot::Services | Slot::Environment)
            || matches!(slot.row().takes, Takes::Loose(_))
    };
    let none = matches!(meant.to_lowercase().as_str(), "none" | "nothing");
    let mut slots: Vec<(usize, Slot)> = slots.iter().copied().enumerate().collect();
    if !none {
        slots.sort_by_key(|(_, slot)| names_any(*slot));
    }
    let renamed = one_renamed(draft, meant);
    for (place, slot) in slots {
        if names_any(slot) && renamed.is_some() {
            return renamed;
        }
        // Anything is a command line: only right after it was said. What fills a column nobody was asked for.
        if matches!(slot.row().takes, Takes::Loose(_)) && place > 0 || slot == Slot::Source {
            continue;
        }
        // Several words are no name, unless they say that they are one.
        if matches!(slot, Slot::Project | Slot::Environment) && meant.contains(char::is_whitespace) {
            continue;
        }
        let newest = draft.answers.iter().rev().find(|answer| answer.slot == slot);
        let of = newest.and_then(|answer| answer.of.clone());
        if let Ok(found) = put(speaker, draft, (slot, of.as_deref()), meant, None) {
            return Some(found);
        }
    }
    None
}

/// "also redis", "and cron too", "add web to the services": one more of what may be several.
static ALSO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\s*(?<word>(?:and\s+)?also|and|plus|add)\s+(?<more>\S.*?)(?:\s+(?:to|in)\s+(?:the\s+)?(?<name>[a-z]+))?
        (?:\s+(?:too|as\s+well))?[.!]*\s*$",
    )
    .ok()
});

/// What somebody wants besides, when they do not say of what.
pub(super) fn besides(said: &str) -> Option<&str> {
    let found = ALSO.as_ref()?.captures(said)?;
    found.name("more").filter(|_| found.name("name").is_none()).map(|more| more.as_str())
}

/// What is added to a list that was answered before: the one that is named, or the last that it fits.
fn one_more(speaker: &Speaker<'_>, draft: &Draft, said: &str) -> Option<(Draft, String)> {
    const LISTS: [Slot; 4] = [Slot::Services, Slot::Components, Slot::Connections, Slot::Texts];
    let found = ALSO.as_ref()?.captures(said)?;
    let part = |name: &str| found.name(name).map(|part| part.as_str().to_lowercase());
    let (more, name) = (part("more")?, part("name"));
    let adds = part("word").is_some_and(|word| word == "add");
    let components = draft.choices(Slot::Components, None, speaker.project.as_ref(), None);
    let answered = draft.answers.iter().rev().filter(|answer| LISTS.contains(&answer.slot));
    for answer in answered {
        let fits = match &name {
            Some(name) => answer.slot.row().called.contains(&name.as_str()),
            // Anything could be a service: what may be a component, or an order to add one, is none.
            None => answer.slot != Slot::Services || !adds && !components.contains(&more),
        };
        if !fits {
            continue;
        }
        let whole = match list_of(&answer.value).as_slice() {
            [] => more.clone(),
            there => format!("{}, {more}", there.join(", ")),
        };
        if let Ok(found) = put(speaker, draft, (answer.slot, None), &whole, None) {
            return Some(found);
        }
    }
    None
}

/// "no, worker instead of web", "not web but worker", "rename web to worker": one thing that was said is another.
static SWAPPED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\s*(?:(?:no|nope|actually|sorry|oops|wait|rather|please|use|take|i\s+mean(?:t)?|make\s+(?:it|that))[,;:.!\s]+)*
        (?:(?<new>[^\s,]+)\s+(?:instead\s+of|rather\s+than|not|in\s+place\s+of)\s+(?<old>[^\s,]+)
        |not\s+(?<old2>[^\s,]+?),?\s+but\s+(?<new2>[^\s,]+)
        |(?:rename|change|swap|replace)\s+(?<old3>[^\s,]+)\s+(?:to|with|by|for)\s+(?<new3>[^\s,]+))[.!]*\s*$",
    )
    .ok()
});

/// What was said, and what is to stand in its place.
fn one_for_another(said: &str) -> Option<(String, String)> {
    let found = SWAPPED.as_ref()?.captures(said)?;
    let part = |names: [&str; 3]| {
        let part = names.into_iter().find_map(|name| found.name(name))?.as_str();
        Some(part.trim_end_matches(['.', '!']).to_lowercase())
    };
    Some((part(["old", "old2", "old3"])?, part(["new", "new2", "new3"])?))
}

/// The answer in which the one stood, with the other in its place.
fn swapped(speaker: &Speaker<'_>, draft: &Draft, said: &str) -> Option<(Draft, String)> {
    let (old, new) = one_for_another(said)?;
    let services = draft.said(Slot::Services, None).map(|said| list_of(&said)).unwrap_or_default();
    if services.contains(&old) && !services.contains(&new) {
        let mut draft = draft.clone();
        draft.rename(&old, &new);
        let said = draft.said(Slot::Services, None)?;
        return Some((draft, format!("{} is {said}", Slot::Services.called(None))));
    }
    draft.answers.iter().rev().filter(|answer| !matches!(answer.slot.row().takes, Takes::Loose(_))).find_map(
        |answer| {
            let there = list_of(&answer.value);
            let other = if there.contains(&old) {
                there
                    .iter()
                    .map(|one| if *one == old { &new } else { one }.clone())
                    .collect::<Vec<_>>()
                    .join(", ")
            } else {
                answer.value.eq_ignore_ascii_case(&old).then(|| new.clone())?
            };
            put(speaker, draft, (answer.slot, answer.of.as_deref()), &other, None).ok()
        },
    )
}

/// "no, web" where the services were "api, wbe": the one that was typed wrong has that name.
fn one_renamed(draft: &Draft, meant: &str) -> Option<(Draft, String)> {
    let names = list_of(&draft.said(Slot::Services, None)?);
    let name = meant.trim().to_lowercase();
    let is_name = !name.contains(|c: char| c.is_whitespace() || c == ',');
    if names.len() < 2 || !is_name || names.contains(&name) {
        return None;
    }
    let wrong = nearest_name(&name, &names)?.to_owned();
    let mut draft = draft.clone();
    draft.rename(&wrong, &name);
    let said = draft.said(Slot::Services, None)?;
    Some((draft, format!("{} is {said}", Slot::Services.called(None))))
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
    let counts = slot.row().is_number();
    if !counts && value.trim().parse::<usize>().is_ok() {
        return Err("only a number".to_owned());
    }
    let value = tree::take(&reader, value, false)?;
    let mut draft = draft.clone();
    draft.correct(slot, of, value.clone());
    Ok((draft, format!("{} is {value}", slot.called(of))))
}

#[cfg(test)]
mod tests {
    use super::{correction, one_for_another};

    #[test]
    fn one_thing_for_another_is_heard() {
        for said in [
            "no, worker instead of web",
            "actually, use worker instead of web.",
            "worker rather than web",
            "no, not web but worker",
            "rename web to worker!",
            "sorry, replace web with worker",
        ] {
            assert_eq!(one_for_another(said), Some(("web".to_owned(), "worker".to_owned())), "{said}");
        }
        for said in ["no, worker", "not now", "deploy web instead of the api", "instead of web"] {
            assert_eq!(one_for_another(said), None, "{said}");
        }
    }

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
}
