//! What a simulated Railway does.

use serde_json::{Value, json};

use super::reads::{deployment_told, domain_told};
use super::world::{DomainRow, InstanceRow, VolumeRow, World};

fn text(arguments: &Value, name: &str) -> String {
    arguments[name].as_str().unwrap_or_default().to_owned()
}

impl World {
    /// Does it; nothing when it is none of what can be done.
    pub(super) fn told(&mut self, name: &str, arguments: &Value) -> Option<Result<Value, String>> {
        let input = &arguments["input"];
        Some(match name {
            "projectCreate" => Ok(self.project_create(input)),
            "environmentCreate" => self.environment_create(input),
            "environmentPatchCommit" => self.environment_patch(arguments),
            "serviceCreate" => self.service_create(input),
            "serviceConnect" => self.service_connect(&text(arguments, "id"), input),
            "serviceInstanceUpdate" => self.instance_update(arguments),
            "volumeCreate" => self.volume_create(input),
            "variableCollectionUpsert" => self.variables_upsert(input),
            "variableDelete" => self.variable_delete(input),
            "serviceInstanceDeployV2" => self.deploy(arguments),
            "deploymentRedeploy" => self.again(&text(arguments, "id"), "redeploy"),
            "deploymentRollback" => self.again(&text(arguments, "id"), "rollback").map(|_| json!(true)),
            "deploymentStop" => self.stop(&text(arguments, "id")),
            "deploymentCancel" => self.cancel(&text(arguments, "id")),
            "deploymentRestart" => self.restart(&text(arguments, "id")),
            "serviceDomainCreate" => self.domain_create(input, None),
            "customDomainCreate" => self.domain_create(input, Some(text(input, "domain"))),
            "customDomainUpdate" => self.domain_update(arguments),
            _ => return None,
        })
    }

    fn project_create(&mut self, input: &Value) -> Value {
        let environment = input["defaultEnvironmentName"].as_str().unwrap_or("production");
        let (id, _) = self.add_project(&text(input, "name"), environment);
        if let Some(project) = self.projects.last_mut() {
            project.description = input["description"].as_str().map(str::to_owned);
        }
        self.project(&id).unwrap_or_default()
    }

    fn environment_create(&mut self, input: &Value) -> Result<Value, String> {
        let (project, name) = (text(input, "projectId"), text(input, "name"));
        if !self.projects.iter().any(|row| row.id == project) {
            return Err("Project not found".to_owned());
        }
        if self.environments.iter().any(|row| row.project == project && row.name == name) {
            return Err(format!("An environment named \"{name}\" already exists in this project"));
        }
        let source = input["sourceEnvironmentId"].as_str().map(str::to_owned);
        if source.as_ref().is_some_and(|source| !self.environments.iter().any(|row| row.id == *source)) {
            return Err("Source environment not found".to_owned());
        }
        let id = self.add_environment(&project, &name);
        if let Some(source) = source {
            let copied: Vec<InstanceRow> =
                self.instances.iter().filter(|row| row.environment == source).cloned().collect();
            for row in copied {
                let row = InstanceRow { id: self.id(), environment: id.clone(), ..row };
                if input["skipInitialDeploys"] != json!(true) {
                    self.add_deployment(&id, &row.service, None);
                }
                self.instances.push(row);
            }
            let copied: Vec<VolumeRow> =
                self.volumes.iter().filter(|row| row.environment == source).cloned().collect();
            for row in copied {
                let row = VolumeRow { id: self.id(), environment: id.clone(), ..row };
                self.volumes.push(row);
            }
        }
        self.environment(&id).ok_or_else(|| "Problem processing request".to_owned())
    }

    /// What of a patch is understood: services that are brought into an environment.
    fn environment_patch(&mut self, arguments: &Value) -> Result<Value, String> {
        let environment = text(arguments, "environmentId");
        let project =
            self.environments.iter().find(|row| row.id == environment).map(|row| row.project.clone());
        let project = project.ok_or("Environment not found")?;
        for (service, patch) in arguments["patch"]["services"].as_object().into_iter().flatten() {
            if !self.services.iter().any(|row| row.id == *service && row.project == project) {
                return Err("Service not found".to_owned());
            }
            if patch["isCreated"] != json!(true) {
                return Err("Problem processing request".to_owned());
            }
            if self.instance(&environment, service).is_some() {
                continue;
            }
            let source = |of: &str| patch["source"][of].as_str();
            self.add_instance(&environment, service, source("repo"), source("image"));
            self.add_deployment(&environment, service, None);
        }
        Ok(json!(self.id()))
    }

