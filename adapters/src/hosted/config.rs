//! The variables of a release: what the place gives, then what its configuration says, with secrets' values read at that moment.

use std::collections::BTreeMap;

use engine::model::{ComponentKind, ComponentName, PLATFORM_RAILWAY, SecretName, ServiceName, Variable};
use engine::ports::{ConfigSet, PortError};
use secrecy::SecretString;

use super::Hosted;
use super::ledger::{Ledger, VARIABLE};
use crate::local::variables::{Reference, fill};

/// What says which release it is.
pub(super) const RELEASE: &str = "INFRA_CHAT_RELEASE";

fn text(text: impl Into<String>) -> SecretString {
    SecretString::from(text.into())
}

impl Hosted {
    /// The variables that a release of a service gets; `home` says which components there are.
    pub(super) async fn variables(
        &self,
        service: &ServiceName,
        config: &ConfigSet,
        home: &Ledger,
    ) -> Result<BTreeMap<String, SecretString>, PortError> {
        let placed = self.placed(service)?;
        let mut variables = BTreeMap::from([
            (RELEASE.to_owned(), text(config.release.to_string())),
            ("RELEASE".to_owned(), text(config.release.to_string())),
            ("PORT".to_owned(), text(placed.port.to_string())),
        ]);
        let told = config.components.as_ref().unwrap_or(&home.components);
        for (name, kind) in told {
            let Some(variable) = kind.variable(PLATFORM_RAILWAY) else { continue };
            let value = match home.urls.get(name) {
                Some(secret) => self.secret(service, config, secret).await?,
                None => text(format!("${{{{{name}.{variable}}}}}")),
            };
            variables.entry(variable.to_owned()).or_insert(value);
        }
        for (name, variable) in &config.variables {
            if name == VARIABLE || name == RELEASE {
                return Err(PortError::fail(
                    format!("{service} has a variable {name}, which is used to keep track of it"),
                    "Give it another name.",
                ));
            }
            let value = match variable {
                Variable::Plain(plain) => {
                    text(fill(plain, |reference| self.address_of(told, home, reference), name)?)
                }
                Variable::Secret(secret) => self.secret(service, config, secret).await?,
            };
            variables.insert(name.clone(), value);
        }
        Ok(variables)
    }

    async fn secret(
        &self,
        service: &ServiceName,
        config: &ConfigSet,
        secret: &SecretName,
    ) -> Result<SecretString, PortError> {
        let reader = format!("{service}, release {}", config.release);
        let version = config.secrets.get(secret).copied();
        let value = self.parts.secrets.secret_read(&self.place.key, secret, version, &reader).await?;
        self.parts.redactor.learn([(secret.to_string(), value.clone())]).map_err(|error| {
            PortError::fail(format!("the secret {secret} can't be kept out of logs: {error}"), "")
        })?;
        Ok(value)
    }

    /// Services speak to each other within Railway, over plain HTTP; those with a host are called by it, as people do.
    fn address_of(
        &self,
        told: &BTreeMap<ComponentName, ComponentKind>,
        home: &Ledger,
        reference: Reference<'_>,
    ) -> Option<String> {
        match reference {
            Reference::Service(name) => {
                let (service, placed) = self.place.services.iter().find(|(one, _)| one.as_str() == name)?;
                Some(match self.split(service) {
                    Some((_, host)) => format!("https://{host}"),
                    None => format!("http://{}.railway.internal:{}", placed.name, placed.port),
                })
            }
            Reference::Component(name) => {
                let (name, kind) = told.iter().find(|(one, _)| one.as_str() == name)?;
                // What is elsewhere is known by a secret, which is no part of a plain text.
                let variable = kind.variable(PLATFORM_RAILWAY).filter(|_| !home.urls.contains_key(name))?;
                Some(format!("${{{{{name}.{variable}}}}}"))
            }
        }
    }
}
