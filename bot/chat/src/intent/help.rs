//! Help by topic, with examples from the person's own project, made from the table of actions.

use std::fmt::Write as _;

use super::actions::{Action, ActionRow, TABLE};
use super::names::Names;

/// The longest line of a list, in characters: it is shown as it is, and most terminals have at least this.
const LINE_MAX: usize = 72;

/// What is said beside examples that hold what is understood and not carried out yet.
const LATER: [(&str, &str); 2] =
    [("canary 10", "   (canaries in stages are to come)"), ("railway", "   (providers are to come)")];
/// What a project is called where there is none yet.
const PROJECT: &str = "my-project";

/// Help on a topic (an action's name or one of its verbs), or the overview.
pub fn help(topic: Option<&str>, names: &Names) -> String {
    match topic {
        None => overview(names),
        Some(topic) => match find(topic) {
            Some(row) => on(row, names),
            None => format!("There is no help on `{topic}`.\n\n{}", overview(names)),
        },
    }
}

/// The row a topic means.
fn find(topic: &str) -> Option<&'static ActionRow> {
    let topic = topic.trim().to_lowercase();
    Action::from_name(&topic)
        .map(Action::row)
        .or_else(|| TABLE.iter().find(|row| row.verbs.iter().any(|verb| verb.eq_ignore_ascii_case(&topic))))
        .or_else(|| TABLE.iter().find(|row| row.keys.iter().any(|key| key.name() == topic)))
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
    out.push_str("For example:\n");
    for example in row.examples {
        let later =
            LATER.iter().find(|(part, _)| row.built && example.contains(part)).map_or("", |(_, says)| says);
        let _ = writeln!(out, "  {}{later}", fill(example, names));
    }
    out
}

fn overview(names: &Names) -> String {
    let mut out = String::from("What you can say:\n");
    let width = TABLE.iter().map(|row| row.name.len()).max().unwrap_or_default();
    for row in TABLE.iter().filter(|row| row.action.is_built()) {
        let _ = writeln!(out, "  {:width$}  {}", row.name, row.help);
    }
    let later: Vec<&str> = TABLE.iter().filter(|row| !row.action.is_built()).map(|row| row.name).collect();
    if !later.is_empty() {
        out.push_str("Understood, but not there yet:\n");
        let mut line = String::new();
        for (place, name) in later.iter().enumerate() {
            let end = if place + 1 == later.len() { "." } else { "," };
            if !line.is_empty() && line.len() + name.len() + 2 > LINE_MAX {
                let _ = writeln!(out, "  {line}");
                line.clear();
            }
            let _ = write!(line, "{}{name}{end}", if line.is_empty() { "" } else { " " });
        }
        let _ = writeln!(out, "  {line}");
    }
    let _ = writeln!(
        out,
        "`help deploy` shows more, with examples. Try: {}",
        fill("dry run deploy {env}", names)
    );
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
        assert!(all.contains("cron-disable") && all.contains("not there yet:\n  promote, "), "{all}");
        let later = all.lines().skip_while(|line| !line.starts_with("Understood"));
        assert!(later.clone().count() > 3 && later.clone().all(|line| line.len() <= 80), "{all}");
        assert!(help(Some("promote"), &Names::sample()).contains("can't do it yet"));
        assert!(help(Some("banana"), &Names::sample()).starts_with("There is no help on `banana`."));
    }
}
