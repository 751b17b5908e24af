//! Environments that take only what passed continuous integration: whom it is asked of.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::hosted::Around;
use super::spot::Spot;
use crate::model::{Environment, EnvironmentName, Provider, Source, github_repository};

/// Reports what keeps continuous integration from being asked where it has to pass.
pub(super) fn check(
    root: &Spot<'_>,
    around: &Around<'_>,
    environments: &IndexMap<EnvironmentName, Environment>,
) {
    for (name, environment) in environments.iter().filter(|(_, it)| it.policy.requires_ci) {
        let place =
            || root.under("environments")?.under(name.as_str())?.under("policy")?.under("requires_ci");
        let report = |says: String| {
            if let Some(place) = place() {
                place.fault(says);
            }
        };
        let mut all: BTreeMap<_, _> = around.connections.iter().collect();
        all.extend(&environment.connections);
        match all.values().filter(|connection| connection.provider == Provider::Github).count() {
            0 => report(
                "what GitHub says of commits is read with a connection to it; add one: `connections: { github: { provider: github, \
                 secret: github-token } }`"
                    .to_owned(),
            ),
            1 => {}
            count => {
                report(format!("GitHub is asked with one connection, and there are {count}; leave one"));
            }
        }
        let own = around.services.into_iter().flat_map(IndexMap::values).filter_map(|it| it.source.as_ref());
        let all: Vec<&Source> = around.source.into_iter().chain(own).collect();
        let repositories: BTreeSet<&str> = all.iter().map(|source| source.repository.as_str()).collect();
        for repository in repositories {
            if github_repository(repository).is_none() {
                report(format!(
                    "GitHub says whether commits passed; the repository must be https://github.com/OWNER/NAME, not `{repository}`"
                ));
            }
        }
    }
}
