//! Reads connections, and keeps test and live apart: an environment that is not production never reaches real customers,
//! and production never only pretends.

use indexmap::IndexMap;

use super::limits::CONNECTIONS_MAX;
use super::spot::Spot;
use crate::model::{Connection, ConnectionMode, ConnectionName, Environment, EnvironmentName, Provider};

/// Reads the connections of a project or of an environment.
pub(super) fn read(spot: &Spot<'_>) -> Option<IndexMap<ConnectionName, Connection>> {
    let entries = spot.entries()?;
    if entries.len() > CONNECTIONS_MAX {
        spot.fault_at_key(format!("holds {} entries and may hold {CONNECTIONS_MAX}", entries.len()));
        return None;
    }
    let mut connections = IndexMap::new();
    for entry in &entries {
        let name = entry.key_as::<ConnectionName>();
        connections.extend(name.zip(connection(entry)));
    }
    Some(connections)
}

fn connection(spot: &Spot<'_>) -> Option<Connection> {
    let keys = spot.keys(&["provider", "mode", "secret"])?;
    let provider = keys
        .need("provider", "stripe")
        .and_then(|spot| spot.one_of(&Provider::ALL.map(|provider| (provider.name(), provider))));
    let mode = keys.maybe("mode", |spot| spot.one_of(&ConnectionMode::ALL.map(|mode| (mode.name(), mode))));
    if let (Some(provider), Some(extra)) =
        (provider.filter(|provider| !provider.has_modes()), keys.get("mode"))
    {
        extra.fault_at_key(format!("{provider} knows no modes; remove this"));
    }
    let secret = keys.need("secret", "NAME-OF-THE-SECRET").and_then(|spot| spot.parsed());
    Some(Connection { provider: provider?, mode, secret: secret? })
}

/// Reports connections whose mode is not their environment's.
pub(super) fn check_modes(
    root: &Spot<'_>,
    connections: &IndexMap<ConnectionName, Connection>,
    environments: &IndexMap<EnvironmentName, Environment>,
) {
    let wrong = |connection: &Connection, production: bool| {
        connection.mode.filter(|mode| *mode != ConnectionMode::of_environment(production))
    };
    for (name, connection) in connections {
        let crossed = environments.iter().find(|(_, here)| {
            !here.connections.contains_key(name) && wrong(connection, here.production).is_some()
        });
        let place = root.under("connections").and_then(|all| all.under(name.as_str())?.under("mode"));
        if let (Some((environment, here)), Some(place)) = (crossed, place) {
            place.fault(format!("{}; remove it: each environment then has its own", says(environment, here)));
        }
    }
    for (environment, here) in environments {
        for (name, connection) in &here.connections {
            let place = root.under("environments").and_then(|all| {
                all.under(environment.as_str())?.under("connections")?.under(name.as_str())?.under("mode")
            });
            if let (Some(_), Some(place)) = (wrong(connection, here.production), place) {
                place.fault(format!("{}; change or remove it", says(environment, here)));
            }
        }
    }
}

fn says(environment: &EnvironmentName, here: &Environment) -> String {
    let is = if here.production { "is production" } else { "is not production" };
    let mode = ConnectionMode::of_environment(here.production);
    format!("`{environment}` {is}, so its connections are `{mode}`")
}
