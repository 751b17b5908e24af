//! What a simulated Railway answers to questions: whole things, of which the caller cuts out what was asked for.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::query::{connection, page};
use super::world::{Access, DeploymentRow, DomainRow, InstanceRow, LogRow, WORKSPACE, World};

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn text<'v>(arguments: &'v Value, name: &str) -> &'v str {
    arguments[name].as_str().unwrap_or_default()
}

impl World {
    /// The answer to a question; nothing when the field is none of them.
    pub(super) fn asked(
        &mut self,
        name: &str,
        arguments: &Value,
        access: &Access,
    ) -> Option<Result<Value, String>> {
        if self.is_lively && name == "deployments" {
            self.all_go_on();
        }
        let id = text(arguments, "id").to_owned();
        let found = |value: Option<Value>, what: &str| value.ok_or_else(|| format!("{what} not found"));
        let workspaces = json!([{ "id": WORKSPACE, "name": "Acme" }]);
        Some(match name {
            "me" => Ok(
                json!({ "id": "u-1", "name": "Ada", "email": "ada@example.com", "workspaces": workspaces }),
            ),
            "apiToken" => Ok(json!({ "workspaces": workspaces })),
            "projectToken" => self.project_token(access),
            "projects" => {
                let ids: Vec<String> = self.projects.iter().map(|row| row.id.clone()).collect();
                Ok(page(&ids.iter().filter_map(|id| self.project(id)).collect::<Vec<_>>(), arguments))
            }
            "project" => found(self.project(&id), "Project"),
            "environments" => {
                let project = text(arguments, "projectId");
                let rows = self.environments.iter().filter(|row| row.project == project);
                let all: Vec<Value> = rows.filter_map(|row| self.environment(&row.id)).collect();
                Ok(page(&all, arguments))
            }
            "environment" => found(self.environment(&id), "Environment"),
            "serviceInstance" => {
                let (environment, service) = (text(arguments, "environmentId"), text(arguments, "serviceId"));
                let row = self.instance(environment, service).cloned();
                found(row.map(|row| self.instance_told(&row)), "ServiceInstance")
            }
            "variables" => {
                let row =
                    self.instance(text(arguments, "environmentId"), text(arguments, "serviceId")).cloned();
                found(row.map(|row| variables_told(&row)), "Service")
            }
            "deployment" => {
                self.go_on(&id);
                let row = self.deployments.iter().find(|row| row.id == id);
                found(row.map(deployment_told), "Deployment")
            }
            "deployments" => Ok(page(&self.deployments_told(&arguments["input"]), arguments)),
            "domains" => {
                Ok(self.domains_told(text(arguments, "environmentId"), text(arguments, "serviceId")))
            }
            "customDomainAvailable" => {
                let domain = text(arguments, "domain");
                let is_free = !self.domains.iter().any(|row| row.domain == domain);
                let message = if is_free { "Domain is available" } else { "Domain is already in use" };
                Ok(json!({ "available": is_free, "message": message }))
            }
            "deploymentLogs" | "buildLogs" => Ok(self.lines(name, arguments)),
            "httpLogs" => Ok(self.requests(arguments)),
            _ => return None,
        })
    }

    fn project_token(&self, access: &Access) -> Result<Value, String> {
        let Access::Project(project, environment) = access else { return Err("Not Authorized".to_owned()) };
        let environment = self.environments.iter().find(|row| row.id == *environment);
        let project = self.projects.iter().find(|row| row.id == *project);
        let (Some(project), Some(environment)) = (project, environment) else {
            return Err("ProjectToken not found".to_owned());
        };
        Ok(json!({
            "id": "t-1", "name": "deploys",
            "project": { "id": project.id, "name": project.name, "workspaceId": WORKSPACE },
            "environment": { "id": environment.id, "name": environment.name },
        }))
    }

    pub(super) fn project(&self, id: &str) -> Option<Value> {
        let row = self.projects.iter().find(|row| row.id == id)?;
        let services = self.services.iter().filter(|service| service.project == id);
        let services: Vec<Value> =
            services.map(|service| json!({ "id": service.id, "name": service.name })).collect();
        Some(json!({
            "id": row.id, "name": row.name, "description": row.description, "workspaceId": WORKSPACE,
            "services": connection(&services),
        }))
    }

