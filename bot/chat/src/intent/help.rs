//! Help by topic, with examples from the person's own project, made from the table of actions and that of topics.

mod topics;

use std::fmt::Write as _;

use super::actions::{Action, ActionRow, TABLE};
use super::names::Names;
use super::near::Spelled;
use topics::{TOPICS, Topic, more, topic};

/// The longest line of a list, in characters: it is shown as it is, and most terminals have at least this.
const LINE_MAX: usize = 72;

/// What is said beside examples that hold what is understood and not carried out yet.
const LATER: [(&str, &str); 1] = [("railway", "   (providers are to come)")];
/// Topics proposed for one there is none of.
const NEAREST_MAX: usize = 3;
/// What works where there is no project.
const FIRST: &str = "set up staging and production";
/// What a project is called where there is none yet.
const PROJECT: &str = "my-project";

/// Help on a topic (an action's name, one of its verbs, or how something works), or the overview.
pub fn help(topic: Option<&str>, names: &Names) -> String {
    match topic {
        None => overview(names),
        Some(topic) => match find(topic) {
            Some(Found::Action(row)) => on(row, names),
            Some(Found::Topic(topic)) => about(topic, names),
            None => unknown(topic),
        },
    }
}

/// What help can be asked about beside actions.
pub fn topics() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().filter_map(|topic| topic.words.first().copied())
}

/// Whether there is help on a word.
pub(super) fn has(word: &str) -> bool {
    find(word).is_some()
}

/// What help was found on.
enum Found {
    Action(&'static ActionRow),
    Topic(&'static Topic),
}

/// What a word means: an action by its name or verb, how something works, an action by its plural or one of its keys.
fn find(said: &str) -> Option<Found> {
    let said = said.trim().to_lowercase();
    let verb = |said: &str| {
        let by_verb =
            || TABLE.iter().find(|row| row.verbs.iter().any(|verb| verb.eq_ignore_ascii_case(said)));
        Action::from_name(said).map(Action::row).or_else(by_verb).map(Found::Action)
    };
    let stem = said.strip_suffix("ions").map(|stem| format!("{stem}e"));
    let plain = stem.or_else(|| said.strip_suffix('s').map(ToOwned::to_owned));
    verb(&said)
        .or_else(|| topic(&said).map(Found::Topic))
        .or_else(|| verb(&plain?))
        .or_else(|| TABLE.iter().find(|row| row.keys.iter().any(|key| key.name() == said)).map(Found::Action))
}

/// What is said about something there is no help on: the nearest topics, or all of them.
fn unknown(said: &str) -> String {
    let asked = Spelled::new(said.to_lowercase());
    let words = TOPICS.iter().flat_map(|topic| topic.words).copied();
    let known = TABLE.iter().map(|row| row.name).chain(words);
    let mut near: Vec<(usize, &str)> =
        known.filter_map(|word| Some((Spelled::new(word).distance(&asked)?, word))).collect();
    near.sort_by_key(|(distance, _)| *distance);
    let nearest: Vec<String> =
        near.iter().take(NEAREST_MAX).map(|(_, word)| format!("`help {word}`")).collect();
    if nearest.is_empty() {
        let mut out = format!("There is no help on `{said}`. There is on these:\n");
        let names = TABLE.iter().map(|row| row.name).chain(topics());
        listed(&mut out, names);
        return out;
    }
    format!("There is no help on `{said}`. Nearest: {}.\n`help` lists all of it.\n", nearest.join(", "))
}

/// How something works.
fn about(topic: &Topic, names: &Names) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}:", topic.words.first().copied().unwrap_or_default());
    for line in topic.says {
        let _ = writeln!(out, "{}", fill(line, names));
    }
    examples(&mut out, topic.examples.iter().map(|example| fill(example, names)));
    out
}

fn examples(out: &mut String, all: impl Iterator<Item = String>) {
    out.push_str("For example:\n");
    for example in all {
        let _ = writeln!(out, "  {example}");
    }
}

/// Names in a list, broken into lines.
fn listed<'a>(out: &mut String, names: impl Iterator<Item = &'a str>) {
    let mut names = names.peekable();
    let mut line = String::new();
    while let Some(name) = names.next() {
        let end = if names.peek().is_none() { "." } else { "," };
        if !line.is_empty() && line.len() + name.len() + 2 > LINE_MAX {
            let _ = writeln!(out, "  {line}");
            line.clear();
        }
        let _ = write!(line, "{}{name}{end}", if line.is_empty() { "" } else { " " });
    }
    let _ = writeln!(out, "  {line}");
}

