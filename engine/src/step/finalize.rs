//! Finalize: the database learns the new state together with the step's receipt, and instances nobody is sent to any
//! more are drained and ended. The point of no return: from here the way back is a rollback.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::{Component, ComponentName, Desired, EnvironmentName, Project, ServiceName, Variable};
use crate::ports::{Permit, PortError, Receipt};
use crate::project::{needed, without};

/// Seconds open connections may go on before they are cut.
pub(super) const DRAIN_S: u32 = 10;
/// Tries to end old instances; after that they are left to the next reconcile, because the change itself has worked.
const RETIRE_TRIES: u32 = 3;

/// How long it may fail to see what runs before it leaves the old instances to the next reconcile, in milliseconds.
/// Shorter than the executor's own patience, which would give the whole run up.
const LOOK_PATIENCE_MS: i64 = 60_000;

/// A change of an environment's desired state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum DesiredChange {
    /// A release is live: the one before is superseded (or failed, when this is a rollback away from it).
    Live {
        /// Its number.
        release: u32,
        /// The release before it was taken back.
        took_back: bool,
        /// The newest migration the database has.
        schema: Option<String>,
    },
    /// A service has that many replicas from now on.
    Replicas {
        /// The service.
        service: ServiceName,
        /// How many.
        replicas: u32,
    },
    /// A scheduled service is on or off.
    Cron {
        /// The service.
        service: ServiceName,
        /// On.
        enabled: bool,
    },
    /// A variable of a service has another value here from now on: in the project's description.
    Variable {
        /// The service.
        service: ServiceName,
        /// The variable.
        name: String,
        /// Its value.
        value: String,
    },
    /// The environment has a component from now on, or has none of that name: in the project's description.
    Component {
        /// Its name.
        name: ComponentName,
        /// What it is; absent when it is taken away.
        component: Option<Component>,
    },
    /// The environment is no more: nothing is live in it, and the project's description is without it.
    Gone,
    /// Automatic deploys are held, or free again.
    Held {
        /// Why; absent when free.
        reason: Option<String>,
    },
}

impl DesiredChange {
    /// Applies it to an environment's desired state.
    pub fn apply(&self, desired: &mut Desired) {
        match self {
            Self::Live { release, .. } => desired.live = Some(*release),
            Self::Replicas { service, replicas } => {
                desired.replicas.insert(service.clone(), *replicas);
            }
            Self::Cron { service, enabled: true } => {
                desired.cron_disabled.remove(service);
            }
            Self::Cron { service, enabled: false } => {
                desired.cron_disabled.insert(service.clone());
            }
            Self::Held { reason } => desired.held.clone_from(reason),
            Self::Gone => *desired = Desired::default(),
            Self::Variable { .. } | Self::Component { .. } => {}
        }
    }

    /// Whether it is kept in the project's description.
    pub fn is_described(&self) -> bool {
        matches!(self, Self::Variable { .. } | Self::Component { .. } | Self::Gone)
    }

    /// Applies it to the project's description, where that can take it: what was imported meanwhile may have no such service any
    /// more, or ask for a component that goes. Says what is left out.
    pub fn describe(&self, project: &mut Project, environment: &EnvironmentName) -> Option<String> {
        match self {
            Self::Variable { service, name, value } => {
                let known = project.services.contains_key(service);
                let Some(here) = project.environments.get_mut(environment).filter(|_| known) else {
                    return Some(format!("{service} is not described any more"));
                };
                let over = here.services.entry(service.clone()).or_default();
                over.variables.insert(name.clone(), Variable::Plain(value.clone()));
            }
            Self::Component { name, component: Some(_) }
                if project.services.keys().any(|service| service.as_str() == name.as_str()) =>
            {
                return Some(format!("{name} is described as a service by now"));
            }
            Self::Component { name, component } => {
                let asked = component.is_none().then(|| needed(project, environment, name)).flatten();
                if let Some(why) = asked {
                    return Some(format!("{name} stays described: {why}"));
                }
                project.component_put(environment, name, component.as_ref());
            }
            Self::Gone => return undescribe(project, environment),
            _ => {}
        }
        None
    }
}

/// Takes an environment out of a description, or says why that has to keep it.
fn undescribe(project: &mut Project, environment: &EnvironmentName) -> Option<String> {
    match without(project, environment) {
        Ok(others) => {
            *project = others;
            None
        }
        Err(why) => Some(format!("{environment} stays described: {why}")),
    }
}

/// Ends what is not needed any more and records the new state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finalize {
    /// Sets to end, by service and release number.
    pub retire: Vec<(ServiceName, u32)>,
    /// What the database learns.
    pub changes: Vec<DesiredChange>,
}

fn unseen(what: &str) -> Look {
    Look::Done(Receipt::new(format!("recorded; could not see whether old processes ended: {what}")))
}

#[async_trait]
impl StepAct for Finalize {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = match at.ports.platform.observe(at.environment).await {
            Ok(observed) => observed,
            // The change itself is verified, and what served before may be ended by now: undoing it because nobody
            // could look would take away what works.
            Err(PortError::Fail { what, .. }) => return Ok(unseen(&what)),
            Err(PortError::Retry { what, .. } | PortError::Unknown { what })
                if at.now_ms - at.since_ms > LOOK_PATIENCE_MS =>
            {
                return Ok(unseen(&what));
            }
            Err(error) => return Err(error),
        };
        let left: Vec<String> = self
            .retire
            .iter()
            .filter(|(service, release)| {
                observed
                    .services
                    .get(service)
                    .is_some_and(|there| there.sets.iter().any(|set| set.release == *release))
            })
            .map(|(service, release)| format!("{service} of release {release}"))
            .collect();
        if !left.is_empty() && at.acted < RETIRE_TRIES {
            return Ok(Look::Todo);
        }
        let receipt = Receipt::new(if left.is_empty() {
            "recorded".to_owned()
        } else {
            format!("recorded; could not end {} yet", left.join(", "))
        });
        Ok(Look::Done(receipt))
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        let mut failed = None;
        for (service, release) in &self.retire {
            let stopped =
                at.ports.platform.instances_stop(permit, at.environment, service, *release, DRAIN_S).await;
            // One that won't end is no reason to keep the others.
            failed = failed.or(stopped.err());
        }
        failed.map_or_else(|| Ok(Receipt::new("old processes ended")), Err)
    }

    fn undo(&self) -> Undo {
        Undo::NoReturn
    }

    fn failure_code(&self) -> &'static str {
        "finalize-failed"
    }
}
