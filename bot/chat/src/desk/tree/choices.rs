//! What there is to choose from for a slot, and what is usual.

use std::collections::BTreeSet;

use engine::model::{
    ComponentKind, ComponentName, EnvironmentName, PLATFORM_RAILWAY, Project, Provider, Variable,
};

use super::draft::SIGNALS;
use super::takes::NO_CANARY;
use super::{Draft, EMBEDDED, Slot};
use crate::desk::speaker::FIRST_ENVIRONMENTS;
use crate::intent::Action;

/// Who can run a project, the embedded platform first.
const PLATFORMS: [&str; 4] = [EMBEDDED, PLATFORM_RAILWAY, "render", "vercel"];
/// Who can do DNS and spread traffic for a project.
const EDGES: [&str; 2] = ["cloudflare", "none"];
/// Rows a batch that are proposed, from careful to fast.
const BATCH_SIZES: [&str; 3] = ["100", "500", "1000"];
/// Hours that are proposed.
const WINDOWS: [&str; 2] = ["any time", "22:00-06:00 UTC"];
/// The usual canary of production.
const CANARY_USUAL: &str = "10/50/100";

impl Draft {
    /// What is usual for a slot here: what the project says already, or what the table says.
    pub(crate) fn usual(&self, slot: Slot, of: Option<&str>, project: Option<&Project>) -> Option<String> {
        let same = self.same(project);
        let service = of.and_then(|of| same?.services.get(of));
        let names = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
        let from_project = match slot {
            Slot::Project => project.map(|project| project.project.to_string()),
            Slot::Repository => same.map(|same| same.source.repository.clone()),
            Slot::Services => {
                same.and_then(|same| names(same.services.keys().map(ToString::to_string).collect()))
            }
            Slot::Components => {
                same.and_then(|same| names(same.components.keys().map(ToString::to_string).collect()))
            }
            // What is said of one environment is likely meant for the other.
            Slot::Rate => self.answers.iter().find(|answer| answer.slot == slot).map(|it| it.value.clone()),
            Slot::Build => service.map(|service| service.build.clone().unwrap_or_else(|| "none".to_owned())),
            Slot::Start => service.map(|service| service.start.clone()),
            Slot::Canary => {
                let production = self.command.environments.iter().any(|name| {
                    project.and_then(|it| it.environments.get(name.as_str())).is_some_and(|it| it.production)
                });
                Some(if production { CANARY_USUAL } else { NO_CANARY }.to_owned())
            }
            _ => None,
        };
        from_project.or_else(|| slot.row().usual.map(ToOwned::to_owned))
    }

    /// What there is to choose from, in the order it is shown. `last` is where the person was last: a suggestion, unless it
    /// is production, which never comes first.
    pub(crate) fn choices(
        &self,
        slot: Slot,
        of: Option<&str>,
        project: Option<&Project>,
        last: Option<&str>,
    ) -> Vec<String> {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        match slot {
            Slot::Environments => {
                let Some(project) = project else { return owned(&FIRST_ENVIRONMENTS) };
                let mut names: Vec<(bool, bool, String)> = project
                    .environments
                    .iter()
                    .map(|(name, it)| (it.production, last != Some(name.as_str()), name.to_string()))
                    .collect();
                // Production stays at the end, where its number is the same every time.
                names.sort_by_key(|(production, elsewhere, _)| (*production, *production || *elsewhere));
                names.into_iter().map(|(_, _, name)| name).collect()
            }
            Slot::Name | Slot::Secret => project.map_or_else(Vec::new, |project| self.variables_of(project)),
            Slot::Provider => {
                Provider::ALL.iter().filter(|it| !it.is_front()).map(ToString::to_string).collect()
            }
            Slot::Job => {
                project.map_or_else(Vec::new, |it| it.jobs.keys().map(ToString::to_string).collect())
            }
            Slot::Canary => {
                let usual = self.usual(slot, of, project);
                let mut canaries = owned(&[CANARY_USUAL, "50/100", NO_CANARY]);
                canaries.sort_by_key(|canary| usual.as_deref() != Some(canary));
                canaries
            }
            Slot::Edge => owned(&EDGES),
            Slot::Signals => SIGNALS.iter().map(|(word, _)| (*word).to_owned()).collect(),
            Slot::Platform => owned(&PLATFORMS),
            Slot::Components => ComponentKind::USUAL.iter().map(|(name, _)| (*name).to_owned()).collect(),
            Slot::Component => project.map_or_else(Vec::new, |it| self.components_of(it)),
            Slot::Connections => {
                let names = Provider::ALL.map(Provider::name);
                names.into_iter().filter(|name| !PLATFORMS.contains(name)).map(ToOwned::to_owned).collect()
            }
            Slot::From => {
                project.map_or_else(Vec::new, |it| it.environments.keys().map(ToString::to_string).collect())
            }
            // What is protected is not offered; a click destroys nothing, its name is asked for behind it.
            Slot::Destroyed => {
                let all = project.into_iter().flat_map(|it| &it.environments);
                all.filter(|(_, it)| !it.production).map(|(name, _)| name.to_string()).collect()
            }
            Slot::DryRunFirst | Slot::Production | Slot::Confirm => owned(&["yes", "no"]),
            Slot::BatchSize => owned(&BATCH_SIZES),
            Slot::Window => owned(&WINDOWS),
            _ => self.usual(slot, of, project).into_iter().collect(),
        }
    }

    /// What can be added where it is about; or, where something is taken away, what is there.
    fn components_of(&self, project: &Project) -> Vec<String> {
        let environments = self.filled().environments.into_iter().filter_map(|name| name.parse().ok());
        let here: Vec<ComponentName> =
            environments.flat_map(|name: EnvironmentName| project.components_in(&name).into_keys()).collect();
        let mut names: Vec<String> = if self.command.action == Action::RemoveComponent {
            here.iter().map(ToString::to_string).collect()
        } else {
            // Those that can be said in one sentence, too.
            let usual = ComponentKind::USUAL.iter().filter(|(_, kind)| *kind != ComponentKind::Mail);
            let usual = usual.map(|(name, _)| *name);
            let all = project.components.keys().map(ComponentName::as_str).chain(usual);
            all.filter(|name| here.iter().all(|there| there.as_str() != *name))
                .map(ToOwned::to_owned)
                .collect()
        };
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    /// The variables services have where it is about: the secrets where one is to be rotated, else the others.
    fn variables_of(&self, project: &Project) -> Vec<String> {
        let environments = self.filled().environments.into_iter().filter_map(|name| name.parse().ok());
        let mut names = BTreeSet::new();
        for environment in environments.collect::<Vec<EnvironmentName>>() {
            let services = project.services.keys().filter_map(|name| project.service_in(&environment, name));
            for (name, value) in services.flat_map(|service| service.variables) {
                if matches!(value, Variable::Secret(_)) == (self.command.action == Action::RotateSecret) {
                    names.insert(name);
                }
            }
        }
        names.into_iter().collect()
    }
}
