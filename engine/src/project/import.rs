//! Reads a whole description. Every part is read whatever is wrong with the others, so that all faults come at once.

use std::path::Path;

use indexmap::IndexMap;

use super::environment::{self, Taken};
use super::fault::{Faults, ProjectFault, ProjectFaults};
use super::known::Known;
use super::limits::{ENVIRONMENTS_MAX, SERVICES_MAX};
use super::migrations;
use super::needs::start_order;
use super::spot::{Keys, Spot};
use super::{ci, components, connection, hosted, service, source, tree};
use crate::backfill::Fill;
use crate::model::{
    CommandJob, Component, ComponentName, Environment, EnvironmentName, Job, JobName, Person, Phone, Project,
    ProjectName, Role, Service, ServiceName, SqlJob,
};

/// The keys of a job that is declared in SQL.
const SQL_KEYS: [&str; 4] = ["database", "rows", "key", "set"];

/// Reads a description. `base` is the absolute path of the folder the file stands in: repositories given as `./…` are looked for there.
pub fn import(text: &str, base: &Path) -> Result<Project, ProjectFaults> {
    let faults = Faults::default();
    let root = match tree::read(text, &faults) {
        Ok(root) => root,
        Err(fault) => return Err(ProjectFaults::new(vec![fault])),
    };
    let project = read(&Spot::root(&root, &faults), base);
    let mut faults = faults.into_vec();
    match project {
        Some(project) if faults.is_empty() => Ok(project),
        _ => {
            if faults.is_empty() {
                // Whoever gives up reading says why; should one forget, the file is still not taken.
                faults.push(ProjectFault::new(
                    super::fault::Place::START,
                    "",
                    "the description can't be read",
                ));
            }
            Err(ProjectFaults::new(faults))
        }
    }
}

fn read(root: &Spot<'_>, base: &Path) -> Option<Project> {
    let known = Known::of(root.node);
    let keys = root.keys(&[
        "project",
        "title",
        "source",
        "migrations",
        "services",
        "components",
        "connections",
        "environments",
        "jobs",
        "people",
    ])?;
    let project = keys.need("project", "NAME").and_then(|spot| spot.parsed::<ProjectName>());
    let title = keys.maybe("title", |spot| spot.line());
    let source = keys
        .need("source", "{ repository: \"./repository\" }")
        .and_then(|spot| source::read(&spot, &known, base));
    let migrations = keys.maybe("migrations", |spot| migrations::read(&spot, &known));
    let services = services(&keys, &known, base);
    let components = keys.or("components", IndexMap::new(), |spot| components::read(&spot, &known));
    let connections = keys.or("connections", IndexMap::new(), |spot| connection::read(&spot));
    let environments = environments(&keys, &known, services.as_ref());
    if let Some(environments) = &environments {
        connection::check_modes(root, &connections, environments);
    }
    if let Some(environments) = &environments {
        let around = hosted::Around {
            source: source.as_ref(),
            services: services.as_ref(),
            connections: &connections,
            components: &components,
            migrations: migrations.as_ref(),
        };
        hosted::check(root, &around, environments);
        ci::check(root, &around, environments);
    }
    let jobs = keys.or("jobs", IndexMap::new(), |spot| jobs(&spot, &known, &components));
    let people = keys.or("people", Vec::new(), |spot| people(&spot));
    let project = project?;
    let title = title.unwrap_or_else(|| project.to_string());
    let project = Project {
        project,
        title,
        source: source?,
        migrations,
        services: services?,
        components,
        connections,
        environments: environments?,
        jobs,
        people,
    };
    components::check(root, &project);
    Some(project)
}

/// The entries of a section that must hold at least one and at most so many.
fn section<'a>(keys: &Keys<'a>, name: &str, example: &str, most: usize) -> Option<Vec<Spot<'a>>> {
    let spot = keys.need(name, example)?;
    let entries = spot.entries()?;
    if entries.is_empty() {
        spot.fault_at_key(format!("is empty; add at least one, as in `{name}: {example}`"));
    }
    if entries.len() > most {
        spot.fault_at_key(format!("holds {} entries and may hold {most}", entries.len()));
        return None;
    }
    Some(entries)
}

fn services(keys: &Keys<'_>, known: &Known<'_>, base: &Path) -> Option<IndexMap<ServiceName, Service>> {
    let entries =
        section(keys, "services", "{ api: { start: \"./api\", health: { path: /health } } }", SERVICES_MAX)?;
    let mut services = Vec::new();
    for entry in &entries {
        let name = entry.key_as::<ServiceName>();
        let service = service::read(entry, known, base);
        services.push(name.zip(service));
    }
    let order = match start_order(&needs_of(&entries)) {
        Ok(order) => order,
        Err(circle) => {
            report_circle(&entries, &circle);
            return None;
        }
    };
    order.into_iter().map(|index| services.get_mut(index)?.take()).collect()
}

