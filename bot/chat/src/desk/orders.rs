//! From a typed command to a complete request, or to a sentence that says what is still missing or not there yet.

use engine::control::{Refusal, WhichRef};
use engine::model::{
    CanaryChoice, CanaryUnsaid, Change, ComponentName, EnvironmentKey, EnvironmentName, MigrateChoice,
    ReleaseId, RollbackTarget, RunRequest, ServiceName,
};
use engine::plan::{NOTHING_DRIFTED, PlanProblem, short};

use super::question::Wanted;
use super::talk::Talk;
use super::tree::{self, Draft, Slot};
use super::waiting::Made;
use super::{Desk, Heard, Outcome, Speaker, jobs, plainly, when};
use crate::intent::{Action, Canary, Command, Migrate};
use crate::spilled;
use crate::view;

/// A command for several environments is as many commands, in the order said: each waits for the one before it.
pub(super) fn one_by_one(commands: Vec<Command>) -> Vec<Command> {
    let mut each = Vec::new();
    for command in commands {
        // A project is set up, and a standing order kept, as the whole it was said as.
        let whole = matches!(command.action, Action::Setup | Action::Alert | Action::Rule);
        // What is not there yet is answered once.
        let whole = whole || !command.action.is_built();
        if command.action.row().changes && !whole && command.environments.len() > 1 {
            for environment in &command.environments {
                let mut one = command.clone();
                one.environments = vec![environment.clone()];
                each.push(one);
            }
        } else {
            each.push(command);
        }
    }
    at_once_first(each)
}

/// "deploy production tonight, staging now": what is to go at once does not wait behind what is planned for later. A deploy
/// takes over the time said before it, unless it was said to go now.
fn at_once_first(mut commands: Vec<Command>) -> Vec<Command> {
    let Some(first) = commands.iter().position(|command| command.at.is_some()) else { return commands };
    let planned = commands.split_off(first);
    let at_once = |command: &Command| {
        matches!(command.action, Action::Deploy | Action::Migrate) && command.at.is_none()
    };
    let (now, later): (Vec<Command>, Vec<Command>) = planned.into_iter().partition(at_once);
    commands.extend(now);
    commands.extend(later);
    commands
}

impl Desk {
    /// Carries one command out; what is left waits for the run it makes, when it makes one.
    pub(super) async fn carry_out_one(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        command: Command,
        left: &[Command],
    ) -> Result<Heard, Refusal> {
        let command = self.in_context(speaker, command).await?;
        if !matches!(command.action, Action::Setup | Action::Help | Action::Whoami) {
            speaker.project()?;
        }
        match command.action {
            Action::Deploy
            | Action::Rollback
            | Action::Migrate
            | Action::Scale
            | Action::Restart
            | Action::CronDisable
            | Action::CronEnable
            | Action::ClearCache
            | Action::Reconcile
            | Action::SetVariable
            | Action::AddComponent
            | Action::RemoveComponent
            | Action::DestroyEnvironment
            | Action::RotateSecret => Box::pin(self.order(speaker, talk, command, left)).await,
            Action::Approve
            | Action::Reject
            | Action::Cancel
            | Action::Pause
            | Action::Resume
            | Action::Promote
            | Action::Retry => self.steer(speaker, talk, &command, left).await,
            Action::Lock | Action::Unlock => {
                let draft = Draft::of(command).settled(speaker.project.as_ref());
                if let Some(next) = draft.next() {
                    return self.ask(speaker, talk, draft, next, Wanted::default(), left).await;
                }
                let command = draft.filled();
                self.lock_or_unlock(speaker, &command).await
            }
            Action::Status
            | Action::Releases
            | Action::Logs
            | Action::Audit
            | Action::Incidents
            | Action::Can
            | Action::Whoami
            | Action::Help => self.look_up(speaker, &command).await,
            Action::Connect => {
                let draft = Draft::of(command).settled(speaker.project.as_ref());
                if let Some(next) = draft.next() {
                    return self.ask(speaker, talk, draft, next, Wanted::default(), left).await;
                }
                self.connect(speaker, &draft.filled()).await
            }
            Action::Backfill => Box::pin(self.change_data(speaker, talk, vec![command], left)).await,
            Action::BackfillStop | Action::BackfillResume | Action::BackfillStatus => {
                let draft = Draft::of(command).settled(speaker.project.as_ref());
                if let Some(next) = draft.next() {
                    return self.ask(speaker, talk, draft, next, Wanted::default(), left).await;
                }
                Box::pin(self.steer_job(speaker, talk, &draft.filled(), left)).await
            }
            Action::CreateEnvironment => {
                Box::pin(self.create_environment(speaker, talk, command, left)).await
            }
            Action::Setup | Action::Alert | Action::Rule => {
                let mut draft = Draft::of(command).settled(speaker.project.as_ref());
                if let Some(name) = tree::named_project(&speaker.inbound.text)
                    && draft.command.action == Action::Setup
                    && draft.said(Slot::Project, None).is_none()
                {
                    draft.know(Slot::Project, None, name);
                }
                // What is put together ends with a question about the whole.
                if let Some(next) = draft.next() {
                    return self.ask(speaker, talk, draft, next, Wanted::default(), left).await;
                }
                self.stand(speaker, &draft.filled()).await
            }
            _ => {
                let card = view::not_yet(&command, speaker.project.as_ref());
                Ok(Heard::say(Outcome::Refused, card.text(plainly::all_services(speaker, &command))))
            }
        }
    }

