//! Environments that a provider runs: what their descriptions need for that, and what a provider can't have.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::spot::Spot;
use crate::model::{
    Component, ComponentName, Connection, ConnectionName, Environment, EnvironmentName, Migrations,
    PLATFORM_RAILWAY, Provider, Service, ServiceName, Source, github_repository,
};

/// What an environment on a provider is checked against.
pub(super) struct Around<'a> {
    /// The project's source.
    pub(super) source: Option<&'a Source>,
    /// Its services.
    pub(super) services: Option<&'a IndexMap<ServiceName, Service>>,
    /// Its connections.
    pub(super) connections: &'a IndexMap<ConnectionName, Connection>,
    /// Its components.
    pub(super) components: &'a IndexMap<ComponentName, Component>,
    /// Its migrations.
    pub(super) migrations: Option<&'a Migrations>,
}

/// Reports what keeps environments from running at their provider.
pub(super) fn check(
    root: &Spot<'_>,
    around: &Around<'_>,
    environments: &IndexMap<EnvironmentName, Environment>,
) {
    for (name, environment) in environments.iter().filter(|(_, it)| it.platform == PLATFORM_RAILWAY) {
        let place = || root.under("environments")?.under(name.as_str())?.under("platform");
        let report = |says: String| {
            if let Some(place) = place() {
                place.fault(says);
            }
        };
        for provider in [Provider::Railway, Provider::Cloudflare] {
            let mut all: BTreeMap<_, _> = around.connections.iter().collect();
            all.extend(&environment.connections);
            let count = all.values().filter(|connection| connection.provider == provider).count();
            if count == 0 && provider == Provider::Railway {
                report(
                    "railway needs an account; add one: `connections: { railway: { provider: railway, secret: railway-token } }`"
                        .to_owned(),
                );
            }
            if count > 1 {
                report(format!(
                    "railway uses one connection to {provider}, and there are {count}; leave one"
                ));
            }
        }
        let own = around.services.into_iter().flat_map(IndexMap::values).filter_map(|it| it.source.as_ref());
        for source in around.source.into_iter().chain(own) {
            if github_repository(&source.repository).is_none() {
                report(format!(
                    "railway builds what is on GitHub; the repository must be https://github.com/OWNER/NAME, not `{}`",
                    source.repository
                ));
            }
        }
        if around.migrations.is_some_and(|migrations| migrations.runner.is_some()) {
            report(
                "railway gives no output of a command back, so migrations there are files of SQL; take `runner` out".to_owned(),
            );
        }
        let database = around.migrations.and_then(|it| {
            environment.components.get(&it.component).or(around.components.get(&it.component))
        });
        if database.is_some_and(|database| database.url.is_none()) {
            report(
                "railway has to be told where the database is, for its migrations; give the component a `url`"
                    .to_owned(),
            );
        }
    }
}