/// Which services each service needs, by position. Read from the text, so that a circle shows whatever else is wrong.
fn needs_of(entries: &[Spot<'_>]) -> Vec<Vec<usize>> {
    let position = |name: &str| entries.iter().position(|entry| entry.key == name);
    let needs = |entry: &Spot<'_>| match entry.node.get("needs").map(|needs| &needs.value) {
        Some(tree::Value::List(items)) => items
            .iter()
            .filter_map(|item| match &item.value {
                tree::Value::Text(name) => position(name),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    entries.iter().map(needs).collect()
}

fn report_circle(entries: &[Spot<'_>], circle: &[usize]) {
    let names: Vec<&str> =
        circle.iter().filter_map(|index| entries.get(*index)).map(|entry| entry.key).collect();
    if let Some(needs) = circle.first().and_then(|index| entries.get(*index)?.under("needs")) {
        needs.fault_at_key(format!(
            "none of these could start first: {}; remove one of these needs",
            names.join(" → ")
        ));
    }
}

fn environments(
    keys: &Keys<'_>,
    known: &Known<'_>,
    services: Option<&IndexMap<ServiceName, Service>>,
) -> Option<IndexMap<EnvironmentName, Environment>> {
    let entries = section(keys, "environments", "{ local: {} }", ENVIRONMENTS_MAX)?;
    let mut taken = Taken::names(&entries);
    let mut environments = IndexMap::new();
    for entry in &entries {
        let name = entry.key_as();
        let environment = environment::read(entry, known, &mut taken);
        if let (Some(environment), Some(services)) = (&environment, services) {
            environment::check_replicas(entry, environment, services);
        }
        environments.extend(name.zip(environment));
    }
    Some(environments)
}

fn jobs(
    spot: &Spot<'_>,
    known: &Known<'_>,
    components: &IndexMap<ComponentName, Component>,
) -> Option<IndexMap<JobName, Job>> {
    let mut jobs = IndexMap::new();
    for entry in spot.entries()? {
        let name = entry.key_as();
        if SQL_KEYS.iter().any(|key| entry.under(key).is_some()) {
            let job = sql_job(&entry, known, components).map(Job::Sql);
            jobs.extend(name.zip(job));
            continue;
        }
        let Some(keys) = entry.keys(&["service", "command"]) else { continue };
        let service = keys.need("service", "api").and_then(|spot| {
            let name = spot.scalar()?;
            known.check_service(name, |says| spot.fault(says));
            name.parse::<ServiceName>().ok()
        });
        let command = keys.need("command", "\"./bin/NAME job\"").and_then(|spot| spot.said());
        if let (Some(name), Some(service), Some(command)) = (name, service, command) {
            jobs.insert(name, Job::Command(CommandJob { service, command }));
        }
    }
    Some(jobs)
}

/// A job that is declared in SQL, checked as far as that can be done without its database.
fn sql_job(
    entry: &Spot<'_>,
    known: &Known<'_>,
    components: &IndexMap<ComponentName, Component>,
) -> Option<SqlJob> {
    let keys = entry.keys(&SQL_KEYS)?;
    let database = keys.need("database", "postgres").and_then(|spot| {
        let name = spot.scalar()?;
        known.check_component(name, |says| spot.fault(says));
        if known.components.contains(&name) && !known.is_database(name) {
            spot.fault("must be a component of kind `database`");
        }
        spot.parsed::<ComponentName>()
    });
    let rows = keys.need("rows", "\"users WHERE timezone IS NULL\"").and_then(|spot| spot.said());
    let key = keys.need("key", "id").and_then(|spot| spot.said());
    let set = keys.need("set", "\"timezone = 'UTC'\"").and_then(|spot| spot.said());
    let job = SqlJob { database: database?, rows: rows?, key: key?, set: set? };
    let component = components.get(&job.database)?;
    match Fill::read(&job, component.dialect()) {
        Ok(_) => Some(job),
        Err(fault) => {
            keys.get(fault.part)?.fault(fault.says);
            None
        }
    }
}

fn people(spot: &Spot<'_>) -> Option<Vec<Person>> {
    let roles = [Role::Viewer, Role::Deployer, Role::Admin].map(|role| (role.as_str(), role));
    let mut people: Vec<Person> = Vec::new();
    for item in spot.items()? {
        let Some(keys) = item.keys(&["name", "role", "phone"]) else { continue };
        let name = keys.need("name", "ana").and_then(|spot| spot.parsed());
        let role = keys.need("role", "deployer").and_then(|spot| spot.one_of(&roles));
        let phone: Option<Phone> = keys.maybe("phone", |spot| spot.parsed());
        let Some((name, role)) = name.zip(role) else { continue };
        if phone.is_some() && people.iter().any(|earlier| earlier.phone == phone) {
            item.fault("has the phone of somebody else; a phone is one person's");
        }
        if people.iter().any(|earlier| earlier.name == name) {
            item.fault(format!("`{name}` is named a second time; keep one"));
        }
        people.push(Person { name, role, phone });
    }
    Some(people)
}
