//! Reconcile config: the configuration of the new release is written beside the old one, under the release's number.
//! Running instances keep theirs. Undo removes it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::ports::{ConfigSet, ObservedEnvironment, Permit, PortError, Receipt};

/// Writes configuration sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutConfig {
    /// One per service.
    pub configs: Vec<ConfigSet>,
}

fn fingerprint<'a>(observed: &'a ObservedEnvironment, config: &ConfigSet) -> Option<&'a String> {
    observed.services.get(&config.service)?.config.get(&config.release)
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
        Undo::Can
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        if self.configs.iter().any(|config| fingerprint(&observed, config).is_some()) {
            return Ok(Look::Todo);
        }
        Ok(Look::Done(Receipt::new("configuration removed")))
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        for config in &self.configs {
            at.ports
                .platform
                .config_put(permit, at.environment, &config.service, config.release, None)
                .await?;
        }
        Ok(Receipt::new("configuration removed"))
    }

    fn failure_code(&self) -> &'static str {
        "config"
    }
}

/// "1 variable", "3 variables".
fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
