//! What an environment should hold before releases come: project, environment, services, databases, addresses, and the balancer in front.
//! What is there by its name is taken as it is; nothing is removed.

use engine::model::{ComponentKind, ComponentName, ServiceName};
use engine::ports::{Finding, Permit, PortError, Receipt, Shape};
use secrecy::SecretString;
use uuid::Uuid;

use super::ledger::Which;
use super::look::{Ids, There};
use super::{Hosted, Placed, canary_name, locked};
use crate::cloudflare::{Affinity, LoadBalancer, Origin, Pool};
use crate::railway::{Begins, DatabaseWanted, Source};

/// How long Cloudflare's cookie keeps a client with its release, in seconds.
const STICKY_S: u32 = 3_600;

impl Hosted {
    async fn ids_made(&self, permit: &Permit) -> Result<Ids, PortError> {
        if let Some(ids) = self.ids().await? {
            return Ok(ids);
        }
        let (railway, place) = (&self.parts.railway, &self.place);
        let workspace = place.workspace.as_deref();
        let project = railway.ensure_project(permit, &place.project, workspace, &place.environment).await?.it;
        let environment =
            railway.ensure_environment(permit, &project.id, &place.environment, &Begins::Empty).await?.it;
        let ids = Ids { project: project.id, environment: environment.id };
        *locked(&self.ids) = Some(ids.clone());
        Ok(ids)
    }

    /// A service with its two places at Railway, made where they are missing.
    pub(super) async fn made(&self, permit: &Permit, service: &ServiceName) -> Result<There, PortError> {
        let placed = self.placed(service)?;
        let ids = self.ids_made(permit).await?;
        let there = self.there(service).await?;
        let is_split = self.split(service).is_some();
        if there.stable.is_some() && (there.canary.is_some() || !is_split) {
            return Ok(there);
        }
        self.forget();
        if there.stable.is_none() {
            self.service_made(permit, &ids, placed, &placed.name).await?;
        }
        if is_split && there.canary.is_none() {
            self.service_made(permit, &ids, placed, &canary_name(&placed.name)).await?;
        }
        self.there(service).await
    }

    async fn service_made(
        &self,
        permit: &Permit,
        ids: &Ids,
        placed: &Placed,
        name: &str,
    ) -> Result<(), PortError> {
        let source = Source::Repo { repo: placed.repository.clone(), branch: placed.branch.clone() };
        self.parts.railway.ensure_service(permit, &ids.project, &ids.environment, name, &source).await?;
        Ok(())
    }

    /// Railway begins to deploy a new service by itself, without its variables: that is ended.
    async fn unasked_ended(&self, permit: &Permit, there: &There, which: Which) -> Result<(), PortError> {
        let Some(slot) = there.slot(which) else { return Ok(()) };
        if !there.ledger.asked(which).is_empty() || !there.ledger.asked(Which::Scheduled).is_empty() {
            return Ok(());
        }
        match slot.deployments.as_slice() {
            [only] if !only.phase().is_over() => self.parts.railway.end(permit, &only.id).await.map(|_| ()),
            _ => Ok(()),
        }
    }

    /// What is in the way of such a shape.
    pub(super) fn findings(&self, shape: &Shape) -> Vec<Finding> {
        let blocks = |says: String| Finding { blocks: true, says };
        let mut findings = Vec::new();
        for (name, kind) in &shape.components {
            if matches!(kind, ComponentKind::Storage | ComponentKind::Mail) {
                findings.push(blocks(format!(
                    "{name} can't be set up at Railway, where services share no files and mail ends nowhere: \
                     connect a service for it by its secrets, and leave {name} out"
                )));
            }
            if self
                .place
                .services
                .values()
                .any(|placed| placed.name == name.as_str() || canary_name(&placed.name) == name.as_str())
            {
                findings.push(blocks(format!(
                    "{name} is a component and a service at once: Railway knows both by their names"
                )));
            }
        }
        let unknown = shape.edge.keys().filter(|service| !self.place.services.contains_key(*service));
        findings.extend(unknown.map(|service| blocks(format!("nobody said where {service} is at Railway"))));
        for service in shape.sticky.keys().filter(|service| self.split(service).is_none()) {
            findings.push(Finding {
                blocks: false,
                says: format!(
                    "{service} has no edge that splits its traffic, so that nothing keeps its clients apart"
                ),
            });
        }
        findings
    }

