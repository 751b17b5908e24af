//! What differs between two descriptions of a project, value by value.

use std::fmt;

use indexmap::IndexMap;

use super::describe::{self, Defaults, Yaml};
use crate::model::Project;

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The keys that lead to it: `services.api.replicas`; windows and people go by their name.
    pub path: String,
    /// What it was; absent when it is new.
    pub before: Option<String>,
    /// What it becomes; absent when it goes away.
    pub after: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.before, &self.after) {
            (None, Some(after)) if after == EMPTY => write!(f, "{}: new", self.path),
            (Some(before), None) if before == EMPTY => write!(f, "{}: removed", self.path),
            (Some(before), Some(after)) => write!(f, "{}: {before} → {after}", self.path),
            (None, Some(after)) => write!(f, "{}: new, {after}", self.path),
            (Some(before), None) => write!(f, "{}: removed, was {before}", self.path),
            (None, None) => f.write_str(&self.path),
        }
    }
}

/// What changes from one to the other: changed and new values in the order of `after`, then removed ones in the order of
/// `before`, then changed orders. Defaults count as values (`1 → 2`), yet of what comes or goes as a whole only what is written
/// for it shows. Empty exactly when nothing that matters differs.
pub fn differences(before: &Project, after: &Project) -> Vec<Difference> {
    let (old, new) = (Leaves::of(before), Leaves::of(after));
    let mut found = Vec::new();
    for (path, value) in &new.all {
        if let Some(was) = old.all.get(path).filter(|was| *was != value) {
            found.push(Difference {
                path: path.clone(),
                before: Some(was.clone()),
                after: Some(value.clone()),
            });
        } else if new.written.contains_key(path) && !old.all.contains_key(path) {
            found.push(Difference { path: path.clone(), before: None, after: Some(value.clone()) });
        }
    }
    let added = new.empty_that_is_new_to(&old);
    found.extend(added.map(|path| Difference {
        path: path.clone(),
        before: None,
        after: Some(EMPTY.to_owned()),
    }));
    let removed = old.written.iter().filter(|(path, value)| *value != EMPTY && !new.all.contains_key(*path));
    found.extend(removed.map(|(path, was)| Difference {
        path: path.clone(),
        before: Some(was.clone()),
        after: None,
    }));
    let removed = old.empty_that_is_new_to(&new);
    found.extend(removed.map(|path| Difference {
        path: path.clone(),
        before: Some(EMPTY.to_owned()),
        after: None,
    }));
    found.extend(order("services", before.services.keys(), after.services.keys()));
    found.extend(order("environments", before.environments.keys(), after.environments.keys()));
    found
}

/// What stands for a thing that says nothing about itself: `local: {}`.
const EMPTY: &str = "{}";

/// The values of a description by path.
struct Leaves {
    /// Defaults included.
    all: IndexMap<String, String>,
    /// Only what an export writes, things without any value included.
    written: IndexMap<String, String>,
}

impl Leaves {
    fn of(project: &Project) -> Self {
        let leaves = |defaults| {
            let mut leaves = IndexMap::new();
            collect(&mut leaves, "", &describe::project(project, defaults));
            leaves
        };
        let mut all: IndexMap<String, String> = leaves(Defaults::Shown);
        all.retain(|_, value| value != EMPTY);
        Self { all, written: leaves(Defaults::LeftOut) }
    }

    /// Things without any value that the other description does not have at all.
    fn empty_that_is_new_to<'l>(&'l self, other: &'l Self) -> impl Iterator<Item = &'l String> {
        let there = |path: &str| {
            let within = |known: &String| {
                known == path || known.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
            };
            other.all.keys().any(within) || other.written.contains_key(path)
        };
        self.written.iter().filter(move |(path, value)| *value == EMPTY && !there(path)).map(|(path, _)| path)
    }
}

fn collect(leaves: &mut IndexMap<String, String>, path: &str, entries: &[(String, Yaml)]) {
    for (key, value) in entries {
        collect_value(leaves, join(path, key), value);
    }
}

fn collect_value(leaves: &mut IndexMap<String, String>, path: String, value: &Yaml) {
    let text = match value {
        Yaml::Map(entries) | Yaml::Section(entries) if !entries.is_empty() => {
            return collect(leaves, &path, entries);
        }
        Yaml::List(items) if items.iter().any(|item| matches!(item, Yaml::Map(_))) => {
            for item in items {
                let Yaml::Map(entries) = item else { continue };
                // Windows and people are known by their name, which comes first, not by their place in a list.
                if let Some(((_, Yaml::Text(name)), rest)) = entries.split_first() {
                    collect(leaves, &join(&path, name), rest);
                }
            }
            return;
        }
        Yaml::Map(_) | Yaml::Section(_) => EMPTY.to_owned(),
        Yaml::List(items) => items.iter().filter_map(word).collect::<Vec<_>>().join(", "),
        Yaml::Secret(name) => format!("the secret `{name}`"),
        Yaml::Text(text) if text.is_empty() => "\"\"".to_owned(),
        Yaml::Text(text) | Yaml::Word(text) => text.clone(),
    };
    leaves.insert(path, text);
}

fn word(value: &Yaml) -> Option<&str> {
    match value {
        Yaml::Text(text) | Yaml::Word(text) => Some(text),
        _ => None,
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The same things in another order: services start and releases move along it.
fn order<'n, N: fmt::Display + PartialEq + 'n>(
    path: &str,
    before: impl Iterator<Item = &'n N>,
    after: impl Iterator<Item = &'n N>,
) -> Option<Difference> {
    let (before, after): (Vec<_>, Vec<_>) = (before.collect(), after.collect());
    let common = |names: &[&'n N], others: &[&'n N]| -> Vec<String> {
        names.iter().filter(|name| others.contains(name)).map(ToString::to_string).collect()
    };
    let (before, after) = (common(&before, &after), common(&after, &before));
    let says = |names: Vec<String>| Some(format!("in the order {}", names.join(", ")));
    (before != after).then(|| Difference { path: path.to_owned(), before: says(before), after: says(after) })
}
