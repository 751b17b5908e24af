//! Projects: their description comes in once by import and belongs to the database from then on.

use serde_json::json;

use super::clearance::Asked;
use super::{Engine, Refusal};
use crate::model::{Actor, Identity, Project, ProjectName, SMS};
use crate::project::{Difference, differences};
use crate::store::{AuditEntry, Commit, Versioned, Write};

impl Engine {
    /// Takes a project's description into the database: new, or in place of the one there. What differs is returned;
    /// nothing is written when nothing does. People the description brings along are added, never changed.
    pub async fn project_import(&self, project: &Project, actor: &Actor) -> Result<Vec<Difference>, Refusal> {
        self.project_import_over(None, project, actor).await
    }

    /// The same over the description it was made from: refused where that is another one by now, so that nothing is lost of what somebody
    /// else changed meanwhile.
    pub async fn project_import_over(
        &self,
        over: Option<&Project>,
        project: &Project,
        actor: &Actor,
    ) -> Result<Vec<Difference>, Refusal> {
        let existing = self.store().project_list().await?;
        let old = existing.iter().find(|old| old.value.project == project.project);
        // Somebody has to make the first project; from then on the policy decides.
        if !existing.is_empty() {
            let asked = Asked { changes_world: true, ..Asked::default() };
            let subject = project.project.to_string();
            self.cleared_on_record(actor, "project-import", None, subject, &asked).await?;
        }
        if over.is_some_and(|over| old.is_none_or(|old| old.value != *over)) {
            return Err(Refusal::standing(
                "description-changed",
                format!(
                    "the description of {} was changed meanwhile, so nothing was taken in",
                    project.project
                ),
                "say it again: it is put together anew",
            ));
        }
        let changes = match old {
            Some(old) => differences(&old.value, project),
            None => Vec::new(),
        };
        if old.is_some() && changes.is_empty() {
            return Ok(changes);
        }
        if let Some(old) = old {
            self.nothing_live_goes(&old.value, project).await?;
        }
        let now_ms = self.now_ms();
        let mut commit = Commit::at(now_ms);
        let revision = old.map_or(1, |old| old.revision + 1);
        commit.writes.push(Write::ProjectPut { project: Box::new(project.clone()), revision, at_ms: now_ms });
        for person in &project.people {
            if self.store().user_get(person.name.as_str()).await?.is_none() {
                let user = crate::model::User { name: person.name.clone(), role: person.role };
                commit.writes.push(Write::UserPut { user, at_ms: now_ms });
                // Everybody is known by their own name on the machine, unless that was given to somebody else.
                let identity =
                    Identity { front: "terminal".to_owned(), external_id: person.name.to_string() };
                if self.store().identity_get(&identity).await?.is_none() {
                    commit.writes.push(Write::IdentityPut { identity, person: person.name.clone() });
                }
            }
            // A phone that somebody has already stays theirs.
            if let Some(phone) = &person.phone {
                let identity = Identity { front: SMS.to_owned(), external_id: phone.to_string() };
                if self.store().identity_get(&identity).await?.is_none() {
                    commit.writes.push(Write::IdentityPut { identity, person: person.name.clone() });
                }
            }
        }
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action: "project.imported",
            subject: project.project.to_string(),
            environment: None,
            run: None,
            data: json!({
                "revision": revision,
                "changes": changes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            }),
        });
        self.write(commit).await?;
        Ok(changes)
    }

    /// A project by name, or the only one when none is named.
    pub async fn project_get(&self, name: Option<&ProjectName>) -> Result<Versioned<Project>, Refusal> {
        let mut projects = self.store().project_list().await?;
        let names: Vec<String> = projects.iter().map(|project| project.value.project.to_string()).collect();
        match name {
            Some(name) => {
                projects.into_iter().find(|project| project.value.project == *name).ok_or_else(|| {
                    Refusal::not_found(
                        format!("there is no project {name}"),
                        "infra-chat project import FILE",
                    )
                })
            }
            None if projects.len() == 1 => projects
                .pop()
                .ok_or_else(|| Refusal::not_found("there is no project", "infra-chat project import FILE")),
            None if projects.is_empty() => {
                Err(Refusal::not_found("there is no project yet", "infra-chat project import FILE"))
            }
            None => Err(Refusal::not_found(
                format!("there are several projects: {}, and what is said is about one", names.join(", ")),
                "say it of one of them",
            )),
        }
    }

    /// An environment that has something live, or runs that are not over, can't vanish from the description: its
    /// processes would be left running with nobody to speak for them.
    async fn nothing_live_goes(&self, old: &Project, new: &Project) -> Result<(), Refusal> {
        for environment in old.environments.keys().filter(|name| !new.environments.contains_key(*name)) {
            let Some(key) = old.environment_key(environment) else { continue };
            if let Some(live) = self.store().environment_get(&key).await?.value.live {
                return Err(Refusal::standing(
                    "environment-live",
                    format!("{environment} runs release {live} and is missing from the new description"),
                    format!("destroy environment {environment}"),
                ));
            }
        }
        for (environment, there) in &old.environments {
            let Some(here) = new.environments.get(environment).filter(|it| it.platform != there.platform)
            else {
                continue;
            };
            let key = crate::model::EnvironmentKey::new(old.project.clone(), environment.clone());
            if let Some(live) = self.store().environment_get(&key).await?.value.live {
                return Err(Refusal::standing(
                    "environment-live",
                    format!(
                        "{environment} runs release {live} on {}, which would be left behind if it were on {} from now on",
                        there.platform, here.platform
                    ),
                    format!(
                        "give the one on {} a name of its own, deploy there, and move people over",
                        here.platform
                    ),
                ));
            }
        }
        for run in self.store().run_live().await? {
            let key = run.environment();
            let goes = old.environments.contains_key(&key.environment)
                && !new.environments.contains_key(&key.environment);
            if key.project == new.project && goes {
                return Err(Refusal::standing(
                    "environment-busy",
                    format!(
                        "{} of {} is {} and {} is missing from the new description",
                        run.id,
                        key.environment,
                        run.state.as_str(),
                        key.environment
                    ),
                    format!("cancel {}", run.id),
                ));
            }
        }
        Ok(())
    }
}
