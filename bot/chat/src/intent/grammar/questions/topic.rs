//! What help is asked about, whom an audit is about, and whether a backfill is meant.

use crate::intent::actions::Action;
use crate::intent::command::Command;
use crate::intent::grammar::heads;
use crate::intent::lexicon::{Class, look_up};
use crate::intent::names::NameKind;
use crate::intent::values;
use crate::intent::words::{Token, Words};

/// "help deploy", "help me with canary", "how do I roll back?": the topic is an action's name or the word itself.
pub(in crate::intent) fn help(tokens: &[Token<'_>]) -> Command {
    let mut command = Command::new(Action::Help);
    // "help can": the word is a topic where it stands alone.
    if let [only] = tokens
        && let Some(action) = Action::from_name(only.low)
    {
        command.topic = Some(action.name().to_owned());
        return command;
    }
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let word = token.low.trim_matches(['-', '_', '@']);
        let class = look_up(word).class;
        let little = [
            "", "me", "with", "on", "about", "the", "a", "to", "i", "we", "you", "please", "for", "topic",
            "us", "because", "how", "do", "can", "run", "out", "of", "one", "what", "is", "are", "does", "w",
            "w/", "w/o",
        ];
        // "rerun--" is called like an order, and is none.
        let dashed = word.len() < token.low.len() && (class.known() || class.is(Class::TAKES_BACK));
        if !token.is_word() || dashed || class.is(Class::TELLS.and(Class::NEGATION)) || little.contains(&word)
        {
            at += 1;
            continue;
        }
        let meant = |(head, len): (heads::Head, usize)| {
            // "help stop everything" is about what "stop" means when nothing else is said.
            [&tokens[at + len..], &[]].into_iter().find_map(|rest| {
                match heads::resolve(head, &heads::Rest(rest)) {
                    heads::Meaning::Action(action) | heads::Meaning::DryRun(action) => Some(action.name()),
                    heads::Meaning::None => None,
                }
            })
        };
        let action = if Action::from_name(word).is_some() {
            None
        } else {
            heads::find(&tokens[at..]).or_else(|| heads::gerund(&tokens[at..]))
        };
        command.topic = Some(action.and_then(meant).unwrap_or(word).to_owned());
        break;
    }
    command
}

/// "audit by ana", "what did ana do": who it is about.
pub(in crate::intent) fn actor(tokens: &[Token<'_>]) -> Option<String> {
    let by = tokens.iter().position(|token| token.any(&["by", "did", "user", "from", "actor"]))?;
    let plain = |next: &&Token<'_>| {
        next.is_word()
            && next.name.is_none()
            && !next.class.known()
            && next.low.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
    };
    // "what ana did"
    let before = by.checked_sub(1).and_then(|at| tokens.get(at)).filter(|_| tokens[by].any(&["did"]));
    // "by actor maria"
    let named = tokens.get(by + 1).is_some_and(|next| next.any(&["actor", "user"]));
    let who = tokens.get(by + 1 + usize::from(named)).filter(plain).or_else(|| before.filter(plain))?;
    person(who.raw)
}

/// What somebody is called who is named by this word, if anybody is.
pub(in crate::intent) fn person(word: &str) -> Option<String> {
    let name = word.trim_start_matches('@').trim_end_matches('-');
    let name = name.strip_suffix("'s").unwrap_or(name);
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+' | '\'');
    let sane = name.starts_with(char::is_alphanumeric) && name.ends_with(char::is_alphanumeric);
    let low = name.to_ascii_lowercase();
    let addressed = matches!(&*low, "here" | "channel" | "everyone" | "all" | "group")
        || look_up(&low).class.is(Class::OPENER)
        || values::is_clock(&low);
    (sane && !addressed && name.chars().all(inside) && !name.contains("..")).then(|| name.to_owned())
}

/// A backfill is asked about, by the word or by a job's name, also typed wrong.
pub(super) fn backfills(tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|token| {
        token.is_word()
            && (token.low.starts_with("backfil")
                && token.low != "backfilled"
                && token.low != "backfilling"
                && token.low != "backfills"
                || token.name.is_some_and(|hit| hit.kind == NameKind::Job))
    })
}

/// "which version do you recommend?": it asks what somebody thinks best.
pub(super) fn opines(tokens: &[Token<'_>]) -> bool {
    const OPINIONS: Words = Words::of(&[
        "recommend",
        "recommends",
        "recommended",
        "suggest",
        "suggests",
        "prefer",
        "prefers",
        "advise",
        "favor",
        "favour",
        "like",
        "love",
        "support",
        "supports",
        "supported",
        "require",
        "requires",
    ]);
    tokens.iter().any(|token| token.among(&OPINIONS))
}

/// "can you deploy to production at all?": whoever asks that wants to know, and nothing done.
pub(super) fn at_all(tokens: &[Token<'_>]) -> bool {
    let mut words = tokens.iter().rev().filter(|token| token.is_word());
    let (last, before) = (words.next(), words.next());
    last.is_some_and(|last| last.any(&["all"])) && before.is_some_and(|before| before.any(&["at"]))
}
