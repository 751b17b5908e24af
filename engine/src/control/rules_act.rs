//! What rules that fired say is done, one thing after the other, in the name of who gave the rule and as far as they may. A
//! run that comes of it and the note that it was asked for are one commit: killed anywhere, it is asked for once.

use serde_json::json;

use super::live_incident::folder_of;
use super::{Engine, Refusal};
use crate::model::{
    Actor, Change, EnvironmentKey, Identity, Reaction, RollbackTarget, RunRequest, ServiceName,
};
use crate::monitor::{CrashingService, Incident};
use crate::notify::{EPISODE_MS, Fired};
use crate::ports::PortError;
use crate::run::{Happening, LockHolder, Run, RunState};
use crate::store::{AuditEntry, Commit, StoreError, TextWrite, Write};

/// Rules taken on in one pass.
const ACTED_AT_ONCE: i64 = 50;
/// How soon what waits is tried again, in milliseconds.
const WAIT_MS: i64 = 5_000;
/// How long a rule waits for somebody else's run or lock, in milliseconds: what it was about is long over by then.
const WAITS_MAX_MS: i64 = 30 * 60_000;

/// What came of one reaction.
enum Acted {
    /// It was done, or can't be; with what is written down in the same commit.
    Did(String, Vec<Write>),
    /// It is written down already.
    Written,
    /// Not now, and why.
    Waits(String),
}

fn did(say: impl Into<String>) -> Acted {
    Acted::Did(say.into(), Vec::new())
}

impl Engine {
    pub(super) async fn rules_act(&self) -> Result<bool, Refusal> {
        let due = self.store().fired_due(self.now_ms(), ACTED_AT_ONCE).await?;
        let did = !due.is_empty();
        for fired in due {
            match Box::pin(self.rule_acts(&fired)).await {
                // Another replica was faster.
                Err(refusal) if refusal.is_conflict() => {}
                done => done?,
            }
        }
        Ok(did)
    }

    async fn rule_acts(&self, fired: &Fired) -> Result<(), Refusal> {
        let Some(reaction) = fired.left.first().copied() else { return self.rule_done(fired).await };
        let now_ms = self.now_ms();
        let acted = match Box::pin(self.react(fired, reaction)).await {
            Ok(acted) => acted,
            Err(refusal) if refusal.is_conflict() || refusal.may_pass() => return Err(refusal),
            Err(Refusal::Port { doing, error: error @ PortError::Retry { .. } }) => {
                Acted::Waits(format!("{doing}: {error}"))
            }
            Err(refusal) => did(format!("it can't {}: {refusal}", verb(reaction))),
        };
        let mut commit = Commit::at(now_ms);
        let next = match acted {
            Acted::Written => return Ok(()),
            Acted::Waits(why) if now_ms - fired.at_ms >= WAITS_MAX_MS => {
                fired.clone().after(format!("it did not {}: {why}, all the time", verb(reaction)))
            }
            Acted::Waits(_) => fired.clone().waits_until(now_ms + WAIT_MS),
            Acted::Did(say, writes) => {
                commit.writes = writes;
                fired.clone().after(say)
            }
        };
        commit.writes.push(put(next));
        Ok(self.write(commit).await?)
    }

    /// All of it was done or could not be: people are told, and the record has it.
    async fn rule_done(&self, fired: &Fired) -> Result<(), Refusal> {
        let mut commit = Commit::at(self.now_ms());
        commit.audit.push(AuditEntry {
            actor: Actor { role: None, ..self.rule_actor(fired).await? },
            action: "rule.acted",
            subject: format!("rule {}", fired.rule),
            environment: Some(fired.environment.clone()),
            run: Some(fired.run.clone()),
            data: json!({ "command": fired.sentence, "because": fired.because, "say": fired.did.join("; ") }),
        });
        let what = Happening::RuleActed {
            rule: fired.rule,
            person: fired.person.clone(),
            sentence: fired.sentence.clone(),
            because: fired.because.clone(),
            did: fired.did.clone(),
        };
        commit.happenings.push((fired.run.clone(), what));
        commit.writes.push(put(fired.clone().done()));
        Ok(self.write(commit).await?)
    }

