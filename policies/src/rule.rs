//! One rule: a Cedar policy with what its annotations promise. An obligation is read once, when the rule loads, so that a
//! misspelt one is a fault of the file and not a surprise at the moment of a deploy.

use cedar_policy::{Effect, Policy};

use crate::sentence::{FACT_NAMES, Template};
use crate::{Facts, Role, RuleId};

/// Every annotation a rule may carry; any other is a misspelling.
const ANNOTATIONS: [&str; 8] = ["id", "about", "say", "evidence", "needs", "roles", "count", "earliest"];

/// What a rule says besides yes and no.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) id: RuleId,
    pub(crate) file: String,
    pub(crate) about: String,
    pub(crate) say: Template,
    pub(crate) evidence: Template,
    pub(crate) needs: Option<Needs>,
    pub(crate) earliest: Option<Earliest>,
}

/// An obligation: approvals instead of a refusal.
#[derive(Debug, Clone)]
pub(crate) struct Needs {
    pub(crate) roles: Vec<Role>,
    pub(crate) count: Count,
}

/// How many approvals a rule asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Count {
    Fixed(u32),
    /// As many as the environment's settings ask for.
    ApprovalsRequired,
}

impl Count {
    pub(crate) fn of(self, facts: &Facts) -> u32 {
        match self {
            Self::Fixed(count) => count,
            Self::ApprovalsRequired => facts.approvals_required,
        }
    }
}

/// Which fact says when a refusal ends by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Earliest {
    Freeze,
    Rate,
    Lock,
}

impl Earliest {
    pub(crate) fn of(self, facts: &Facts) -> Option<i64> {
        match self {
            Self::Freeze => facts.frozen.as_ref().map(|freeze| freeze.until_ms),
            Self::Rate => facts.rate_frees_at_ms,
            Self::Lock => facts.lock_until_ms,
        }
    }
}

/// A wrong annotation: which one (to find it in the text), what is wrong, what would be right.
pub(crate) struct Wrong {
    pub(crate) annotation: String,
    pub(crate) what: String,
    pub(crate) hint: &'static str,
}

impl Rule {
    /// Reads the annotations. `text` is the rule as its author wrote it.
    pub(crate) fn read(policy: &Policy, id: &str, file: &str, text: &str) -> Result<Self, Vec<Wrong>> {
        let mut wrongs = Vec::new();
        let forbids = policy.effect() == Effect::Forbid;
        for (name, _) in policy.annotations().filter(|(name, _)| !ANNOTATIONS.contains(name)) {
            let known = "known are @id, @about, @say, @evidence, @needs, @roles, @count, @earliest";
            wrongs.push(wrong(name, format!("@{name} is not an annotation we know"), known));
        }
        if !forbids {
            for name in ["needs", "roles", "count", "earliest"] {
                if policy.annotation(name).is_some() {
                    wrongs.push(wrong(
                        name,
                        format!("@{name} on a permit does nothing"),
                        "obligations belong on a forbid",
                    ));
                }
            }
        }
        let say = template(policy, "say", &mut wrongs);
        let evidence = template(policy, "evidence", &mut wrongs);
        if forbids && say.is_none() && policy.annotation("say").is_none_or(|text| text.trim().is_empty()) {
            wrongs.push(wrong(
                "say",
                "a forbid needs @say: the sentence a person reads when it fires".into(),
                "say what, why, and what to do next",
            ));
        }
        let needs = needs(policy, forbids, &mut wrongs);
        let earliest = earliest(policy, &mut wrongs);
        if !wrongs.is_empty() {
            return Err(wrongs);
        }
        let about = policy.annotation("about").or(policy.annotation("say")).unwrap_or(id).to_owned();
        Ok(Self {
            id: id.into(),
            file: file.to_owned(),
            about,
            say: say.unwrap_or_default(),
            evidence: evidence.unwrap_or_else(|| evidence_from(text)),
            needs,
            earliest,
        })
    }
}

fn wrong(annotation: &str, what: String, hint: &'static str) -> Wrong {
    Wrong { annotation: annotation.to_owned(), what, hint }
}

fn template(policy: &Policy, name: &str, wrongs: &mut Vec<Wrong>) -> Option<Template> {
    let text = policy.annotation(name).filter(|text| !text.trim().is_empty())?;
    match Template::parse(text) {
        Ok(template) => Some(template),
        Err(what) => {
            wrongs.push(wrong(
                name,
                format!("in @{name}, {what}"),
                "the README of `policies` lists the placeholders",
            ));
            None
        }
    }
}

fn needs(policy: &Policy, forbids: bool, wrongs: &mut Vec<Wrong>) -> Option<Needs> {
    const ROLES_HINT: &str = "write @roles(\"deployer,admin\") or @roles(\"admin\")";
    const COUNT_HINT: &str = "write a number from 1 to 9, or \"approvals_required\"";
    if !forbids {
        return None;
    }
    let Some(needed) = policy.annotation("needs") else {
        for name in ["roles", "count"] {
            if policy.annotation(name).is_some() {
                wrongs.push(wrong(
                    name,
                    format!("@{name} says nothing without @needs"),
                    "add @needs(\"approval\")",
                ));
            }
        }
        return None;
    };
    if needed != "approval" {
        wrongs.push(wrong(
            "needs",
            format!("@needs(\"{needed}\") is not an obligation we know"),
            "the only one is @needs(\"approval\")",
        ));
    }
    let mut roles = Vec::new();
    for name in policy.annotation("roles").unwrap_or("deployer,admin").split(',').map(str::trim) {
        match Role::from_name(name) {
            Some(role) if role >= Role::Deployer => roles.push(role),
            Some(role) => wrongs.push(wrong("roles", format!("a {role} cannot approve"), ROLES_HINT)),
            None => wrongs.push(wrong("roles", format!("`{name}` is not a role"), ROLES_HINT)),
        }
    }
    roles.sort_unstable();
    roles.dedup();
    let count = match policy.annotation("count").unwrap_or("1") {
        "approvals_required" => Count::ApprovalsRequired,
        number => {
            let Ok(count @ 1..=9) = number.parse() else {
                wrongs.push(wrong("count", format!("`{number}` is not a number of approvals"), COUNT_HINT));
                return None;
            };
            Count::Fixed(count)
        }
    };
    Some(Needs { roles, count })
}

fn earliest(policy: &Policy, wrongs: &mut Vec<Wrong>) -> Option<Earliest> {
    match policy.annotation("earliest")? {
        "freeze" => Some(Earliest::Freeze),
        "rate" => Some(Earliest::Rate),
        "lock" => Some(Earliest::Lock),
        other => {
            wrongs.push(wrong(
                "earliest",
                format!("@earliest(\"{other}\") is not a time we know"),
                "write \"freeze\", \"rate\" or \"lock\"",
            ));
            None
        }
    }
}

/// Without `@evidence`, the evidence is every fact that the condition mentions, in the order of the facts.
fn evidence_from(text: &str) -> Template {
    let mut mentioned: Vec<&str> = FACT_NAMES
        .into_iter()
        .filter(|name| {
            [format!("context.{name}"), format!("context has {name}"), format!("resource.{name}")]
                .iter()
                .any(|use_of| mentions(text, use_of))
        })
        .collect();
    if mentioned.is_empty() {
        mentioned = vec!["who", "action", "environment"];
    }
    Template::list(&mentioned)
}

/// Whether the words stand in the text and do not go on as a longer name.
fn mentions(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        !text[at + words.len()..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
    })
}
