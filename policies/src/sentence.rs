//! Sentences with facts in them. `{runs_last_hour}` is the fact, `{runs_last_hour|run}` counts: "1 run", "3 runs".

use std::fmt::Write as _;

use chrono::DateTime;

use crate::{Facts, Question};

/// The facts by their names in the schema: what the automatic evidence looks for.
pub(crate) const FACT_NAMES: [&str; 25] = [
    "production",
    "changes_world",
    "dry_run",
    "destructive",
    "automatic",
    "held",
    "ref_name",
    "ref_allowed",
    "allowed_refs",
    "frozen",
    "runs_last_hour",
    "runs_per_hour_limit",
    "replicas",
    "max_replicas",
    "size",
    "allowed_sizes",
    "approvals_required",
    "approvals_given",
    "admin_approvals_given",
    "is_requester",
    "one_person_team",
    "break_glass",
    "lock_held_by_other",
    "weekday",
    "minute_of_day",
];

/// A sentence whose placeholders are all known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Value { name: String, noun: Option<String> },
}

impl Template {
    /// Says which placeholder is not known, or that a brace is left open.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, after) = after.split_once('}').ok_or("a `{` is never closed")?;
            let (name, noun) =
                inside.split_once('|').map_or((inside, None), |(name, noun)| (name, Some(noun.to_owned())));
            if value(name, &Question::default()).is_none() {
                return Err(format!("`{{{name}}}` is not a fact"));
            }
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Value { name: name.to_owned(), noun });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// "weekday Friday, replicas 3".
    pub(crate) fn list(names: &[&str]) -> Self {
        let mut parts = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            parts.push(Part::Text(format!("{comma}{} ", name.replace('_', " "))));
            parts.push(Part::Value { name: (*name).to_owned(), noun: None });
        }
        Self(parts)
    }

    /// The sentence for this question, beginning with a capital letter only if it was written so or begins with a name.
    pub(crate) fn fill(&self, question: &Question) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(words) => text.push_str(words),
                Part::Value { name, noun } => {
                    let value = value(name, question).unwrap_or_default();
                    text.push_str(&value);
                    if let Some(noun) = noun {
                        let plural = if value == "1" { "" } else { "s" };
                        // Writing to a string cannot fail.
                        let _ = write!(text, " {noun}{plural}");
                    }
                }
            }
        }
        text
    }
}

/// A moment as everywhere in the product: `2026-11-20 23:15 UTC`.
pub(crate) fn moment(epoch_ms: i64) -> String {
    DateTime::from_timestamp_millis(epoch_ms).map_or_else(
        || "an unknown time".to_owned(),
        |moment| moment.format("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

/// The value behind a placeholder, as text; `None` when there is no such placeholder.
fn value(name: &str, question: &Question) -> Option<String> {
    let facts = &question.facts;
    Some(match name {
        "who" => question.actor.name.clone(),
        "role" => question.actor.role.to_string(),
        "action" => question.action_in_words(),
        "project" => question.project.clone(),
        "environment" => {
            question.environment.as_ref().map_or(&question.project, |environment| &environment.name).clone()
        }
        "production" => {
            yes_no(question.environment.as_ref().is_some_and(|environment| environment.production))
        }
        _ => return fact(name, facts),
    })
}

fn fact(name: &str, facts: &Facts) -> Option<String> {
    let freeze = facts.frozen.as_ref();
    Some(match name {
        "changes_world" => yes_no(facts.changes_world),
        "dry_run" => yes_no(facts.dry_run),
        "destructive" => yes_no(facts.destructive),
        "automatic" => yes_no(facts.automatic),
        "held" => yes_no(facts.held),
        "ref_name" => text(facts.ref_name.as_ref()),
        "ref_allowed" => yes_no(facts.ref_allowed),
        "allowed_refs" => list(&facts.allowed_refs),
        "frozen" => text(freeze.map(|freeze| &freeze.name)),
        "frozen_reason" => text(freeze.map(|freeze| &freeze.reason)),
        "frozen_until" => freeze.map_or_else(none, |freeze| moment(freeze.until_ms)),
        "runs_last_hour" => facts.runs_last_hour.to_string(),
        "runs_per_hour_limit" => text(facts.runs_per_hour_limit),
        "rate_frees_at" => facts.rate_frees_at_ms.map_or_else(|| "a later time".to_owned(), moment),
        "replicas" => text(facts.replicas),
        "max_replicas" => text(facts.max_replicas),
        "size" => text(facts.size.as_ref()),
        "allowed_sizes" => list(&facts.allowed_sizes),
        "approvals_required" => facts.approvals_required.to_string(),
        "approvals_given" => facts.approvals_given.to_string(),
        "admin_approvals_given" => facts.admin_approvals_given.to_string(),
        "is_requester" => yes_no(facts.is_requester),
        "one_person_team" => yes_no(facts.one_person_team),
        "break_glass" => yes_no(facts.glass_is_broken()),
        "break_glass_reason" => text(facts.break_glass.as_ref()),
        "lock_held_by_other" => text(facts.lock_held_by_other.as_ref()),
        "lock" => lock(facts),
        "weekday" => weekday(facts.weekday).to_owned(),
        "minute_of_day" => format!("{:02}:{:02}", facts.minute_of_day / 60, facts.minute_of_day % 60),
        _ => return None,
    })
}

/// "ben until 2026-11-18 14:00 UTC: load test"; only who, where neither end nor reason was said.
fn lock(facts: &Facts) -> String {
    let mut said = text(facts.lock_held_by_other.as_ref());
    if let Some(until_ms) = facts.lock_until_ms {
        let _ = write!(said, " until {}", moment(until_ms));
    }
    if let Some(reason) = &facts.lock_reason {
        let _ = write!(said, ": {reason}");
    }
    said
}

fn yes_no(fact: bool) -> String {
    if fact { "yes" } else { "no" }.to_owned()
}

fn none() -> String {
    "none".to_owned()
}

fn text(fact: Option<impl ToString>) -> String {
    fact.map_or_else(none, |fact| fact.to_string())
}

fn list(facts: &[String]) -> String {
    if facts.is_empty() { none() } else { facts.join(", ") }
}

const fn weekday(number: u8) -> &'static str {
    match number {
        1 => "Monday",
        2 => "Tuesday",
        3 => "Wednesday",
        4 => "Thursday",
        5 => "Friday",
        6 => "Saturday",
        7 => "Sunday",
        _ => "unknown",
    }
}
