//! The names a description introduces, collected before the rest is read, so that every reference to one can be judged where it
//! stands, also when the thing it refers to is itself described wrongly.

use super::spot::{Spot, instead};
use super::tree::{Node, Value};

/// What other parts of the description may refer to.
#[derive(Clone)]
pub(super) struct Known<'t> {
    /// The project's name as written; empty when it is not.
    pub(super) project: &'t str,
    /// All environments.
    pub(super) environments: Vec<&'t str>,
    /// All services, in the order of the file.
    pub(super) services: Vec<&'t str>,
    scheduled: Vec<&'t str>,
    /// All components.
    pub(super) components: Vec<&'t str>,
    databases: Vec<&'t str>,
    elsewhere: Vec<&'t str>,
}

impl<'t> Known<'t> {
    pub(super) fn of(root: &'t Node) -> Self {
        let entries = |section: &str| root.get(section).map(Node::entries).unwrap_or_default();
        let names = |section: &str| entries(section).iter().map(|(key, _)| key.text.as_str()).collect();
        let scheduled = entries("services").iter().filter(|(_, service)| service.get("schedule").is_some());
        let elsewhere = entries("services").iter().filter(|(_, service)| service.get("source").is_some());
        let is_database =
            |component: &Node| component.get("kind").is_some_and(|kind| kind.is_text("database"));
        let databases = entries("components").iter().filter(|(_, component)| is_database(component));
        let project = match root.get("project").map(|project| &project.value) {
            Some(Value::Text(name)) => name,
            _ => "",
        };
        Self {
            project,
            environments: names("environments"),
            services: names("services"),
            scheduled: scheduled.map(|(key, _)| key.text.as_str()).collect(),
            components: names("components"),
            databases: databases.map(|(key, _)| key.text.as_str()).collect(),
            elsewhere: elsewhere.map(|(key, _)| key.text.as_str()).collect(),
        }
    }

    /// The same with the components that only one environment has.
    pub(super) fn with_components<'a>(&'a self, own: &[&'a str]) -> Known<'a> {
        let mut here: Known<'a> = self.clone();
        here.components.extend(own);
        here
    }

    /// Whether a component is a database.
    pub(super) fn is_database(&self, component: &str) -> bool {
        self.databases.contains(&component)
    }

    /// Whether a service runs at times instead of being served.
    pub(super) fn is_scheduled(&self, service: &str) -> bool {
        self.scheduled.contains(&service)
    }

    /// Whether a service has a source of its own.
    pub(super) fn has_source(&self, service: &str) -> bool {
        self.elsewhere.contains(&service)
    }

    /// Reports when there is no such service.
    pub(super) fn check_service(&self, name: &str, report: impl FnOnce(String)) -> bool {
        let there = self.services.contains(&name);
        if !there {
            report(format!("there is no service `{name}`; {}", instead(name, &self.services)));
        }
        there
    }

    /// Reports when there is no such service, or one that nothing can reach because it runs on a schedule.
    pub(super) fn check_served(&self, name: &str, report: impl FnOnce(String)) {
        if self.is_scheduled(name) {
            report(format!(
                "`{name}` runs on a schedule, so nothing can reach it; name a service that is served"
            ));
        } else {
            self.check_service(name, report);
        }
    }

    /// Reports when there is no such component.
    pub(super) fn check_component(&self, name: &str, report: impl FnOnce(String)) {
        if !self.components.contains(&name) {
            report(format!("there is no component `{name}`; {}", instead(name, &self.components)));
        }
    }

    /// Reads what a service needs: the names of services and components, each once.
    pub(super) fn needs(&self, spot: &Spot<'_>) -> Option<Vec<String>> {
        let mut needs: Vec<String> = Vec::new();
        for item in spot.items()? {
            let Some(name) = item.scalar() else { continue };
            if needs.iter().any(|earlier| earlier == name) {
                item.fault(format!("`{name}` is named a second time; remove it"));
            } else if self.is_scheduled(name) {
                item.fault(format!(
                    "`{name}` runs on a schedule, so nothing can wait for it to be up; remove it"
                ));
            } else if !self.services.contains(&name) && !self.components.contains(&name) {
                let all: Vec<&str> = self.services.iter().chain(&self.components).copied().collect();
                item.fault(format!("there is no service or component `{name}`; {}", instead(name, &all)));
            }
            needs.push(name.to_owned());
        }
        Some(needs)
    }
}
