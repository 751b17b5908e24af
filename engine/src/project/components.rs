//! Reads and writes components: the project's, what an environment has otherwise, and what must be there all the same.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::describe::{Defaults, Keys, Yaml, section, text};
use super::known::Known;
use super::reference::{Piece, Reference, pieces};
use super::spot::Spot;
use crate::model::{
    Component, ComponentKind, ComponentName, EnvironmentName, Job, Project, ServiceName, Variable,
};

const KINDS: [(&str, ComponentKind); 4] = [
    ("database", ComponentKind::Database),
    ("cache", ComponentKind::Cache),
    ("storage", ComponentKind::Storage),
    ("mail", ComponentKind::Mail),
];

/// What a kind is called.
pub(crate) fn kind_word(kind: ComponentKind) -> &'static str {
    KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word)
}

/// Reads a section of components.
pub(super) fn read(spot: &Spot<'_>, known: &Known<'_>) -> Option<IndexMap<ComponentName, Component>> {
    let mut components = IndexMap::new();
    for entry in spot.entries()? {
        let name = entry.key_as();
        if known.services.contains(&entry.key) {
            entry.fault_at_key("is also the name of a service, so `needs` could mean either; rename one");
        }
        let Some(keys) = entry.keys(&["kind", "url"]) else { continue };
        let kind = keys.need("kind", "database").and_then(|spot| spot.one_of(&KINDS));
        let url = keys.maybe("url", |spot| {
            let keys = spot.keys(&["secret"])?;
            keys.need("secret", "database-url").and_then(|spot| spot.parsed())
        });
        if let Some(extra) =
            keys.get("url").filter(|_| kind.is_some_and(|kind| kind != ComponentKind::Database))
        {
            extra.fault_at_key("is only for a component of kind `database`; remove it");
        }
        if let Some((name, kind)) = name.zip(kind) {
            components.insert(name, Component { kind, url });
        }
    }
    Some(components)
}

/// Reads which of the project's components an environment does without.
pub(super) fn without(spot: &Spot<'_>, known: &Known<'_>) -> Option<BTreeSet<ComponentName>> {
    let mut without = BTreeSet::new();
    for item in spot.items()? {
        let Some(name) = item.parsed::<ComponentName>() else { continue };
        known.check_component(name.as_str(), |says| item.fault(says));
        if !without.insert(name) {
            item.fault("is named a second time; remove it");
        }
    }
    Some(without)
}

/// Reports what an environment does without though something there can't.
pub(super) fn check(root: &Spot<'_>, project: &Project) {
    for (name, environment) in &project.environments {
        let place = || root.under("environments")?.under(name.as_str());
        for component in &environment.without {
            if let Some(spot) = place().and_then(|it| it.under("without"))
                && let Some(why) = needed(project, name, component)
            {
                spot.fault(format!("`{component}` can't be left out: {why}"));
            }
        }
        for (component, here) in &environment.components {
            let Some(usual) = project.components.get(component).filter(|usual| usual.kind != here.kind)
            else {
                continue;
            };
            if let Some(spot) = place().and_then(|it| it.under("components")?.under(component.as_str())) {
                let (usual, here) = (usual.kind.said(), here.kind.said());
                spot.fault_at_key(format!(
                    "is {usual} in the project and {here} here; give one of them another name"
                ));
            }
        }
    }
}

/// Why an environment can't be without a component, as the rest of a sentence; nothing when it can. That a service says it
/// needs it is no reason: it starts after it where it is there.
pub(crate) fn needed(
    project: &Project,
    environment: &EnvironmentName,
    component: &ComponentName,
) -> Option<String> {
    if project.migrations.as_ref().is_some_and(|migrations| migrations.component == *component) {
        return Some("the migrations change it".to_owned());
    }
    let filled = |job: &Job| matches!(job, Job::Sql(job) if job.database == *component);
    if let Some((name, _)) = project.jobs.iter().find(|(_, job)| filled(job)) {
        return Some(format!("the job `{name}` fills rows in it"));
    }
    project.services.keys().find_map(|service| {
        let service_here = project.service_in(environment, service)?;
        let (variable, _) = service_here
            .variables
            .iter()
            .find(|(_, value)| matches!(value, Variable::Plain(text) if is_named(text, component)))?;
        Some(format!("`{variable}` of {service} asks for its address"))
    })
}

/// The services that say they need a component.
pub(crate) fn needed_by(project: &Project, component: &ComponentName) -> Vec<ServiceName> {
    let needs =
        project.services.iter().filter(|(_, it)| it.needs.iter().any(|name| name == component.as_str()));
    needs.map(|(name, _)| name.clone()).collect()
}

/// Whether a variable's text is filled with the address of a component.
pub(crate) fn is_named(text: &str, component: &ComponentName) -> bool {
    let Ok(pieces) = pieces(text) else { return false };
    pieces.iter().any(|piece| matches!(piece, Piece::Url(Reference::Component(named)) if named == component))
}

/// Writes a section of components.
pub(super) fn describe(components: &IndexMap<ComponentName, Component>) -> Yaml {
    section(components, |it| {
        let mut keys = Keys::new(Defaults::LeftOut);
        keys.put("kind", text(kind_word(it.kind)));
        keys.maybe("url", it.url.as_ref().map(|secret| Yaml::Secret(secret.to_string())));
        Yaml::Map(keys.entries)
    })
}
