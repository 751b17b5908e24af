//! Environments that a provider runs: what their descriptions need for that, and what a provider can't have.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use indexmap::IndexMap;

use super::spot::Spot;
use crate::model::{
    Component, ComponentName, Connection, ConnectionName, Environment, EnvironmentName, Migrations,
    PLATFORM_RAILWAY, Provider, Service, ServiceName, Source, github_repository,
};

/// How often Railway runs something at most, in minutes.
const OFTEN_MINUTES: u32 = 5;

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
        for (service, it) in around.services.into_iter().flatten() {
            let here = environment.services.get(service).and_then(|over| over.schedule.as_ref());
            let schedule = here.or(it.schedule.as_ref());
            if let Some(schedule) = schedule.filter(|schedule| is_often(schedule)) {
                report(format!(
                    "railway runs nothing more often than every {OFTEN_MINUTES} minutes, and `{service}` is to run at `{schedule}`; give it \
                     another `schedule` here"
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

/// Whether two of its times may be nearer to each other than Railway's shortest interval.
/// Source: <https://docs.railway.com/cron-jobs>.
fn is_often(schedule: &str) -> bool {
    let Ok(cron) = croner::Cron::from_str(schedule) else { return false };
    let pattern = &cron.pattern;
    let matching = |from: u32, of: &dyn Fn(u32) -> bool| (0..from).filter(|at| of(*at)).collect::<Vec<_>>();
    let minutes = matching(60, &|minute| pattern.minute_match(minute).unwrap_or(false));
    let hours = matching(24, &|hour| pattern.hour_match(hour).unwrap_or(false));
    let near = |one: u32, next: u32| next - one < OFTEN_MINUTES;
    let within = minutes.iter().zip(minutes.iter().skip(1)).any(|(one, next)| near(*one, *next));
    let follows = hours.iter().any(|hour| hours.contains(&((hour + 1) % 24)));
    let over = minutes.first().zip(minutes.last()).is_some_and(|(first, last)| near(*last, first + 60));
    within || follows && over
}

#[cfg(test)]
mod tests {
    use super::is_often;

    #[test]
    fn times_nearer_than_railway_takes_are_told() {
        for schedule in ["* * * * *", "*/2 * * * *", "58,2 * * * *", "0,4 3 * * *", "*/7 1 * * *"] {
            assert_eq!(is_often(schedule), schedule != "*/7 1 * * *", "{schedule}");
        }
        for schedule in ["*/5 * * * *", "0 5 * * *", "58,2 3 * * *", "0 0 1 1 *", "3,33 * * * MON"] {
            assert!(!is_often(schedule), "{schedule}");
        }
    }
}