    async fn react(&self, fired: &Fired, reaction: Reaction) -> Result<Acted, Refusal> {
        let services: Vec<ServiceName> = fired.service.iter().cloned().collect();
        let place = &fired.environment.environment;
        let of = services.first().map(|service| format!("{service} in ")).unwrap_or_default();
        match reaction {
            Reaction::Incident => self.react_with_incident(fired).await,
            Reaction::HaltCanary => self.react_by_halting(fired).await,
            Reaction::Rollback if fired.of_run => self.react_by_taking_back(fired).await,
            Reaction::Rollback => {
                if self.went_back_to(&fired.environment, fired.live).await? {
                    let live = fired.live.map(|live| format!("release {live}")).unwrap_or_default();
                    return Ok(did(format!(
                        "it does not roll back: {place} went back to {live} already, and going back further is for people"
                    )));
                }
                let change = Change::Rollback {
                    services: Vec::new(),
                    to: RollbackTarget::Previous,
                    taking_back: fired.live,
                };
                self.react_by_run(fired, reaction, change, format!("rollback {place}")).await
            }
            Reaction::Restart => {
                let command = format!("restart {of}{place}");
                self.react_by_run(fired, reaction, Change::Restart { services }, command).await
            }
            Reaction::CronDisable => {
                let change = Change::CronDisable { services: Vec::new() };
                self.react_by_run(fired, reaction, change, format!("disable cron in {place}")).await
            }
            Reaction::Scale => {
                let Some(service) = services.first() else {
                    return Ok(did("it does not scale: what happened is about no single service"));
                };
                let Some(replicas) = self.replicas_now(&fired.environment, service).await? else {
                    return Ok(did(format!("it does not scale: {service} is not in {place}")));
                };
                let replicas = replicas + 1;
                let command = format!("scale {service} to {replicas} in {place}");
                self.react_by_run(fired, reaction, Change::Scale { services, replicas }, command).await
            }
        }
    }

    /// Asks for a run, once nobody else is at work there.
    async fn react_by_run(
        &self,
        fired: &Fired,
        reaction: Reaction,
        change: Change,
        command: String,
    ) -> Result<Acted, Refusal> {
        let key = &fired.environment;
        if let Some(why) = self.rule_hindered(fired).await? {
            return Ok(Acted::Waits(why));
        }
        let live = self.store().environment_get(key).await?.value.live;
        if live != fired.live && !self.is_its_doing(fired, live).await? {
            let live = live.map_or_else(|| "nothing".to_owned(), |live| format!("release {live}"));
            return Ok(did(format!("it does not {}: {live} is live by now", verb(reaction))));
        }
        let actor = self.rule_actor(fired).await?;
        let request = RunRequest {
            environment: key.clone(),
            change,
            dry_run: false,
            not_before_ms: None,
            break_glass: None,
            command: command.clone(),
            conversation: Some(fired.conversation.clone()),
        };
        let waits = match self.preview(&request, &actor).await?.approval {
            Some(_) => ", which waits for an approval",
            None => "",
        };
        let written = |run: &crate::model::RunId| -> Result<Vec<Write>, StoreError> {
            Ok(vec![put(fired.clone().after(format!("asked for `{command}` as {run}{waits}")))])
        };
        Box::pin(self.request_with(&request, &actor, written)).await?;
        Ok(Acted::Written)
    }

    /// Takes back the canary it is about.
    async fn react_by_taking_back(&self, fired: &Fired) -> Result<Acted, Refusal> {
        let run = self.run_there(&fired.run).await?;
        if run.state.is_over() {
            return Ok(did(format!("{} is {} already: nothing of it is live", run.id, run.state.as_str())));
        }
        if !matches!(run.state, RunState::Running { .. } | RunState::Paused { .. }) {
            return Ok(did(format!("{} goes back already", run.id)));
        }
        let actor = self.rule_actor(fired).await?;
        let why = format!("rule {} ({}), because {}", fired.rule, fired.sentence, fired.because);
        self.canary_back(&fired.run, &actor, Some(&why)).await?;
        Ok(did(format!("takes {} back", run.id)))
    }

    /// Holds the canary that goes on there.
    async fn react_by_halting(&self, fired: &Fired) -> Result<Acted, Refusal> {
        let place = &fired.environment.environment;
        let Some(run) = self.canary_in(&fired.environment).await? else {
            return Ok(did(format!("no canary goes on in {place} that could be held")));
        };
        if matches!(self.run_there(&run).await?.state, RunState::Paused { .. }) {
            return Ok(did(format!("{run} is held already")));
        }
        let actor = self.rule_actor(fired).await?;
        self.pause(&run, &actor).await?;
        Ok(did(format!("holds {run}")))
    }

