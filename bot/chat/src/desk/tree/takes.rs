//! What a slot takes, and the reading of one answer against it.

pub(crate) mod valid;

use std::sync::LazyLock;

use engine::model::{NAME_MAX, ServiceName, is_unseen};
use regex::Regex;

use super::amounts::{RATE_WANTED, count, rate, rate_said};
use super::command_line::reads_as_command;
use super::{EMBEDDED, Slot, SlotRow, words};
use crate::intent::{Canary, Named, Names, Vocabulary, is_ref, parse_with};

/// Longest answer in words, in characters.
const WORDS_MAX: usize = 300;
/// A shorter beginning of a name is a slip of the finger, not a choice.
const BEGINNING_MIN: usize = 2;
/// So much of an environment's name is no slip: `pro` and `st` might be any.
const ENVIRONMENT_MIN: usize = 4;
/// Words that take what is usual.
const USUALLY: [&str; 10] =
    ["default", "the default", "usual", "the usual", "ok", "okay", "yes", "yep", "same", "skip"];
/// Of those, what means the default of a yes or a no as well.
const BY_DEFAULT: [&str; 4] = ["default", "the default", "usual", "the usual"];
const YES: [&str; 18] = [
    "yes",
    "y",
    "yep",
    "yeah",
    "yup",
    "sure",
    "ok",
    "okay",
    "right",
    "that's right",
    "that is right",
    "correct",
    "looks good",
    "looks right",
    "lgtm",
    "perfect",
    "all good",
    "fine",
];
const NO: [&str; 7] = ["no", "n", "nope", "nah", "wrong", "not right", "not quite"];
/// Answers that mean an empty list.
const NONE: [&str; 12] = [
    "none",
    "no",
    "nothing",
    "nope",
    "-",
    "nobody",
    "no one",
    "none of them",
    "none of these",
    "not yet",
    "not needed",
    "none yet",
];

/// Other words for the embedded platform.
const EMBEDDED_CALLED: [&str; 4] = ["embedded", "the embedded one", "this machine", "on this machine"];

/// The answer that means no canary.
pub(crate) const NO_CANARY: &str = "no canary";

/// The canary these words mean, read as in a whole order.
pub(crate) fn canary_of(said: &str) -> Option<Canary> {
    static NAMES: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::new(&Names::sample()));
    let said = said.trim();
    let with = if said.starts_with(|c: char| c.is_ascii_digit()) { "with canary " } else { "" };
    let mut commands = parse_with(&format!("deploy staging {with}{said}"), &NAMES).commands.into_iter();
    let (Some(mut command), None) = (commands.next(), commands.next()) else { return None };
    let canary = command.canary.take();
    // Nothing else may have been said with it.
    (command.canonical() == "deploy staging").then_some(canary).flatten()
}

/// A canary as it is asked for and answered with.
pub(crate) fn canary_words(canary: &Canary) -> String {
    match canary {
        Canary::Off => NO_CANARY.to_owned(),
        Canary::On { weights, soak_s } => {
            let weights: Vec<String> = weights.iter().map(ToString::to_string).collect();
            let soak = soak_s.map(|soak_s| format!(" soak {soak_s}s")).unwrap_or_default();
            format!("{}{soak}", weights.join("/"))
        }
    }
}

/// What a slot takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    /// One of the choices.
    One,
    /// One of the choices or something else that is valid.
    OneOr(Valid),
    /// Some of the choices.
    Several,
    /// A number from 1.
    Count {
        /// The greatest.
        most: u64,
        /// In words.
        what: &'static str,
        /// What may be counted, in words: nothing else may stand behind the number.
        units: &'static [&'static str],
    },
    /// How many of something in some time.
    Rate,
    /// Words with a form of their own.
    Words(Valid),
    /// Words of any form: nothing tells them from small talk but that they were asked for.
    Loose(Valid),
    /// Yes or no.
    YesNo,
}

/// Checks words and gives them their form; otherwise says what would do.
pub(crate) type Valid = fn(&str) -> Result<String, &'static str>;

/// What an answer is read against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The slot's row.
    pub(crate) row: &'a SlotRow,
    /// What there is to choose from, in the order it was shown.
    pub(crate) choices: &'a [String],
    /// What is usual here.
    pub(crate) usual: Option<&'a str>,
    /// The project's environments with the other words for them.
    pub(crate) environments: &'a [Named],
}

