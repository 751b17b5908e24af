//! Looking at Railway: the environment in one call, what was asked for of each service, and newer deployments where one is on its way.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::model::ServiceName;
use engine::ports::PortError;

use super::ledger::{Asked, Ledger, Which};
use super::{Hosted, canary_name, locked};
use crate::railway::{At, Deployment, Environment, Instance};

/// Deployments of a slot that are looked through.
const DEPLOYMENTS: u32 = 20;

/// Railway's ids.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    pub(super) project: String,
    pub(super) environment: String,
}

impl Ids {
    pub(super) fn at(&self, service: &str) -> At {
        At {
            project: self.project.clone(),
            environment: self.environment.clone(),
            service: service.to_owned(),
        }
    }
}

/// One of a service's two services at Railway.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) at: At,
    pub(super) instance: Instance,
    /// Newest first; only the newest where that is the one that runs.
    pub(super) deployments: Vec<Deployment>,
}

/// A service.
#[derive(Debug, Clone, Default)]
pub(super) struct There {
    pub(super) ledger: Ledger,
    pub(super) stable: Option<Slot>,
    pub(super) canary: Option<Slot>,
}

/// An environment; nothing where there is none yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Look {
    pub(super) environment: Option<Environment>,
    pub(super) services: BTreeMap<ServiceName, There>,
}

impl There {
    pub(super) fn slot(&self, which: Which) -> Option<&Slot> {
        match which {
            Which::Stable | Which::Scheduled => self.stable.as_ref(),
            Which::Canary => self.canary.as_ref(),
        }
    }

    /// What runs in a slot, with what it was asked for as. Without the second it is somebody else's.
    pub(super) fn live(&self, which: Which) -> Option<(&Deployment, Option<&Asked>)> {
        let all = &self.slot(which)?.deployments;
        let at = all.iter().position(|one| one.phase().is_live() && !one.is_stopped())?;
        Some((&all[at], self.ledger.of(which, all, at)))
    }

    /// The number of the release that runs in a slot.
    pub(super) fn serves(&self, which: Which) -> Option<u32> {
        Some(self.live(which)?.1?.set.release)
    }

    /// The address of a slot at Railway, past the edge.
    pub(super) fn address(&self, which: Which) -> Option<String> {
        Some(self.slot(which)?.instance.domains.service_domains.first()?.domain.clone())
    }

    /// The newest deployment that was made for this.
    pub(super) fn made_for(&self, which: Which, asked: &Asked) -> Option<&Deployment> {
        let all = &self.slot(which)?.deployments;
        (0..all.len()).find(|at| self.ledger.of(which, all, *at) == Some(asked)).map(|at| &all[at])
    }
}

impl Hosted {
    /// The environment's ids; nothing where there is none.
    pub(super) async fn ids(&self) -> Result<Option<Ids>, PortError> {
        if let Some(ids) = locked(&self.ids).clone() {
            return Ok(Some(ids));
        }
        let (railway, place) = (&self.parts.railway, &self.place);
        let Some(project) = railway.project_named(&place.project, place.workspace.as_deref()).await? else {
            return Ok(None);
        };
        let Some(environment) = railway.environment_named(&project.id, &place.environment).await? else {
            return Ok(None);
        };
        let ids = Ids { project: project.id, environment: environment.id };
        *locked(&self.ids) = Some(ids.clone());
        Ok(Some(ids))
    }

    /// All of it; what was seen a moment ago is told again.
    pub(super) async fn look(&self) -> Result<Arc<Look>, PortError> {
        let now_ms = self.parts.clock.passed_ms();
        if let Some((at_ms, look)) = &locked(&self.recent).look
            && now_ms - at_ms < self.place.look_every_ms
        {
            return Ok(Arc::clone(look));
        }
        let look = Arc::new(self.look_now(None).await?);
        locked(&self.recent).look = Some((now_ms, Arc::clone(&look)));
        Ok(look)
    }

    /// One service as it is now.
    pub(super) async fn there(&self, service: &ServiceName) -> Result<There, PortError> {
        self.placed(service)?;
        Ok(self.look_now(Some(service)).await?.services.remove(service).unwrap_or_default())
    }

    async fn look_now(&self, only: Option<&ServiceName>) -> Result<Look, PortError> {
        let Some(ids) = self.ids().await? else { return Ok(Look::default()) };
        let environment = self.parts.railway.environment(&ids.project, &ids.environment).await?;
        let mut services = BTreeMap::new();
        for (service, placed) in &self.place.services {
            if only.is_some_and(|only| only != service) {
                continue;
            }
            let stable = self.slot(&ids, &environment, &placed.name).await?;
            let canary = match self.split(service) {
                Some(_) => self.slot(&ids, &environment, &canary_name(&placed.name)).await?,
                None => None,
            };
            let ledger = match &stable {
                Some(stable) => Ledger::read(&self.parts.railway.variables(&stable.at).await?)?,
                None => Ledger::default(),
            };
            services.insert(service.clone(), There { ledger, stable, canary });
        }
        Ok(Look { environment: Some(environment), services })
    }

    async fn slot(
        &self,
        ids: &Ids,
        environment: &Environment,
        name: &str,
    ) -> Result<Option<Slot>, PortError> {
        let Some(instance) = environment.service(name) else { return Ok(None) };
        let at = ids.at(&instance.service_id);
        let deployments = match &instance.latest_deployment {
            None => Vec::new(),
            Some(newest) if newest.phase().is_live() && !newest.is_stopped() => vec![newest.clone()],
            Some(_) => self.parts.railway.release_list(&at, DEPLOYMENTS).await?,
        };
        Ok(Some(Slot { at, instance: instance.clone(), deployments }))
    }
}
