//! Reconcile config: the configuration of the release is written beside the others, under the release's number.
//! Running instances keep theirs. Undo removes it, unless the release was there before.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::ports::{ConfigSet, ObservedEnvironment, Permit, PortError, Receipt};
use crate::run::Reason;

/// Writes configuration sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutConfig {
    /// One per service.
    pub configs: Vec<ConfigSet>,
    /// They are of a release that was there before: nothing runs with them until it is brought up, some of them may be
    /// there still, and all of them may stay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_earlier: bool,
}

fn fingerprint<'a>(observed: &'a ObservedEnvironment, config: &ConfigSet) -> Option<&'a String> {
    observed.services.get(&config.service)?.config.get(&config.release)
}

/// Whether something still runs with it, because undoing a later step was given up: its next start would fail without.
fn is_used(observed: &ObservedEnvironment, config: &ConfigSet) -> bool {
    observed.services.get(&config.service).is_some_and(|there| {
        there.sets.iter().any(|set| set.release == config.release)
            || there.schedule.as_ref().is_some_and(|schedule| schedule.release == config.release)
    })
}

#[async_trait]
impl StepAct for PutConfig {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        if self.configs.iter().any(|config| fingerprint(&observed, config) != Some(&config.fingerprint)) {
            return Ok(Look::Todo);
        }
        let variables: usize = self.configs.iter().map(|config| config.variables.len()).sum();
        let mut receipt = Receipt::new(match self.configs.len() {
            0 => "nothing to write".to_owned(),
            services => format!("{} for {}", counted(variables, "variable"), counted(services, "service")),
        });
        for config in &self.configs {
            receipt = receipt.with(config.service.as_str(), &config.fingerprint);
        }
        Ok(Look::Done(receipt))
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let platform = &at.ports.platform;
        for config in &self.configs {
            if fingerprint(&observed, config) != Some(&config.fingerprint) {
                platform
                    .config_put(permit, at.environment, &config.service, config.release, Some(config))
                    .await?;
            }
        }
        Ok(Receipt::new("configuration written"))
    }

    fn undo(&self) -> Undo {
        if self.of_earlier { Undo::Nothing } else { Undo::Can }
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let there = self.configs.iter().filter(|config| fingerprint(&observed, config).is_some());
        let (used, unused): (Vec<_>, Vec<_>) = there.partition(|config| is_used(&observed, config));
        if !unused.is_empty() {
            return Ok(Look::Todo);
        }
        if used.is_empty() {
            return Ok(Look::Done(Receipt::new("configuration removed")));
        }
        let stays = used.iter().map(|config| format!("{}, release {}", config.service, config.release));
        Ok(Look::Broken(Reason::new(
            self.failure_code(),
            format!("stays for what still runs with it: {}", stays.collect::<Vec<_>>().join("; ")),
            "",
        )))
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let platform = &at.ports.platform;
        let mut failed = None;
        for config in self.configs.iter().filter(|config| !is_used(&observed, config)) {
            let removed =
                platform.config_put(permit, at.environment, &config.service, config.release, None).await;
            failed = failed.or(removed.err());
        }
        failed.map_or_else(|| Ok(Receipt::new("configuration removed")), Err)
    }

    async fn left(&self, at: &StepContext<'_>) -> Result<Vec<String>, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let there = self.configs.iter().filter(|config| fingerprint(&observed, config).is_some());
        Ok(there
            .map(|config| {
                format!("variables of {}, release {}, are still there", config.service, config.release)
            })
            .collect())
    }

    fn failure_code(&self) -> &'static str {
        "config"
    }
}

/// "1 variable", "3 variables".
fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
