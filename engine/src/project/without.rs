//! A description without one of its environments.

use std::path::Path;

use super::{export, import};
use crate::model::{EnvironmentName, Project};

/// The project without that environment: a whole description, as one that is imported is.
///
/// # Errors
/// Why it has to stay, in words: what is left would not be taken in.
pub(crate) fn without(project: &Project, environment: &EnvironmentName) -> Result<Project, String> {
    let mut others = project.clone();
    others.environments.shift_remove(environment);
    if others.environments.is_empty() {
        return Err(format!("it is the only environment {} has", project.project));
    }
    // Repositories are absolute in what is exported, so that the folder does not matter.
    match import(&export(&others), Path::new("/")) {
        Ok(_) => Ok(others),
        Err(faults) => {
            let first = faults.faults.first();
            Err(first.map_or_else(|| faults.to_string(), |fault| format!("`{}` {}", fault.path, fault.says)))
        }
    }
}