    pub(super) async fn shape_made(&self, permit: &Permit, shape: &Shape) -> Result<Receipt, PortError> {
        if let Some(finding) = self.findings(shape).into_iter().find(|finding| finding.blocks) {
            return Err(PortError::fail(finding.says, ""));
        }
        let ids = self.ids_made(permit).await?;
        let railway = &self.parts.railway;
        for (name, kind) in &shape.components {
            if shape.urls.contains_key(name) {
                continue;
            }
            // It is used only where there is none yet, and is in Railway's keeping from then on.
            let password = SecretString::from(Uuid::new_v4().simple().to_string());
            let wanted = DatabaseWanted { name: name.to_string(), image: None, password };
            let made = match kind {
                ComponentKind::Cache => {
                    railway.ensure_redis(permit, &ids.project, &ids.environment, &wanted).await
                }
                _ => railway.ensure_postgres(permit, &ids.project, &ids.environment, &wanted).await,
            };
            self.forget();
            made?;
        }
        for service in self.place.services.keys() {
            let there = self.made(permit, service).await?;
            self.unasked_ended(permit, &there, Which::Stable).await?;
            self.unasked_ended(permit, &there, Which::Canary).await?;
            let mut ledger = there.ledger.clone();
            // What a shape says nothing of stays as it is.
            if shape.edge.contains_key(service) {
                ledger.sticky = shape.sticky.get(service).cloned();
            }
            if self.place.services.keys().next() == Some(service) {
                ledger.components.extend(shape.components.clone());
                ledger.urls.retain(|name, _| !shape.components.contains_key(name));
                ledger.urls.extend(shape.urls.clone());
            }
            self.save(permit, service, &there, &ledger).await?;
            if shape.edge.contains_key(service) || self.split(service).is_some() {
                self.addresses_made(permit, service, &there, ledger.sticky.is_some()).await?;
            }
            self.forget();
        }
        let summary = format!(
            "{} components and {} services at Railway, {} addresses",
            shape.components.len(),
            self.place.services.len(),
            shape.edge.len()
        );
        Ok(Receipt::new(summary).with("project", ids.project).with("environment", ids.environment))
    }

    /// Ends what runs of a component. Its service stays at Railway with its volume, and is deployed again where the component
    /// is wanted again. It is crossed out last: until then it is still told, so that the engine asks again.
    pub(super) async fn component_stop(
        &self,
        permit: &Permit,
        component: &ComponentName,
    ) -> Result<Receipt, PortError> {
        let gone = format!("{component} is there no more");
        let Some(ids) = self.ids().await? else { return Ok(Receipt::new(gone)) };
        let Some(home) = self.place.services.keys().next() else { return Ok(Receipt::new(gone)) };
        let there = self.there(home).await?;
        if !there.ledger.components.contains_key(component) {
            return Ok(Receipt::new(gone));
        }
        let railway = &self.parts.railway;
        let environment = railway.environment(&ids.project, &ids.environment).await?;
        let runs_here = !there.ledger.urls.contains_key(component);
        let mut receipt = Receipt::new(gone);
        if let Some(service) = environment.service(component.as_str()).filter(|_| runs_here) {
            let at = ids.at(&service.service_id);
            if let Some(newest) = railway.newest(&at).await? {
                railway.end(permit, &newest.id).await?;
            }
            receipt = Receipt::new(format!("{component} runs no more; its volume is kept at Railway"))
                .with("service", &at.service);
        }
        let mut ledger = there.ledger.clone();
        ledger.components.remove(component);
        ledger.urls.remove(component);
        self.save(permit, home, &there, &ledger).await?;
        self.forget();
        Ok(receipt)
    }

    /// Addresses at Railway, and the balancer that splits between them.
    async fn addresses_made(
        &self,
        permit: &Permit,
        service: &ServiceName,
        there: &There,
        sticky: bool,
    ) -> Result<(), PortError> {
        let port = Some(self.placed(service)?.port);
        let (Some(stable), canary) = (&there.stable, &there.canary) else { return Ok(()) };
        let stable = self.parts.railway.ensure_service_domain(permit, &stable.at, port).await?.it;
        let (Some((cloudflare, host)), Some(canary)) = (self.split(service), canary) else { return Ok(()) };
        let canary = self.parts.railway.ensure_service_domain(permit, &canary.at, port).await?.it;
        let zone = self.zone(host).await?;
        let pool = Pool {
            name: self.canary(service, host, false).pool,
            stable: Origin::by_name(stable.domain),
            canary: Origin::by_name(canary.domain),
            monitor: None,
        };
        let pool = cloudflare.ensure_pool(permit, &pool).await?.thing.id;
        let affinity = sticky.then_some(Affinity { ttl_s: STICKY_S });
        let balancer = LoadBalancer { host: host.to_owned(), pool, affinity };
        cloudflare.ensure_load_balancer(permit, &zone, &balancer).await?;
        Ok(())
    }
}
