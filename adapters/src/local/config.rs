//! Configuration of services by release: kept as files with references to secrets only, turned into the environment of
//! a process when it starts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use engine::model::{ComponentKind, ComponentName, PLATFORM_LOCAL, SecretName, ServiceName, Variable};
use engine::ports::{ConfigSet, PortError};
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use super::components::{cache_folder, component_folder, component_url};
use super::desired::Desired;
use super::environment::Environment;
use super::files::{entries, folder_ensure, json_read};
use super::machine::Machine;
use super::variables::{Reference, fill};

/// Where the configuration of a service's release is kept.
pub(super) fn config_path(environment: &Environment, service: &ServiceName, release: u32) -> PathBuf {
    environment.folder.join("config").join(format!("{service}@{release}.json"))
}

/// The configuration of a service's release. Each has one, an empty one if the service has no variables; when it is not
/// there it was lost, and a process started without it would do harm.
pub(super) fn config_read(
    environment: &Environment,
    service: &ServiceName,
    release: u32,
) -> Result<ConfigSet, PortError> {
    let path = config_path(environment, service, release);
    json_read(&path)?.ok_or_else(|| {
        let what =
            format!("the configuration of {service}, release {release}, is gone: no {}", path.display());
        PortError::fail(what, "Deploy or roll back again: it is written anew.")
    })
}

/// All configurations of an environment.
pub(super) fn configs(environment: &Environment) -> Result<Vec<ConfigSet>, PortError> {
    let mut found = Vec::new();
    for path in entries(&environment.folder.join("config"))? {
        if path.extension().is_some_and(|extension| extension == "json") {
            found.extend(json_read::<ConfigSet>(&path)?);
        }
    }
    Ok(found)
}

impl Machine {
    /// The variables of a process of a service: what the platform gives, then what the configuration says. An
    /// error when there is no configuration: nothing is started without.
    pub(super) async fn variables(
        &self,
        environment: &Environment,
        service: &ServiceName,
        release: u32,
    ) -> Result<BTreeMap<String, String>, PortError> {
        let desired = environment.desired.lock().await.clone();
        let mut variables = BTreeMap::from([
            ("RELEASE".to_owned(), release.to_string()),
            ("INFRA_CHAT_SQL".to_owned(), self.program.to_string_lossy().into_owned()),
        ]);
        let ConfigSet { variables: own, secrets: versions, components, .. } =
            config_read(environment, service, release)?;
        let told = components.unwrap_or_else(|| desired.components.clone());
        let mut elsewhere = BTreeMap::new();
        for (name, secret) in desired.urls.iter().filter(|(name, _)| told.contains_key(*name)) {
            let url =
                self.secret(environment, service, release, secret, versions.get(secret).copied()).await?;
            self.redactor.learn(password_of(secret, &url)).map_err(|error| {
                PortError::fail(format!("the secret {secret} can't be kept out of logs: {error}"), "")
            })?;
            elsewhere.insert(name.clone(), url);
        }
        for (name, kind) in &told {
            let Some(variable) = kind.variable(PLATFORM_LOCAL) else { continue };
            let value = match kind {
                ComponentKind::Database => match elsewhere.get(name) {
                    Some(url) => url.expose_secret().to_owned(),
                    None => component_url(environment, name, *kind),
                },
                ComponentKind::Cache => {
                    let folder = cache_folder(environment, name, service);
                    folder_ensure(&folder)?;
                    folder.to_string_lossy().into_owned()
                }
                ComponentKind::Storage | ComponentKind::Mail => {
                    component_folder(environment, name).to_string_lossy().into_owned()
                }
            };
            variables.entry(variable.to_owned()).or_insert(value);
        }
        for (name, variable) in own {
            let value = match variable {
                Variable::Plain(text) => {
                    let look_up = |reference: Reference<'_>| {
                        address_of(environment, &desired, &told, &elsewhere, reference)
                    };
                    fill(&text, look_up, &name)?
                }
                Variable::Secret(secret) => {
                    let version = versions.get(&secret).copied();
                    let value = self.secret(environment, service, release, &secret, version).await?;
                    value.expose_secret().to_owned()
                }
            };
            variables.insert(name, value);
        }
        Ok(variables)
    }

    /// The value of a secret that a process is given. From then on it is kept out of logs.
    async fn secret(
        &self,
        environment: &Environment,
        service: &ServiceName,
        release: u32,
        secret: &SecretName,
        version: Option<u32>,
    ) -> Result<SecretString, PortError> {
        let reader = format!("{service}, release {release}");
        let value = self.secrets.secret_read(&environment.key, secret, version, &reader).await?;
        self.redactor.learn([(secret.to_string(), value.clone())]).map_err(|error| {
            PortError::fail(format!("the secret {secret} can't be kept out of logs: {error}"), "")
        })?;
        Ok(value)
    }
}

/// The password in a connection string, as it stands there and as it is meant: programs print it apart from the rest.
pub(super) fn password_of(secret: &SecretName, url: &SecretString) -> Vec<(String, SecretString)> {
    let Ok(url) = Url::parse(url.expose_secret()) else { return Vec::new() };
    let Some(written) = url.password() else { return Vec::new() };
    let meant = form_urlencoded::parse(format!("p={}", written.replace('+', "%2B")).as_bytes())
        .map(|(_, meant)| meant.into_owned())
        .next();
    let both = std::iter::once(written.to_owned()).chain(meant);
    both.map(|password| (secret.to_string(), SecretString::from(password))).collect()
}

fn address_of(
    environment: &Environment,
    desired: &Desired,
    told: &BTreeMap<ComponentName, ComponentKind>,
    elsewhere: &BTreeMap<ComponentName, SecretString>,
    reference: Reference<'_>,
) -> Option<String> {
    match reference {
        Reference::Service(name) => {
            let at_edge = desired.edge.get(name).map(|address| format!("http://{}", reachable(address)));
            at_edge.or_else(|| environment.any_address(name).map(|address| format!("http://{address}")))
        }
        Reference::Component(name) => {
            let (name, kind) = told.get_key_value(name)?;
            let url = elsewhere.get(name).map(|url| url.expose_secret().to_owned());
            Some(url.unwrap_or_else(|| component_url(environment, name, *kind)))
        }
    }
}

/// The address at which something that listens everywhere is reached from this machine.
fn reachable(address: &str) -> String {
    match address.rsplit_once(':') {
        Some(("0.0.0.0" | "[::]" | "" | "*", port)) => format!("127.0.0.1:{port}"),
        _ => address.to_owned(),
    }
}
