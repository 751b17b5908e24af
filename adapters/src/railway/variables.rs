//! Variables of a service: what differs by name and value is set, in one call, without a deployment. Values are secrets here, whatever they hold.

use std::collections::{BTreeMap, BTreeSet};

use engine::ports::{Permit, PortError};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::{Made, Page, Railway, after_write, not_seen, receipt};
use super::documents;
use super::model::At;
use crate::http::ApiError;

/// What Railway sets itself.
const RAILWAYS_OWN: &str = "RAILWAY_";

/// Which variables changed, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VariablesSet {
    /// Set, because they were not there or were different.
    pub set: BTreeSet<String>,
    /// Of these, those whose value Railway tells nobody (sealed): set anew, because nobody knows whether they were the same.
    pub sealed: BTreeSet<String>,
    /// Removed, because that was asked for.
    pub removed: BTreeSet<String>,
}

impl Railway {
    /// The variables of a service as they were written: a reference like `${{Postgres.DATABASE_URL}}` is the reference. Sealed ones are not
    /// among them.
    pub async fn variables(&self, at: &At) -> Result<BTreeMap<String, SecretString>, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            variables: BTreeMap<String, Option<String>>,
        }
        let variables = json!({
            "projectId": at.project, "environmentId": at.environment, "serviceId": at.service,
        });
        let answer: Answer = self.read(documents::VARIABLES, variables).await?;
        let set =
            answer.variables.into_iter().filter_map(|(name, value)| Some((name, SecretString::from(value?))));
        Ok(set.filter(|(name, _)| !name.starts_with(RAILWAYS_OWN)).collect())
    }

    /// The names of a service's sealed variables.
    pub async fn sealed(&self, at: &At) -> Result<BTreeSet<String>, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            environment: Held,
        }
        #[derive(Deserialize)]
        struct Held {
            variables: Page<Variable>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Variable {
            name: String,
            service_id: Option<String>,
            is_sealed: bool,
        }
        let variables = json!({ "id": at.environment, "projectId": at.project });
        let all: Vec<Variable> = self
            .all(documents::VARIABLE_NAMES, variables, |answer: Answer| answer.environment.variables)
            .await?;
        let ours =
            all.into_iter().filter(|one| one.is_sealed && one.service_id.as_deref() == Some(&at.service));
        Ok(ours.map(|one| one.name).collect())
    }

    /// Sets what differs, in one call that deploys nothing (`skipDeploys`); the caller deploys once, when all is right. Removes the names that
    /// are to be removed, one by one: `replace` would also take away what somebody added meanwhile, and all sealed ones. Railway deploys
    /// after a removal by itself.
    pub async fn set_env_vars(
        &self,
        permit: &Permit,
        at: &At,
        wanted: &BTreeMap<String, SecretString>,
        remove: &BTreeSet<String>,
    ) -> Result<Made<VariablesSet>, PortError> {
        if let Some(name) =
            wanted.keys().chain(remove).find(|name| name.starts_with(RAILWAYS_OWN) || name.is_empty())
        {
            return Err(PortError::fail(
                format!("`{name}` can't be set: names that begin with {RAILWAYS_OWN} are Railway's own."),
                "Choose another name.",
            ));
        }
        let (seen, sealed) = (self.variables(at).await?, self.sealed(at).await?);
        let mut done = VariablesSet::default();
        let (mut input, mut hidden) = (Map::new(), Vec::new());
        for (name, value) in wanted.iter().filter(|(name, _)| !remove.contains(*name)) {
            if !is_same(seen.get(name), value) {
                input.insert(name.clone(), json!(value.expose_secret()));
                hidden.push(value.clone());
                done.set.insert(name.clone());
            }
        }
        done.sealed = done.set.intersection(&sealed).cloned().collect();
        done.removed = remove
            .iter()
            .filter(|name| seen.contains_key(*name) || sealed.contains(*name))
            .cloned()
            .collect();
        let mut written = Vec::new();
        if !input.is_empty() {
            let input = json!({
                "projectId": at.project,
                "environmentId": at.environment,
                "serviceId": at.service,
                "variables": Value::Object(input),
                "skipDeploys": true,
                "replace": false,
            });
            let taken = self
                .write::<Value>(permit, documents::VARIABLES_UPSERT, json!({ "input": input }), &hidden)
                .await;
            written.push(taken.map_err(ApiError::of_write)?.1);
        }
        for name in &done.removed {
            let input = json!({
                "projectId": at.project, "environmentId": at.environment, "serviceId": at.service, "name": name,
            });
            let taken =
                self.write::<Value>(permit, documents::VARIABLE_DELETE, json!({ "input": input }), &[]).await;
            written.push(taken.map_err(ApiError::of_write)?.1);
        }
        if !written.is_empty() {
            let now = self.variables(at).await.map_err(after_write)?;
            let still_sealed = self.sealed(at).await.map_err(after_write)?;
            let is_set = |name: &String| still_sealed.contains(name) || is_same(now.get(name), &wanted[name]);
            let wrong = done.set.iter().filter(|name| !is_set(name));
            let stay =
                done.removed.iter().filter(|name| now.contains_key(*name) || still_sealed.contains(*name));
            if let Some(name) = wrong.chain(stay).next() {
                return Err(not_seen(format!("the change of variable {name}")));
            }
        }
        let summary = match (done.set.len(), done.removed.len()) {
            (0, 0) => "all variables are right".to_owned(),
            (set, removed) => format!("set {set} variables, removed {removed}"),
        };
        let names = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
        let receipt = receipt(summary, permit, &written)
            .with("set", names(&done.set))
            .with("set-anew-because-sealed", names(&done.sealed))
            .with("removed", names(&done.removed));
        // The hash of a short value would give it away.
        let mut receipt = receipt;
        receipt.facts.remove("sent-sha256");
        Ok(Made { it: done, receipt })
    }
}

fn is_same(seen: Option<&SecretString>, wanted: &SecretString) -> bool {
    seen.is_some_and(|seen| seen.expose_secret() == wanted.expose_secret())
}
