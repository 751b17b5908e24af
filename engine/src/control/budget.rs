//! What a change asks of an environment's budget, as the rules are told of it: instances and sizes.

use policies::Facts;

use crate::model::{Change, Desired, EnvironmentKey, Project, Size};

/// What a change asks of the budget: the most instances of a service it would run, and the largest of their sizes, or the
/// first that is not allowed.
pub(super) fn budget(
    facts: &mut Facts,
    project: &Project,
    key: &EnvironmentKey,
    desired: &Desired,
    change: &Change,
) {
    let (named, replicas) = match change {
        Change::Deploy { services, .. } => (services, None),
        Change::Scale { services, replicas } => (services, Some(*replicas)),
        _ => return,
    };
    let allowed =
        project.environments.get(&key.environment).map_or(&[][..], |here| &here.policy.allowed_sizes);
    facts.allowed_sizes = allowed.iter().map(ToString::to_string).collect();
    let chosen = project.services.keys().filter(|name| named.is_empty() || named.contains(name));
    let (mut largest, mut refused) = (None, None);
    for (name, service) in chosen.filter_map(|name| Some((name, project.service_in(&key.environment, name)?)))
    {
        // No limit counts as more than any.
        let memory_mb = service.limits_in_force().memory_mb.unwrap_or(u32::MAX);
        let word = Size::word_for(service.limits_in_force().memory_mb);
        if !allowed.is_empty() && !allowed.iter().any(|size| size.name() == word) {
            refused = refused.or(Some(word));
        }
        largest = largest.max(Some((memory_mb, word)));
        if service.schedule.is_none() {
            let here = replicas.or_else(|| desired.replicas.get(name).copied()).unwrap_or(service.replicas);
            facts.replicas = facts.replicas.max(Some(here));
        }
    }
    facts.size = refused.or(largest.map(|(_, word)| word)).map(str::to_owned);
}