fn on(row: &ActionRow, names: &Names) -> String {
    let mut out = format!("{}: {}\n", row.name, row.help);
    if !row.action.is_built() {
        out.push_str("I understand it, but I can't do it yet.\n");
    }
    let others: Vec<&str> = row.verbs.iter().copied().filter(|verb| *verb != row.name).collect();
    if !others.is_empty() {
        let _ = writeln!(out, "Also said as: {}.", others.join(", "));
    }
    for line in more(row.action) {
        let _ = writeln!(out, "{}", fill(line, names));
    }
    let later = |example: &str| {
        LATER.iter().find(|(part, _)| row.built && example.contains(part)).map_or("", |(_, says)| says)
    };
    examples(
        &mut out,
        row.examples.iter().map(|example| format!("{}{}", fill(example, names), later(example))),
    );
    out
}

fn overview(names: &Names) -> String {
    let mut out = String::from("What you can say:\n");
    let width = TABLE.iter().map(|row| row.name.len()).max().unwrap_or_default();
    for row in TABLE.iter().filter(|row| row.action.is_built()) {
        let _ = writeln!(out, "  {:width$}  {}", row.name, row.help);
    }
    let mut later = TABLE.iter().filter(|row| !row.action.is_built()).map(|row| row.name).peekable();
    if later.peek().is_some() {
        out.push_str("Understood, but not there yet:\n");
        listed(&mut out, later);
    }
    out.push_str("How things work, `help` and one of these:\n");
    listed(&mut out, topics());
    // Nothing can be deployed while there is no project.
    let first = if names.project.is_empty() { FIRST } else { "dry run deploy {env}" };
    let _ = writeln!(out, "`help deploy` shows more, with examples. Try: {}", fill(first, names));
    out
}

/// An example sentence with the project's own names. Production is never the example of an order.
pub(super) fn fill(example: &str, names: &Names) -> String {
    let first = |named: &[super::Named], otherwise: &str| {
        named.first().map_or_else(|| otherwise.to_owned(), |named| named.name.clone())
    };
    let environment = names
        .environments
        .iter()
        .find(|named| named.name == "staging")
        .map_or_else(|| first(&names.environments, "staging"), |named| named.name.clone());
    let filled = |slot: &str| match slot {
        "env" => environment.clone(),
        "service" => first(&names.services, "api"),
        "component" => names.components.last().map_or_else(|| "redis".to_owned(), |named| named.name.clone()),
        "job" => first(&names.jobs, "backfillTimezone"),
        "provider" => "stripe".to_owned(),
        "project" if names.project.is_empty() => PROJECT.to_owned(),
        "project" => names.project.clone(),
        "column" => "timezone".to_owned(),
        other => format!("{{{other}}}"),
    };
    let mut out = String::with_capacity(2 * example.len());
    let mut rest = example;
    while let Some((before, slot)) = rest.split_once('{') {
        let (slot, after) = slot.split_once('}').unwrap_or((slot, ""));
        out.push_str(before);
        out.push_str(&filled(slot));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_speaks_of_the_persons_own_project() {
        let text = help(Some("scale"), &Names::sample());
        assert!(text.contains("scale api to 3 in staging"), "{text}");
        let all = help(None, &Names::sample());
        assert!(all.contains("cron-disable") && all.contains("not there yet:\n  expand, "), "{all}");
        let later = all.lines().skip_while(|line| !line.starts_with("Understood"));
        assert!(later.clone().count() > 3 && later.clone().all(|line| line.len() <= 80), "{all}");
        assert!(help(Some("readiness"), &Names::sample()).contains("can't do it yet"));
    }

    #[test]
    fn a_topic_there_is_none_of_leads_to_the_nearest() {
        let said = |topic: &str| help(Some(topic), &Names::sample());
        assert!(said("banana").contains("on these:\n  deploy, rollback"), "{}", said("banana"));
        assert!(said("rolback").contains("Nearest: `help rollback`"), "{}", said("rolback"));
        assert!(said("aprovals").contains("`help approvals`"), "{}", said("aprovals"));
        assert!(said("migrations").starts_with("migrate: "), "{}", said("migrations"));
        assert!(said("backfills").starts_with("backfill: "), "{}", said("backfills"));
        for topic in ["canary", "secrets", "approvals", "locks", "rules", "setup", "glass", "production"] {
            assert!(!said(topic).starts_with("There is no help"), "{topic}");
        }
    }

    #[test]
    fn no_two_topics_share_a_word_and_none_hides_an_action() {
        let words: Vec<&str> = TOPICS.iter().flat_map(|topic| topic.words).copied().collect();
        for (place, word) in words.iter().enumerate() {
            assert!(!words[..place].contains(word), "{word}");
            assert!(Action::from_name(word).is_none(), "{word}");
        }
    }
}