    /// The command as it is meant under a run's card: it is about that run, or about where that run is.
    async fn in_context(&self, speaker: &Speaker<'_>, mut command: Command) -> Result<Command, Refusal> {
        if command.environments.is_empty()
            && let Some(run) = self.run_taken_back(speaker, &command).await?
        {
            command.environments = vec![run.environment().environment.to_string()];
        }
        let Some(about) = &speaker.about else { return Ok(command) };
        match command.action {
            Action::Approve
            | Action::Reject
            | Action::Cancel
            | Action::Pause
            | Action::Resume
            | Action::Retry
            | Action::Promote => {
                command.run.get_or_insert_with(|| about.to_string());
            }
            // What was logged at another time is its environment's.
            Action::Logs if command.environments.is_empty() && command.since_s.is_none() => {
                command.run.get_or_insert_with(|| about.to_string());
            }
            Action::Status if command.environments.is_empty() => {
                command.run.get_or_insert_with(|| about.to_string());
            }
            Action::Logs | Action::Releases | Action::Incidents if command.environments.is_empty() => {
                if let Some(run) = self.engine.store().run_get(about).await? {
                    command.environments = vec![run.environment().environment.to_string()];
                }
            }
            _ => {}
        }
        Ok(command)
    }

    async fn order(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        command: Command,
        left: &[Command],
    ) -> Result<Heard, Refusal> {
        let mut draft = Draft::of(command).settled(speaker.project.as_ref());
        if let Some(retyped) = speaker.asides.retyped.clone() {
            draft.know(Slot::Retype, Some(retyped.clone()), retyped);
        }
        if let Some(next) = draft.next() {
            if let Some(refusal) = next_is_secret(speaker, &draft, next.0) {
                return Err(refusal);
            }
            if next.0 == Slot::Retype {
                Box::pin(self.check_possible(speaker, &draft.filled())).await?;
            }
            return self.ask(speaker, talk, draft, next, Wanted::default(), left).await;
        }
        let mut heard = Heard::nothing();
        let command = draft.filled();
        for environment in command.places() {
            let mut request = self.request_of(speaker, &command, environment)?;
            if let Change::Deploy { services, reference: reference @ None, proved, .. } = &mut request.change
            {
                match self.engine.which_ref(&request.environment, services).await? {
                    WhichRef::Newest => {}
                    WhichRef::Proved { release, reference: made_from } => {
                        (*reference, *proved) = (made_from, Some(release));
                    }
                    WhichRef::Unproved(unproved) => {
                        let wanted = Wanted { choices: Some(unproved.refs), why: unproved.why };
                        return self.ask(speaker, talk, draft, (Slot::Ref, None), wanted, left).await;
                    }
                }
            }
            // A look at the plan changes nothing, whichever canary the order would have.
            if command.action == Action::Deploy
                && command.canary.is_none()
                && (!request.dry_run || command.rehearse)
                && Self::canary_unsaid(speaker, environment)? == Some(CanaryUnsaid::Ask)
            {
                let wanted = Wanted { choices: None, why: view::which_canary(environment) };
                return self.ask(speaker, talk, draft, (Slot::Canary, None), wanted, left).await;
            }
            if let Some(one) = self.canary_taken_back(speaker, talk, &command, &request).await? {
                heard = heard.and(one);
                continue;
            }
            if let Some(instead) = Box::pin(self.going_back(speaker, &command, &mut request)).await? {
                return Ok(heard.and(instead));
            }
            let made = if command.rehearse {
                Box::pin(self.rehearsed(speaker, &command, &request)).await.map(Made::Run)
            } else if request.dry_run {
                self.tried(speaker, &request).await.map(Made::Run)
            } else {
                self.make_one(speaker, talk, &request, None, left).await
            };
            match made {
                Ok(Made::Run(one)) => heard = heard.and(one),
                Ok(Made::Instead(one)) => return Ok(heard.and(one)),
                // That all is well is an answer, and no refusal.
                Err(refusal) if refusal.code() == NOTHING_DRIFTED => {
                    heard =
                        heard.and(Heard::say(Outcome::Answered, view::nothing_drifted(&refusal, &request)));
                }
                Err(refusal) => {
                    let Some(wanted) = self.another_ref(&refusal, &request).await? else {
                        return Err(refusal);
                    };
                    let draft = draft.without_ref();
                    let asked = self.ask(speaker, talk, draft, (Slot::Ref, None), wanted, left).await?;
                    return Ok(heard.and(asked));
                }
            }
        }
        Ok(heard)
    }