    /// Opens an incident, unless there is one about the same.
    async fn react_with_incident(&self, fired: &Fired) -> Result<Acted, Refusal> {
        let key = &fired.environment;
        let since_ms = if fired.of_run { i64::MIN } else { fired.at_ms - EPISODE_MS };
        let before = self.store().incident_list(key, since_ms, i64::MAX).await?;
        // What a rollback leaves is what was live: it is kept like any other trouble of what is live.
        let goes_back = fired.of_run
            && matches!(self.run_there(&fired.run).await?.request.change, Change::Rollback { .. });
        if fired.of_run && !goes_back {
            let its = before.iter().find(|incident| incident.run == fired.run && !incident.is_live());
            return Ok(match its {
                Some(incident) => did(format!("incident {} has logs and diffs", incident.id)),
                None if self.run_there(&fired.run).await?.state.is_over() => {
                    did(format!("{} needs no incident: users never saw anything of it", fired.run))
                }
                None => did(format!("{} becomes an incident when it is taken back", fired.run)),
            });
        }
        let is_about = |incident: &&Incident| {
            incident.is_live()
                && incident.run == fired.run
                && fired.service.is_some()
                && incident.crashing.as_ref().map(|crashing| &crashing.service) == fired.service.as_ref()
        };
        if let Some(incident) = before.iter().find(is_about) {
            return Ok(did(format!("incident {} has logs and diffs", incident.id)));
        }
        let live = match fired.live {
            Some(number) => self.store().release_get(key, number).await?,
            None => None,
        };
        let Some(live) = live else { return Ok(did("nothing is live that an incident could be about")) };
        let digits = fired.run.as_str().trim_start_matches("r-");
        let about = fired.service.as_ref().map_or_else(|| "live".to_owned(), ToString::to_string);
        let id = format!("i-{digits}-{about}-{}", fired.at_ms.div_euclid(1_000));
        let incident = Incident {
            folder: Some(folder_of(&id)),
            id: id.clone(),
            environment: key.clone(),
            run: fired.run.clone(),
            summary: format!("rule {} ({}) fired: {}", fired.rule, fired.sentence, fired.because),
            opened_ms: fired.at_ms,
            crashing: fired
                .service
                .clone()
                .map(|service| CrashingService { service, release: live.id.number }),
        };
        self.keep_live_incident(&incident, &live).await;
        Ok(Acted::Did(
            format!("opened incident {id} with logs and diffs"),
            vec![Write::IncidentPut(incident)],
        ))
    }

    /// Who else is at work there, or keeps it; nothing when the way is free.
    async fn rule_hindered(&self, fired: &Fired) -> Result<Option<String>, Refusal> {
        let key = &fired.environment;
        let runs = self.store().run_live().await?;
        let at_work = |run: &&Run| run.environment() == key && run.state.holds_lock();
        if let Some(run) = runs.iter().find(at_work) {
            return Ok(Some(format!("{} ({}) goes on in {}", run.id, run.request.command, key.environment)));
        }
        let lock = self.persons_lock(key).await?;
        let hinders = lock.filter(|lock| lock.holder != LockHolder::Person(fired.person.clone()));
        Ok(hinders.map(|lock| format!("{} has locked {}", lock.holder.name(), key.environment)))
    }

    /// Whether a release is live because of a rollback: going back and back again mends nothing.
    async fn went_back_to(&self, key: &EnvironmentKey, live: Option<u32>) -> Result<bool, Refusal> {
        let Some(number) = live else { return Ok(false) };
        let live = self.store().release_get(key, number).await?;
        let since_ms = live.and_then(|live| live.live_ms);
        let back_ms = self.store().run_last_finished(key, "rollback").await?;
        Ok(since_ms.zip(back_ms).is_some_and(|(since_ms, back_ms)| back_ms >= since_ms))
    }

    /// Whether something else is live because of the very rollback that a rule fired about, and nothing has been deployed since.
    async fn is_its_doing(&self, fired: &Fired, live: Option<u32>) -> Result<bool, Refusal> {
        if !fired.of_run {
            return Ok(false);
        }
        let run = self.run_there(&fired.run).await?;
        if !matches!(run.request.change, Change::Rollback { .. }) {
            return Ok(false);
        }
        let Some(number) = live else { return Ok(false) };
        let live = self.store().release_get(&fired.environment, number).await?;
        let since_ms = live.and_then(|live| live.live_ms);
        Ok(since_ms.zip(run.finished_ms).is_some_and(|(since_ms, back_ms)| since_ms <= back_ms))
    }

    async fn replicas_now(
        &self,
        key: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<Option<u32>, Refusal> {
        let project = self.project_of(key).await?.value;
        let desired = self.store().environment_get(key).await?.value;
        let described = project.service_in(&key.environment, service);
        Ok(described.map(|there| desired.replicas.get(service).copied().unwrap_or(there.replicas)))
    }

    /// Who gave the rule, with the role they have now.
    async fn rule_actor(&self, fired: &Fired) -> Result<Actor, Refusal> {
        let identity: Option<Identity> = fired.person.parse().ok();
        let front = identity.map_or_else(|| format!("rule {}", fired.rule), |identity| identity.front);
        self.as_now(&Actor { name: fired.person.clone(), role: None, front }).await
    }
}

fn verb(reaction: Reaction) -> &'static str {
    match reaction {
        Reaction::Rollback => "roll back",
        Reaction::Incident => "open an incident",
        Reaction::Restart => "restart",
        Reaction::Scale => "scale",
        Reaction::CronDisable => "disable cron",
        Reaction::HaltCanary => "hold the canary",
    }
}

fn put(fired: Fired) -> Write {
    Write::Text(TextWrite::FiredPut(Box::new(fired)))
}
