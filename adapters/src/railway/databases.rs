//! Databases: a service from an image, a volume, variables.
//!
//! Railway's templates would make all three in one call, but under ids and names of the template's choosing, in an answer that only names a
//! workflow: after a lost answer nobody could tell whether there will be one database or two. From parts, each is looked for by its
//! name first. The order is what matters: **the volume is there before the first start**, so that no byte is ever written
//! where it would be lost.

use std::collections::{BTreeMap, BTreeSet};

use engine::ports::{Permit, PortError, Receipt};
use secrecy::{ExposeSecret as _, SecretString};

use super::client::{Made, Railway, receipt};
use super::model::{At, Deployment, Instance};
use super::services::Source;
use super::settings::Wanted;

/// The image when none is named: the one Railway's own template uses, which speaks TLS.
const POSTGRES: &str = "ghcr.io/railwayapp-templates/postgres-ssl:17";
/// The image when none is named.
const REDIS: &str = "redis:8";
/// Where the image keeps data.
const POSTGRES_DATA: &str = "/var/lib/postgresql/data";
const REDIS_DATA: &str = "/data";
/// Redis keeps what it has on the volume; the password is read from its variable, not written into the command.
const REDIS_START: &str = "/bin/sh -c \"exec docker-entrypoint.sh redis-server --requirepass $REDIS_PASSWORD \
                           --appendonly yes --dir /data\"";

/// A database that is to be there.
#[derive(Debug, Clone)]
pub struct DatabaseWanted {
    /// The name of its service: `Postgres`.
    pub name: String,
    /// The image; a usual one when absent. Another major version than the data's won't start, so name it once there is data.
    pub image: Option<String>,
    /// Its password, when it has none yet: whoever holds the secrets makes one and keeps it.
    pub password: SecretString,
}

struct Kind {
    what: &'static str,
    image: &'static str,
    data: &'static str,
    start: Option<&'static str>,
    variables: Vec<(&'static str, SecretString)>,
}

impl Railway {
    /// A PostgreSQL of that name. Others reach it as `${{NAME.DATABASE_URL}}`.
    pub async fn ensure_postgres(
        &self,
        permit: &Permit,
        project: &str,
        environment: &str,
        wanted: &DatabaseWanted,
    ) -> Result<Made<Instance>, PortError> {
        let text = |text: &str| SecretString::from(text.to_owned());
        let address = "postgresql://${{POSTGRES_USER}}:${{POSTGRES_PASSWORD}}@${{RAILWAY_PRIVATE_DOMAIN}}:5432/${{POSTGRES_DB}}";
        let kind = Kind {
            what: "PostgreSQL",
            image: POSTGRES,
            data: POSTGRES_DATA,
            start: None,
            variables: vec![
                ("POSTGRES_USER", text("postgres")),
                ("POSTGRES_PASSWORD", wanted.password.clone()),
                ("POSTGRES_DB", text("railway")),
                // The volume's own folder holds `lost+found`, which initdb refuses.
                ("PGDATA", text("/var/lib/postgresql/data/pgdata")),
                ("DATABASE_URL", text(address)),
            ],
        };
        self.ensure_database(permit, project, environment, wanted, &kind).await
    }

    /// A Redis of that name. Others reach it as `${{NAME.REDIS_URL}}`.
    pub async fn ensure_redis(
        &self,
        permit: &Permit,
        project: &str,
        environment: &str,
        wanted: &DatabaseWanted,
    ) -> Result<Made<Instance>, PortError> {
        let address = "redis://default:${{REDIS_PASSWORD}}@${{RAILWAY_PRIVATE_DOMAIN}}:6379";
        let kind = Kind {
            what: "Redis",
            image: REDIS,
            data: REDIS_DATA,
            start: Some(REDIS_START),
            variables: vec![
                ("REDIS_PASSWORD", wanted.password.clone()),
                ("REDIS_URL", SecretString::from(address.to_owned())),
            ],
        };
        self.ensure_database(permit, project, environment, wanted, &kind).await
    }

    async fn ensure_database(
        &self,
        permit: &Permit,
        project: &str,
        environment: &str,
        wanted: &DatabaseWanted,
        kind: &Kind,
    ) -> Result<Made<Instance>, PortError> {
        if wanted.password.expose_secret().is_empty() {
            return Err(PortError::fail(
                format!("{} needs a password.", wanted.name),
                "Make one and keep it.",
            ));
        }
        let mut writes = 0;
        let mut count = |receipt: &Receipt| {
            writes += receipt
                .facts
                .get("writes")
                .and_then(|writes| writes.parse::<usize>().ok())
                .unwrap_or_default();
        };
        let name = &wanted.name;
        let made = self.ensure_service(permit, project, environment, name, &Source::Nothing).await?;
        count(&made.receipt);
        let seen = made.it.source.clone().unwrap_or_default();
        if seen.repo.is_some() {
            return Err(PortError::fail(
                format!("Service {name} is built from code and is no {}.", kind.what),
                "Give the database another name.",
            ));
        }
        let at = At {
            project: project.to_owned(),
            environment: environment.to_owned(),
            service: made.it.service_id.clone(),
        };
        count(&self.ensure_volume(permit, &at, kind.data).await?.receipt);
        // What is set stays: another password in a variable is not another password in the database.
        let (set, sealed) = (self.variables(&at).await?, self.sealed(&at).await?);
        let missing: BTreeMap<String, SecretString> = kind
            .variables
            .iter()
            .filter(|(name, _)| !set.contains_key(*name) && !sealed.contains(*name))
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        count(&self.set_env_vars(permit, &at, &missing, &BTreeSet::new()).await?.receipt);
        if let Some(start) = kind.start {
            let wanted = Wanted { start_command: Some(start.to_owned()), ..Wanted::default() };
            count(&self.ensure_settings(permit, &at, &wanted).await?.receipt);
        }
        // An image somebody chose is not changed under its data unless that is asked for.
        if seen.image.is_none() || wanted.image.is_some() {
            let image = wanted.image.clone().unwrap_or_else(|| kind.image.to_owned());
            let made = self.ensure_service(permit, project, environment, name, &Source::Image(image)).await?;
            count(&made.receipt);
        }
        let newest = self.newest(&at).await?;
        // One that was ended is started once more, with what its volume holds.
        if newest.as_ref().is_none_or(Deployment::was_ended) {
            let marker = newest.as_ref().map(|newest| newest.id.as_str());
            count(&self.deploy(permit, &at, None, marker).await?.receipt);
        }
        let it = self.instance(&at).await?;
        let summary = if writes == 0 { format!("{name} is there") } else { format!("set up {name}") };
        let receipt = receipt(summary, permit, &[]).with("id", &at.service).with("writes", writes);
        Ok(Made { it, receipt })
    }
}