    fn service_create(&mut self, input: &Value) -> Result<Value, String> {
        let (project, name) = (text(input, "projectId"), text(input, "name"));
        if self.services.iter().any(|row| row.project == project && row.name == name) {
            return Err(format!("A service named \"{name}\" already exists in this project"));
        }
        let environment = text(input, "environmentId");
        let (repo, image) = (input["source"]["repo"].as_str(), input["source"]["image"].as_str());
        let id = self.add_service(&project, &environment, &name, repo, image);
        self.add_deployment(&environment, &id, None);
        Ok(json!({ "id": id, "name": name }))
    }

    fn service_connect(&mut self, id: &str, input: &Value) -> Result<Value, String> {
        let name = self.services.iter().find(|row| row.id == id).map(|row| row.name.clone());
        let name = name.ok_or("Service not found")?;
        let mut environments = Vec::new();
        for row in self.instances.iter_mut().filter(|row| row.service == id) {
            row.repo = input["repo"].as_str().map(str::to_owned);
            row.image = input["image"].as_str().map(str::to_owned);
            environments.push(row.environment.clone());
        }
        for environment in environments {
            self.add_deployment(&environment, id, None);
        }
        Ok(json!({ "id": id, "name": name }))
    }

    fn instance_update(&mut self, arguments: &Value) -> Result<Value, String> {
        let row = self.instance(&text(arguments, "environmentId"), &text(arguments, "serviceId"));
        let row = row.ok_or("ServiceInstance not found")?;
        for (name, value) in arguments["input"].as_object().into_iter().flatten() {
            match name.as_str() {
                "source" => {
                    row.image = value["image"].as_str().map(str::to_owned);
                    row.repo = value["repo"].as_str().map(str::to_owned);
                }
                "multiRegionConfig" => {
                    let regions = value.as_object().cloned().unwrap_or_default();
                    let count: u64 = regions.values().filter_map(|one| one["numReplicas"].as_u64()).sum();
                    let region = regions.keys().next().cloned();
                    row.settings.insert("numReplicas".to_owned(), json!(count));
                    row.settings.insert("region".to_owned(), json!(region));
                    row.settings.insert(name.clone(), value.clone());
                }
                _ => {
                    row.settings.insert(name.clone(), value.clone());
                }
            }
        }
        Ok(json!(true))
    }

    fn volume_create(&mut self, input: &Value) -> Result<Value, String> {
        let (environment, service) = (text(input, "environmentId"), text(input, "serviceId"));
        if self.instance(&environment, &service).is_none() {
            return Err("Service not found".to_owned());
        }
        if self.volumes.iter().any(|row| row.environment == environment && row.service == service) {
            return Err("A volume already exists for this service".to_owned());
        }
        let volume = self.id();
        let name = format!("volume-{}", self.volumes.len() + 1);
        let row = VolumeRow {
            id: self.id(),
            volume: volume.clone(),
            name: name.clone(),
            environment,
            service,
            mount_path: text(input, "mountPath"),
            state: "READY".to_owned(),
        };
        self.volumes.push(row);
        Ok(json!({ "id": volume, "name": name }))
    }

    fn variables_upsert(&mut self, input: &Value) -> Result<Value, String> {
        let (environment, service) = (text(input, "environmentId"), text(input, "serviceId"));
        let row = self.instance(&environment, &service).ok_or("Service not found")?;
        if input["replace"] == json!(true) {
            row.variables.clear();
            row.sealed.clear();
        }
        for (name, value) in input["variables"].as_object().into_iter().flatten() {
            row.variables.insert(name.clone(), value.as_str().unwrap_or_default().to_owned());
        }
        if input["skipDeploys"] != json!(true) {
            self.deploy_if_live(&environment, &service);
        }
        Ok(json!(true))
    }

