//! Deployments: asking for one, finding the one that was asked for, going back.
//!
//! Railway has no idempotency key. What tells a deployment that was asked for from those before is a *marker*: the id of the newest deployment
//! known before ([`Railway::newest`]), which the caller keeps with the step. Clocks don't come into it.

use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Made, Page, Railway, after_write, not_seen, receipt};
use super::documents;
use super::model::{At, Deployment, Phase};
use super::projects::made;
use crate::http::ApiError;

/// Deployments that are looked through for a marker: older ones count as before it.
const LOOKED_THROUGH: u32 = 100;

#[derive(Deserialize)]
struct List {
    deployments: Page<Deployment>,
}

impl Railway {
    /// A deployment by id.
    pub async fn deployment(&self, id: &str) -> Result<Deployment, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            deployment: Deployment,
        }
        Ok(self.read::<Answer>(documents::DEPLOYMENT, json!({ "id": id })).await?.deployment)
    }

    /// The newest deployments of a service in an environment, newest first, at most 100.
    pub async fn release_list(&self, at: &At, most: u32) -> Result<Vec<Deployment>, PortError> {
        let input =
            json!({ "projectId": at.project, "environmentId": at.environment, "serviceId": at.service });
        let variables = json!({ "input": input, "first": most.clamp(1, LOOKED_THROUGH) });
        let list: List = self.read(documents::DEPLOYMENTS, variables).await?;
        let mut all: Vec<Deployment> = list.deployments.open().0.collect();
        // Those of one moment stay in Railway's order.
        all.sort_by_key(|deployment| std::cmp::Reverse(deployment.created_at));
        Ok(all)
    }

    /// The newest deployment: the marker to keep before asking for another. Absent when there was none ever.
    pub async fn newest(&self, at: &At) -> Result<Option<Deployment>, PortError> {
        Ok(self.release_list(at, 1).await?.into_iter().next())
    }

    /// What came after the marker, newest first.
    async fn since(&self, at: &At, marker: Option<&str>) -> Result<Vec<Deployment>, PortError> {
        let all = self.release_list(at, LOOKED_THROUGH).await?;
        let is_whole = all.len() < LOOKED_THROUGH as usize;
        if let Some(marker) = marker
            && is_whole
            && !all.iter().any(|deployment| deployment.id == marker)
        {
            // Without it an old deployment of the same commit would be taken for the one that was asked for.
            return Err(PortError::fail(
                format!("Deployment {marker}, the newest one before this step, is no longer listed."),
                "Look at the service at railway.com and begin anew.",
            ));
        }
        Ok(all.into_iter().take_while(|deployment| Some(deployment.id.as_str()) != marker).collect())
    }

    /// Deploys a commit; without one the newest of the branch, or the image. `marker` is the newest deployment's id before this step, kept
    /// by the caller: a deployment of that commit since is the one that was asked for, whatever became of it.
    pub async fn deploy(
        &self,
        permit: &Permit,
        at: &At,
        commit: Option<&str>,
        marker: Option<&str>,
    ) -> Result<Made<Deployment>, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "serviceInstanceDeployV2")]
            id: String,
        }
        let is_it = |found: &Deployment| match commit {
            Some(commit) => found.commit().is_some_and(|seen| seen.eq_ignore_ascii_case(commit)),
            None => true,
        };
        if let Some(found) = self.since(at, marker).await?.into_iter().find(is_it) {
            let summary = format!("deployment {} was asked for already", found.id);
            return Ok(made(found, summary, permit));
        }
        let variables = json!({
            "environmentId": at.environment, "serviceId": at.service, "commitSha": commit,
        });
        let (answer, written) = self
            .write::<Answer>(permit, documents::DEPLOY, variables, &[])
            .await
            .map_err(ApiError::of_write)?;
        let it =
            self.deployment(&answer.id).await.map_err(|_| not_seen(format!("deployment {}", answer.id)))?;
        let what = commit.map_or_else(|| "the newest".to_owned(), |commit| commit.chars().take(12).collect());
        let receipt = receipt(format!("deploys {what}"), permit, &[written]).with("deployment", &it.id);
        Ok(Made { it, receipt })
    }

    /// Deploys what a deployment ran, again, with the image it had: after changed variables or settings.
    pub async fn redeploy(
        &self,
        permit: &Permit,
        at: &At,
        deployment: &str,
        marker: Option<&str>,
    ) -> Result<Made<Deployment>, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "deploymentRedeploy")]
            it: Deployment,
        }
        let wanted = self.deployment(deployment).await?;
        if let Some(found) = self.again(at, &wanted, marker).await? {
            let summary = format!("deployment {} was asked for already", found.id);
            return Ok(made(found, summary, permit));
        }
        if !wanted.can_redeploy {
            return Err(PortError::fail(
                format!("Railway can't deploy {deployment} again: its image is no longer kept."),
                "Deploy its commit anew.",
            ));
        }
        let (answer, written) = self
            .write::<Answer>(permit, documents::REDEPLOY, json!({ "id": deployment }), &[])
            .await
            .map_err(ApiError::of_write)?;
        let receipt = receipt(format!("deploys {deployment} again"), permit, &[written])
            .with("deployment", &answer.it.id);
        Ok(Made { it: answer.it, receipt })
    }

    /// A deployment of the same build since the marker.
    async fn again(
        &self,
        at: &At,
        wanted: &Deployment,
        marker: Option<&str>,
    ) -> Result<Option<Deployment>, PortError> {
        let since = self.since(at, marker).await?;
        // Of what Railway says no build of, anything newer is taken for it: twice would be worse than another's.
        let is_unknown = wanted.commit().is_none() && wanted.image().is_none();
        Ok(since
            .into_iter()
            .find(|found| found.id != wanted.id && (is_unknown || found.is_same_build(wanted))))
    }

    /// Goes back to a deployment whose image is still kept. Railway answers only that it heard; the deployment it makes for it is found as the
    /// one of the same build since the marker.
    pub async fn rollback(
        &self,
        permit: &Permit,
        at: &At,
        to: &str,
        marker: Option<&str>,
    ) -> Result<Made<Deployment>, PortError> {
        let wanted = self.deployment(to).await?;
        if let Some(found) = self.again(at, &wanted, marker).await? {
            let summary = format!("deployment {} went back already", found.id);
            return Ok(made(found, summary, permit));
        }
        // Only what is still the newest: behind a newer one that fails to start it is live, too, and not for long.
        if wanted.phase().is_live() && self.newest(at).await?.is_some_and(|newest| newest.id == wanted.id) {
            return Ok(made(wanted, format!("deployment {to} is the one that runs"), permit));
        }
        if !wanted.can_rollback {
            return Err(PortError::fail(
                format!("Railway can't go back to {to}: its image is no longer kept, or it never ran."),
                "Deploy its commit anew; how long images are kept is a matter of the plan.",
            ));
        }
        if wanted.commit().is_none() && wanted.image().is_none() {
            return Err(PortError::fail(
                format!(
                    "Railway does not say what {to} was made from, so that going back to it could not be verified."
                ),
                "Go back to it at railway.com, or deploy its commit anew.",
            ));
        }
        let (_, written) = self
            .write::<Value>(permit, documents::ROLLBACK, json!({ "id": to }), &[])
            .await
            .map_err(ApiError::of_write)?;
        let it = self
            .again(at, &wanted, marker)
            .await
            .map_err(after_write)?
            .ok_or_else(|| not_seen("the deployment that goes back"))?;
        let receipt = receipt(format!("goes back to {to}"), permit, &[written]).with("deployment", &it.id);
        Ok(Made { it, receipt })
    }

    /// Restarts what runs of a deployment, without building. `mark` is its [`Deployment::running_mark`] before this step, kept by the caller:
    /// when it has changed since, there was a restart.
    pub async fn restart(
        &self,
        permit: &Permit,
        deployment: &str,
        mark: &str,
    ) -> Result<Made<Deployment>, PortError> {
        let seen = self.deployment(deployment).await?;
        if seen.running_mark() != mark {
            return Ok(made(seen, format!("deployment {deployment} was restarted already"), permit));
        }
        if !matches!(seen.phase(), Phase::Live | Phase::Asleep | Phase::Crashed) {
            return Err(PortError::fail(
                format!("Deployment {deployment} is {} and can't be restarted.", seen.status.to_lowercase()),
                "Deploy it again.",
            ));
        }
        let (_, written) = self
            .write::<Value>(permit, documents::RESTART, json!({ "id": deployment }), &[])
            .await
            .map_err(ApiError::of_write)?;
        let it = self.deployment(deployment).await.map_err(|_| not_seen("the restart"))?;
        if it.running_mark() == mark {
            return Err(not_seen("the restart"));
        }
        let receipt =
            receipt(format!("restarted {deployment}"), permit, &[written]).with("deployment", deployment);
        Ok(Made { it, receipt })
    }

    /// Ends what runs of a deployment, or keeps one that is under way from ever running. The deployment stays and can be started
    /// again. One that has ended is left alone.
    pub async fn end(&self, permit: &Permit, deployment: &str) -> Result<Made<Deployment>, PortError> {
        let seen = self.deployment(deployment).await?;
        let document = match seen.phase() {
            Phase::Waiting | Phase::NeedsApproval | Phase::Building | Phase::Starting => documents::CANCEL,
            Phase::Live | Phase::Asleep | Phase::Crashed if !seen.is_stopped() => documents::STOP,
            _ => return Ok(made(seen, format!("deployment {deployment} does not run"), permit)),
        };
        let (_, written) = self
            .write::<Value>(permit, document, json!({ "id": deployment }), &[])
            .await
            .map_err(ApiError::of_write)?;
        let it = self.deployment(deployment).await.map_err(after_write)?;
        if it.phase().is_live() && !it.is_stopped() {
            return Err(not_seen(format!("the end of deployment {deployment}")));
        }
        let receipt =
            receipt(format!("ended {deployment}"), permit, &[written]).with("deployment", deployment);
        Ok(Made { it, receipt })
    }
}