impl Asked<'_> {
    /// The choice of that name or number, or by another word for it.
    fn choice(&self, said: &str, beginnings: bool) -> Option<String> {
        if let Ok(number) = said.parse::<usize>() {
            return self.choices.get(number.checked_sub(1)?).cloned();
        }
        let said = said.to_lowercase();
        if let Some(place) = words::place(&said).filter(|_| beginnings) {
            return self.choices.get(place - 1).cloned();
        }
        let is = |choice: &&String| choice.to_lowercase() == said;
        if let Some(exact) = self.choices.iter().find(is) {
            return Some(exact.clone());
        }
        let aliased = self.environments.iter().find(|named| named.aliases.contains(&said));
        if matches!(self.row.slot, Slot::Environments | Slot::From | Slot::Destroyed)
            && let Some(named) = aliased
        {
            return self.choices.iter().find(|choice| **choice == named.name).cloned();
        }
        if self.row.slot == Slot::Platform && EMBEDDED_CALLED.contains(&said.as_str()) {
            return self.choices.iter().find(|choice| *choice == EMBEDDED).cloned();
        }
        let least = if self.row.slot == Slot::Environments { ENVIRONMENT_MIN } else { BEGINNING_MIN };
        if !beginnings || said.chars().count() < least {
            return None;
        }
        let mut begun = self.choices.iter().filter(|choice| choice.to_lowercase().starts_with(&said));
        begun.next().filter(|_| begun.next().is_none()).cloned()
    }

    /// Whether it is one of the project's environments, by its name or another word for it: hyphens make no difference when people
    /// type.
    fn is_there(&self, said: &str) -> bool {
        let plain = |name: &str| name.to_lowercase().replace(['-', '_', ' '], "");
        let is = |name: &String| plain(name) == plain(said);
        self.environments.iter().any(|named| is(&named.name) || named.aliases.iter().any(is))
    }

    fn several(&self, said: &str, beginnings: bool) -> Option<String> {
        let lower = said.to_lowercase();
        if self.row.usual == Some("none") && NONE.contains(&lower.as_str()) {
            return Some("none".to_owned());
        }
        let mut chosen: Vec<String> = Vec::new();
        for word in words::items(said) {
            let choice = self.choice(word, beginnings)?;
            if !chosen.contains(&choice) {
                chosen.push(choice);
            }
        }
        (!chosen.is_empty()).then(|| chosen.join(", "))
    }
}

/// An answer as it was typed or sent by a front: without the marks around it.
pub(crate) fn plain(said: &str) -> String {
    static LINK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"<([a-z+]+://[^|>\s]+)(?:\|[^>]*)?>").ok());
    static MENTION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\s*<@[^>]*>[\s,:]*").ok());
    let said = MENTION.as_ref().map_or(said.into(), |mention| mention.replace(said, ""));
    let said = LINK.as_ref().map_or(said.clone(), |link| link.replace_all(&said, "$1"));
    let said = said.trim().trim_end_matches(['!', ')']);
    let quoted = |mark: char| said.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    quoted('`').or_else(|| quoted('"')).unwrap_or(said).trim().to_owned()
}

/// Whether these words name a choice, and nothing else: an answer whoever says it.
pub(crate) fn is_exact(asked: &Asked<'_>, said: &str) -> bool {
    let said = plain(said);
    let number = said.parse::<usize>().is_ok();
    match asked.row.takes {
        Takes::One | Takes::OneOr(_) | Takes::Several => !number && asked.choice(&said, false).is_some(),
        _ => false,
    }
}

/// The value an answer gives the slot; otherwise what would do. Without `beginnings`, names are to be said in full.
pub(crate) fn take(asked: &Asked<'_>, said: &str, beginnings: bool) -> Result<String, String> {
    let ticked = said.trim_start().starts_with('`');
    let quoted = ticked || said.trim_start().starts_with('"');
    let said = plain(said);
    if asked.row.slot == Slot::Value && !quoted && said.contains(char::is_whitespace) {
        return Err("several words, which I can't tell from talk; in ticks I take any".to_owned());
    }
    let is_command = matches!(asked.row.slot, Slot::Build | Slot::Start);
    if is_command && !ticked && !reads_as_command(&said) && said.parse::<usize>().is_err() {
        return Err("no command that I can tell from talk; in ticks I take anything".to_owned());
    }
    if is_command && !ticked && asked.usual.is_none() && YES.contains(&said.to_lowercase().as_str()) {
        return Err("a yes, and not what is asked for".to_owned());
    }
    // A command line may end with any word.
    let any = matches!(asked.row.takes, Takes::Loose(_));
    let yes_no = matches!(asked.row.takes, Takes::YesNo);
    take_plain(asked, &said, beginnings).or_else(|why| {
        let bare = words::bare(&said, beginnings && !yes_no).filter(|_| !any).ok_or_else(|| why.clone())?;
        let counts = matches!(asked.row.takes, Takes::Count { .. } | Takes::Rate);
        if !counts && words::is_amount(&said) && words::items(bare).any(|item| item.parse::<usize>().is_ok())
        {
            return Err(why);
        }
        take_plain(asked, bare, beginnings).map_err(|_| why)
    })
}

/// The value that words give a slot by themselves, with nothing to choose from.
pub(crate) fn take_alone(slot: Slot, said: &str) -> Result<String, String> {
    take(&Asked { row: slot.row(), choices: &[], usual: None, environments: &[] }, said, false)
}