    fn variable_delete(&mut self, input: &Value) -> Result<Value, String> {
        let (environment, service) = (text(input, "environmentId"), text(input, "serviceId"));
        let row = self.instance(&environment, &service).ok_or("Service not found")?;
        let name = text(input, "name");
        row.variables.remove(&name);
        row.sealed.remove(&name);
        self.deploy_if_live(&environment, &service);
        Ok(json!(true))
    }

    fn deploy_if_live(&mut self, environment: &str, service: &str) {
        let live = self
            .deployments
            .iter()
            .rfind(|row| row.environment == environment && row.service == service && row.status == "SUCCESS");
        if let Some(id) = live.map(|row| row.id.clone()) {
            // It was found a moment ago.
            let _ = self.again(&id, "redeploy");
        }
    }

    fn deploy(&mut self, arguments: &Value) -> Result<Value, String> {
        let (environment, service) = (text(arguments, "environmentId"), text(arguments, "serviceId"));
        let id = self.add_deployment(&environment, &service, arguments["commitSha"].as_str());
        id.map(|id| json!(id)).ok_or_else(|| "Service source not found".to_owned())
    }

    fn again(&mut self, id: &str, reason: &str) -> Result<Value, String> {
        let row = self.deployments.iter().find(|row| row.id == id).cloned().ok_or("Deployment not found")?;
        if !row.is_kept {
            return Err("The image of this deployment is no longer available".to_owned());
        }
        let mut meta = row.meta.clone();
        meta["reason"] = json!(reason);
        let id = self.add_deployment_of(&row.environment, &row.service, meta, "DEPLOYING");
        let made = self.deployments.iter().find(|row| row.id == id);
        Ok(made.map(deployment_told).unwrap_or_default())
    }

    fn stop(&mut self, id: &str) -> Result<Value, String> {
        let row = self.deployments.iter_mut().find(|row| row.id == id).ok_or("Deployment not found")?;
        for (_, status) in &mut row.instances {
            "STOPPED".clone_into(status);
        }
        Ok(json!(true))
    }

    fn cancel(&mut self, id: &str) -> Result<Value, String> {
        let row = self.deployments.iter_mut().find(|row| row.id == id).ok_or("Deployment not found")?;
        if !matches!(row.status.as_str(), "QUEUED" | "WAITING" | "INITIALIZING" | "BUILDING" | "DEPLOYING") {
            return Err("Deployment is not in progress".to_owned());
        }
        "REMOVED".clone_into(&mut row.status);
        Ok(json!(true))
    }

    fn restart(&mut self, id: &str) -> Result<Value, String> {
        let now = self.moment();
        let fresh = self.id();
        let row = self.deployments.iter_mut().find(|row| row.id == id).ok_or("Deployment not found")?;
        if !matches!(row.status.as_str(), "SUCCESS" | "CRASHED" | "SLEEPING") {
            return Err("Deployment is not running".to_owned());
        }
        for (at, (id, _)) in row.instances.iter_mut().enumerate() {
            *id = format!("{fresh}-{at}");
        }
        row.status_updated_at = now;
        self.restarts += 1;
        Ok(json!(true))
    }

    fn domain_create(&mut self, input: &Value, custom: Option<String>) -> Result<Value, String> {
        let (environment, service) = (text(input, "environmentId"), text(input, "serviceId"));
        if self.instance(&environment, &service).is_none() {
            return Err("Service not found".to_owned());
        }
        let is_custom = custom.is_some();
        let name = custom.unwrap_or_else(|| format!("service-{}.up.railway.app", self.count));
        if self.domains.iter().any(|row| row.domain == name) {
            return Err("Domain is already in use".to_owned());
        }
        let row = DomainRow {
            id: self.id(),
            service,
            environment,
            domain: name,
            target_port: input["targetPort"].as_u64(),
            is_custom,
            is_verified: false,
        };
        self.domains.push(row.clone());
        Ok(domain_told(&row))
    }

    fn domain_update(&mut self, arguments: &Value) -> Result<Value, String> {
        let id = text(arguments, "id");
        let row = self.domains.iter_mut().find(|row| row.id == id).ok_or("Domain not found")?;
        row.target_port = arguments["targetPort"].as_u64();
        Ok(json!(true))
    }
}