    pub(super) fn environment(&self, id: &str) -> Option<Value> {
        let row = self.environments.iter().find(|row| row.id == id)?;
        let instances: Vec<&InstanceRow> =
            self.instances.iter().filter(|row| row.environment == id).collect();
        let volumes = self.volumes.iter().filter(|row| row.environment == id).map(|row| {
            json!({
                "id": row.id, "volumeId": row.volume, "serviceId": row.service, "mountPath": row.mount_path,
                "sizeMB": 5_000, "currentSizeMB": 120.5, "state": row.state, "volume": { "name": row.name },
            })
        });
        let variables = instances.iter().flat_map(|row| {
            row.variables.keys().map(|name| {
                json!({
                    "id": format!("{}/{name}", row.id), "name": name, "serviceId": row.service,
                    "isSealed": row.sealed.contains(name),
                })
            })
        });
        let config: Map<String, Value> = instances
            .iter()
            .map(|row| {
                let regions = row.settings.get("multiRegionConfig").cloned();
                (row.service.clone(), json!({ "deploy": { "multiRegionConfig": regions } }))
            })
            .collect();
        Some(json!({
            "id": row.id, "name": row.name, "projectId": row.project, "isEphemeral": row.is_ephemeral,
            "config": { "services": config },
            "serviceInstances": connection(&instances.iter().map(|row| self.instance_told(row)).collect::<Vec<_>>()),
            "volumeInstances": connection(&volumes.collect::<Vec<_>>()),
            "variables": connection(&variables.collect::<Vec<_>>()),
        }))
    }

    fn instance_told(&self, row: &InstanceRow) -> Value {
        let name =
            self.services.iter().find(|service| service.id == row.service).map(|service| &service.name);
        let latest = self.deployments.iter().rfind(|deployment| {
            deployment.service == row.service && deployment.environment == row.environment
        });
        let mut told = json!({
            "id": row.id, "serviceId": row.service, "serviceName": name,
            "source": if row.repo.is_none() && row.image.is_none() { Value::Null }
                      else { json!({ "repo": row.repo, "image": row.image }) },
            "domains": self.domains_told(&row.environment, &row.service),
            "latestDeployment": latest.map(deployment_told),
            "restartPolicyType": "ON_FAILURE",
        });
        let settings = [
            "region",
            "numReplicas",
            "cronSchedule",
            "healthcheckPath",
            "startCommand",
            "preDeployCommand",
            "overlapSeconds",
            "drainingSeconds",
            "rootDirectory",
            "sleepApplication",
        ];
        for name in settings {
            told[name] = row.settings.get(name).cloned().unwrap_or_default();
        }
        if let Some(restart) = row.settings.get("restartPolicyType") {
            told["restartPolicyType"] = restart.clone();
        }
        told
    }

    fn deployments_told(&self, input: &Value) -> Vec<Value> {
        let is = |name: &str, value: &str| input[name].as_str().is_none_or(|wanted| wanted == value);
        let rows = self.deployments.iter().rev();
        rows.filter(|row| is("environmentId", &row.environment) && is("serviceId", &row.service))
            .map(deployment_told)
            .collect()
    }

    fn domains_told(&self, environment: &str, service: &str) -> Value {
        let rows =
            || self.domains.iter().filter(|row| row.environment == environment && row.service == service);
        json!({
            "serviceDomains": rows().filter(|row| !row.is_custom).map(domain_told).collect::<Vec<_>>(),
            "customDomains": rows().filter(|row| row.is_custom).map(domain_told).collect::<Vec<_>>(),
        })
    }

    fn lines(&self, kind: &str, arguments: &Value) -> Value {
        let moment =
            |name: &str| arguments[name].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let (start, end, words) = (moment("startDate"), moment("endDate"), text(arguments, "filter"));
        let mut rows: Vec<&LogRow> = self.rows(kind, text(arguments, "deploymentId"));
        rows.retain(|row| {
            start.is_none_or(|start| row.at >= start)
                && end.is_none_or(|end| row.at <= end)
                && row.line["message"].as_str().is_some_and(|message| message.contains(words))
        });
        let most = count(arguments, "limit", 100);
        let skip = if start.is_some() { 0 } else { rows.len().saturating_sub(most) };
        rows.iter().skip(skip).take(most).map(|row| row.line.clone()).collect()
    }

