//! Whether a variable can stand in a description: what its name may look like, and what its value may refer to.

use super::reference::{Piece, Reference, pieces};
use super::spot::instead;
use crate::model::{ComponentName, EnvironmentName, Project, ServiceName};

/// The longest name of an environment variable, in characters.
pub(super) const NAME_MAX: usize = 128;

/// Whether something can be the name of an environment variable.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= NAME_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What a name that can't be one is told, as the rest of a sentence about it.
pub(super) fn not_a_name() -> String {
    format!(
        "can't be a variable's name: use up to {NAME_MAX} letters, digits and `_`, not starting with a digit"
    )
}

/// Why a variable can't be set to a value in an environment, in one sentence; nothing when it can.
pub(crate) fn variable_fault(
    project: &Project,
    environment: &EnvironmentName,
    name: &str,
    value: &str,
) -> Option<String> {
    if !is_name(name) {
        return Some(format!("`{name}` {}", not_a_name()));
    }
    let pieces = match pieces(value) {
        Ok(pieces) => pieces,
        Err(error) => return Some(error.to_string()),
    };
    let components = project.components_in(environment);
    pieces.into_iter().find_map(|piece| match piece {
        Piece::Text(_) => None,
        Piece::Url(Reference::Service(named)) => match project.services.get(&named) {
            Some(service) if service.schedule.is_none() => None,
            Some(_) => Some(format!("`{named}` runs on a schedule, so nothing can reach it")),
            None => {
                let names: Vec<&str> = project.services.keys().map(ServiceName::as_str).collect();
                Some(format!("there is no service `{named}`; {}", instead(named.as_str(), &names)))
            }
        },
        Piece::Url(Reference::Component(named)) if components.contains_key(&named) => None,
        Piece::Url(Reference::Component(named)) => {
            let names: Vec<&str> = components.keys().map(ComponentName::as_str).collect();
            Some(format!("there is no component `{named}`; {}", instead(named.as_str(), &names)))
        }
    })
}