    /// Nobody is asked whether they are sure of what can't be done.
    async fn check_possible(&self, speaker: &Speaker<'_>, command: &Command) -> Result<(), Refusal> {
        for environment in command.places() {
            let request = self.request_of(speaker, command, environment)?;
            self.engine.preview(&request, &speaker.actor).await?;
        }
        Ok(())
    }

    /// What a dry run shows.
    pub(super) async fn tried(&self, speaker: &Speaker<'_>, request: &RunRequest) -> Result<Heard, Refusal> {
        let preview = self.engine.preview(request, &speaker.actor).await?;
        let card = view::preview(&preview, request);
        Ok(Heard::say(Outcome::Answered, card.text(plainly::only_the_dry_run(speaker, request))))
    }

    /// What a rehearsal came to.
    async fn rehearsed(
        &self,
        speaker: &Speaker<'_>,
        command: &Command,
        request: &RunRequest,
    ) -> Result<Heard, Refusal> {
        let rehearsal = self.engine.rehearse(request, &speaker.actor).await?;
        let place = request.environment.environment.to_string();
        let mut order =
            Command { rehearse: false, dry_run: false, environments: vec![place], ..command.clone() };
        // What was played is what would be done, whatever comes in meanwhile.
        if let (Change::Deploy { .. }, None) = (&request.change, &order.git_ref) {
            let release = rehearsal.preview.plan.release.as_ref();
            order.git_ref = release.map(|release| short(&release.commit).to_owned());
        }
        let is_well = rehearsal.performed.iter().all(|one| one.well);
        let outcome = if is_well { Outcome::Answered } else { Outcome::Failed };
        Ok(Heard::say(outcome, view::rehearsal(&rehearsal, request, &order.canonical())))
    }

    /// Where nobody knows the ref that was said, another is asked for: the rest of the order is not to be said again.
    async fn another_ref(&self, refusal: &Refusal, request: &RunRequest) -> Result<Option<Wanted>, Refusal> {
        let (Change::Deploy { reference: Some(said), .. } | Change::Migrate { reference: Some(said) }) =
            &request.change
        else {
            return Ok(None);
        };
        let Refusal::Problem(problem) = refusal else { return Ok(None) };
        if problem.code != "unknown-ref" {
            return Ok(None);
        }
        let choices = self.engine.refs_instead(&request.environment, said).await?;
        // Where there is no ref at all, something else is wrong.
        if choices.is_empty() {
            return Ok(None);
        }
        Ok(Some(Wanted { choices: Some(choices), why: view::sentence(&problem.say) }))
    }

    /// What a deploy there means that says nothing about a canary.
    fn canary_unsaid(speaker: &Speaker<'_>, environment: &str) -> Result<Option<CanaryUnsaid>, Refusal> {
        let described = speaker.project()?.environments.get(environment);
        Ok(described.and_then(|described| described.policy.canary.clone()))
    }

    /// The request a complete command makes in one of its environments.
    pub(super) fn request_of(
        &self,
        speaker: &Speaker<'_>,
        command: &Command,
        environment: &str,
    ) -> Result<RunRequest, Refusal> {
        let unreadable = |said: &str| when::unreadable(command, said);
        let not_before_ms = match command.at.as_deref() {
            Some(said) => Some(when::resolve(said, self.engine.now_ms()).ok_or_else(|| unreadable(said))?),
            None => None,
        };
        let mut said = command.clone();
        said.environments = vec![environment.to_owned()];
        Ok(RunRequest {
            environment: key(speaker, environment)?,
            change: change_of(command)?,
            // A rehearsal plays a copy, and does no more here than a look at the plan.
            dry_run: command.dry_run || command.rehearse,
            not_before_ms,
            break_glass: speaker.asides.glass.clone(),
            command: said.canonical(),
            conversation: Some(speaker.inbound.conversation.clone()),
        })
    }

    /// When a time is, as it was said.
    pub(super) fn instant(&self, said: Option<&str>) -> Result<Option<i64>, Refusal> {
        let Some(said) = said else { return Ok(None) };
        let at_ms = when::resolve(said, self.engine.now_ms()).ok_or_else(|| {
            Refusal::Problem(PlanProblem::new(
                "bad-time",
                format!("I can't read the time \u{ab}{said}\u{bb}"),
                "say it like `in 10 minutes`, `22:00` or `tomorrow 09:30` (UTC); how long, like `for 2h` or `for half an hour`",
            ))
        })?;
        Ok(Some(at_ms))
    }
}

