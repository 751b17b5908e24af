//! What was asked for of a service, kept at Railway itself: in a variable of its stable service, so that whoever comes next, after whatever
//! end of the program, knows the marker of each deployment and goes on. It holds names, plain values and versions; never a secret.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::model::{ComponentKind, ComponentName, SecretName, Sticky};
use engine::ports::{ConfigSet, InstanceSet, PortError, Schedule};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::railway::Deployment;

/// The variable it is in.
pub(super) const VARIABLE: &str = "INFRA_CHAT_LEDGER";
/// Configurations that are kept beside those in use.
const CONFIGS_KEPT: usize = 4;
/// Things asked for that are kept of a slot: what is older can't be told from others' deployments any more.
const ASKED_KEPT: usize = 8;

/// What is asked for of one of the services at Railway that a service is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The one others speak to.
    Stable,
    /// The one for a release on trial.
    Canary,
    /// The first one, run at its times instead of served.
    Scheduled,
}

/// A release that was asked for in a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    /// The release.
    pub(super) set: InstanceSet,
    /// Its commit, whole.
    pub(super) commit: String,
    /// The newest deployment before it was asked for.
    pub(super) after: Option<String>,
    /// The step that asked for fresh instances of what ran already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    /// The deployment whose image it is to run again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) again: Option<String>,
    /// Nobody wants it any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) ended: bool,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    /// Configurations by release.
    #[serde(default)]
    pub(super) configs: BTreeMap<u32, ConfigSet>,
    /// What was asked for, oldest first.
    #[serde(default)]
    stable: Vec<Asked>,
    #[serde(default)]
    canary: Vec<Asked>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scheduled: Vec<Asked>,
    /// Of a service that is run at its times: when, and of which release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) schedule: Option<Schedule>,
    /// Of the environment's first service: the components that are wanted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) components: BTreeMap<ComponentName, ComponentKind>,
    /// Those that are elsewhere, and the secret that says where.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) urls: BTreeMap<ComponentName, SecretName>,
    /// What keeps clients with their release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sticky: Option<Sticky>,
}

impl Ledger {
    /// What a variable holds; an empty one where there is none.
    ///
    /// # Errors
    /// When somebody wrote something else there.
    pub(super) fn read(variables: &BTreeMap<String, SecretString>) -> Result<Self, PortError> {
        let Some(text) = variables.get(VARIABLE) else { return Ok(Self::default()) };
        let bytes = STANDARD.decode(text.expose_secret()).ok();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| {
            PortError::fail(
                format!("the variable {VARIABLE} at Railway was changed by somebody and can't be read"),
                "Put its last value back (railway.com, the service's activity); it says what was deployed when.",
            )
        })
    }

    /// As it is written.
    pub(super) fn written(&self) -> Result<SecretString, PortError> {
        let bytes = serde_json::to_vec(self)
            .map_err(|_| PortError::fail("what was asked for can't be written down", ""))?;
        Ok(SecretString::from(STANDARD.encode(bytes)))
    }

    /// What was asked for in a slot, oldest first.
    pub(super) fn asked(&self, which: Which) -> &[Asked] {
        match which {
            Which::Stable => &self.stable,
            Which::Canary => &self.canary,
            Which::Scheduled => &self.scheduled,
        }
    }

    fn asked_mut(&mut self, which: Which) -> &mut Vec<Asked> {
        match which {
            Which::Stable => &mut self.stable,
            Which::Canary => &mut self.canary,
            Which::Scheduled => &mut self.scheduled,
        }
    }

    /// The newest of a release that somebody wants, in a slot.
    pub(super) fn wanted(&self, which: Which, release: u32) -> Option<&Asked> {
        self.asked(which).iter().rev().find(|asked| asked.set.release == release).filter(|asked| !asked.ended)
    }

    /// Asks for one more. Those nobody can find any more, and configurations nobody uses, are left out.
    pub(super) fn ask(&mut self, which: Which, asked: Asked) {
        let all = self.asked_mut(which);
        all.push(asked);
        let excess = all.len().saturating_sub(ASKED_KEPT);
        all.drain(..excess);
    }

    /// Nobody wants a release in a slot any more.
    pub(super) fn end(&mut self, which: Which, release: u32) {
        for asked in self.asked_mut(which).iter_mut().filter(|asked| asked.set.release == release) {
            asked.ended = true;
        }
    }

    /// Nobody wants anything of the service any more. What was asked for stays written down: deployments are told by it.
    pub(super) fn end_all(&mut self) {
        for which in [Which::Stable, Which::Canary, Which::Scheduled] {
            for asked in self.asked_mut(which) {
                asked.ended = true;
            }
        }
        self.schedule = None;
        self.configs.clear();
    }

    /// Puts a configuration; old ones that nothing runs with are left out.
    pub(super) fn config_put(&mut self, config: ConfigSet) {
        // However old it is: somebody goes back to it.
        let put = config.release;
        self.configs.insert(put, config);
        let scheduled = self.schedule.as_ref().map(|schedule| schedule.release);
        let wanted: BTreeSet<u32> = self
            .stable
            .iter()
            .chain(&self.canary)
            .chain(&self.scheduled)
            .filter(|asked| !asked.ended)
            .map(|asked| asked.set.release)
            .collect();
        let newest: BTreeSet<u32> = self.configs.keys().rev().take(CONFIGS_KEPT).copied().collect();
        self.configs.retain(|release, _| {
            *release == put
                || Some(*release) == scheduled
                || wanted.contains(release)
                || newest.contains(release)
        });
    }

    /// Which of what was asked for a deployment is, the newest first in `deployments`. Proved by its commit, and by having come after the marker;
    /// nothing for those somebody else made.
    pub(super) fn of(&self, which: Which, deployments: &[Deployment], at: usize) -> Option<&Asked> {
        let commit = deployments.get(at)?.commit()?;
        let is_since = |asked: &Asked| {
            let marker = asked.after.as_deref();
            deployments.iter().position(|one| Some(one.id.as_str()) == marker).is_none_or(|found| found > at)
        };
        let mut newest_first = self.asked(which).iter().rev();
        newest_first.find(|asked| asked.commit.eq_ignore_ascii_case(commit) && is_since(asked))
    }
}