fn take_plain(asked: &Asked<'_>, said: &str, beginnings: bool) -> Result<String, String> {
    let bare = said.trim_end_matches('.');
    let lower = bare.to_lowercase();
    if said.chars().any(|c| c.is_control() || is_unseen(c)) {
        return Err("something with characters nobody can see".to_owned());
    }
    if said.chars().count() > WORDS_MAX {
        return Err(format!("longer than {WORDS_MAX} characters"));
    }
    // "Which components does it need?" - "yes": some are wanted, and nobody said which. Nor is a service called "ok".
    let agrees = YES.contains(&lower.as_str());
    let says_nothing = match (asked.row.takes, asked.usual) {
        (Takes::Several | Takes::Words(_), Some("none")) => agrees && !lower.starts_with("ok"),
        (Takes::Words(_), None) => agrees,
        _ => false,
    };
    if says_nothing {
        return Err("a yes, and not what is asked for".to_owned());
    }
    let usually: &[&str] = if matches!(asked.row.takes, Takes::YesNo) { &BY_DEFAULT } else { &USUALLY };
    if let Some(usual) = asked.usual
        && usually.contains(&lower.as_str())
    {
        return Ok(usual.to_owned());
    }
    let none_of = || words::with_nearest("none of the choices", bare, asked.choices);
    match asked.row.takes {
        Takes::One => asked.choice(bare, beginnings).ok_or_else(none_of),
        Takes::OneOr(valid) => match asked
            .choice(bare, false)
            .or_else(|| words::picked(bare, asked.choices).cloned())
        {
            Some(choice) => Ok(choice),
            None => valid(bare).map_err(|no| words::with_nearest(&format!("no {no}"), bare, asked.choices)),
        },
        Takes::Several => asked.several(bare, beginnings).ok_or_else(none_of),
        Takes::Count { most, what, units } => {
            match count(&lower, units).filter(|count| (1..=most).contains(count)) {
                Some(count) => Ok(count.to_string()),
                None if rate_said(&lower).is_some() => Err(format!("a rate, and not {what}")),
                None => Err(format!("not {what}")),
            }
        }
        Takes::Rate => rate(&lower).ok_or_else(|| format!("not {RATE_WANTED}")),
        Takes::Words(valid) | Takes::Loose(valid) => {
            if asked.row.slot == Slot::Environment && asked.is_there(&lower) {
                return Err("there already".to_owned());
            }
            if asked.usual == Some("none") && NONE.contains(&lower.as_str()) {
                return Ok("none".to_owned());
            }
            // Beside words, a button is a choice too.
            match bare.parse::<usize>().ok().and_then(|number| asked.choices.get(number.checked_sub(1)?)) {
                Some(choice) => Ok(choice.clone()),
                None => valid(said).map_err(|wanted| format!("no {wanted}")),
            }
        }
        Takes::YesNo => match lower.as_str() {
            yes if YES.contains(&yes) || yes == "1" => Ok("yes".to_owned()),
            no if NO.contains(&no) || no == "2" => Ok("no".to_owned()),
            other => Err(words::with_nearest("neither yes nor no", other, asked.choices)),
        },
    }
}

/// Whether somebody asks what is put together so far.
pub(crate) fn asks_for_the_whole(said: &str) -> bool {
    static WHOLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?ix)^\W*(?:(?:show|list|give)(?:\s+me)?(?:\s+(?:it|all|everything|the\s+whole|that))?(?:\s+so\s+far)?|so\s+far|the\s+whole|summary|overview|review
            |what\s+(?:will|would)\s+(?:happen|it\s+do|you\s+do)(?:\s+then)?|what\s+happens(?:\s+(?:then|next))?
            |what\s+(?:do\s+(?:you|we)\s+have|have\s+(?:you|we)(?:\s+got)?)(?:\s+so\s+far)?|where\s+(?:are|were)\s+we)\W*$",
        )
        .ok()
    });
    WHOLE.as_ref().is_some_and(|whole| whole.is_match(said))
}

/// What somebody calls the project they set up: "set up staging for Corner Shop on local".
pub(crate) fn named_project(said: &str) -> Option<String> {
    static FOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\bset[- ]?up\b[^.;]*?\bfor\s+(?:the\s+|our\s+|my\s+)?(?:project\s+|app\s+)?([a-z][\w -]*?)\s*(?:$|[.,;!]|\b(?:on|with|using|via|in|at|and)\b)",
        )
        .ok()
    });
    let name = FOR.as_ref()?.captures(said)?.get(1)?.as_str().trim().to_owned();
    let environment = Names::sample().environments.iter().any(|named| {
        named.name.eq_ignore_ascii_case(&name)
            || named.aliases.iter().any(|it| it.eq_ignore_ascii_case(&name))
    });
    valid::name(&name).ok().filter(|_| !environment)
}