/// Nobody is asked in a channel for what is named like a secret.
fn next_is_secret(speaker: &Speaker<'_>, draft: &Draft, next: Slot) -> Option<Refusal> {
    let name = draft.said(Slot::Name, None).filter(|_| next == Slot::Value)?;
    let project = speaker.project.as_ref().map_or("PROJECT", |it| it.project.as_str());
    let environments = draft.filled().environments;
    let environment = environments.first().map_or("ENVIRONMENT", String::as_str);
    spilled::is_named_like_a_secret(&name).then(|| {
        Refusal::Problem(PlanProblem::new(
            "secret-variable",
            format!("{name} is named like a secret, and what is said here stays to be read"),
            format!("infra-chat secret set {project}/{environment}/{name}"),
        ))
    })
}

/// What a command that makes a run changes.
pub(super) fn change_of(command: &Command) -> Result<Change, Refusal> {
    let services = services(command)?;
    Ok(match command.action {
        Action::Deploy => Change::Deploy {
            services,
            reference: command.git_ref.clone(),
            proved: None::<ReleaseId>,
            migrate: match command.migrate {
                Some(Migrate::Skip) => MigrateChoice::Skip,
                Some(Migrate::First) | None => MigrateChoice::First,
            },
            canary: canary_of(command.canary.as_ref()),
        },
        Action::Rollback => {
            Change::Rollback { services, to: target(command.to.as_deref()), taking_back: None }
        }
        Action::Migrate => Change::Migrate { reference: command.git_ref.clone() },
        Action::Scale => Change::Scale { services, replicas: command.replicas.unwrap_or_default() },
        Action::Restart => Change::Restart { services },
        Action::CronDisable => Change::CronDisable { services },
        Action::CronEnable => Change::CronEnable { services },
        Action::Reconcile => Change::Reconcile,
        Action::SetVariable => Change::SetVariable {
            services,
            name: command.name.clone().unwrap_or_default(),
            value: command.value.clone().unwrap_or_default(),
        },
        Action::AddComponent => Change::AddComponent { component: component(command)? },
        Action::RemoveComponent => Change::RemoveComponent { component: component(command)? },
        Action::DestroyEnvironment => Change::DestroyEnvironment,
        Action::RotateSecret => Change::RotateSecret { secret: command.name.clone().unwrap_or_default() },
        Action::Backfill => jobs::backfill_of(command, None)?,
        _ => Change::ClearCache { services },
    })
}

/// The key of an environment that was said. The parser only lets known names through.
pub(super) fn key(speaker: &Speaker<'_>, environment: &str) -> Result<EnvironmentKey, Refusal> {
    let name: EnvironmentName = environment.parse().map_err(|_| unknown(environment))?;
    speaker.project()?.environment_key(&name).ok_or_else(|| unknown(environment))
}

fn unknown(environment: &str) -> Refusal {
    Refusal::Problem(PlanProblem::new(
        "unknown-environment",
        format!("there is no environment {environment}"),
        "status",
    ))
}

/// The services that were said.
pub(super) fn services(command: &Command) -> Result<Vec<ServiceName>, Refusal> {
    command
        .services
        .iter()
        .map(|name| {
            name.parse().map_err(|_| {
                Refusal::Problem(PlanProblem::new(
                    "unknown-service",
                    format!("there is no service {name}"),
                    "status",
                ))
            })
        })
        .collect()
}

/// The component that was said.
fn component(command: &Command) -> Result<ComponentName, Refusal> {
    let said = command.component.clone().unwrap_or_default();
    said.parse().map_err(|_| {
        Refusal::Problem(PlanProblem::new(
            "unknown-component",
            format!("there is no component {said}"),
            "status",
        ))
    })
}

fn target(to: Option<&str>) -> RollbackTarget {
    match to {
        None | Some("previous") => RollbackTarget::Previous,
        Some(said) => match said.trim_start_matches('#').parse() {
            Ok(number) => RollbackTarget::Release(number),
            Err(_) => RollbackTarget::Reference(said.to_owned()),
        },
    }
}

/// What was said about a canary.
fn canary_of(said: Option<&Canary>) -> CanaryChoice {
    match said {
        None => CanaryChoice::Nothing,
        Some(Canary::Off) => CanaryChoice::Off,
        // One stage of 100% that does not soak is all traffic at once.
        Some(Canary::On { weights, soak_s: None }) if weights.as_slice() == [100] => CanaryChoice::Off,
        Some(Canary::On { weights, soak_s }) => CanaryChoice::Stages {
            weights: weights.clone(),
            soak_s: soak_s.map(|soak_s| u32::try_from(soak_s).unwrap_or(u32::MAX)),
        },
    }
}