    fn requests(&self, arguments: &Value) -> Value {
        let moment =
            |name: &str| arguments[name].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let Some(anchor) = moment("anchorDate") else { return json!([]) };
        let (end, rows) = (moment("afterDate"), self.rows("httpLogs", text(arguments, "deploymentId")));
        let before: Vec<&&LogRow> = rows.iter().filter(|row| row.at < anchor).collect();
        let after = rows.iter().filter(|row| row.at >= anchor && end.is_none_or(|end| row.at <= end));
        let skip = before.len().saturating_sub(count(arguments, "beforeLimit", 100));
        let after = after.take(count(arguments, "afterLimit", 100));
        before.into_iter().skip(skip).chain(after).map(|row| row.line.clone()).collect()
    }

    fn rows(&self, kind: &str, deployment: &str) -> Vec<&LogRow> {
        self.logs.iter().filter(|row| row.kind == kind && row.deployment == deployment).collect()
    }
}

fn count(arguments: &Value, name: &str, usual: u64) -> usize {
    usize::try_from(arguments[name].as_u64().unwrap_or(usual).min(5_000)).unwrap_or_default()
}

/// Sealed values are told nobody; some are Railway's own.
fn variables_told(row: &InstanceRow) -> Value {
    let mut told: Map<String, Value> = row
        .variables
        .iter()
        .filter(|(name, _)| !row.sealed.contains(*name))
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    told.insert("RAILWAY_SERVICE_ID".to_owned(), json!(row.service));
    Value::Object(told)
}

pub(super) fn deployment_told(row: &DeploymentRow) -> Value {
    let ran = matches!(row.status.as_str(), "SUCCESS" | "REMOVED" | "CRASHED" | "SLEEPING");
    let any = |wanted: &str| row.instances.iter().any(|(_, status)| status == wanted);
    let waits = row.is_scheduled && !any("STOPPED");
    let instances = row.instances.iter().map(|(id, status)| json!({ "id": id, "status": status }));
    json!({
        "id": row.id, "status": row.status, "serviceId": row.service, "environmentId": row.environment,
        "createdAt": stamp(row.created_at), "statusUpdatedAt": stamp(row.status_updated_at),
        "canRollback": row.is_kept && ran, "canRedeploy": row.is_kept,
        "deploymentStopped": !any("RUNNING") && !waits,
        "url": Value::Null, "staticUrl": Value::Null, "meta": row.meta,
        "instances": instances.collect::<Vec<_>>(),
    })
}

pub(super) fn domain_told(row: &DomainRow) -> Value {
    let mut told = json!({
        "id": row.id, "domain": row.domain, "targetPort": row.target_port, "syncStatus": "ACTIVE",
    });
    if row.is_custom {
        let (host, zone) = row.domain.split_once('.').unwrap_or(("", &row.domain));
        let (status, certificate) = if row.is_verified {
            ("DNS_RECORD_STATUS_PROPAGATED", "CERTIFICATE_STATUS_TYPE_VALID")
        } else {
            ("DNS_RECORD_STATUS_REQUIRES_UPDATE", "CERTIFICATE_STATUS_TYPE_VALIDATING_OWNERSHIP")
        };
        told["status"] = json!({
            "verified": row.is_verified, "certificateStatus": certificate, "certificateErrorMessage": Value::Null,
            "verificationDnsHost": format!("_railway-verify.{host}"),
            "verificationToken": format!("railway-verify={}", row.id),
            "dnsRecords": [{
                "hostlabel": host, "fqdn": row.domain, "zone": zone, "recordType": "DNS_RECORD_TYPE_CNAME",
                "requiredValue": "x1y2z3.up.railway.app", "currentValue": "", "status": status,
                "purpose": "DNS_RECORD_PURPOSE_TRAFFIC_ROUTE",
            }],
        });
    }
    told
}
