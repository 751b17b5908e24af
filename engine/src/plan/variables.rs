//! What a plan says about variables: names, plain values, and which version of which secret. Never a secret's value.

use std::collections::{BTreeMap, BTreeSet};

use super::{DiffLine, Plan};
use crate::model::{ComponentKind, ComponentName, SecretName, ServiceName, Variable};
use crate::ports::ConfigSet;
use crate::step::StepKind;

/// A variable for the diff; `rotated` adds the secret's version.
fn variable(value: &Variable, config: &ConfigSet, rotated: bool) -> String {
    match value {
        Variable::Plain(text) => format!("`{text}`"),
        Variable::Secret(name) => match config.secrets.get(name).filter(|_| rotated) {
            Some(version) => format!("secret {name} version {version}"),
            None => format!("secret {name}"),
        },
    }
}

/// What changes in the variables of a service. A secret that was rotated since is a change, too.
pub(super) fn variable_lines(name: &ServiceName, before: &ConfigSet, after: &ConfigSet) -> Vec<DiffLine> {
    let keys: BTreeSet<&String> = before.variables.keys().chain(after.variables.keys()).collect();
    let mut lines = Vec::new();
    for key in keys {
        let (was, will) = (before.variables.get(key), after.variables.get(key));
        let rotated = match (was, will) {
            (Some(Variable::Secret(was)), Some(Variable::Secret(will))) if was == will => {
                // Configurations written before versions were kept say nothing about them.
                before.secrets.get(was).is_some_and(|old| after.secrets.get(will) != Some(old))
            }
            _ => false,
        };
        if was != will || rotated {
            lines.push(DiffLine::new(
                format!("{name} {key}"),
                was.map(|value| variable(value, before, rotated)),
                will.map(|value| variable(value, after, rotated)),
            ));
        }
    }
    // Configurations written before that was kept say nothing about it.
    if let (Some(was), Some(will)) = (&before.components, &after.components)
        && was != will
    {
        let all = |told: &BTreeMap<ComponentName, ComponentKind>| {
            let names: Vec<&str> = told.keys().map(ComponentName::as_str).collect();
            Some(names.join(", ")).filter(|names| !names.is_empty())
        };
        lines.push(DiffLine::new(format!("{name} is told of"), all(was), all(will)));
    }
    lines
}

/// Secrets that two plans for the same request would open at other versions, a line each.
pub(super) fn secret_differences(before: &Plan, after: &Plan) -> Vec<String> {
    let (before, after) = (secret_versions(before), secret_versions(after));
    let both = before.iter().filter_map(|(name, was)| Some((name, was, after.get(name)?)));
    both.filter(|(_, was, is)| was != is)
        .map(|(name, was, is)| format!("secret {name} was set since and is now at version {is}, not {was}"))
        .collect()
}

fn secret_versions(plan: &Plan) -> BTreeMap<&SecretName, u32> {
    let configs = plan.steps.iter().filter_map(|step| match &step.kind {
        StepKind::PutConfig(put) => Some(&put.configs),
        _ => None,
    });
    configs.flatten().flat_map(|config| &config.secrets).map(|(name, version)| (name, *version)).collect()
}
