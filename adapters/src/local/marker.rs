//! The variable every process of ours carries, so that it is found again after we were killed, whatever it was doing.

use std::path::Path;

use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::BuildKey;
use sha2::{Digest, Sha256};

use super::desired::Slot;

/// The name of the variable.
pub(super) const MARKER: &str = "INFRA_CHAT_INSTANCE";

/// What tells the processes of one data folder from those of another.
#[derive(Debug, Clone)]
pub(super) struct RootId(String);

impl RootId {
    pub(super) fn of(root: &Path) -> Self {
        Self(hex::encode(&Sha256::digest(root.as_os_str().as_encoded_bytes())[..6]))
    }

    /// Whether a marker's value is one of ours.
    pub(super) fn owns(&self, marker: &str) -> bool {
        marker.strip_prefix(self.0.as_str()).is_some_and(|rest| rest.starts_with(':'))
    }

    pub(super) fn instance(&self, environment: &EnvironmentKey, slot: &Slot) -> String {
        format!("{}:{environment}:{slot}", self.0)
    }

    pub(super) fn job(&self, environment: &EnvironmentKey, service: &ServiceName) -> String {
        format!("{}:{environment}:job-{service}", self.0)
    }

    pub(super) fn build(&self, key: &BuildKey) -> String {
        format!("{}:build:{}", self.0, key.0)
    }

    /// Which instance a marker means; none for jobs and builds, which are never adopted.
    pub(super) fn instance_parse(&self, marker: &str) -> Option<(EnvironmentKey, Slot)> {
        let (environment, slot) = marker.strip_prefix(self.0.as_str())?.strip_prefix(':')?.split_once(':')?;
        Some((environment.parse().ok()?, Slot::parse(slot)?))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_instance_is_recognised_and_those_of_another_folder_are_not() {
        let (ours, other) = (RootId::of(Path::new("/a")), RootId::of(Path::new("/b")));
        let environment: EnvironmentKey = "shop/staging".parse().unwrap();
        let slot = Slot { service: "api".parse().unwrap(), release: 3, index: 0, generation: 9 };
        let marker = ours.instance(&environment, &slot);
        assert_eq!(ours.instance_parse(&marker), Some((environment.clone(), slot.clone())));
        assert!(ours.owns(&marker) && !other.owns(&marker));
        assert_eq!(ours.instance_parse(&ours.job(&environment, &slot.service)), None);
    }
}
